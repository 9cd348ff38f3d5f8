package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// shelf is one plan of one price, and what Stripe says of the price.
func shelf(t *testing.T, price ports.StripePrice, change ...func(*domain.Plan)) (faults []error, offered []app.OfferedPlan) {
	t.Helper()
	plan := domain.Plan{Key: "pro", Mode: domain.ModeSubscription, Prices: []domain.Price{{Key: "monthly", LookupKey: "pro_monthly"}}}
	for _, f := range change {
		f(&plan)
	}
	c := domain.Catalog{Plans: map[domain.PlanKey]domain.Plan{"pro": plan}}
	prices := app.NewPrices(memory.NewGateway(time.Now, price), c, time.Now)
	faults, err := prices.Faults(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if offered, err = app.NewListPlans(c, prices).Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	return faults, offered
}

func TestPrices_FaultsAreWhatAnOperatorHasToMend(t *testing.T) {
	t.Parallel()
	good := ports.StripePrice{ID: "price_1", LookupKey: "pro_monthly", Active: true, Amount: 2900, Currency: "usd", Interval: "month", IntervalCount: 1}
	with := func(change func(*ports.StripePrice)) ports.StripePrice {
		p := good
		change(&p)
		return p
	}
	once := func(p *domain.Plan) { p.Mode = domain.ModePayment }
	for name, c := range map[string]struct {
		price ports.StripePrice
		plan  func(*domain.Plan)
		says  string // empty: no fault
		sold  bool
	}{
		"in order":            {good, nil, "", true},
		"in tiers":            {with(func(p *ports.StripePrice) { p.Tiered, p.AmountUnknown, p.Amount = true, true, 0 }), nil, "", true},
		"metered":             {with(func(p *ports.StripePrice) { p.Metered = true }), nil, "", true},
		"in another currency": {with(func(p *ports.StripePrice) { p.Currency = "jpy" }), nil, "", true},
		"in all currencies": {with(func(p *ports.StripePrice) { p.Options = []ports.CurrencyOption{{Currency: "eur", Amount: 2700}} }),
			func(p *domain.Plan) { p.Prices[0].Currencies = []string{"eur", "usd"} }, "", true},
		"without a currency":     {good, func(p *domain.Plan) { p.Prices[0].Currencies = []string{"usd", "gbp", "eur"} }, "price_1 is sold in usd at Stripe, and not in gbp, eur", true},
		"missing":                {with(func(p *ports.StripePrice) { p.LookupKey = "" }), nil, "no price with the lookup key pro_monthly", false},
		"missing by id":          {good, func(p *domain.Plan) { p.Prices = []domain.Price{{Key: "monthly", ID: "price_2"}} }, "no price with the id price_2", false},
		"archived":               {with(func(p *ports.StripePrice) { p.Active = false }), nil, "price_1 is archived", false},
		"of an archived product": {with(func(p *ports.StripePrice) { p.Archived = true }), nil, "the product of price_1 is archived", false},
		"recurring, sold once":   {good, once, "price_1 is a recurring price", false},
		"one-time, subscribed":   {with(func(p *ports.StripePrice) { p.Interval = "" }), nil, "price_1 is a one-time price", false},
		"one-time, sold once":    {with(func(p *ports.StripePrice) { p.Interval = "" }), once, "", true},
		"metered, and counted": {with(func(p *ports.StripePrice) { p.Metered = true }),
			func(p *domain.Plan) { p.Checkout.MaxQuantity = 10 }, "price_1 is metered", true},
		"metered, and adjustable": {with(func(p *ports.StripePrice) { p.Metered = true }),
			func(p *domain.Plan) { p.Checkout.AdjustableAmount = true }, "price_1 is metered", true},
	} {
		if c.plan == nil {
			c.plan = func(*domain.Plan) {}
		}
		faults, offered := shelf(t, c.price, c.plan)
		switch {
		case c.says == "" && len(faults) > 0:
			t.Errorf("%s: got %v, want no fault", name, faults)
		case c.says != "" && (len(faults) != 1 || !strings.Contains(faults[0].Error(), c.says) || !strings.Contains(faults[0].Error(), "plan pro, price monthly")):
			t.Errorf("%s: got %v, want one fault of plan pro saying %q", name, faults, c.says)
		case len(faults) == 1 && errors.Is(faults[0], app.ErrPriceNotSold) == c.sold:
			t.Errorf("%s: got %v, want it for sale: %t", name, faults, c.sold)
		}
		if (len(offered) == 1) != c.sold {
			t.Errorf("%s: offered %+v, want it for sale: %t", name, offered, c.sold)
		}
	}
}

func TestStartCheckout_ArchivedProductIsNotSold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.SetPrice(ports.StripePrice{ID: "price_basic", Active: true, Archived: true, Amount: 1900, Currency: "usd"})
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic"}); !errors.Is(err, app.ErrPriceNotSold) {
		t.Errorf("got %v, want %v", err, app.ErrPriceNotSold)
	}
	if calls := w.stripe.Calls(); calls != 1 {
		t.Errorf("Stripe was called %d times, want once, for the prices", calls)
	}
}

