package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// subscribe has a user buy a plan, and Stripe tell of it.
func (w *world) subscribe(t *testing.T, r app.CheckoutRequest) domain.Subscription {
	t.Helper()
	facts := w.stripe.Pay(w.start(t, r).Session)
	w.deliver(t, facts...)
	return facts[1].(domain.SubscriptionFact).Snapshot
}

func (w *world) upgradeTo(t *testing.T, r app.CheckoutRequest) app.NextStep {
	t.Helper()
	step, err := w.upgrade.Do(t.Context(), r)
	if err != nil {
		t.Fatalf("upgrade %+v: %v", r, err)
	}
	return step
}

// sellYearly adds the price that the catalog names and the world does not sell.
func (w *world) sellYearly() {
	w.stripe.SetPrice(ports.StripePrice{ID: "price_pro_y", LookupKey: "pro_yearly", Product: "prod_pro", Active: true, Amount: 29000, Currency: "usd", Interval: "year"})
}

func TestUpgrade_WhoHasNoneBuys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	if step.Purpose != app.PurposeCheckout || step.URL == "" || step.URL != step.Order.SessionURL {
		t.Errorf("got %+v, want a checkout", step)
	}
	if again := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "pro"}); again != step {
		t.Errorf("asked again: got %+v, want the checkout that is open", again)
	}
}

func TestUpgrade_WhoHasAnotherConfirmsTheChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 3})
	if step.Purpose != app.PurposeChange || step.URL == "" || step.Subscription != sub.ID {
		t.Fatalf("got %+v, want a change of %s to be confirmed", step, sub.ID)
	}
	if held := w.features(t, "u"); held["seats"] != "" {
		t.Errorf("before it is confirmed: holds %v", held)
	}
	w.deliver(t, w.stripe.ConfirmPortal(step.URL)...)
	if held := w.features(t, "u"); held["seats"] != "15" || held["sso"] != "" {
		t.Errorf("confirmed: holds %v, want 3 times 5 seats", held)
	}
	if state, _ := w.store.State(t.Context(), "u"); len(state.Account.Subscriptions) != 1 {
		t.Errorf("there are %d subscriptions, want one", len(state.Account.Subscriptions))
	}
}

func TestUpgrade_WhoHasItHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 3})
	for name, r := range map[string]app.CheckoutRequest{
		"the plan alone":        {User: "u", Plan: "team"},
		"price and quantity":    {User: "u", Plan: "team", Price: "monthly", Quantity: 3},
		"with a key of its own": {User: "u", Plan: "team", ClientKey: "again"},
	} {
		step := w.upgradeTo(t, r)
		if step.Needed() || step.Purpose != app.PurposeManage || step.Subscription != sub.ID || step.URL == "" {
			t.Errorf("%s: got %+v, want nothing to do", name, step)
		}
	}
	// A key that may not open the portal answers all the same.
	w.stripe.FailNext(nil, ports.ErrGatewayDenied)
	if step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "team"}); step.Needed() || step.URL != "" {
		t.Errorf("without the portal: got %+v", step)
	}
	if step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 4}); step.Purpose != app.PurposeChange {
		t.Errorf("another quantity: got %+v, want a change", step)
	}
}

// A subscription that was canceled a second ago does not cost a sale.
func TestUpgrade_StripeIsAskedBeforeAnybodyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	sub.Status, sub.EndedAt = domain.StatusCanceled, w.clock.now()
	w.stripe.SetSubscription(sub) // and its event is late
	step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "team"})
	if step.Purpose != app.PurposeCheckout || step.Order.Plan != "team" {
		t.Errorf("got %+v, want a checkout", step)
	}
	if held := w.features(t, "u"); len(held) != 0 {
		t.Errorf("holds %v, want what Stripe says: nothing", held)
	}
}

func TestUpgrade_WithoutStripesWordNobodyIsSentAnywhere(t *testing.T) {
	t.Parallel()
	for want, answer := range map[error]error{ports.ErrGatewayBusy: ports.ErrGatewayBusy, app.ErrProviderMismatch: ports.ErrNotFound} {
		w := newWorld(t)
		w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
		w.stripe.FailNext(answer)
		if step, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"}); !errors.Is(err, want) {
			t.Errorf("got %+v, %v, want %v", step, err, want)
		}
	}
}

