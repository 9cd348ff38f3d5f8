package sandbox_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestPay_OneTime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("payment", s.once)
	p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Description: stripe.String("Basic"), Metadata: map[string]string{"order_id": "o1"}}
	cs := s.paid(p)
	pi := cs.PaymentIntent
	if cs.Status != "complete" || cs.PaymentStatus != "paid" || cs.URL != "" || cs.Customer != nil || cs.Invoice != nil {
		t.Errorf("session: got %+v", cs)
	}
	if pi.Status != "succeeded" || pi.AmountReceived != 4900 || pi.Metadata["order_id"] != "o1" || pi.Description != "Basic" {
		t.Errorf("payment intent: got %+v", pi)
	}
	if ch := pi.LatestCharge; !ch.Paid || ch.Amount != 4900 || ch.PaymentMethodDetails.Card.Last4 != "4242" {
		t.Errorf("charge: got %+v", ch)
	}
	s.idle()
	want := []string{"charge.succeeded", "checkout.session.completed", "payment_intent.created", "payment_intent.succeeded"}
	if got := s.endpoint.types(); !slices.Equal(got, want) {
		t.Errorf("webhooks: got %v, want %v", got, want)
	}
	if err := s.Pay(cs.ID); !errors.Is(err, sandbox.ErrNotOpen) {
		t.Errorf("pay again: got %v, want ErrNotOpen", err)
	}
}

func TestPay_OneTimeWithInvoice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("payment", s.once)
	p.InvoiceCreation = &stripe.CheckoutSessionInvoiceCreationParams{Enabled: stripe.Bool(true)}
	p.CustomerCreation = stripe.String("always")
	cs := s.paid(p)
	if in := cs.Invoice; in.Status != "paid" || in.Subscription != nil || in.PaymentIntent.ID != cs.PaymentIntent.ID || in.BillingReason != "manual" {
		t.Errorf("got %+v", in)
	}
	if cs.Customer == nil {
		t.Errorf("no customer was made")
	}
}

func TestPay_Subscription(t *testing.T) {
	t.Parallel()
	now := newClock() // January 31
	s := newShop(t, sandbox.WithClock(now.Now))
	p := params("subscription", s.monthly)
	p.LineItems[0].Quantity = stripe.Int64(3)
	p.CustomerEmail = stripe.String("ada@example.com")
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{Metadata: map[string]string{"order_id": "o1"}}
	cs := s.paid(p)
	sub := cs.Subscription
	end := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC).Unix()
	if cs.PaymentStatus != "paid" || cs.PaymentIntent != nil || cs.Customer.Email != "ada@example.com" || cs.AmountTotal != 6000 {
		t.Errorf("session: got %+v", cs)
	}
	if sub.Status != "active" || sub.CurrentPeriodStart != now.Now().Unix() || sub.CurrentPeriodEnd != end || sub.Metadata["order_id"] != "o1" {
		t.Errorf("subscription: got %+v", sub)
	}
	if it := sub.Items.Data[0]; it.Price.LookupKey != "pro_monthly" || it.Quantity != 3 || !strings.HasPrefix(it.ID, "si_") {
		t.Errorf("item: got %+v", it)
	}
	in := sub.LatestInvoice
	if !in.Paid || in.Status != "paid" || in.BillingReason != "subscription_create" || in.AmountPaid != 6000 || in.Subscription.ID != sub.ID ||
		in.PaymentIntent.Status != "succeeded" || in.SubscriptionDetails.Metadata["order_id"] != "o1" {
		t.Errorf("invoice: got %+v", in)
	}
	if l := in.Lines.Data[0]; l.Period.End != end || l.Price.ID != s.monthly || l.Amount != 6000 || l.SubscriptionItem.ID != sub.Items.Data[0].ID {
		t.Errorf("invoice line: got %+v", l)
	}
	s.idle()
	want := []string{
		"charge.succeeded", "checkout.session.completed", "customer.created", "customer.subscription.created", "customer.subscription.updated",
		"invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded", "invoice.updated", "payment_intent.created", "payment_intent.succeeded",
		"payment_method.attached",
	}
	if got := s.endpoint.types(); !slices.Equal(got, want) {
		t.Errorf("webhooks: got %v, want %v", got, want)
	}
	updated := s.event("customer.subscription.updated")
	if got := updated.Data.PreviousAttributes; len(got) != 2 || got["status"] != "incomplete" || got["default_payment_method"] != nil {
		t.Errorf("previous_attributes: got %v, want the status and the default payment method", got)
	}
}

