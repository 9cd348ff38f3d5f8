package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestSubscription_ListsByCustomerAndStatus(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.Customer = &s.customer().ID
	kept, ended := s.paid(p).Subscription, s.paid(p).Subscription
	s.paid(params("subscription", s.monthly)) // of another customer
	if err := s.CancelSubscription(ended.ID); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[string]string{
		"": kept.ID, "active": kept.ID, "canceled": ended.ID, "ended": ended.ID, "all": ended.ID + " " + kept.ID, "past_due": "",
	} {
		list := &stripe.SubscriptionListParams{Customer: p.Customer}
		if status != "" {
			list.Status = &status
		}
		var got []string
		it := s.api.Subscriptions.List(list)
		for it.Next() {
			got = append(got, it.Subscription().ID)
		}
		if strings.Join(got, " ") != want || it.Err() != nil {
			t.Errorf("status %q: got %v, %v; want %s", status, got, it.Err(), want)
		}
	}
	n := 0
	for it := s.api.Invoices.List(&stripe.InvoiceListParams{Subscription: &kept.ID}); it.Next(); n++ {
	}
	if n != 1 {
		t.Errorf("got %d invoices of the subscription, want 1", n)
	}
}

func TestSubscription_CancelsNowAndForGood(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.paid(params("subscription", s.monthly)).Subscription.ID
	sub, err := s.api.Subscriptions.Cancel(id, nil)
	if err != nil || sub.Status != "canceled" || sub.EndedAt == 0 || sub.CanceledAt == 0 {
		t.Fatalf("got %+v, %v", sub, err)
	}
	if _, err := s.api.Subscriptions.Cancel(id, nil); refusal(t, err).HTTPStatusCode != 404 {
		t.Errorf("again: got %v, want 404", err)
	}
	if _, err := s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)}); refusal(t, err).HTTPStatusCode != 400 {
		t.Errorf("update: got %v, want 400", err)
	}
	p := &stripe.SubscriptionParams{}
	p.AddMetadata("note", "left")
	if sub, err := s.api.Subscriptions.Update(id, p); err != nil || sub.Metadata["note"] != "left" {
		t.Errorf("metadata: got %v, %v", sub, err)
	}
	if err := s.SetSubscriptionStatus(id, "active"); err == nil {
		t.Errorf("it came back to life")
	}
}

func TestSubscription_CancelsAtPeriodEnd(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	id := s.paid(params("subscription", s.monthly)).Subscription.ID
	set := func(cancel bool) *stripe.Subscription {
		t.Helper()
		sub, err := s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{CancelAtPeriodEnd: &cancel})
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	if sub := set(true); !sub.CancelAtPeriodEnd || sub.CancelAt != sub.CurrentPeriodEnd || sub.CanceledAt != now.Now().Unix() || sub.Status != "active" {
		t.Errorf("scheduled: got %+v", sub)
	}
	if sub := set(false); sub.CancelAtPeriodEnd || sub.CancelAt != 0 || sub.CanceledAt != 0 {
		t.Errorf("taken back: got %+v", sub)
	}
	requested := now.Now().Unix()
	set(true)
	now.advance(28 * 24 * time.Hour)
	s.RunDue()
	sub, err := s.api.Subscriptions.Get(id, nil)
	if err != nil || sub.Status != "canceled" || sub.CanceledAt != requested || sub.EndedAt != now.Now().Unix() {
		t.Errorf("at the end: got %+v, %v", sub, err)
	}
	want := "customer.subscription.created customer.subscription.updated customer.subscription.updated " +
		"customer.subscription.updated customer.subscription.updated customer.subscription.deleted"
	if got := strings.Join(s.types(id), " "); got != want {
		t.Errorf("events: got %s", got)
	}
}