// owes makes Stripe have an invoice that is owed.
func (w *world) owes(sub domain.Subscription, since time.Time) domain.InvoiceFact {
	i := domain.InvoiceFact{Type: "invoice.payment_failed", At: since, Customer: sub.Customer, Invoice: domain.Invoice{
		ID: "in_owed", Subscription: sub.ID, Status: domain.InvoiceOpen, BillingReason: "subscription_cycle", Method: domain.ChargeAutomatically,
		Currency: "usd", Total: 2900, AmountDue: 2900, CreatedAt: since, FinalizedAt: since, Complete: true,
		Lines: []domain.Line{{ID: "il_owed", Kind: domain.LineCycle, Item: sub.Items[0].ID, Price: sub.Items[0].Price, Quantity: 1, Amount: 2900, From: since, Until: since.AddDate(0, 1, 0)}},
	}}
	w.stripe.SetInvoice(i)
	return i
}

func TestUpgrade_WhatIsOwedComesFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status domain.SubscriptionStatus
		owed   bool
		later  time.Duration // than the invoice was due
		plan   domain.PlanKey
		want   app.Purpose
		leads  string
	}{
		"unpaid":                              {domain.StatusUnpaid, true, time.Hour, "team", app.PurposePay, "invoice.example/in_owed"},
		"unpaid, and no invoice can be paid":  {domain.StatusUnpaid, false, time.Hour, "team", app.PurposePay, "portal.example"},
		"paused after a trial without a card": {domain.StatusPaused, false, time.Hour, "team", app.PurposePay, "portal.example"},
		"past due, after grace":               {domain.StatusPastDue, true, domain.DefaultGrace + 48*time.Hour, "team", app.PurposePay, "invoice.example/in_owed"},
		"past due, in grace, another plan":    {domain.StatusPastDue, true, time.Hour, "team", app.PurposeChange, "portal.example"},
		"past due, in grace, the same plan":   {domain.StatusPastDue, true, time.Hour, "pro", app.PurposePay, "invoice.example/in_owed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			w.clock.advance(time.Minute)
			sub.Status = c.status
			if c.status == domain.StatusPastDue {
				sub.TrialEnd = time.Time{}
				sub.Items[0].PeriodStart, sub.Items[0].PeriodEnd = w.clock.now(), w.clock.now().AddDate(0, 1, 0)
			}
			w.stripe.SetSubscription(sub)
			w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.updated", At: w.clock.now(), Snapshot: sub})
			if c.owed {
				w.deliver(t, w.owes(sub, w.clock.now()))
			}
			w.clock.advance(c.later)
			step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: c.plan})
			if step.Purpose != c.want || !strings.Contains(step.URL, c.leads) {
				t.Errorf("got %+v, want %s at %s", step, c.want, c.leads)
			}
		})
	}
}

func TestUpgrade_WhoIsLeavingMayResume(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	sub.CancelAtPeriodEnd, sub.CancelAt = true, sub.PeriodEnd()
	w.stripe.SetSubscription(sub)
	if step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "pro"}); step.Purpose != app.PurposeResume || step.URL == "" {
		t.Errorf("got %+v, want to resume", step)
	}
}

// Stripe's portal changes subscriptions to one thing: of others it is said how else.
func TestUpgrade_WhatThePortalCannotChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	sub.Items = append(sub.Items, domain.Item{ID: "si_more", Price: "price_of_another", Quantity: 1})
	w.stripe.SetSubscription(sub)
	_, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"})
	if !errors.Is(err, app.ErrNotInPortal) || !strings.Contains(err.Error(), "POST /api/subscription/change") {
		t.Errorf("got %v, want %v and what to do", err, app.ErrNotInPortal)
	}
}

// What is left out stays as it is, as far as the plan has it.
func TestUpgrade_KeepsIntervalAndQuantity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sellYearly()
	w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 9})
	step := w.upgradeTo(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	w.deliver(t, w.stripe.ConfirmPortal(step.URL)...)
	state, _ := w.store.State(t.Context(), "u")
	for _, sub := range state.Account.Subscriptions {
		if item := sub.Items[0]; item.Price != "price_pro_m" || item.Quantity != 1 {
			t.Errorf("got %+v, want one of the monthly price: pro is sold one at a time", item)
		}
	}
}

func TestUpgrade_AnotherCurrencyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	w.stripe.SetPrice(ports.StripePrice{ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, Amount: 9900, Currency: "eur", Interval: "month"})
	w.clock.advance(time.Hour) // prices are asked for again
	if _, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"}); !errors.Is(err, ports.ErrCurrencyLocked) {
		t.Errorf("got %v, want %v", err, ports.ErrCurrencyLocked)
	}
}