func TestPay_WithNothingDue(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		trial int64
		want  stripe.SubscriptionStatus
	}{
		"a trial":      {14, "trialing"},
		"a free price": {0, "active"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			p := params("subscription", s.mustPrice(sandbox.PriceSpec{Product: "Free", Interval: "month"}))
			if tt.trial > 0 {
				p = params("subscription", s.monthly)
				p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: &tt.trial}
			}
			cs := s.paid(p)
			if cs.PaymentStatus != "no_payment_required" || cs.AmountTotal != 0 || cs.Subscription.Status != tt.want {
				t.Errorf("got %s, total %d, subscription %s", cs.PaymentStatus, cs.AmountTotal, cs.Subscription.Status)
			}
			if in := cs.Subscription.LatestInvoice; !in.Paid || in.Total != 0 || in.PaymentIntent != nil {
				t.Errorf("invoice: got %+v", in)
			}
			if tt.trial > 0 && cs.Subscription.CurrentPeriodEnd != cs.Subscription.TrialEnd {
				t.Errorf("the period ends at %d, the trial at %d", cs.Subscription.CurrentPeriodEnd, cs.Subscription.TrialEnd)
			}
		})
	}
}

func TestPay_DeclinedThenPaid(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"payment", "subscription"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			price := map[string]string{"payment": s.once, "subscription": s.monthly}[mode]
			cs := s.open(params(mode, price))
			if err := s.PayWithCard(cs.ID, "4000 0000 0000 0002"); !errors.Is(err, sandbox.ErrDeclined) {
				t.Fatalf("got %v, want ErrDeclined", err)
			}
			got := s.session(cs.ID)
			if got.Status != "open" || got.Subscription != nil || got.PaymentIntent != nil {
				t.Errorf("after the decline: got %+v", got)
			}
			failed := s.event("payment_intent.payment_failed")
			if e := failed.GetObjectValue("last_payment_error", "code"); e != "card_declined" {
				t.Errorf("got last_payment_error %v", e)
			}
			if err := s.Pay(cs.ID); err != nil {
				t.Fatal(err)
			}
			got = s.session(cs.ID)
			pi := got.PaymentIntent
			if mode == "subscription" {
				pi = got.Subscription.LatestInvoice.PaymentIntent
				if got.Subscription.Status != "active" || got.Subscription.LatestInvoice.AttemptCount != 2 {
					t.Errorf("got subscription %+v", got.Subscription)
				}
			}
			if got.Status != "complete" || pi.Status != "succeeded" || pi.ID != failed.GetObjectValue("id") || pi.LastPaymentError != nil {
				t.Errorf("after the second try: got %+v", got)
			}
		})
	}
}

func TestPay_DeclinedThenExpired(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("subscription", s.monthly))
	if err := s.PayWithCard(cs.ID, "4000000000000002"); !errors.Is(err, sandbox.ErrDeclined) {
		t.Fatal(err)
	}
	created := s.event("customer.subscription.created")
	if err := s.ExpireSession(cs.ID); err != nil {
		t.Fatal(err)
	}
	sub, err := s.api.Subscriptions.Get(created.GetObjectValue("id"), nil)
	if err != nil || sub.Status != "incomplete_expired" {
		t.Errorf("subscription: got %v, %v; want incomplete_expired", sub.Status, err)
	}
	if in, err := s.api.Invoices.Get(sub.LatestInvoice.ID, nil); err != nil || in.Status != "void" {
		t.Errorf("invoice: got %v, %v; want void", in.Status, err)
	}
}

