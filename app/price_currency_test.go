package app_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// sellAbroad has the plans of the main group sold in euros too.
func (w *world) sellAbroad() {
	for _, p := range []ports.StripePrice{
		{ID: "price_pro_m", LookupKey: "pro_monthly", Product: "prod_pro", Active: true, Amount: 2900, Currency: "usd", Interval: "month", IntervalCount: 1},
		{ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, Amount: 9900, Currency: "usd", Interval: "month", IntervalCount: 1},
	} {
		p.Options = []ports.CurrencyOption{{Currency: "eur", Amount: p.Amount - 200}}
		w.stripe.SetPrice(p)
	}
}

func TestCheckout_IsInTheCurrencyThatIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sellAbroad()
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro", Currency: "gbp"}); !errors.Is(err, app.ErrCurrencyNotSold) {
		t.Errorf("a currency that Stripe does not have: got %v, want %v", err, app.ErrCurrencyNotSold)
	}
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro", Currency: "€"}); !errors.Is(err, app.ErrBadRequest) {
		t.Errorf("no currency: got %v, want %v", err, app.ErrBadRequest)
	}
	first := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	if first.CurrencyChosen || first.Currency != "usd" || first.Subtotal != 2900 {
		t.Errorf("where none was chosen: %+v", first)
	}
	chosen := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", Currency: "EUR"})
	if !chosen.CurrencyChosen || chosen.Currency != "eur" || chosen.Subtotal != 2700 || chosen.ID == first.ID {
		t.Errorf("chosen: %+v", chosen)
	}
	if again := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", Currency: "eur"}); again.ID != chosen.ID {
		t.Errorf("the same wish: order %s, and was %s", again.ID, chosen.ID)
	}
	if open := w.account(t, "u").Orders[first.ID]; open.Status != domain.OrderExpired {
		t.Errorf("the one in the other currency is %s", open.Status)
	}
	w.deliver(t, w.stripe.Pay(chosen.Session)...)
	if paid := w.account(t, "u").Orders[chosen.ID]; paid.Status != domain.OrderPaid {
		t.Errorf("paid in euros: %+v", paid)
	}
}

// A change stays in the currency of what there is to change.
func TestUpgrade_StaysInTheCurrencyOfTheSubscription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sellAbroad()
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro", Currency: "eur"})
	w.deliver(t, domain.InvoiceFact{Type: "invoice.paid", At: w.clock.now(), Customer: sub.Customer, Invoice: domain.Invoice{
		ID: "in_eur", Subscription: sub.ID, Status: domain.InvoicePaid, Currency: "eur", CreatedAt: w.clock.now(), FinalizedAt: w.clock.now(), Complete: true,
	}})
	if got := w.account(t, "u").CurrencyOf(sub.ID); got != "eur" {
		t.Fatalf("the subscription is paid in %q", got)
	}
	if _, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team", Currency: "usd"}); !errors.Is(err, ports.ErrCurrencyLocked) {
		t.Errorf("in another: got %v, want %v", err, ports.ErrCurrencyLocked)
	}
	for _, currency := range []string{"", "EUR"} {
		if step, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team", Currency: currency}); err != nil || step.Purpose != app.PurposeChange {
			t.Errorf("in %q: got %+v, %v", currency, step, err)
		}
	}
	if action, _, _, _ := w.button(t, "team", 0); action != app.ActionUpgrade {
		t.Errorf("the button would %s, want %s", action, app.ActionUpgrade)
	}
	w.stripe.SetPrice(ports.StripePrice{ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, Amount: 9900, Currency: "usd", Interval: "month", IntervalCount: 1})
	w.clock.advance(time.Hour) // prices are asked for again
	if _, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"}); !errors.Is(err, ports.ErrCurrencyLocked) {
		t.Errorf("to what has no euros: got %v, want %v", err, ports.ErrCurrencyLocked)
	}
}

