package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// readTypes are the types of the events that something follows from here, sorted.
func readTypes() []domain.EventType {
	all := slices.Concat(domain.InvoicePaymentEvents, domain.CreditNoteEvents, domain.ChargeEvents,
		domain.RefundEvents, domain.DisputeEvents, domain.CustomerEvents)
	for _, r := range domain.OrderRules {
		all = append(all, r.On)
	}
	for _, r := range domain.SubscriptionEvents {
		all = append(all, r.On)
	}
	for _, r := range domain.InvoiceEvents {
		all = append(all, r.On)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(t domain.EventType) bool { return t == domain.TypeFetched })
}

// mostTypes is how many types are named to whoever asked for none of them.
const mostTypes = 20

// misspelledType says which types there are if nothing here follows from a type, of which
// no event was found: Stripe may have it, but more likely it is misspelled. Those about the
// same kind of object are named, if there are any.
func misspelledType(asked domain.EventType) string {
	types := readTypes()
	if asked == "" || slices.Contains(types, asked) {
		return ""
	}
	kind, _, _ := strings.Cut(string(asked), ".")
	alike := slices.DeleteFunc(slices.Clone(types), func(t domain.EventType) bool { return !strings.HasPrefix(string(t), kind+".") })
	if len(alike) > 0 {
		types = alike
	}
	var said []string
	for _, t := range types[:min(len(types), mostTypes)] {
		said = append(said, string(t))
	}
	if more := len(types) - mostTypes; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf(" (nothing here follows from the type %s; there are %s)", asked, strings.Join(said, ", "))
}
