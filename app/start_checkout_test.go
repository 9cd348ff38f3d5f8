package app_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestStartCheckout_OpensASessionForAKeptOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u1", Plan: "pro"})
	if order.Status != domain.OrderOpen || order.Session == "" || order.SessionURL == "" {
		t.Errorf("order is not open with a session: %+v", order)
	}
	if order.PriceID != "price_pro_m" || order.TrialDays != 14 || order.Quantity != 1 {
		t.Errorf("order is not for one first price with the plan's trial: %+v", order)
	}
	if want := "https://app.example/done?o=" + string(order.ID) + "&s={CHECKOUT_SESSION_ID}"; order.SuccessURL != want {
		t.Errorf("success URL: got %s, want %s", order.SuccessURL, want)
	}
	kept, user, err := w.store.Order(t.Context(), order.ID)
	if err != nil || user != "u1" || kept != order {
		t.Errorf("kept %+v of %q (%v), answered %+v", kept, user, err, order)
	}
}

func TestStartCheckout_RefusesWhatIsNotForSale(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request app.CheckoutRequest
		want    error
	}{
		"unknown plan":                {app.CheckoutRequest{User: "u", Plan: "gold"}, app.ErrUnknownPlan},
		"unknown price":               {app.CheckoutRequest{User: "u", Plan: "pro", Price: "weekly"}, app.ErrUnknownPrice},
		"price that Stripe lacks":     {app.CheckoutRequest{User: "u", Plan: "pro", Price: "yearly"}, app.ErrPriceNotSold},
		"too many units":              {app.CheckoutRequest{User: "u", Plan: "team", Quantity: 21}, app.ErrBadRequest},
		"negative quantity":           {app.CheckoutRequest{User: "u", Plan: "team", Quantity: -1}, app.ErrBadRequest},
		"no user":                     {app.CheckoutRequest{Plan: "pro"}, app.ErrBadRequest},
		"user id with a NUL":          {app.CheckoutRequest{User: "u\x00", Plan: "pro"}, app.ErrBadRequest},
		"user id of 256 characters":   {app.CheckoutRequest{User: domain.UserID(strings.Repeat("u", 256)), Plan: "pro"}, app.ErrBadRequest},
		"locale that is none":         {app.CheckoutRequest{User: "u", Plan: "pro", Locale: "d"}, app.ErrBadRequest},
		"foreign success URL":         {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "https://evil.example/"}, app.ErrBadReturnURL},
		"foreign cancel URL":          {app.CheckoutRequest{User: "u", Plan: "pro", CancelURL: "https://evil.example/"}, app.ErrBadReturnURL},
		"look-alike host":             {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "https://app.example.evil.example/"}, app.ErrBadReturnURL},
		"user in the URL":             {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "https://app.example@evil.example/"}, app.ErrBadReturnURL},
		"backslash in the URL":        {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: `https://evil.example\@app.example/`}, app.ErrBadReturnURL},
		"script instead of a URL":     {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "javascript:alert(1)"}, app.ErrBadReturnURL},
		"URL without a scheme":        {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "//app.example/"}, app.ErrBadReturnURL},
		"other port of an allowed":    {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "https://app.example:8443/"}, app.ErrBadReturnURL},
		"plain http of an https site": {app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "http://app.example/"}, app.ErrBadReturnURL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if _, err := w.checkout.Do(t.Context(), c.request); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if users, _ := w.store.Users(t.Context(), "", 10); len(users) > 0 {
				t.Errorf("a refused request left something of %v", users)
			}
		})
	}
}

func TestStartCheckout_AllowedOriginMayNameItsReturnURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", SuccessURL: "https://WWW.example/x?id={ORDER_ID}"})
	if want := "https://WWW.example/x?id=" + string(order.ID); order.SuccessURL != want {
		t.Errorf("got %s, want %s", order.SuccessURL, want)
	}
}

