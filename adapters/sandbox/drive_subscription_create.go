package sandbox

import (
	"fmt"
	"net/url"
)

// SubscriptionSpec describes a subscription that is made past Checkout.
type SubscriptionSpec struct {
	Customer     string // its id
	Items        []SubscriptionItemSpec
	Metadata     map[string]string
	TrialDays    int64
	DaysUntilDue int64 // sends invoices instead of charging the card, if not 0
	// Flexible is billing_mode=flexible, which lets the intervals of items differ;
	// version 2023-10-16 of the API cannot ask for it.
	Flexible bool
}

// SubscriptionItemSpec is a price of a subscription to be made.
type SubscriptionItemSpec struct {
	Price    string // its id
	Quantity int64  // 1 if 0; a metered price has none
}

// CreateSubscription makes a subscription as a person in Stripe's dashboard does,
// and returns its id. The customer's card pays, see SetCard; a customer without one is
// given a good one first.
func (s *Sandbox) CreateSubscription(spec SubscriptionSpec) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cu := s.liveCustomer(spec.Customer)
	if cu == nil {
		return "", fmt.Errorf("sandbox: no such customer: %s", spec.Customer)
	}
	sub := &subscription{customer: cu.id, metadata: spec.Metadata, daysUntilDue: spec.DaysUntilDue, flexible: spec.Flexible}
	c := &call{params: params{form: url.Values{}}} // for the errors alone
	for i, item := range spec.Items {
		it := subscriptionItem{price: item.Price, quantity: max(item.Quantity, 1)}
		if p := s.prices.get(it.price); p != nil && i == 0 {
			sub.currency = p.currency
		}
		s.checkItemPrice(c, sub, it, fmt.Sprintf("items[%d]", i))
		sub.items = append(sub.items, it)
	}
	s.checkItems(c, sub, sub.items)
	if c.err != nil {
		return "", fmt.Errorf("sandbox: %s", c.err.message)
	}
	if cu.defaultMethod == "" && !cu.cardless {
		s.giveCard(cu, goodCard)
	}
	in := s.addSubscription(sub, firstInvoice{trialDays: spec.TrialDays, methodTypes: []string{"card"}})
	s.payFirst(sub, in, later(true))
	s.expireIncomplete(sub, in)
	return sub.id, nil
}
