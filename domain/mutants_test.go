package domain_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is a bug that others had: the code with some of its text replaced.
type mutant struct {
	file  string
	edits []string // old, new, old, new ...
}

// The bugs that a test of convergence is for. Each is planted into a copy of one
// file, and TestRecord_AnyDeliveryOfATrueHistoryEndsInTheTruth has to notice.
var mutants = map[string]mutant{
	"snapshots in the order of arrival": {"fulfill.go", []string{
		"!have || compareSnapshots(snapshot, held) > 0", "true || compareSnapshots(snapshot, held) > 0",
	}},
	"snapshots in the order of created alone": {"fulfill.go", []string{
		"!have || compareSnapshots(snapshot, held) > 0", "!have || snapshot.SeenAt.After(held.SeenAt)",
		"cut || have && inDoubt(snapshot, held)", "cut",
	}},
	"snapshots of one second by a rule, and nobody asked": {"fulfill.go", []string{
		"cut || have && inDoubt(snapshot, held)", "cut",
	}},
	"refunds ignored": {"moneyback.go", []string{
		"row >= 0 && RefundRules[row].Returned", "false && RefundRules[row].Returned",
	}},
	"refunds of the charge ignored": {"moneyback.go", []string{
		"untold := c.Refunded - a.toldOf(c); untold > 0", "untold := c.Refunded - a.toldOf(c); untold > c.Refunded",
	}},
	"a refund counted twice, by itself and by its charge": {"moneyback.go", []string{
		"if sameCharge && r.countedBy(c) {", "if sameCharge && false {",
	}},
	"a refund counted again with each delivery": {"fulfill_money.go", []string{
		"refund = held.join(refund)", "refund.Amount += held.Amount",
	}},
	"a refund that fails takes access all the same": {"rules.go", []string{
		"\t{Status: \"succeeded\", Returned: true},\n", "",
		"\t{Status: \"failed\", Undone: true}, //", "\t{Status: \"failed\", Undone: true},\n\t{Status: \"succeeded\", Returned: true}, //",
	}},
	"a pending refund takes access": {"rules.go", []string{
		"{Status: \"pending\"}", "{Status: \"pending\", Returned: true}",
	}},
	"a partial refund is a full one": {"moneyback.go", []string{
		"case returned < paid:", "case returned < 0:",
	}},
	"disputes ignored": {"moneyback.go", []string{
		"if said.rank() <= effect.rank() {", "if true || said.rank() <= effect.rank() {",
	}},
	"a late win does not help": {"rules.go", []string{
		"\t{\"lost\", DisputeLost},\n\t{\"won\", DisputeWon},\n", "\t{\"won\", DisputeWon},\n\t{\"lost\", DisputeLost},\n",
	}},
	"an inquiry is a dispute": {"rules.go", []string{
		"{\"warning_needs_response\", DisputeInquiry}", "{\"warning_needs_response\", DisputeOpen}",
	}},
	"what a payment was for is not asked": {"fulfill_money.go", []string{
		"for _, ref := range moneyRefs(intent, charge) {", "for _, ref := range []Ref{} {",
	}},
	"the last source to write wins": {"derive.go", []string{
		"if e.Source.Kind == SourceSubscription {", "if true {",
		"n >= 0 && all[n].Source == e.Source; n--", "n >= 0; n--",
		"all[n] = mergeItems(all[n], e, c.Features[e.Feature].Merge)", "all[n] = e",
	}},
	"a subscription outlives its customer": {"standing.go", []string{
		"if a.isFormer(s.Customer) {", "if false {",
	}},
	"grace begins anew with each unpaid period": {"access.go", []string{
		"if through := a.paidThrough(s); !through.IsZero() {", "if through := a.paidThrough(s); false {",
	}},
	"leeway after a scheduled end": {"access.go", []string{
		"return earlier(end, s.scheduledEnd())", "return end",
	}},
	"active is as good as paid": {"standing.go", []string{
		"if a.checkoutUnpaid(s) {", "if false {",
	}},
	"a completed session is as good as paid": {"guard.go", []string{
		"s.PaymentStatus == \"paid\" || s.PaymentStatus == \"no_payment_required\"", "s.PaymentStatus != \"\"",
	}},
}

// Ensure that the test of convergence would notice the bugs that it is for.
func TestMutants_EachIsCaught(t *testing.T) {
	t.Parallel()
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "test", "-overlay", m.plant(t), "-vet=off", ".",
				"-run", "TestRecord_AnyDeliveryOfATrueHistory", "-rapid.nofailfile", "-rapid.checks=400", "-rapid.shrinktime=1ms").CombinedOutput()
			switch said := string(out); {
			case err == nil:
				t.Error("nobody noticed")
			case !strings.Contains(said, "[rapid] failed") && !strings.Contains(said, "[rapid] panic"):
				t.Errorf("the mutant is none: %.2000s", said)
			}
		})
	}
}

// plant writes the mutant and returns the file that puts it in its place.
func (m mutant) plant(t *testing.T) string {
	t.Helper()
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	text := string(code)
	for n := 0; n < len(m.edits); n += 2 {
		if strings.Count(text, m.edits[n]) != 1 {
			t.Fatalf("%s has %q %d times, want once: bring the mutant up to date", m.file, m.edits[n], strings.Count(text, m.edits[n]))
		}
		text = strings.Replace(text, m.edits[n], m.edits[n+1], 1)
	}
	dir := t.TempDir()
	planted, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	place, err := json.Marshal(map[string]map[string]string{"Replace": {original: planted}})
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{planted: []byte(text), overlay: place} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}
