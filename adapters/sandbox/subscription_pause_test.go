package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestPause_AndResume(t *testing.T) {
	t.Parallel()
	const resumed = "customer.subscription.updated customer.subscription.resumed"
	resume := func(anchor string) func(*shop, string) error {
		return func(s *shop, id string) error {
			p := &stripe.SubscriptionResumeParams{}
			if anchor != "" {
				p.BillingCycleAnchor = &anchor
			}
			_, err := s.api.Subscriptions.Resume(id, p)
			return err
		}
	}
	drive := func(s *shop, id string) error { return s.ResumeSubscription(id) }
	for name, tt := range map[string]struct {
		after  time.Duration
		resume func(*shop, string) error
		anew   bool // with a new period
		events string
	}{
		"a new period by default":         {24 * time.Hour, resume(""), true, billed + paid + " " + resumed},
		"the period goes on":              {24 * time.Hour, resume("unchanged"), false, resumed},
		"by hand, the period goes on":     {24 * time.Hour, drive, false, resumed},
		"by hand, after the period's end": {60 * 24 * time.Hour, drive, true, billed + paid + " " + resumed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newClock()
			s := newShop(t, sandbox.WithClock(now.Now))
			before := s.subscribed()
			got := s.after(func() { s.ok(s.PauseSubscription(before.ID)) })
			if sub := s.sub(before.ID); got != "customer.subscription.updated customer.subscription.paused" || sub.Status != "paused" {
				t.Errorf("paused: got %s, events %s", sub.Status, got)
			}
			if err := s.RenewSubscription(before.ID, true); err == nil {
				t.Errorf("it was renewed while paused")
			}
			now.advance(tt.after)
			if got := s.after(func() { s.ok(tt.resume(s, before.ID)) }); got != tt.events {
				t.Errorf("got events %s, want %s", got, tt.events)
			}
			sub := s.sub(before.ID)
			if sub.Status != "active" || sub.CurrentPeriodEnd <= now.Now().Unix() || (sub.LatestInvoice.ID != before.LatestInvoice.ID) != tt.anew {
				t.Errorf("got %+v", sub)
			}
			if err := tt.resume(s, before.ID); err == nil {
				t.Errorf("it was resumed twice")
			}
		})
	}
}

func TestPause_UnchangedNeedsAPeriodThatLasts(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	id := s.subscribed().ID
	s.ok(s.PauseSubscription(id))
	now.advance(60 * 24 * time.Hour)
	_, err := s.api.Subscriptions.Resume(id, &stripe.SubscriptionResumeParams{BillingCycleAnchor: stripe.String("unchanged")})
	if e := refusal(t, err); e.Param != "billing_cycle_anchor" {
		t.Errorf("got %v", e)
	}
	if _, err := s.api.Subscriptions.Resume("sub_none", nil); refusal(t, err).HTTPStatusCode != 404 {
		t.Errorf("an unknown one: got %v, want 404", err)
	}
}

// A trial that ended without a card resumes when its invoice is paid, not before.
func TestPause_ResumesWithTheMoney(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.PaymentMethodCollection = stripe.String("if_required")
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{
		TrialPeriodDays: stripe.Int64(14),
		TrialSettings: &stripe.CheckoutSessionSubscriptionDataTrialSettingsParams{
			EndBehavior: &stripe.CheckoutSessionSubscriptionDataTrialSettingsEndBehaviorParams{MissingPaymentMethod: stripe.String("pause")}},
	}
	cs := s.open(p)
	s.ok(s.PayWithCard(cs.ID, ""))
	id := s.session(cs.ID).Subscription.ID
	s.ok(s.RenewSubscription(id, true))
	for range 2 {
		if sub := must[*stripe.Subscription](t)(s.api.Subscriptions.Resume(id, nil)); sub.Status != "paused" {
			t.Errorf("before it is paid: got %s", sub.Status)
		}
	}
	if _, err := s.api.Invoices.Pay(s.sub(id).LatestInvoice.ID, nil); refusal(t, err).HTTPStatusCode != 400 {
		t.Errorf("without a card: got %v, want 400", err)
	}
	s.ok(s.PayInvoice(id))
	if sub := s.sub(id); sub.Status != "active" || !sub.LatestInvoice.Paid {
		t.Errorf("got %s, want active", sub.Status)
	}
	open := 0
	for it := s.api.Invoices.List(&stripe.InvoiceListParams{Subscription: &id, Status: stripe.String("open")}); it.Next(); open++ {
	}
	if open != 0 {
		t.Errorf("%d invoices are still open: the first try to resume was not given up", open)
	}
}

func TestPauseCollection_KeepsTheStatus(t *testing.T) {
	t.Parallel()
	for behavior, want := range map[string]struct {
		invoice stripe.InvoiceStatus
		event   string
	}{
		"keep_as_draft":      {"draft", "invoice.created"},
		"void":               {"void", "invoice.voided"},
		"mark_uncollectible": {"uncollectible", "invoice.updated invoice.marked_uncollectible"},
	} {
		t.Run(behavior, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id := s.subscribed().ID
			p := &stripe.SubscriptionParams{PauseCollection: &stripe.SubscriptionPauseCollectionParams{Behavior: &behavior}}
			sub := must[*stripe.Subscription](t)(s.api.Subscriptions.Update(id, p))
			if sub.Status != "active" || string(sub.PauseCollection.Behavior) != behavior {
				t.Errorf("got %s, %+v", sub.Status, sub.PauseCollection)
			}
			events := s.after(func() { s.ok(s.RenewSubscription(id, true)) })
			if sub = s.sub(id); sub.Status != "active" || sub.LatestInvoice.Status != want.invoice || !strings.HasSuffix(events, want.event) {
				t.Errorf("renewed: got %s, invoice %s, events %s", sub.Status, sub.LatestInvoice.Status, events)
			}
			none := &stripe.SubscriptionParams{}
			none.AddExtra("pause_collection", "")
			if sub = must[*stripe.Subscription](t)(s.api.Subscriptions.Update(id, none)); sub.PauseCollection != nil {
				t.Errorf("taken back: got %+v", sub.PauseCollection)
			}
			s.ok(s.RenewSubscription(id, true))
			if in := s.sub(id).LatestInvoice; !in.Paid {
				t.Errorf("collecting again: got invoice %s", in.Status)
			}
		})
	}
}

func TestPauseCollection_EndsAtItsTime(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	id := s.subscribed().ID
	at := now.Now().Add(time.Hour).Unix()
	sub := must[*stripe.Subscription](t)(s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{
		PauseCollection: &stripe.SubscriptionPauseCollectionParams{Behavior: stripe.String("void"), ResumesAt: &at},
	}))
	if sub.PauseCollection.ResumesAt != at {
		t.Errorf("got %+v", sub.PauseCollection)
	}
	collect := func() {
		now.advance(time.Hour)
		s.RunDue()
	}
	if got := s.after(collect); got != "customer.subscription.updated" || s.sub(id).PauseCollection != nil {
		t.Errorf("later: got %+v, events %q", s.sub(id).PauseCollection, got)
	}
	_, err := s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{PauseCollection: &stripe.SubscriptionPauseCollectionParams{ResumesAt: &at}})
	if e := refusal(t, err); e.Param != "pause_collection[behavior]" {
		t.Errorf("without a behavior: got %v", e)
	}
}
