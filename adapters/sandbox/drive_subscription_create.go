package sandbox

import (
	"fmt"
	"net/url"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/api"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
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
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	cu := s.stripe.LiveCustomer(spec.Customer)
	if cu == nil {
		return "", fmt.Errorf("sandbox: no such customer: %s", spec.Customer)
	}
	sub := &state.Subscription{Customer: cu.ID, Metadata: spec.Metadata, DaysUntilDue: spec.DaysUntilDue, Flexible: spec.Flexible}
	c := &api.Call{Params: wire.Params{Form: url.Values{}}} // for the errors alone
	for i, item := range spec.Items {
		it := state.SubscriptionItem{Price: item.Price, Quantity: max(item.Quantity, 1)}
		if p := s.stripe.Prices.Get(it.Price); p != nil && i == 0 {
			sub.Currency = p.Currency
		}
		s.api.CheckItemPrice(c, sub, it, fmt.Sprintf("items[%d]", i))
		sub.Items = append(sub.Items, it)
	}
	s.api.CheckItems(c, sub, sub.Items)
	if c.Err != nil {
		return "", fmt.Errorf("sandbox: %s", c.Err.Message)
	}
	if cu.DefaultMethod == "" && !cu.Cardless {
		s.stripe.GiveCard(cu, state.GoodCard)
	}
	in := s.stripe.AddSubscription(sub, life.FirstInvoice{TrialDays: spec.TrialDays, MethodTypes: []string{"card"}})
	s.stripe.PayFirst(sub, in, life.Later(true))
	s.stripe.ExpireIncomplete(sub, in)
	return sub.ID, nil
}
