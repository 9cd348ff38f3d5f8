package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// sub fetches a subscription with the invoice and money of its period.
func (s *shop) sub(id string) *stripe.Subscription {
	s.t.Helper()
	p := &stripe.SubscriptionParams{}
	p.AddExpand("latest_invoice.payment_intent.latest_charge")
	return must[*stripe.Subscription](s.t)(s.api.Subscriptions.Get(id, p))
}

func (s *shop) subscribed() *stripe.Subscription {
	s.t.Helper()
	return s.sub(s.paid(params("subscription", s.monthly)).Subscription.ID)
}

const (
	billed = "customer.subscription.updated invoice.created payment_intent.created invoice.finalized"
	paid   = " charge.succeeded payment_intent.succeeded invoice.updated invoice.paid invoice.payment_succeeded"
	failed = " charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed customer.subscription.updated"
)

func TestRenewal_Pays(t *testing.T) {
	t.Parallel()
	now := newClock() // January 31
	s := newShop(t, sandbox.WithClock(now.Now))
	before := s.subscribed()
	if got := s.after(func() { s.ok(s.RenewSubscription(before.ID, true)) }); got != billed+paid {
		t.Errorf("got events %s", got)
	}
	sub := s.sub(before.ID)
	march := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC).Unix() // the 31st again
	if sub.Status != "active" || sub.CurrentPeriodStart != before.CurrentPeriodEnd || sub.CurrentPeriodEnd != march {
		t.Errorf("got %s from %d to %d", sub.Status, sub.CurrentPeriodStart, sub.CurrentPeriodEnd)
	}
	in := sub.LatestInvoice
	if in.ID == before.LatestInvoice.ID || in.BillingReason != "subscription_cycle" || !in.Paid || in.AmountPaid != 2000 ||
		in.PeriodEnd != before.CurrentPeriodEnd || in.Lines.Data[0].Period.End != march {
		t.Errorf("invoice: got %+v", in)
	}
	pi := in.PaymentIntent
	if ch := s.chargeNow(pi.LatestCharge.ID); ch.Invoice.ID != in.ID || ch.PaymentIntent.ID != pi.ID || !ch.Paid || pi.Invoice.ID != in.ID {
		t.Errorf("charge: got %+v of %+v", ch, pi)
	}
	must[string](t)(s.Refund(sub.ID, 0))
	if !s.chargeNow(pi.LatestCharge.ID).Refunded || s.chargeNow(before.LatestInvoice.Charge.ID).Refunded {
		t.Errorf("the refund is not of the last period")
	}
}

func TestRenewal_FailsAndIsPaidLater(t *testing.T) {
	t.Parallel()
	for name, pay := range map[string]func(*shop, *stripe.Subscription) error{
		"by the subscription": func(s *shop, sub *stripe.Subscription) error { return s.PayInvoice(sub.ID) },
		"by the invoice":      func(s *shop, sub *stripe.Subscription) error { return s.PayInvoice(sub.LatestInvoice.ID) },
		"through the API": func(s *shop, sub *stripe.Subscription) error {
			_, err := s.api.Invoices.Pay(sub.LatestInvoice.ID, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id := s.subscribed().ID
			if got := s.after(func() { s.ok(s.RenewSubscription(id, false)) }); got != billed+failed {
				t.Errorf("got events %s", got)
			}
			sub := s.sub(id)
			in := sub.LatestInvoice
			if sub.Status != "past_due" || in.Status != "open" || in.AttemptCount != 1 || in.PaymentIntent.Status != "requires_payment_method" ||
				in.PaymentIntent.LatestCharge.Status != "failed" {
				t.Errorf("declined: got %s, invoice %+v", sub.Status, in)
			}
			if got := s.after(func() { s.ok(pay(s, sub)) }); got != strings.TrimSpace(paid)+" customer.subscription.updated" {
				t.Errorf("got events %s", got)
			}
			if sub = s.sub(id); sub.Status != "active" || !sub.LatestInvoice.Paid || sub.LatestInvoice.ID != in.ID || sub.LatestInvoice.AttemptCount != 2 {
				t.Errorf("paid: got %s, invoice %+v", sub.Status, sub.LatestInvoice)
			}
			if pay(s, sub) == nil {
				t.Errorf("it was paid twice")
			}
		})
	}
}

func TestRenewal_EndsWhatIsToEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	must[*stripe.Subscription](t)(s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)}))
	if got := s.after(func() { s.ok(s.RenewSubscription(id, true)) }); got != "customer.subscription.deleted" {
		t.Errorf("got events %s", got)
	}
	if sub := s.sub(id); sub.Status != "canceled" || sub.CancellationDetails.Reason != "cancellation_requested" {
		t.Errorf("got %+v", sub)
	}
	if err := s.RenewSubscription(id, true); err == nil {
		t.Errorf("it was renewed after its end")
	}
}