func TestStartCheckout_TwentyAtOnceWithOneKeyMakeOneSession(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"one Idempotency-Key": "k1", "a double click without a key": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var all sync.Map
			var wait sync.WaitGroup
			for range 20 {
				wait.Go(func() {
					order, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro", ClientKey: key})
					if err != nil {
						t.Error(err)
					}
					all.Store(order, true)
				})
			}
			wait.Wait()
			if answers := maps.Collect(all.Range); len(answers) != 1 {
				t.Errorf("got %d different answers, want 1: %v", len(answers), answers)
			}
			if calls := w.stripe.Calls(); calls != 3 { // prices, customer, session
				t.Errorf("Stripe was called %d times, want 3", calls)
			}
		})
	}
}

func TestStartCheckout_KeyOfAnotherRequestIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", ClientKey: "k"})
	_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic", ClientKey: "k"})
	if !errors.Is(err, app.ErrKeyReused) {
		t.Errorf("got %v, want %v", err, app.ErrKeyReused)
	}
	w.start(t, app.CheckoutRequest{User: "another", Plan: "basic", ClientKey: "k"}) // keys are each user's own
}

func TestStartCheckout_OtherPlanOfTheGroupEndsTheEarlierCheckout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pro := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	team := w.start(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 3})
	if pro.Session == team.Session {
		t.Fatal("two plans share a session")
	}
	if w.stripe.Pay(pro.Session) != nil {
		t.Error("the earlier checkout can still be paid")
	}
	if kept, _, _ := w.store.Order(t.Context(), pro.ID); kept.Status != domain.OrderExpired {
		t.Errorf("the earlier order is %s, want expired", kept.Status)
	}
}

func TestStartCheckout_EarlierCheckoutPaidMeanwhileStopsTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pro := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	w.stripe.Pay(pro.Session) // and its webhook is late
	_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"})
	if !errors.Is(err, app.ErrCheckoutCompleted) {
		t.Fatalf("got %v, want %v", err, app.ErrCheckoutCompleted)
	}
	if held := w.features(t, "u"); held["sso"] != "true" {
		t.Errorf("what was paid is not held: %v", held)
	}
	_, err = w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"})
	if !errors.Is(err, app.ErrAlreadySubscribed) {
		t.Errorf("afterwards got %v, want %v", err, app.ErrAlreadySubscribed)
	}
}

func TestStartCheckout_FailureAtAnyCallIsMendedByRepeating(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string][]error{
		"prices":   {ports.ErrGatewayBusy},
		"customer": {nil, ports.ErrGatewayBusy},
		"session":  {nil, nil, ports.ErrGatewayBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stripe.FailNext(failures...)
			request := app.CheckoutRequest{User: "u", Plan: "pro", ClientKey: "k"}
			if _, err := w.checkout.Do(t.Context(), request); !errors.Is(err, ports.ErrGatewayBusy) {
				t.Fatalf("got %v, want %v", err, ports.ErrGatewayBusy)
			}
			w.clock.advance(time.Minute)
			order := w.start(t, request)
			state, _ := w.store.State(t.Context(), "u")
			if len(state.Account.Orders) != 1 || state.Account.Orders[order.ID].Session == "" {
				t.Errorf("repeating did not complete the one order: %+v", state.Account.Orders)
			}
		})
	}
}

func TestStartCheckout_RefusedOnceGetsAFreshKeyNextTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.FailNext(nil, nil, ports.ErrGatewayRefused)
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro"}); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Fatalf("got %v", err)
	}
	if order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"}); order.Attempt != 1 {
		t.Errorf("attempt is %d, want 1: Stripe repeats a refusal to the same key", order.Attempt)
	}
}

func TestStartCheckout_CustomerRefusedOnceGetsAFreshKeyNextTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.FailNext(nil, ports.ErrGatewayRefused)
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro"}); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Fatalf("got %v", err)
	}
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
}

func TestStartCheckout_OneTrialEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	facts := w.stripe.Pay(order.Session)
	w.deliver(t, facts...)
	ended := facts[1].(domain.SubscriptionFact)
	w.clock.advance(time.Hour)
	ended.Type, ended.At, ended.Snapshot.Status = "customer.subscription.deleted", w.clock.now(), domain.StatusCanceled
	w.deliver(t, ended)
	if again := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"}); again.TrialDays != 0 {
		t.Errorf("a second trial of %d days", again.TrialDays)
	}
}