// What Stripe refuses although we know the price for good is asked for anew.
func TestStartCheckout_RefusedPriceIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, app.CheckoutRequest{User: "another", Plan: "basic"})
	w.stripe.SetPrice(ports.StripePrice{ID: "price_basic", Amount: 1900, Currency: "usd"})
	for _, want := range []error{ports.ErrPriceRefused, app.ErrPriceNotSold} {
		if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic"}); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	w.stripe.SetPrice(ports.StripePrice{ID: "price_basic", Active: true, Amount: 1900, Currency: "usd"})
	w.clock.advance(6 * time.Minute)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
}

// An order that was refused goes on with the price that the lookup key has now.
func TestStartCheckout_RefusedOrderGoesOnWithThePriceThatIsSold(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"with a key": "k", "without": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			request := app.CheckoutRequest{User: "u", Plan: "team", ClientKey: key}
			w.start(t, app.CheckoutRequest{User: "another", Plan: "team"})
			w.stripe.SetPrice(ports.StripePrice{ID: "price_team_m", Currency: "usd", Interval: "month"})
			w.stripe.SetPrice(ports.StripePrice{ID: "price_team_2", LookupKey: "team_monthly", Active: true, Amount: 10900, Currency: "usd", Interval: "month"})
			if _, err := w.checkout.Do(t.Context(), request); !errors.Is(err, ports.ErrPriceRefused) {
				t.Fatalf("got %v, want %v", err, ports.ErrPriceRefused)
			}
			order := w.start(t, request)
			if order.PriceID != "price_team_2" || len(w.account(t, "u").Orders) != 1 {
				t.Errorf("got %+v, want the one order with the new price", order)
			}
		})
	}
}

func meteredTeam(w *world) {
	w.stripe.SetPrice(ports.StripePrice{ID: "price_team_m", LookupKey: "team_monthly", Active: true, Metered: true, AmountUnknown: true, Currency: "usd", Interval: "month"})
}

func TestStartCheckout_MeteredPriceIsSoldWithoutAQuantity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meteredTeam(w)
	_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team", Quantity: 2})
	if !errors.Is(err, app.ErrBadRequest) || !strings.Contains(err.Error(), "metered") {
		t.Errorf("a quantity: got %v, want %v that says why", err, app.ErrBadRequest)
	}
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 1})
	w.deliver(t, w.stripe.Pay(order.Session)...)
	if held := w.features(t, "u"); held["seats"] != "5" {
		t.Errorf("holds %v, want what one unit gives", held)
	}
}

// A checkout that is to be ended is opened again as it was, though the catalog has
// gone on to another price.
func TestStartCheckout_EarlierMeteredOrderIsOpenedAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	meteredTeam(w)
	w.stripe.FailNext(nil, nil, ports.ErrGatewayBusy)
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"}); !errors.Is(err, ports.ErrGatewayBusy) {
		t.Fatalf("got %v", err)
	}
	w.stripe.SetPrice(ports.StripePrice{ID: "price_team_m", Active: true, Metered: true, AmountUnknown: true, Currency: "usd", Interval: "month"})
	w.stripe.SetPrice(ports.StripePrice{ID: "price_team_2", LookupKey: "team_monthly", Active: true, Amount: 10900, Currency: "usd", Interval: "month"})
	w.clock.advance(6 * time.Minute)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	for _, o := range w.account(t, "u").Orders {
		if o.Plan == "team" && o.Status != domain.OrderExpired {
			t.Errorf("the earlier order is %s, want expired: %+v", o.Status, o)
		}
	}
}

