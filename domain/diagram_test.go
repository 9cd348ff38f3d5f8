package domain_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

var update = flag.Bool("update", false, "rewrite the generated blocks of ARCHITECTURE.md")

const architecture = "../ARCHITECTURE.md"

// The pictures of the rules are made from the rules, so they cannot lie.
func TestDiagram_ArchitectureShowsTheRulesAsTheyAre(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, block := range []struct{ name, want string }{
		{"order-rules", orderDiagram()},
		{"subscription-events", subscriptionEventTable()},
		{"subscription-statuses", subscriptionStatusTable()},
		{"access-rules", accessTable()},
		{"money-rules", moneyTable()},
		{"defaults", defaultTable()},
		{"invoice-events", invoiceEventTable()},
		{"invoice-statuses", invoiceStatusTable()},
		{"money-events", moneyEventTable()},
		{"refund-rules", refundTable()},
		{"dispute-rules", disputeTable()},
		{"expectations", expectationTable()},
		{"outcomes", outcomeTable()},
		{"worked-example", workedExample(t)},
	} {
		begin := "<!-- generated: " + block.name + " -->\n"
		before, rest, found := strings.Cut(text, begin)
		got, after, closed := strings.Cut(rest, "<!-- end -->")
		if !found || !closed {
			t.Fatalf("%s has no block %q: put %q and %q where it should be", architecture, block.name, strings.TrimSpace(begin), "<!-- end -->")
		}
		if got != block.want && !*update {
			t.Errorf("block %q of %s is not what the rules say: run go test ./domain -run Diagram -update\ngot:\n%s\nwant:\n%s", block.name, architecture, got, block.want)
		}
		text = before + begin + block.want + "<!-- end -->" + after
	}
	if *update {
		if err := os.WriteFile(architecture, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// workedExample shows how a rule came to be: the two lines that it consists of, as
// they stand in the code.
func workedExample(t *testing.T) string {
	t.Helper()
	const option = "suspend_while_void"
	var b strings.Builder
	for _, file := range []string{"rules.go", "accessrules_test.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, line := range strings.Split(string(code), "\n") {
			if strings.Contains(line, option) {
				found = append(found, strings.TrimSpace(line))
			}
		}
		if len(found) != 1 {
			t.Fatalf("domain/%s has %d lines about %s, want one row", file, len(found), option)
		}
		fmt.Fprintf(&b, "```go\n// domain/%s\n%s\n```\n", file, found[0])
	}
	return b.String()
}

// orderDiagram draws one arrow for each pair of statuses, with all events that
// lead from one to the other.
func orderDiagram() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	fmt.Fprintf(&b, "    [*] --> %s\n", domain.OrderStatuses[0])
	for _, from := range domain.OrderStatuses {
		for _, to := range domain.OrderStatuses {
			var labels []string
			for _, rule := range domain.OrderRules {
				if rule.To == to && slices.Contains(rule.From, from) {
					labels = append(labels, orderLabel(rule))
				}
			}
			if len(labels) > 0 {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, strings.Join(labels, "<br/>"))
			}
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// orderLabel shortens an event's name to what tells it from the others.
func orderLabel(rule domain.OrderRule) string {
	event := strings.TrimPrefix(strings.TrimPrefix(string(rule.On), "checkout.session."), "entitled.")
	if rule.When == domain.GuardNone {
		return event
	}
	return event + " [" + string(rule.When) + "]"
}