// What costs more in dollars may cost less in euros, in which it is paid.
func TestChange_ComparesWhatIsPaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		usd, eur, tier int64 // of the other plan
		action         app.Action
		when           app.When
	}{
		"less in euros":  {9900, 2400, 0, app.ActionDowngrade, app.WhenPeriodEnd},
		"more in euros":  {1900, 2600, 0, app.ActionUpgrade, app.WhenNow},
		"less in a tier": {9900, 0, 2400, app.ActionDowngrade, app.WhenPeriodEnd},
	} {
		w := newWorld(t)
		option := ports.CurrencyOption{Currency: "eur", Amount: test.eur}
		if test.tier > 0 {
			option = ports.CurrencyOption{Currency: "eur", AmountUnknown: true, Tiers: []ports.Tier{{UnitAmount: test.tier}}}
		}
		w.stripe.SetPrice(ports.StripePrice{
			ID: "price_pro_m", LookupKey: "pro_monthly", Product: "prod_pro", Active: true, Amount: 2900, Currency: "usd", Interval: "month",
			Options: []ports.CurrencyOption{{Currency: "eur", Amount: 2500}},
		})
		w.stripe.SetPrice(ports.StripePrice{
			ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, Amount: test.usd, Currency: "usd", Interval: "month",
			Options: []ports.CurrencyOption{option},
		})
		w.clock.advance(time.Hour) // prices are asked for again
		sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro", Currency: "eur"})
		sub.Status, sub.SeenAt, sub.LatestInvoice = domain.StatusActive, w.clock.now().Add(time.Second), "in_eur"
		w.stripe.SetSubscription(sub)
		w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.updated", At: sub.SeenAt, Snapshot: sub},
			domain.InvoiceFact{Type: "invoice.paid", At: w.clock.now(), Customer: sub.Customer, Invoice: domain.Invoice{
				ID: "in_eur", Subscription: sub.ID, Status: domain.InvoicePaid, Currency: "eur", CreatedAt: w.clock.now(), FinalizedAt: w.clock.now(), Complete: true,
			}})
		if action, _, _, _ := w.button(t, "team", 0); action != test.action {
			t.Errorf("%s: the button would %s, want %s", name, action, test.action)
		}
		preview, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "team"})
		if err != nil || preview.When != test.when {
			t.Errorf("%s: the change is made %q, want %q, %v", name, preview.When, test.when, err)
		}
	}
}

// Where none is chosen it is the first that the catalog names, unless the price's own is one.
func TestCheckout_IsInACurrencyThatTheCatalogNames(t *testing.T) {
	t.Parallel()
	for named, want := range map[string]string{"eur": "eur", "eur gbp": "eur", "eur usd": "usd"} {
		w := newWorld(t)
		w.sellAbroad()
		narrow := catalog
		narrow.Plans = maps.Clone(catalog.Plans)
		pro := narrow.Plans["pro"]
		pro.Prices = slices.Clone(pro.Prices)
		pro.Prices[0].Currencies = strings.Fields(named)
		narrow.Plans["pro"] = pro
		w.sell(t, narrow)
		order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
		if order.Currency != want || order.CurrencyChosen != (want != "usd") {
			t.Errorf("%s: the order is in %s, chosen %v, want %s", named, order.Currency, order.CurrencyChosen, want)
		}
		offers, err := w.offers.Do(t.Context(), "u")
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range offers.Plans {
			if o.Plan.Key == "pro" && o.Prices[0].In("").Currency != want {
				t.Errorf("%s: shown in %s, want %s", named, o.Prices[0].In("").Currency, want)
			}
		}
	}
}

// sell has the world sell another catalog.
func (w *world) sell(t *testing.T, sold domain.Catalog) {
	t.Helper()
	urls, err := app.NewReturnURLs("https://app.example/done", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	prices := app.NewPrices(w.stripe, sold, w.clock.now)
	w.checkout = app.NewStartCheckout(w.store, w.stripe, sold, prices, w.fulfill, app.Settings{URLs: urls}, w.clock.now, rand.Text)
	w.offers = app.NewOfferPlans(app.NewListPlans(sold, prices), w.store, sold, w.clock.now)
}
