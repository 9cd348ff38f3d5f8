package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const deploymentSetting = "deployment"

// loses gives the world another store, as a backup from before everything gives it, with
// the name that the deployment had; empty: the backup is from before there were names.
func (w *world) loses(t *testing.T, keep ...domain.UserID) *world {
	t.Helper()
	backup := memory.NewStore()
	name, err := w.store.Setting(t.Context(), deploymentSetting)
	if err != nil {
		t.Fatal(err)
	}
	if err := backup.SetSetting(t.Context(), deploymentSetting, name); err != nil {
		t.Fatal(err)
	}
	for _, user := range keep { // who was there, and had bought nothing yet
		customer := w.account(t, user).Customer
		err := backup.Update(t.Context(), ports.Touch{Users: keep}, func(found ports.Found) (ports.Kept, error) {
			state := found.States[user]
			state.Account.Customer = customer
			return ports.Kept{States: []ports.State{state}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	restored := newWorldOn(t, backup)
	restored.clock.at.Store(w.clock.at.Load())
	return restored.at(t, w.stripe)
}

// at lets the world ask the Stripe of another one.
func (w *world) at(t *testing.T, stripe *memory.Gateway) *world {
	t.Helper()
	w.stripe = stripe
	w.fulfill = app.NewFulfill(w.store, stripe, catalog, app.Settings{}, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(w.fulfill.Close)
	w.webhook = app.NewReceiveWebhook(stripe, w.fulfill)
	w.replay = app.NewReplay(w.store, w.fulfill)
	w.syncUser = app.NewSyncUser(w.store, stripe, w.fulfill)
	return w
}

// sold is what Stripe would tell of one purchase, by what is told.
func (w *world) sold(t *testing.T, user domain.UserID, plan domain.PlanKey) (order domain.Order, told map[string]domain.Fact) {
	t.Helper()
	order = w.start(t, app.CheckoutRequest{User: user, Plan: plan})
	told = map[string]domain.Fact{}
	for _, fact := range w.stripe.Pay(order.Session) {
		switch fact := fact.(type) {
		case domain.SessionFact:
			told["session"] = fact
			if fact.PaymentIntent != "" {
				charge, err := w.stripe.FetchCharge(t.Context(), domain.Ref{Kind: domain.RefPaymentIntent, ID: string(fact.PaymentIntent)})
				if err != nil {
					t.Fatal(err)
				}
				charge.Type = "charge.succeeded"
				told["charge"] = charge
				told["refund"] = domain.RefundFact{
					Type: "refund.created", At: w.clock.now(), ID: "re_1", Charge: charge.ID, PaymentIntent: charge.PaymentIntent,
					Status: "succeeded", Amount: 1, Currency: "usd", CreatedAt: w.clock.now(),
				}
			}
		case domain.SubscriptionFact:
			told["subscription"] = fact
			invoice, err := w.stripe.FetchInvoice(t.Context(), fact.Snapshot.LatestInvoice)
			if err != nil {
				t.Fatal(err)
			}
			invoice.Type = "invoice.paid"
			told["invoice"] = invoice
		}
	}
	return order, told
}

func TestRestore_AnyOneEventBringsBackWhatWasSoldSinceTheBackup(t *testing.T) {
	t.Parallel()
	for plan, c := range map[domain.PlanKey]struct {
		told []string
		want string
	}{
		"basic": {[]string{"session", "charge", "refund"}, "10"},
		"team":  {[]string{"session", "subscription", "invoice"}, ""},
	} {
		for _, by := range c.told {
			for name, keep := range map[string][]domain.UserID{"of a new user": nil, "of a known customer": {"u"}} {
				t.Run(string(plan)+" "+name+" by "+by, func(t *testing.T) {
					t.Parallel()
					before := newWorld(t)
					order, told := before.sold(t, "u", plan)
					w := before.loses(t, keep...)
					e := w.event(told[by])
					verdict := w.send(t, e)
					if verdict.Outcome != domain.OutcomeApplied && verdict.Outcome != domain.OutcomeUnchanged {
						t.Errorf("the event: %+v", verdict)
					}
					w.askOnUntil(t, func() bool { return len(w.open(t)) == 0 })
					before.deliver(t, told["session"])
					if sub, is := told["subscription"]; is {
						before.deliver(t, sub, told["invoice"])
					}
					want := before.features(t, "u")
					if len(want) == 0 {
						t.Fatal("nothing was sold")
					}
					for feature, value := range want {
						if got := w.features(t, "u")[feature]; got != value {
							t.Errorf("%s: %q, want %q", feature, got, value)
						}
					}
					remade, user, err := w.store.Order(t.Context(), order.ID)
					if err != nil || user != "u" || remade.Status != domain.OrderPaid {
						t.Fatalf("the order: %+v of %s, %v", remade, user, err)
					}
					if remade.Plan != plan || remade.Price != order.Price || remade.PriceID != order.PriceID || remade.Quantity != order.Quantity ||
						remade.Session != order.Session || !remade.ExpiresAt.Equal(order.ExpiresAt) || remade.Mode != order.Mode {
						t.Errorf("made again is %+v, and it was %+v", remade, order)
					}
					if n := w.meter.OrdersRemade(); n != 1 {
						t.Errorf("%d orders counted as made again", n)
					}
					if w.account(t, "u").Customer != before.account(t, "u").Customer {
						t.Errorf("customer %s", w.account(t, "u").Customer)
					}
				})
			}
		}
	}
}

func TestRestore_AUserWhoCameBackHasBoth(t *testing.T) {
	t.Parallel()
	before := newWorld(t)
	_, told := before.sold(t, "u", "basic")
	w := before.loses(t)
	// The user bought again before the event of the first purchase came.
	prices := app.NewPrices(w.stripe, catalog, w.clock.now)
	w.checkout = app.NewStartCheckout(w.store, w.stripe, catalog, prices, w.fulfill, app.Settings{URLs: returnURLs(t)}, w.clock.now, func() string { return "again" })
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "team"})
	w.deliver(t, w.stripe.Pay(order.Session)...)
	w.deliver(t, told["session"])
	if held := w.features(t, "u"); held["projects"] != "10" || held["seats"] != "5" {
		t.Errorf("holds %v", held)
	}
	if a := w.account(t, "u"); len(a.FormerCustomers) != 1 || a.FormerCustomers[0] != before.account(t, "u").Customer {
		t.Errorf("customer %s, former %v", a.Customer, a.FormerCustomers)
	}
}

// What is not borne out is left, and a person is told.
func TestRestore_GrantsNothingThatIsNotBorneOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		does func(*testing.T, *world, map[string]domain.Fact)
		want domain.Outcome
	}{
		"another deployment sold it": {func(t *testing.T, w *world, told map[string]domain.Fact) {
			session := told["session"].(domain.SessionFact)
			session.Claim.Deployment = "other"
			told["session"] = session
			w.stripe.SignedBy(session.Customer, "other")
		}, domain.OutcomeIgnored},
		"only the event says that it is ours": {func(t *testing.T, w *world, told map[string]domain.Fact) {
			w.stripe.SignedBy(told["session"].(domain.SessionFact).Customer, "other")
		}, domain.OutcomeQuarantined},
		"the customer was deleted": {func(t *testing.T, w *world, told map[string]domain.Fact) {
			w.stripe.DeleteCustomer(told["session"].(domain.SessionFact).Customer)
		}, domain.OutcomeQuarantined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := newWorld(t)
			_, told := before.sold(t, "u", "basic")
			w := before.loses(t)
			c.does(t, w, told)
			e := w.event(told["session"])
			if verdict := w.send(t, e); verdict.Outcome != c.want || verdict.Reason == "" {
				t.Errorf("the event: %+v, want %s", verdict, c.want)
			}
			if held := w.features(t, "u"); len(held) > 0 {
				t.Errorf("holds %v", held)
			}
			if open := w.open(t); len(open) > 0 {
				t.Errorf("still open: %+v", open)
			}
		})
	}
}

