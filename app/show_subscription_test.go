package app_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// billingOf is a Stripe that counts how often it is asked for what pages show, and may not
// answer.
type billingOf struct {
	*memory.Gateway
	asked  atomic.Int64
	silent atomic.Bool
}

func (b *billingOf) FetchBilling(ctx context.Context, id domain.SubscriptionID) (ports.BillingDetails, error) {
	b.asked.Add(1)
	if b.silent.Load() {
		return ports.BillingDetails{}, ports.ErrGatewayBusy
	}
	return b.Gateway.FetchBilling(ctx, id)
}

func (w *world) page(t *testing.T, show *app.ShowSubscription) app.ShownSubscriptions {
	t.Helper()
	shown, err := show.Do(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	return shown
}

func TestShowSubscription_TellsWhatPaysAndWhatIsPlanned(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	stripe := &billingOf{Gateway: w.stripe}
	show := app.NewShowSubscription(w.store, stripe, catalog, app.NewPrices(stripe, catalog, w.clock.now), nil, w.clock.now)
	if shown := w.page(t, show); shown.Billing.Method == nil || shown.Billing.Method.Last4 != "4242" || shown.Billing.Planned != nil {
		t.Errorf("got %+v, want a card, and nothing planned", shown.Billing)
	}
	w.clock.advance(2 * time.Second)
	w.page(t, show)
	w.page(t, show)
	if n := stripe.asked.Load(); n != 2 {
		t.Errorf("asked %d times within a minute, want once more than in the first second", n)
	}
	w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 3, ProrationDate: w.clock.now()})
	if shown := w.page(t, show); shown.Billing.Planned != nil {
		t.Errorf("planned %+v, want nothing", shown.Billing.Planned)
	}
	w.changeTo(t, app.ChangeWish{Plan: "pro"}) // within the same second
	want := app.PlannedPlan{Plan: "pro", Price: "monthly", Quantity: 1, At: sub.PeriodEnd()}
	if shown := w.page(t, show); shown.Billing.Planned == nil || *shown.Billing.Planned != want {
		t.Errorf("planned %+v, want %+v at once", shown.Billing.Planned, want)
	}
}

// A page is shown without it where Stripe does not answer, and asks again.
func TestShowSubscription_DoesWithoutStripe(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "pro", 1)
	stripe := &billingOf{Gateway: w.stripe}
	stripe.silent.Store(true)
	show := app.NewShowSubscription(w.store, stripe, catalog, app.NewPrices(stripe, catalog, w.clock.now), nil, w.clock.now)
	if shown := w.page(t, show); len(shown.All) != 1 || shown.Billing.Method != nil || shown.Billing.Planned != nil || shown.Billing.Addons != nil {
		t.Errorf("got %+v, want the subscription alone", shown)
	}
	stripe.silent.Store(false)
	if shown := w.page(t, show); shown.Billing.Method == nil {
		t.Error("it is not asked again")
	}
}