func TestPay_Delayed(t *testing.T) {
	t.Parallel()
	type end struct {
		payment stripe.CheckoutSessionPaymentStatus
		sub     stripe.SubscriptionStatus
		invoice stripe.InvoiceStatus
		events  string
	}
	for name, tt := range map[string]struct {
		mode     string
		succeeds bool
		want     end
	}{
		"one-time, succeeds": {"payment", true, end{"paid", "", "", "checkout.session.completed checkout.session.async_payment_succeeded"}},
		"one-time, fails":    {"payment", false, end{"unpaid", "", "", "checkout.session.completed checkout.session.async_payment_failed"}},
		"subscription, succeeds": {"subscription", true, end{"paid", "active", "paid",
			"checkout.session.completed checkout.session.async_payment_succeeded"}},
		"subscription, fails": {"subscription", false, end{"unpaid", "canceled", "open",
			"checkout.session.completed checkout.session.async_payment_failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, sandbox.WithDelayedAfter(time.Hour))
			price := map[string]string{"payment": s.once, "subscription": s.monthly}[tt.mode]
			cs := s.open(params(tt.mode, price))
			if err := s.PayDelayed(cs.ID, tt.succeeds); err != nil {
				t.Fatal(err)
			}
			got := s.session(cs.ID)
			if got.Status != "complete" || got.PaymentStatus != "unpaid" {
				t.Errorf("before: got %s, %s", got.Status, got.PaymentStatus)
			}
			if tt.mode == "subscription" && (got.Subscription.Status != "active" || got.Subscription.LatestInvoice.Status != "open") {
				t.Errorf("before: got subscription %s, invoice %s", got.Subscription.Status, got.Subscription.LatestInvoice.Status)
			}
			if err := s.SettleDelayed(cs.ID); err != nil {
				t.Fatal(err)
			}
			if err := s.SettleDelayed(cs.ID); err == nil {
				t.Errorf("it settled twice")
			}
			got = s.session(cs.ID)
			now := end{payment: got.PaymentStatus, events: strings.Join(s.types(cs.ID), " ")}
			if got.Subscription != nil {
				now.sub, now.invoice = got.Subscription.Status, got.Subscription.LatestInvoice.Status
			}
			if now != tt.want {
				t.Errorf("got %+v, want %+v", now, tt.want)
			}
		})
	}
}

func TestPay_DelayedSettlesByItself(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithDelayedAfter(10*time.Millisecond))
	cs := s.open(params("payment", s.once))
	if err := s.PayDelayed(cs.ID, true); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for s.session(cs.ID).PaymentStatus != "paid" {
		if time.Now().After(deadline) {
			t.Fatal("it does not settle")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestPay_ConcurrentlyPaysOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	results := make(chan error)
	for range 20 {
		go func() { results <- s.Pay(cs.ID) }()
	}
	paid := 0
	for range 20 {
		if <-results == nil {
			paid++
		}
	}
	n := 0
	for it := s.api.Charges.List(nil); it.Next(); n++ {
	}
	if paid != 1 || n != 1 {
		t.Errorf("got %d payments and %d charges, want one", paid, n)
	}
}

func TestAddPrice_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if p, err := s.AddPrice(sandbox.PriceSpec{ID: "price_own", Product: "Pro", UnitAmount: 1}); err != nil || p.ID != "price_own" {
		t.Errorf("an id of one's own: got %v, %v", p, err)
	}
	for name, spec := range map[string]sandbox.PriceSpec{
		"the id twice":         {ID: "price_own", Product: "Pro"},
		"the lookup key twice": {LookupKey: "pro_monthly", Product: "Pro"},
		"no product":           {UnitAmount: 1},
		"no such interval":     {Product: "Pro", Interval: "fortnight"},
		"no such currency":     {Product: "Pro", Currency: "US dollars"},
		"a negative amount":    {Product: "Pro", UnitAmount: -1},
	} {
		if p, err := s.AddPrice(spec); err == nil {
			t.Errorf("%s: got %v, want an error", name, p)
		}
	}
}
