package wire

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

var update = flag.Bool("update", false, "rewrite known.txt by Stripe's descriptions")

// families are the kinds of objects whose calls' parameters are in known.txt. Of all
// others there is only that Stripe has them.
var families = []string{
	"billing_portal", "charges", "checkout", "coupons", "credit_notes", "customers", "disputes", "events", "invoice_payments", "invoiceitems",
	"invoices", "payment_intents", "payment_methods", "plans", "prices", "products", "promotion_codes", "refunds", "setup_intents",
	"subscription_items", "subscription_schedules", "subscriptions", "tax_ids", "test_helpers/test_clocks", "webhook_endpoints",
	"balance_transactions", "billing", "entitlements", "radar/early_fraud_warnings",
}

func TestKnown_IsWhatStripeDescribes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# Made by go generate from Stripe's descriptions of its API; see known.go.\n")
	all := &knownParam{under: map[string]*knownParam{}}
	for i, v := range stripespec.Versions {
		digit := strconv.Itoa(i + 1)
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(v.API)
		all.in += digit
		for _, kind := range stripespec.EventTypes(t, v.Module) {
			all.add("EVENT "+kind, digit, false, nil)
		}
		for call, params := range stripespec.Calls(t, v.Module) {
			if of(call, families) {
				all.add(call, digit, false, params)
			} else {
				all.add(call, digit, false, nil)
			}
		}
	}
	b.WriteString("\n")
	all.write(&b, "")
	if *update {
		if err := os.WriteFile("known.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != knownText {
		t.Error("known.txt is not what Stripe's descriptions say: run go generate ./adapters/sandbox/...")
	}
}

func of(call string, families []string) bool {
	return slices.ContainsFunc(families, func(f string) bool {
		_, path, _ := strings.Cut(call, " /v1/")
		return path == f || strings.HasPrefix(path, f+"/")
	})
}

func (p *knownParam) add(name, digit string, list bool, under stripespec.Params) {
	one := p.under[name]
	if one == nil {
		one = &knownParam{under: map[string]*knownParam{}}
		p.under[name] = one
	}
	one.in += digit
	one.list = one.list || list
	for n, x := range under {
		one.add(n, digit, x.List, x.Under)
	}
}

func (p *knownParam) write(b *strings.Builder, indent string) {
	for _, name := range slices.Sorted(maps.Keys(p.under)) {
		one := p.under[name]
		b.WriteString(indent + name)
		if one.list {
			b.WriteString("[]")
		}
		if one.in != p.in {
			b.WriteString(" " + one.in)
		}
		b.WriteString("\n")
		one.write(b, indent+" ")
	}
}

// Ensure that what endive is said to have changed is about calls and parameters of Stripe's.
func TestKnown_EndiveChangesWhatThereWas(t *testing.T) {
	t.Parallel()
	for _, change := range endiveParams {
		last := stripespec.Versions[len(stripespec.Versions)-1].API
		if !Known().Has(change.call, last) || change.gone != "" && !Known().Takes(change.call, last, change.gone) {
			t.Errorf("%+v: there was no such thing", change)
		}
		if change.came != "" && Known().Takes(change.call, last, change.came) {
			t.Errorf("%+v: it was there before", change)
		}
	}
}

func TestKnown_AVersionHasItsRelease(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"2023-10-16": "1", "2024-04-10": "2", "2024-06-20": "2", "2024-09-30.acacia": "3", "2025-02-24.acacia": "3",
		"2025-03-31.basil": "4", "2025-08-27.basil": "4", "2025-09-30.clover": "5", "2026-02-25.clover": "5",
		"2026-03-25.dahlia": "6", "2026-08-26.dahlia": "6", "2026-10-28.endive": "6",
	} {
		if got := Known().digit(version); got != want {
			t.Errorf("%s: got description %s, want %s", version, got, want)
		}
	}
}