func TestSubscription_ChangesItems(t *testing.T) {
	t.Parallel()
	type item = stripe.SubscriptionItemsParams
	tests := map[string]struct {
		proration string
		change    func(s *shop, itemID, bigger string) []*item
		after     time.Duration
		invoiced  int64 // amount due of the new invoice; -1 for none
		items     int
	}{
		"a bigger plan, prorated at once": {"always_invoice", func(_ *shop, id, bigger string) []*item {
			return []*item{{ID: &id, Price: &bigger}}
		}, 14 * 24 * time.Hour, 2000, 1}, // half a period of 60 instead of 20
		"a bigger plan, prorated later": {"create_prorations", func(_ *shop, id, bigger string) []*item {
			return []*item{{ID: &id, Price: &bigger}}
		}, 14 * 24 * time.Hour, -1, 1},
		"more seats, prorated at once": {"always_invoice", func(_ *shop, id, _ string) []*item {
			return []*item{{ID: &id, Quantity: stripe.Int64(3)}}
		}, 14 * 24 * time.Hour, 2000, 1},
		"a year instead of a month": {"create_prorations", func(s *shop, id, _ string) []*item {
			return []*item{{ID: &id, Price: &s.yearly}}
		}, 14 * 24 * time.Hour, 19000, 1},
		"a year instead of a month, no proration": {"none", func(s *shop, id, _ string) []*item {
			return []*item{{ID: &id, Price: &s.yearly}}
		}, 14 * 24 * time.Hour, 20000, 1},
		"a forgotten item id adds an item": {"none", func(_ *shop, _, bigger string) []*item {
			return []*item{{Price: &bigger}}
		}, 0, -1, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newClock()
			s := newShop(t, sandbox.WithClock(now.Now))
			bigger := s.mustPrice(sandbox.PriceSpec{Product: "Max", UnitAmount: 6000, Interval: "month"})
			before := s.paid(params("subscription", s.monthly)).Subscription
			now.advance(tt.after)
			p := &stripe.SubscriptionParams{Items: tt.change(s, before.Items.Data[0].ID, bigger), ProrationBehavior: &tt.proration}
			p.AddExpand("latest_invoice")
			sub, err := s.api.Subscriptions.Update(before.ID, p)
			if err != nil {
				t.Fatal(err)
			}
			if len(sub.Items.Data) != tt.items {
				t.Errorf("got %d items, want %d", len(sub.Items.Data), tt.items)
			}
			made := sub.LatestInvoice.ID != before.LatestInvoice.ID
			switch {
			case made != (tt.invoiced >= 0):
				t.Errorf("an invoice was made: %v", made)
			case made && (sub.LatestInvoice.AmountDue != tt.invoiced || !sub.LatestInvoice.Paid || sub.LatestInvoice.BillingReason != "subscription_update"):
				t.Errorf("got invoice %+v, want %d due and paid", sub.LatestInvoice, tt.invoiced)
			}
		})
	}
}

func TestSubscription_RefusesItemsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.paid(params("subscription", s.monthly)).Subscription
	id := sub.Items.Data[0].ID
	for name, tt := range map[string]struct {
		item  *stripe.SubscriptionItemsParams
		param string
	}{
		"an unknown item":         {&stripe.SubscriptionItemsParams{ID: stripe.String("si_none"), Price: &s.yearly}, "items[0][id]"},
		"an unknown price":        {&stripe.SubscriptionItemsParams{ID: &id, Price: stripe.String("price_none")}, "items[0][price]"},
		"a one-time price":        {&stripe.SubscriptionItemsParams{ID: &id, Price: &s.once}, "items[0][price]"},
		"the same price again":    {&stripe.SubscriptionItemsParams{Price: &s.monthly}, "items"},
		"two intervals":           {&stripe.SubscriptionItemsParams{Price: &s.yearly}, "items"},
		"none left":               {&stripe.SubscriptionItemsParams{ID: &id, Deleted: stripe.Bool(true)}, "items"},
		"an item without a price": {&stripe.SubscriptionItemsParams{Quantity: stripe.Int64(2)}, "items[0][price]"},
	} {
		_, err := s.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{Items: []*stripe.SubscriptionItemsParams{tt.item}})
		if e := refusal(t, err); e.HTTPStatusCode != 400 || e.Param != tt.param {
			t.Errorf("%s: got %v", name, e)
		}
	}
	if got, err := s.api.Subscriptions.Get(sub.ID, nil); err != nil || len(got.Items.Data) != 1 || got.Items.Data[0].Price.ID != s.monthly {
		t.Errorf("a refused change changed something: %+v, %v", got, err)
	}
}

