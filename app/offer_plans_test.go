package app_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// button is what a pricing page shows for a plan and one of its prices, by its place, or
// none, for how many days it says that it may be tried, and what a click on it then leads to.
func (w *world) button(t *testing.T, plan domain.PlanKey, price int) (says app.Action, trial int, step app.NextStep, err error) {
	t.Helper()
	offers, err := w.offers.Do(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(offers.Plans, func(o app.Offer) bool { return o.Plan.Key == plan })
	if n < 0 {
		t.Fatalf("plan %s is not offered", plan)
	}
	offer := offers.Plans[n]
	if price < 0 {
		step, err = w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: plan})
		return offer.Action, offer.Plan.TrialDays, step, err
	}
	step, err = w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: plan, Price: offer.Prices[price].Key})
	return offer.Actions[price], offer.Plan.TrialDays, step, err
}

// agree tells whether what a button says is what a click on it leads to.
func agree(says app.Action, step app.NextStep, err error) bool {
	switch says {
	case app.ActionBuy, app.ActionStartTrial:
		return err == nil && step.Purpose == app.PurposeCheckout && (step.Order.TrialDays > 0) == (says == app.ActionStartTrial)
	case app.ActionUpgrade, app.ActionDowngrade:
		return err == nil && step.Purpose == app.PurposeChange
	case app.ActionChange:
		// How often a price is paid that is not on offer any more, nobody asks for a page.
		return errors.Is(err, app.ErrNotInPortal) || errors.Is(err, app.ErrIntervalsDiffer)
	case app.ActionManage:
		return err == nil && slices.Contains([]app.Purpose{app.PurposeManage, app.PurposePay, app.PurposeResume}, step.Purpose)
	default: // none
		return errors.Is(err, app.ErrNeedsBase) || errors.Is(err, app.ErrIntervalsDiffer) || errors.Is(err, app.ErrAlreadyHeld) || errors.Is(err, app.ErrCheckoutCompleted) || errors.Is(err, ports.ErrCurrencyLocked)
	}
}

// What a pricing page says and what a click then does are found out apart, and never differ.
func TestOffers_ButtonsSayWhatAClickDoes(t *testing.T) {
	t.Parallel()
	status := func(s domain.SubscriptionStatus) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			sub.Status, sub.TrialEnd = s, time.Time{}
			w.stripe.SetSubscription(sub)
			w.clock.advance(time.Second)
			w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.updated", At: w.clock.now(), Snapshot: sub})
		}
	}
	again := func(price ports.StripePrice) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			w.stripe.SetPrice(price)
			w.clock.advance(time.Hour) // as prices are asked for
		}
	}
	for name, come := range map[string]func(*testing.T, *world){
		"with an add-on": func(t *testing.T, w *world) {
			w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			w.changeTo(t, app.ChangeWish{Plan: "storage"})
		},
		"to several things": func(t *testing.T, w *world) {
			sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			other := sub.Items[0]
			other.ID, other.Price, other.LookupKey = "si_2", "price_other", ""
			sub.Items = append(sub.Items, other)
			w.stripe.SetSubscription(sub)
			w.clock.advance(time.Second)
			w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.updated", At: w.clock.now(), Snapshot: sub})
		},
		"the other is metered": again(ports.StripePrice{
			ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, AmountUnknown: true, Metered: true, Currency: "usd", Interval: "month",
		}),
		"the other is in another currency": again(ports.StripePrice{
			ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, Amount: 9900, Currency: "eur", Interval: "month",
		}),
		"the lookup key has moved": func(t *testing.T, w *world) {
			w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			w.stripe.SetPrice(ports.StripePrice{ID: "price_pro_m", Product: "prod_pro", Active: true, Amount: 2900, Currency: "usd", Interval: "month"})
			w.stripe.SetPrice(ports.StripePrice{ID: "price_pro_new", LookupKey: "pro_monthly", Product: "prod_pro", Active: true, Amount: 3900, Currency: "usd", Interval: "month"})
			w.clock.advance(time.Hour)
		},
		"nothing was bought": func(*testing.T, *world) {},
		"a trial is open in another checkout": func(t *testing.T, w *world) {
			w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", Price: "yearly"})
		},
		"the same checkout is open": func(t *testing.T, w *world) {
			w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", Price: "monthly"})
		},
		"paid, and the subscription is not told of": func(t *testing.T, w *world) {
			w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u", Plan: "team"}).Session)[0])
		},
		"trialing": func(t *testing.T, w *world) { w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"}) },
		"active and yearly": func(t *testing.T, w *world) {
			w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro", Price: "yearly"})
		},
		"active":     status(domain.StatusActive),
		"incomplete": status(domain.StatusIncomplete),
		"past due":   status(domain.StatusPastDue),
		"unpaid":     status(domain.StatusUnpaid),
		"paused":     status(domain.StatusPaused),
		"canceled":   status(domain.StatusCanceled),
		"past due, and grace is over": func(t *testing.T, w *world) {
			sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
			owed := w.clock.now()
			sub.Status, sub.TrialEnd, sub.LatestInvoice = domain.StatusPastDue, time.Time{}, "in_owed"
			w.stripe.SetSubscription(sub)
			w.clock.advance(domain.DefaultGrace + 40*24*time.Hour)
			w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.updated", At: w.clock.now(), Snapshot: sub}, w.owes(sub, owed))
		},
	} {
		for _, plan := range []domain.PlanKey{"pro", "team", "basic", "storage", "max"} {
			for price := -1; price < len(catalog.Plans[plan].Prices); price++ {
				t.Run(fmt.Sprintf("%s, %s %d", name, plan, price), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					w.sellYearly()
					come(t, w)
					says, trial, step, err := w.button(t, plan, price)
					if !agree(says, step, err) {
						t.Errorf("the button says %s, and a click leads to %+v, %v", says, step, err)
					}
					if trial != step.Order.TrialDays {
						t.Errorf("the plan says that it may be tried for %d days, and a click leads to %d", trial, step.Order.TrialDays)
					}
				})
			}
		}
	}
}
