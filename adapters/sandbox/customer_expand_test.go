package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// Ensure that the lists of a customer are shown if they are asked for, and no others.
func TestCustomer_ListsAreShownIfExpanded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer()
	if cu.Subscriptions != nil || cu.Sources != nil || cu.TaxIDs != nil {
		t.Fatal("a list is shown that nobody asked for")
	}
	var subs []string
	for range 2 {
		p := params("subscription", s.monthly)
		p.Customer = &cu.ID
		subs = append(subs, s.paid(p).Subscription.ID)
	}
	expanded := &stripe.CustomerParams{}
	for _, name := range []string{"subscriptions.data.latest_invoice", "sources", "tax_ids"} {
		expanded.AddExpand(name)
	}
	got, err := s.api.Customers.Get(cu.ID, expanded)
	s.ok(err)
	if n := got.Subscriptions.Data; len(n) != 2 || n[0].ID != subs[1] || n[0].LatestInvoice.Status != "paid" {
		t.Errorf("got %+v", n)
	}
	if got.Sources == nil || got.TaxIDs == nil || len(got.Sources.Data)+len(got.TaxIDs.Data) > 0 {
		t.Errorf("sources %v, tax ids %v", got.Sources, got.TaxIDs)
	}
	stripespec.Validate(t, "customer", got.LastResponse.RawJSON)
	_, err = s.api.Subscriptions.Cancel(subs[1], nil)
	s.ok(err)
	got, err = s.api.Customers.Get(cu.ID, expanded)
	s.ok(err)
	if n := got.Subscriptions.Data; len(n) != 1 || n[0].ID != subs[0] {
		t.Errorf("got %+v of those that go on", n)
	}
	for range 9 {
		_, err = s.api.Subscriptions.New(&stripe.SubscriptionParams{Customer: &cu.ID, CollectionMethod: stripe.String("send_invoice"), DaysUntilDue: stripe.Int64(7),
			Items: []*stripe.SubscriptionItemsParams{{Price: &s.monthly}}})
		s.ok(err)
	}
	got, err = s.api.Customers.Get(cu.ID, expanded)
	s.ok(err)
	if n := got.Subscriptions; len(n.Data) != 10 || n.HasMore {
		t.Errorf("ten are a page: got %d, more: %t", len(n.Data), n.HasMore)
	}
}

// Ensure that a list of prices of all kinds can be asked for their tiers.
func TestPrice_WithoutTiersHasNoneExpanded(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	list := &stripe.PriceListParams{}
	list.AddExpand("data.tiers")
	it := s.api.Prices.List(list)
	n := 0
	for ; it.Next(); n++ {
		if it.Price().Tiers != nil {
			t.Errorf("%s has tiers", it.Price().ID)
		}
	}
	if it.Err() != nil || n != 3 {
		t.Errorf("got %d prices, %v", n, it.Err())
	}
}