func TestRestore_WhenStripeIsAwayTheEventWaits(t *testing.T) {
	t.Parallel()
	before := newWorld(t)
	_, told := before.sold(t, "u", "basic")
	w := before.loses(t)
	w.stripe.FailNext(ports.ErrGatewayBusy)
	if verdict := w.send(t, w.event(told["session"])); verdict.Outcome != domain.OutcomeWaiting {
		t.Fatalf("the event: %+v", verdict)
	}
	w.clock.advance(time.Hour)
	w.askOnUntil(t, func() bool { return w.features(t, "u")["projects"] == "10" })
}

// An event of a version that did not say which deployment it is of may be anybody's.
func TestRestore_WhatNamesNoDeploymentIsAPersonsToDecide(t *testing.T) {
	t.Parallel()
	const ours = "0197c1f0a1b27c3d8e4f5061728394a5"
	before := newWorld(t)
	before.checkout = app.NewStartCheckout(before.store, before.stripe, catalog, app.NewPrices(before.stripe, catalog, before.clock.now),
		before.fulfill, app.Settings{URLs: returnURLs(t)}, before.clock.now, func() string { return ours })
	_, told := before.sold(t, "u", "basic")
	session := told["session"].(domain.SessionFact)
	if err := before.store.SetSetting(t.Context(), deploymentSetting, "named"); err != nil {
		t.Fatal(err)
	}
	w := before.loses(t)
	session.Claim.Deployment = ""
	w.stripe.SignedBy(session.Customer, "")
	e := w.event(session)
	verdict := w.send(t, e)
	if verdict.Outcome != domain.OutcomeQuarantined || !strings.Contains(verdict.Reason, "entitled sync --customer "+string(session.Customer)) {
		t.Fatalf("the event: %+v", verdict)
	}
	if held := w.features(t, "u"); len(held) > 0 {
		t.Fatalf("holds %v", held)
	}
	done, err := app.NewRestoreCustomer(w.fulfill).Do(t.Context(), session.Customer)
	if err != nil || done.User != "u" || len(done.Orders) != 1 || len(done.Refused) > 0 {
		t.Fatalf("restored: %+v, %v", done, err)
	}
	if held := w.features(t, "u"); held["projects"] != "10" {
		t.Errorf("holds %v", held)
	}
	if receipt := w.receipt(t, e.ID); !receipt.Outcome.Final() {
		t.Errorf("the event: %+v", receipt)
	}
}

func TestRestore_APersonCannotTakeWhatAnotherDeploymentSold(t *testing.T) {
	t.Parallel()
	before := newWorld(t)
	_, told := before.sold(t, "u", "basic")
	w := before.loses(t)
	customer := told["session"].(domain.SessionFact).Customer
	w.stripe.SignedBy(customer, "other")
	done, err := app.NewRestoreCustomer(w.fulfill).Do(t.Context(), customer)
	if err != nil || done.User != "" || len(done.Orders) > 0 || len(done.Refused) != 1 || !strings.Contains(done.Refused[0], "other") {
		t.Errorf("restored: %+v, %v", done, err)
	}
	if _, err := app.NewRestoreCustomer(w.fulfill).Do(t.Context(), "cus_unknown"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("an unknown customer: %v", err)
	}
}

func returnURLs(t *testing.T) app.ReturnURLs {
	t.Helper()
	urls, err := app.NewReturnURLs("https://app.example/done", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return urls
}
