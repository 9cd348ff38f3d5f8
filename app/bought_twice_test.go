package app_test

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// twice is a world in which user u has bought team, and is sold pro in Stripe's dashboard a
// while later.
type twice struct {
	*world
	older, newer domain.Subscription
	stripe       ports.Gateway

	mu      sync.Mutex
	reports []app.TwiceReport
}

// withPolicy is the catalog with a policy for what is bought twice.
func withPolicy(policy domain.TwicePolicy) domain.Catalog {
	c := catalog
	c.Plans = maps.Clone(catalog.Plans)
	for key, plan := range c.Plans {
		plan.BoughtTwice, plan.Once = policy, key == "basic"
		c.Plans[key] = plan
	}
	return c
}

func newTwice(t *testing.T, policy domain.TwicePolicy, later time.Duration) *twice {
	t.Helper()
	w := &twice{world: newWorld(t)}
	w.stripe = w.world.stripe
	w.older = w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "team"})
	w.serve(t, withPolicy(policy), w.world.stripe)
	w.clock.advance(later)
	return w
}

// serve has another service go on, with another catalog or way to Stripe.
func (w *twice) serve(t *testing.T, c domain.Catalog, stripe ports.Gateway) {
	t.Helper()
	w.fulfill = app.NewFulfill(w.store, stripe, c, app.Settings{}, w.clock.now, w.clock.after, w.meter)
	w.fulfill.OnBoughtTwice(func(r app.TwiceReport) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.reports = append(w.reports, r)
	})
	t.Cleanup(w.fulfill.Close)
	w.webhook = app.NewReceiveWebhook(stripe, w.fulfill)
}

// sellAnother is the second purchase: Stripe has it, and tells of it.
func (w *twice) sellAnother(t *testing.T) {
	t.Helper()
	now := w.clock.now()
	w.newer = domain.Subscription{
		ID: "sub_dashboard", Customer: w.older.Customer, Status: domain.StatusActive, StartedAt: now,
		Items: []domain.Item{{
			ID: "si_dashboard", Price: "price_pro_m", LookupKey: "pro_monthly", Quantity: 1, PeriodStart: now, PeriodEnd: now.AddDate(0, 1, 0),
		}},
	}
	w.world.stripe.SetSubscription(w.newer)
	w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.created", At: now, Snapshot: w.newer})
}

// outcome waits for what came of it.
func (w *twice) outcome(t *testing.T) ports.TwiceOutcome {
	t.Helper()
	w.askOnUntil(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.reports) > 0
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reports[len(w.reports)-1].Outcome
}

// refunds are what Stripe gave back for the older purchase.
func (w *twice) refunds(t *testing.T) (all []domain.RefundFact) {
	t.Helper()
	invoice, err := w.world.stripe.FetchInvoice(t.Context(), w.older.LatestInvoice)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := w.world.stripe.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefPaymentIntent, ID: string(invoice.PaidWith[0].PaymentIntent)})
	if err != nil {
		t.Fatal(err)
	}
	for _, fact := range facts {
		if refund, is := fact.(domain.RefundFact); is {
			all = append(all, refund)
		}
	}
	return all
}

// both tells whether both subscriptions live at Stripe.
func (w *twice) both(t *testing.T) bool {
	t.Helper()
	for _, id := range []domain.SubscriptionID{w.older.ID, w.newer.ID} {
		if now, err := w.world.stripe.FetchSubscription(t.Context(), id); err != nil || now.Snapshot.Status.Ended() {
			return false
		}
	}
	return true
}

func TestBoughtTwice_IsToldAndBothStay(t *testing.T) {
	t.Parallel()
	for policy, want := range map[domain.TwicePolicy]ports.TwiceOutcome{
		"": ports.TwiceAlarmed, domain.TwiceAlarm: ports.TwiceAlarmed, domain.TwiceKeep: ports.TwiceKept,
	} {
		w := newTwice(t, policy, time.Hour)
		w.sellAnother(t)
		if got := w.outcome(t); got != want || !w.both(t) || len(w.refunds(t)) != 0 {
			t.Errorf("%q: got %s, both live %t, refunds %v, want %s and both as they are", policy, got, w.both(t), w.refunds(t), want)
		}
		if held := w.features(t, "u"); held["seats"] != "5" || held["sso"] != "true" {
			t.Errorf("%q: holds %v, want what both give", policy, held)
		}
		if left := w.open(t); len(left) > 0 || w.meter.Twice()[want] != 1 {
			t.Errorf("%q: questions left %v, counted %v", policy, left, w.meter.Twice())
		}
	}
}