// A refusal is the client's to mend only if it is about what the client sent.
func TestStartCheckout_RefusalOfWhatWasConfiguredIsNotTheClients(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refused error
		request app.CheckoutRequest
		clients bool
	}{
		"its own return URL":   {ports.ErrReturnURLRefused, app.CheckoutRequest{SuccessURL: "https://app.example/x"}, true},
		"the configured one":   {ports.ErrReturnURLRefused, app.CheckoutRequest{}, false},
		"its own quantity":     {ports.ErrQuantityRefused, app.CheckoutRequest{Quantity: 3}, true},
		"the default quantity": {ports.ErrQuantityRefused, app.CheckoutRequest{}, false},
		"its own locale":       {ports.ErrLocaleRefused, app.CheckoutRequest{Locale: "de-DE"}, true},
		"its user's currency":  {ports.ErrCurrencyLocked, app.CheckoutRequest{}, true},
	} {
		w := newWorld(t)
		w.stripe.FailNext(nil, nil, c.refused)
		c.request.User, c.request.Plan = "u", "team"
		_, err := w.checkout.Do(t.Context(), c.request)
		if !errors.Is(err, ports.ErrGatewayRefused) || errors.Is(err, c.refused) != c.clients {
			t.Errorf("%s: got %v, want it to be the client's: %t", name, err, c.clients)
		}
	}
}

func TestStartCheckout_TakesAnyLocaleThatABrowserSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, locale := range []string{"", "auto", "de", "de-DE", "en-US", "zh-Hans-CN", "pt-br", "es-419", "fil", "en-US-u-hc-h12", "sl-rozaj-biske-1994"} {
		w.start(t, app.CheckoutRequest{User: "u", Plan: "basic", Locale: locale})
	}
	for _, locale := range []string{"d", "de_DE", "de-", "-de", "de--DE", "de DE", "deutschland", "de-abcdefghi", "Ünglisch", "de\n", "*"} {
		_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic", Locale: locale})
		if !errors.Is(err, app.ErrBadRequest) || !strings.Contains(err.Error(), "pt-BR") {
			t.Errorf("%q: got %v, want %v with an example", locale, err, app.ErrBadRequest)
		}
	}
}

// What lookup keys mean is learned from every answer, before anybody acts on it: a key
// moves while the program runs.
func TestPrices_WhatTheyMeanIsLearnedFromEveryAnswer(t *testing.T) {
	t.Parallel()
	clock := &clock{}
	clock.at.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano())
	stripe := memory.NewGateway(clock.now, stripePrices()...)
	prices := app.NewPrices(stripe, catalog, clock.now)
	var learned []map[domain.PriceID]domain.PlanKey
	prices.OnAnswer(func(_ context.Context, found []ports.StripePrice) {
		learned = append(learned, app.MeaningsOf(catalog, found))
	})
	look := func(answers int) {
		t.Helper()
		if _, err := prices.Faults(t.Context()); err != nil || len(learned) != answers {
			t.Fatalf("%v, learned %v, want it from %d answers", err, learned, answers)
		}
	}
	look(1)
	look(1)
	stripe.SetPrice(ports.StripePrice{ID: "price_pro_m2", LookupKey: "pro_monthly", Active: true, Amount: 3900, Currency: "usd", Interval: "month"})
	clock.advance(time.Hour)
	stripe.FailNext(ports.ErrGatewayBusy)
	look(1)
	clock.advance(time.Minute)
	look(2)
	if learned[0]["price_pro_m"] != "pro" || learned[1]["price_pro_m2"] != "pro" {
		t.Errorf("learned %v, want the price of each time", learned)
	}
}