func TestStartCheckout_ChangingOnesMindKeepsTheTrial(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	if again := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro", Locale: "de"}); again.TrialDays != 14 {
		t.Errorf("a trial of %d days, want 14: the first checkout was never completed", again.TrialDays)
	}
}

func TestStartCheckout_KeptOrderLosesATrialThatWasTakenElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.FailNext(nil, nil, ports.ErrGatewayBusy)
	request := app.CheckoutRequest{User: "u", Plan: "pro", ClientKey: "k"}
	if _, err := w.checkout.Do(t.Context(), request); err == nil {
		t.Fatal("the session was made")
	}
	state, _ := w.store.State(t.Context(), "u")
	elsewhere := domain.SubscriptionFact{Type: "customer.subscription.deleted", At: w.clock.now(), Snapshot: domain.Subscription{
		ID: "sub_other", Customer: state.Account.Customer, Status: domain.StatusCanceled, TrialEnd: w.clock.now(),
	}}
	w.deliver(t, elsewhere)
	if order := w.start(t, request); order.TrialDays != 0 || order.Attempt != 1 {
		t.Errorf("a trial of %d days in attempt %d, want none in the next attempt", order.TrialDays, order.Attempt)
	}
}

func TestStartCheckout_OverdueOrderOfAKeyIsNotOpenedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.FailNext(nil, nil, ports.ErrGatewayBusy)
	request := app.CheckoutRequest{User: "u", Plan: "pro", ClientKey: "k"}
	if _, err := w.checkout.Do(t.Context(), request); err == nil {
		t.Fatal("the session was made")
	}
	w.clock.advance(24 * time.Hour)
	before := w.stripe.Calls()
	if order := w.start(t, request); order.Session != "" || w.stripe.Calls() > before+1 { // prices are asked for anew
		t.Errorf("got %+v after %d calls", order, w.stripe.Calls()-before)
	}
}

func TestStartCheckout_ExpiredOrderIsNotReused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	w.clock.advance(24 * time.Hour)
	if after := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"}); after.ID == before.ID {
		t.Error("the expired order was given again")
	}
}

func TestPrices_LastAnswerCountsWhileStripeIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, app.CheckoutRequest{User: "u1", Plan: "basic"})
	w.clock.advance(time.Hour)
	w.stripe.FailNext(ports.ErrGatewayBusy)
	w.start(t, app.CheckoutRequest{User: "u2", Plan: "basic"})
}

func TestPrices_FailureIsNotAskedForAgainAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.FailNext(ports.ErrGatewayBusy)
	for range 10 {
		if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic"}); !errors.Is(err, ports.ErrGatewayBusy) {
			t.Errorf("got %v", err)
		}
	}
	if calls := w.stripe.Calls(); calls != 1 {
		t.Errorf("Stripe was asked %d times, want once", calls)
	}
	w.clock.advance(6 * time.Second)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
}

func TestStartCheckout_NoSecondSubscriptionBeforeTheFirstIsHeardOf(t *testing.T) {
	t.Parallel()
	t.Run("paid, and the subscription's event is late: it is asked for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
		w.deliver(t, w.stripe.Pay(order.Session)[0])
		if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "team"}); !errors.Is(err, app.ErrCheckoutCompleted) {
			t.Errorf("got %v, want %v", err, app.ErrCheckoutCompleted)
		}
		if held := w.features(t, "u"); held["sso"] != "true" {
			t.Errorf("holds %v, want what was paid", held)
		}
	})
	t.Run("the bank is working on it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
		waiting := w.stripe.Pay(order.Session)[0].(domain.SessionFact)
		waiting.PaymentStatus = "unpaid"
		w.deliver(t, waiting)
		if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro"}); !errors.Is(err, app.ErrCheckoutCompleted) {
			t.Errorf("got %v, want %v", err, app.ErrCheckoutCompleted)
		}
	})
}

// paidMeanwhile is a Stripe whose buyer pays before the answer that the session is
// made has come.
type paidMeanwhile struct {
	*memory.Gateway
	facts []domain.Fact
}

