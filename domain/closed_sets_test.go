package domain_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// leftOut are values of Stripe's closed sets that no history has, and why.
var leftOut = map[string]string{
	"billing reason: quote_accept": "a quote makes a subscription as the dashboard does, and its first invoice like any other",
	"billing reason: subscription": "until 2018",
	"billing reason: upcoming":     "of previews alone, which have no id",
}

// beyond are values that histories have and the newest description that we can read does
// not: they are of a newer version.
var beyond = []string{
	"dispute: appeal_needs_response", "dispute: appeal_under_review",
}

// Every word of a closed set of Stripe's is told by some history, or left out for a
// reason. The sets are Stripe's own: see the test of stripespec that wrote the file.
func TestModel_TellsEveryWordOfStripesClosedSets(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/closed_sets.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets map[string][]string
	if err := json.Unmarshal(raw, &sets); err != nil {
		t.Fatal(err)
	}
	told := turns(3000)
	for set, words := range sets {
		for _, word := range words {
			name := set + ": " + word
			switch why := leftOut[name]; {
			case told[name] == 0 && why == "":
				t.Errorf("no history tells of %s: let one, or say why not", name)
			case told[name] > 0 && why != "":
				t.Errorf("%s is told, and is said to be left out (%s)", name, why)
			}
		}
	}
	for name := range leftOut {
		set, word, _ := strings.Cut(name, ": ")
		if !slices.Contains(sets[set], word) {
			t.Errorf("%s is left out, and is no word of Stripe's", name)
		}
	}
	for _, name := range beyond {
		set, word, _ := strings.Cut(name, ": ")
		if slices.Contains(sets[set], word) {
			t.Errorf("%s is in Stripe's description now", name)
		}
		if told[name] == 0 {
			t.Errorf("no history tells of %s", name)
		}
	}
}

// The program knows every word that a history may have.
func TestModel_TheRulesKnowEveryWordOfStripesClosedSets(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/closed_sets.json")
	if err != nil {
		t.Fatal(err)
	}
	var sets map[string][]string
	if err := json.Unmarshal(raw, &sets); err != nil {
		t.Fatal(err)
	}
	known := map[string][]string{}
	for _, r := range domain.SubscriptionStatuses {
		known["status"] = append(known["status"], string(r.Status))
	}
	for _, s := range domain.InvoiceStatuses {
		known["invoice"] = append(known["invoice"], string(s))
	}
	for _, s := range domain.CreditNoteStatuses {
		known["credit note"] = append(known["credit note"], string(s))
	}
	for _, r := range domain.RefundRules {
		known["refund"] = append(known["refund"], string(r.Status))
	}
	for _, r := range domain.DisputeRules {
		known["dispute"] = append(known["dispute"], string(r.Status))
	}
	for _, p := range domain.PauseBehaviors {
		known["pause"] = append(known["pause"], string(p))
	}
	for set, words := range known {
		for _, word := range sets[set] {
			if !slices.Contains(words, word) {
				t.Errorf("%s of Stripe's is %q, which no rule knows", set, word)
			}
		}
	}
}

// turns counts what n histories tell.
func turns(n int) map[string]int {
	told := map[string]int{}
	histories := domaintest.Histories(ana)
	for seed := range n {
		for turn, times := range histories.Example(seed).Turns {
			told[turn] += times
		}
	}
	return told
}