func TestBoughtTwice_TheOlderIsRefundedAndEnds(t *testing.T) {
	t.Parallel()
	w := newTwice(t, domain.TwiceRefundOlder, time.Hour)
	w.sellAnother(t)
	if got := w.outcome(t); got != ports.TwiceRefunded {
		t.Fatalf("got %s: %+v", got, w.reports)
	}
	w.isTakenBack(t)
	if held := w.features(t, "u"); held["seats"] != "" || held["sso"] != "true" {
		t.Errorf("holds %v, want what pro gives", held)
	}
	// What Stripe then sends changes nothing, and asks nothing.
	ended, _ := w.stripe.FetchSubscription(t.Context(), w.older.ID)
	ended.Type = "customer.subscription.deleted"
	w.deliver(t, ended, w.refunds(t)[0])
	w.isTakenBack(t)
}

// isTakenBack: all of the older purchase was refunded once, it has ended, and the newer one
// goes on.
func (w *twice) isTakenBack(t *testing.T) {
	t.Helper()
	if refunds := w.refunds(t); len(refunds) != 1 || refunds[0].Amount != 9900 {
		t.Errorf("refunds %+v, want one of 9900", refunds)
	}
	older, err := w.world.stripe.FetchSubscription(t.Context(), w.older.ID)
	if err != nil || older.Snapshot.Status != domain.StatusCanceled {
		t.Errorf("the older one is %s (%v), want canceled", older.Snapshot.Status, err)
	}
	newer, err := w.world.stripe.FetchSubscription(t.Context(), w.newer.ID)
	if err != nil || newer.Snapshot.Status != domain.StatusActive {
		t.Errorf("the newer one is %s (%v), want active", newer.Snapshot.Status, err)
	}
	if w.meter.Twice()[ports.TwiceRefunded] != 1 {
		t.Errorf("counted %v, want one refunded", w.meter.Twice())
	}
}

// crashing is a Stripe that the program does not hear any more, once it gave money back.
type crashing struct {
	*memory.Gateway
	refunded atomic.Bool
}

func (c *crashing) RefundDuplicate(ctx context.Context, r ports.RefundRequest) (domain.RefundFact, error) {
	refund, err := c.Gateway.RefundDuplicate(ctx, r)
	c.refunded.Store(err == nil)
	return refund, err
}

func (c *crashing) CancelSubscription(context.Context, ports.EndRequest, bool) (domain.SubscriptionFact, error) {
	return domain.SubscriptionFact{}, ports.ErrGatewayBusy
}

func TestBoughtTwice_ACrashBetweenRefundAndEndIsMended(t *testing.T) {
	t.Parallel()
	w := newTwice(t, domain.TwiceRefundOlder, time.Hour)
	stripe := &crashing{Gateway: w.world.stripe}
	w.serve(t, withPolicy(domain.TwiceRefundOlder), stripe)
	w.sellAnother(t)
	w.askOnUntil(t, stripe.refunded.Load)
	w.fulfill.Close()
	if !w.both(t) {
		t.Fatal("one has ended: want it interrupted before")
	}
	w.serve(t, withPolicy(domain.TwiceRefundOlder), w.world.stripe)
	if got := w.outcome(t); got != ports.TwiceRefunded {
		t.Fatalf("got %s: %+v", got, w.reports)
	}
	w.isTakenBack(t)
}