func TestSetSubscriptionStatus_SendsUpdated(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.paid(params("subscription", s.monthly)).Subscription.ID
	if err := s.SetSubscriptionStatus(id, "past_due"); err != nil {
		t.Fatal(err)
	}
	if sub, err := s.api.Subscriptions.Get(id, nil); err != nil || sub.Status != "past_due" {
		t.Errorf("got %v, %v", sub.Status, err)
	}
	if got := s.types(id); got[len(got)-1] != "customer.subscription.updated" {
		t.Errorf("got events %v", got)
	}
	if err := s.SetSubscriptionStatus(id, "sleeping"); err == nil {
		t.Errorf("a status that is none was accepted")
	}
}

func TestSubscription_CancelsAtATime(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	id := s.paid(params("subscription", s.monthly)).Subscription.ID
	at := now.Now().Add(48 * time.Hour).Unix()
	sub, err := s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{CancelAt: &at})
	if err != nil || sub.CancelAt != at || sub.CancelAtPeriodEnd {
		t.Fatalf("got %+v, %v", sub, err)
	}
	_, err = s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{CancelAt: &at, CancelAtPeriodEnd: stripe.Bool(true)})
	if e := refusal(t, err); e.Code != stripe.ErrorCodeParametersExclusive {
		t.Errorf("both: got %v", e)
	}
	now.advance(48 * time.Hour)
	s.RunDue()
	if sub, err = s.api.Subscriptions.Get(id, nil); err != nil || sub.Status != "canceled" {
		t.Errorf("at that time: got %v, %v", sub.Status, err)
	}
}

func TestSubscription_ListsByPriceAndKeepsTheReason(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	monthly, yearly := s.paid(params("subscription", s.monthly)).Subscription, s.paid(params("subscription", s.yearly)).Subscription
	it := s.api.Subscriptions.List(&stripe.SubscriptionListParams{Price: &s.yearly})
	if !it.Next() || it.Subscription().ID != yearly.ID || it.Next() {
		t.Errorf("by price: got %v, %v; want the yearly one alone", it.Current(), it.Err())
	}
	sub, err := s.api.Subscriptions.Cancel(monthly.ID, &stripe.SubscriptionCancelParams{
		CancellationDetails: &stripe.SubscriptionCancelCancellationDetailsParams{Comment: stripe.String("too dear"), Feedback: stripe.String("too_expensive")},
	})
	if err != nil || sub.CancellationDetails.Comment != "too dear" || sub.CancellationDetails.Feedback != "too_expensive" ||
		sub.CancellationDetails.Reason != "cancellation_requested" {
		t.Errorf("got %+v, %v", sub.CancellationDetails, err)
	}
}

// Taxes are not computed: what says whether they are to be is kept, and shown on invoices.
func TestSubscription_SaysWhetherTaxesAreAutomatic(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.created("items[0][price]", s.monthly, "automatic_tax[enabled]", "true", "proration_behavior", "none", "expand[]", "latest_invoice")
	sub.wants(t, "made", map[string]string{"automatic_tax.enabled": "true", "latest_invoice.automatic_tax.enabled": "true", "latest_invoice.total": "2000"})
	s.post("/v1/subscriptions/"+sub.at("id"), values("automatic_tax[enabled]", "false")).wants(t, "changed", map[string]string{"automatic_tax.enabled": "false"})
	s.created("items[0][price]", s.monthly, "collection_method", "send_invoice", "days_until_due", "7")
	s.fetch("", "/v1/subscriptions?collection_method=charge_automatically").wants(t, "those that are charged", map[string]string{"data.0.id": sub.at("id"), "data.1": "<none>"})
}
