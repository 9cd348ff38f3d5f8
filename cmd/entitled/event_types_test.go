package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestEventTypes_WhoMisspellsOneIsToldWhichThereAre(t *testing.T) {
	t.Parallel()
	for asked, want := range map[domain.EventType]string{
		"":                        "",
		"invoice.paid":            "",
		"customer.deleted":        "",
		"credit_note.cretaed":     " (nothing here follows from the type credit_note.cretaed; there are credit_note.created, credit_note.updated, credit_note.voided)",
		"checkout.session.expire": "checkout.session.completed, checkout.session.expired)",
		"paid":                    "charge.captured, ",
	} {
		if got := misspelledType(asked); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", asked, got, want)
		}
	}
	if got := misspelledType("paid"); strings.Count(got, ", ") != mostTypes || !strings.HasSuffix(got, " more)") {
		t.Errorf("got %q, want %d types and how many more there are", got, mostTypes)
	}
	if slices.Contains(readTypes(), domain.TypeFetched) {
		t.Error("what Stripe answers is named as if Stripe sent it")
	}
}

func TestEventTypes_CommandsSayIt(t *testing.T) {
	t.Parallel()
	p := commandLine(t)
	p.says(t, "events list --type invoice.payed", "no such events (nothing here follows from the type invoice.payed; there are invoice.created, ")
	p.says(t, "events replay --dry-run --type invoice.payed", "0 events would be processed again (nothing here follows from")
	p.says(t, "events list --type invoice.paid", "no such events\n")
}

// What is looked for at Stripe is what something follows from here, in lists that Stripe
// takes, and no type twice.
func TestEventTypes_ThoseThatAreLookedFor(t *testing.T) {
	t.Parallel()
	known, seen := readTypes(), map[domain.EventType]bool{}
	for _, types := range app.MissedTypes {
		if len(types) > ports.EventTypesMost {
			t.Errorf("%d types in a list, and Stripe takes %d", len(types), ports.EventTypesMost)
		}
		for _, eventType := range types {
			if !slices.Contains(known, eventType) || seen[eventType] {
				t.Errorf("%s is not read, or is in two lists", eventType)
			}
			seen[eventType] = true
		}
	}
}