func TestRenewal_BillsWhatIsPending(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	bigger := s.mustPrice(sandbox.PriceSpec{Product: "Max", UnitAmount: 6000, Interval: "month"})
	sub := s.subscribed()
	now.advance(14 * 24 * time.Hour) // half of the period
	must[*stripe.Subscription](t)(s.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{
		Items:             []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Price: &bigger}},
		ProrationBehavior: stripe.String("create_prorations"),
	}))
	for i, want := range []int64{6000 - 1000 + 3000, 6000} {
		s.ok(s.RenewSubscription(sub.ID, true))
		if got := s.sub(sub.ID).LatestInvoice.AmountPaid; got != want {
			t.Errorf("renewal %d: got %d, want %d", i+1, got, want)
		}
	}
}

func TestTrial_Ends(t *testing.T) {
	t.Parallel()
	endNow := func(s *shop, id string) error {
		p := &stripe.SubscriptionParams{TrialEndNow: stripe.Bool(true)}
		_, err := s.api.Subscriptions.Update(id, p)
		return err
	}
	for name, tt := range map[string]struct {
		card    string
		missing string // trial_settings.end_behavior.missing_payment_method
		end     func(*shop, string) error
		status  stripe.SubscriptionStatus
		events  string
	}{
		"the card pays":     {"4242424242424242", "", func(s *shop, id string) error { return s.RenewSubscription(id, true) }, "active", billed + paid},
		"it is declined":    {"4242424242424242", "", func(s *shop, id string) error { return s.RenewSubscription(id, false) }, "past_due", billed + failed},
		"through the API":   {"4242424242424242", "", endNow, "active", billed + paid},
		"no card":           {"", "create_invoice", endNow, "past_due", billed + " invoice.updated invoice.payment_failed customer.subscription.updated"},
		"no card: pause":    {"", "pause", endNow, "paused", "customer.subscription.updated customer.subscription.paused"},
		"no card: it ends ": {"", "cancel", endNow, "canceled", "customer.subscription.deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newClock()
			s := newShop(t, sandbox.WithClock(now.Now))
			p := params("subscription", s.monthly)
			p.PaymentMethodCollection = stripe.String("if_required")
			p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
			if tt.missing != "" {
				p.SubscriptionData.TrialSettings = &stripe.CheckoutSessionSubscriptionDataTrialSettingsParams{
					EndBehavior: &stripe.CheckoutSessionSubscriptionDataTrialSettingsEndBehaviorParams{MissingPaymentMethod: &tt.missing}}
			}
			cs := s.open(p)
			s.ok(s.PayWithCard(cs.ID, tt.card))
			id := s.session(cs.ID).Subscription.ID
			now.advance(24 * time.Hour)
			if got := s.after(func() { s.ok(tt.end(s, id)) }); got != tt.events {
				t.Errorf("got events %s, want %s", got, tt.events)
			}
			sub := s.sub(id)
			if sub.Status != tt.status || sub.TrialEnd != now.Now().Unix() {
				t.Errorf("got %s, trial until %d; want %s now", sub.Status, sub.TrialEnd, tt.status)
			}
			if sub.Status == "active" && (sub.CurrentPeriodStart != sub.TrialEnd || sub.LatestInvoice.AmountPaid != 2000) {
				t.Errorf("got period from %d, invoice %+v", sub.CurrentPeriodStart, sub.LatestInvoice)
			}
		})
	}
}

func TestTrial_EndsLater(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	p := params("subscription", s.monthly)
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
	id := s.paid(p).Subscription.ID
	end := now.Now().AddDate(0, 1, 0).Unix()
	sub := must[*stripe.Subscription](t)(s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{TrialEnd: &end}))
	if sub.TrialEnd != end || sub.CurrentPeriodEnd != end || sub.Status != "trialing" {
		t.Errorf("got %+v", sub)
	}
	past, active := now.Now().Unix()-1, s.subscribed().ID
	for _, refused := range []struct {
		id  string
		end int64
	}{{id, past}, {active, end}} {
		_, err := s.api.Subscriptions.Update(refused.id, &stripe.SubscriptionParams{TrialEnd: &refused.end})
		if e := refusal(t, err); e.HTTPStatusCode != 400 || e.Param != "trial_end" {
			t.Errorf("got %v, want it refused", e)
		}
	}
}

func TestCustomer_DeletedEndsItsSubscriptions(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.Customer = &s.customer().ID
	first, second := s.paid(p).Subscription.ID, s.paid(p).Subscription.ID
	other := s.subscribed().ID
	events := s.after(func() { must[*stripe.Customer](t)(s.api.Customers.Del(*p.Customer, nil)) })
	if events != "customer.subscription.deleted customer.subscription.deleted payment_method.detached payment_method.detached customer.deleted" {
		t.Errorf("got events %s", events)
	}
	for id, want := range map[string]stripe.SubscriptionStatus{first: "canceled", second: "canceled", other: "active"} {
		if got := s.sub(id).Status; got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}