func TestBoughtTwice_WhatWasUsedIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		later  time.Duration
		before func(*twice)
	}{
		"for more than a day": {25 * time.Hour, func(*twice) {}},
		"a part refunded by hand": {time.Hour, func(w *twice) {
			invoice, _ := w.stripe.FetchInvoice(t.Context(), w.older.LatestInvoice)
			w.world.stripe.SetReturned(domain.RefundFact{
				ID: "re_hand", PaymentIntent: invoice.PaidWith[0].PaymentIntent, Charge: invoice.PaidWith[0].Charge, Status: "succeeded", Amount: 100,
				Currency: "usd", CreatedAt: w.clock.now(),
			})
		}},
		"disputed": {time.Hour, func(w *twice) {
			invoice, _ := w.stripe.FetchInvoice(t.Context(), w.older.LatestInvoice)
			w.world.stripe.SetReturned(domain.DisputeFact{
				ID: "dp_1", PaymentIntent: invoice.PaidWith[0].PaymentIntent, Charge: invoice.PaidWith[0].Charge, Status: "needs_response", Amount: 9900,
				Currency: "usd", CreatedAt: w.clock.now(),
			})
		}},
	} {
		w := newTwice(t, domain.TwiceRefundOlder, c.later)
		c.before(w)
		before := len(w.refunds(t))
		w.sellAnother(t)
		if got := w.outcome(t); got != ports.TwiceAlarmed || !w.both(t) || len(w.refunds(t)) != before {
			t.Errorf("%s: got %s, both live %t: %+v", name, got, w.both(t), w.reports)
		}
		if w.reports[0].Used == "" {
			t.Errorf("%s: nobody is told why", name)
		}
	}
}