func (p *paidMeanwhile) CreateSession(ctx context.Context, r ports.SessionRequest) (domain.SessionFact, error) {
	made, err := p.Gateway.CreateSession(ctx, r)
	if err != nil {
		return made, err
	}
	p.facts = p.Pay(made.ID)
	return p.Gateway.CreateSession(ctx, r)
}

func TestStartCheckout_PaidBeforeItIsKnownToBeOpenIsGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quick := &paidMeanwhile{Gateway: w.stripe}
	checkout := app.NewStartCheckout(w.store, quick, catalog, app.NewPrices(quick, catalog, w.clock.now), w.fulfill, app.Settings{}, w.clock.now, func() string { return "1" })
	order, err := checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic"})
	if err != nil || order.Status != domain.OrderPaid {
		t.Fatalf("got %+v, %v", order, err)
	}
	w.deliver(t, quick.facts...)
	if held := w.features(t, "u"); held["projects"] != "10" {
		t.Errorf("paid, and holds %v", held)
	}
}

func TestStartCheckout_CustomerDeletedAtStripeIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	before, _ := w.store.State(t.Context(), "u")
	w.stripe.DeleteCustomer(before.Account.Customer)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	after, _ := w.store.State(t.Context(), "u")
	if order.Session == "" || after.Account.Customer == before.Account.Customer || after.Account.Customer == "" {
		t.Errorf("order %+v of customer %q", order, after.Account.Customer)
	}
	if len(after.Account.FormerCustomers) != 1 || after.Account.FormerCustomers[0] != before.Account.Customer {
		t.Errorf("former customers: %v", after.Account.FormerCustomers)
	}
	w.deliver(t, w.stripe.Pay(order.Session)...)
	if held := w.features(t, "u"); held["sso"] != "true" {
		t.Errorf("holds %v", held)
	}
}

func TestStartCheckout_WhoBeginsAndNeverPaysIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	begun := 0
	for ; begun < 100 && err == nil; begun++ {
		_, err = w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic", ClientKey: fmt.Sprint(begun)})
	}
	if !errors.Is(err, app.ErrTooManyCheckouts) || begun != 51 {
		t.Errorf("after %d: %v", begun, err)
	}
	w.clock.advance(25 * time.Hour)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
}

func TestStartCheckout_ReturnURLIsMeasuredWithTheOrdersID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := "https://app.example/?" + strings.Repeat("{ORDER_ID}", 450)
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic", SuccessURL: long}); !errors.Is(err, app.ErrBadReturnURL) {
		t.Errorf("got %v", err)
	}
}

// Ensure that whoever misspells is told what there is, in a few words however much that is.
func TestStartCheckout_NamesWhatIsForSale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := domain.Catalog{Plans: map[domain.PlanKey]domain.Plan{
		"old":  {Key: "old", NotSold: true, Prices: []domain.Price{{Key: "once", ID: "price_0"}}},
		"free": {Key: "free", Default: true},
	}}
	for n := range 25 {
		key := domain.PlanKey(fmt.Sprintf("plan%02d", n))
		many.Plans[key] = domain.Plan{Key: key, Prices: []domain.Price{{Key: "once", ID: "price_1"}, {Key: "never", ID: "price_2", NotSold: true}}}
	}
	checkout := app.NewStartCheckout(w.store, w.stripe, many, app.NewPrices(w.stripe, many, w.clock.now), w.fulfill, app.Settings{}, w.clock.now, func() string { return "1" })
	for asked, want := range map[domain.PlanKey]string{
		"gold":   `no such plan: "gold" is not in the catalog, which sells plan00, plan01, `,
		"plan07": `no such price: plan plan07 has no price "weekly", but once`,
		"old":    `no such price: plan old is no longer sold; what is: plan00, `,
		"free":   `no such price: plan free is held by every user, and nobody buys it: `,
	} {
		_, err := checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: asked, Price: "weekly"})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", asked, err, want)
		}
		if asked != "plan07" && asked != "free" && !strings.HasSuffix(err.Error(), ", plan18, plan19, and 5 more") {
			t.Errorf("%s: does not end with how many more there are: %v", asked, err)
		}
	}
}