// A plan that is sold once, and paid twice: the older payment goes back, by the payment alone.
func TestBoughtTwice_OfAPlanSoldOnce(t *testing.T) {
	t.Parallel()
	w := &twice{world: newWorld(t)}
	first := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	w.serve(t, withPolicy(domain.TwiceRefundOlder), w.world.stripe)
	w.deliver(t, w.world.stripe.Pay(first.Session)...)
	w.clock.advance(time.Minute)
	second := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic", ClientKey: "another"}) // of a service that does not sell it once
	if err := w.store.Update(t.Context(), ports.Touch{Users: []domain.UserID{"u"}}, func(found ports.Found) (ports.Kept, error) {
		state := found.States["u"]
		order := state.Account.Orders[second.ID]
		order.MayBeTwice = true
		state.Account.Orders[second.ID] = order
		return ports.Kept{States: []ports.State{state}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	w.deliver(t, w.world.stripe.Pay(second.Session)...)
	if got := w.outcome(t); got != ports.TwiceRefunded {
		t.Fatalf("got %s: %+v", got, w.reports)
	}
	state, err := w.store.State(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[domain.OrderID]domain.OrderStatus{first.ID: domain.OrderRefunded, second.ID: domain.OrderPaid} {
		if got := state.Account.StatusOf(state.Account.Orders[id]); got != want {
			t.Errorf("order %s is %s, want %s", id, got, want)
		}
	}
}

// Two orders of one wish say so in both, whichever is paid first. One alone does not, so that
// an ordinary purchase asks nothing.
func TestBoughtTwice_OrdersSayThatAnotherMayBePaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	kept := func(id domain.OrderID) bool {
		order, _, err := w.store.Order(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return order.MayBeTwice
	}
	w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	if kept(first.ID) {
		t.Error("an order says that another may be paid beside it, and there is none")
	}
	second := w.start(t, app.CheckoutRequest{User: "u", Plan: "team"})
	if !kept(first.ID) || !kept(second.ID) {
		t.Errorf("the first says %t, the second %t, want both to say that both may be paid", kept(first.ID), kept(second.ID))
	}
}

// What is not known here, Stripe is asked: what a person has done there by hand a moment ago
// counts, whether its webhook came or not.
func TestBoughtTwice_WhatStripeKnowsCounts(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(*testing.T, *twice){
		"the newer one refunded": func(t *testing.T, w *twice) {
			w.payNewer(t)
			w.world.stripe.SetReturned(domain.RefundFact{
				ID: "re_newer", PaymentIntent: "pi_newer", Status: "succeeded", Amount: 2900, Currency: "usd", CreatedAt: w.clock.now(),
			})
		},
		"the older one credited to the balance": func(_ *testing.T, w *twice) {
			w.world.stripe.SetReturned(domain.CreditNoteFact{Customer: w.older.Customer, CreditNote: domain.CreditNote{
				ID: "cn_1", Invoice: w.older.LatestInvoice, Kind: domain.PostPayment, Status: domain.CreditNoteIssued, Amount: 5000, Currency: "usd", CreatedAt: w.clock.now(),
			}})
		},
		"the older one changed to a plan of another policy": func(t *testing.T, w *twice) {
			c := withPolicy(domain.TwiceRefundOlder)
			pro := c.Plans["pro"]
			pro.BoughtTwice = domain.TwiceAlarm
			c.Plans["pro"] = pro
			w.serve(t, c, w.world.stripe)
			changed := w.older
			changed.Items = []domain.Item{changed.Items[0]}
			changed.Items[0].Price, changed.Items[0].LookupKey = "price_pro_m", "pro_monthly"
			w.world.stripe.SetSubscription(changed)
		},
	} {
		w := newTwice(t, domain.TwiceRefundOlder, time.Hour)
		before(t, w)
		w.sellAnother(t)
		if got := w.outcome(t); got != ports.TwiceAlarmed || !w.both(t) || len(w.refunds(t)) > 0 {
			t.Errorf("%s: got %s, both live %t, refunds %v: %+v", name, got, w.both(t), w.refunds(t), w.reports)
		}
	}
}

// payNewer is an invoice that the second purchase is going to be paid by.
func (w *twice) payNewer(t *testing.T) {
	t.Helper()
	now := w.clock.now()
	w.world.stripe.SetInvoice(domain.InvoiceFact{
		Invoice: domain.Invoice{
			ID: "in_newer", Subscription: "sub_dashboard", Status: domain.InvoicePaid, Total: 2900, AmountDue: 2900,
			AmountPaid: 2900, Currency: "usd", CreatedAt: now, FinalizedAt: now, PaidAt: now, Complete: true,
			Lines: []domain.Line{{
				ID: "il_newer", Kind: domain.LineCycle, Item: "si_dashboard", Price: "price_pro_m", Quantity: 1, Amount: 2900, From: now, Until: now.AddDate(0, 1, 0),
			}},
		},
		Customer: w.older.Customer, PaidWith: []domain.PaidWith{{PaymentIntent: "pi_newer"}},
	})
}

// failing is a Stripe whose refunds come to nothing.
type failing struct{ *memory.Gateway }

func (f failing) RefundDuplicate(ctx context.Context, r ports.RefundRequest) (domain.RefundFact, error) {
	refund, err := f.Gateway.RefundDuplicate(ctx, r)
	refund.Status = "failed"
	f.SetReturned(refund)
	return refund, err
}

func TestBoughtTwice_WhatIsNotRefundedDoesNotEnd(t *testing.T) {
	t.Parallel()
	w := newTwice(t, domain.TwiceRefundOlder, time.Hour)
	w.serve(t, withPolicy(domain.TwiceRefundOlder), failing{w.world.stripe})
	w.sellAnother(t)
	if got := w.outcome(t); got != ports.TwiceAlarmed || !w.both(t) {
		t.Errorf("got %s, both live %t, want an alarm: the money has not gone back", got, w.both(t))
	}
}

// refusing is a Stripe that gives money back and does not end what it was for.
type refusing struct{ *memory.Gateway }

func (refusing) CancelSubscription(context.Context, ports.EndRequest, bool) (domain.SubscriptionFact, error) {
	return domain.SubscriptionFact{}, ports.ErrGatewayRefused
}

func TestBoughtTwice_WhatIsRefundedAndCannotEndIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	w := newTwice(t, domain.TwiceRefundOlder, time.Hour)
	w.serve(t, withPolicy(domain.TwiceRefundOlder), refusing{w.world.stripe})
	w.sellAnother(t)
	if got := w.outcome(t); got != ports.TwiceAlarmed || len(w.refunds(t)) != 1 || !w.both(t) {
		t.Errorf("got %s, %d refunds, both live %t, want an alarm: the money has gone back, and the older one goes on", got, len(w.refunds(t)), w.both(t))
	}
}

// A page may be open while the plan is sold in the dashboard, and be paid after that was
// looked at.
func TestBoughtTwice_ByAPageThatWasOpenMeanwhile(t *testing.T) {
	t.Parallel()
	w := &twice{world: newWorld(t)}
	page := w.start(t, app.CheckoutRequest{User: "u", Plan: "team"})
	state, err := w.store.State(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	w.older.Customer = state.Account.Customer
	w.serve(t, withPolicy(domain.TwiceAlarm), w.world.stripe)
	w.sellAnother(t)
	w.askOnUntil(t, func() bool { return len(w.open(t)) == 0 })
	if len(w.reports) > 0 {
		t.Fatalf("told before it was paid: %+v", w.reports)
	}
	w.clock.advance(time.Minute)
	w.deliver(t, w.world.stripe.Pay(page.Session)...)
	if got := w.outcome(t); got != ports.TwiceAlarmed {
		t.Errorf("got %s, want an alarm", got)
	}
}
