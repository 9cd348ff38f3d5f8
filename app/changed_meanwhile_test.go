package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// overtaken is a Stripe at which another process does something after a subscription was
// read and before the first call that changes it.
type overtaken struct {
	*memory.Gateway
	once sync.Once
	by   func(context.Context)
}

func (g *overtaken) ChangeSubscription(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	g.once.Do(func() { g.by(ctx) })
	return g.Gateway.ChangeSubscription(ctx, r)
}

func (g *overtaken) ScheduleChange(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	g.once.Do(func() { g.by(ctx) })
	return g.Gateway.ScheduleChange(ctx, r)
}

// rival is the same use case in another process, which something overtakes.
func (w *world) rival(t *testing.T, by func(context.Context)) *app.ChangeSubscription {
	t.Helper()
	urls, err := app.NewReturnURLs("https://app.example/done", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	gateway := &overtaken{Gateway: w.stripe, by: by}
	ids := atomic.Int64{}
	newID := func() string { return fmt.Sprintf("rival-%d", ids.Add(1)) }
	portal := app.NewOpenPortal(w.store, gateway, catalog, app.NewPrices(gateway, catalog, w.clock.now), w.fulfill, app.Settings{URLs: urls}, newID)
	return app.NewChangeSubscription(portal, w.fulfill, w.clock.now, newID)
}

func TestChange_TheLoserOfARaceHearsHowItIs(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	two := app.ChangeWish{User: "u", Plan: "storage", Quantity: 2}
	same := w.rival(t, func(context.Context) { w.changeTo(t, two) })
	if result, err := same.Do(t.Context(), two); err != nil || len(result.Subscription.Items) != 2 || result.Quantity != 2 {
		t.Errorf("the same add-on: got %+v, %v", result, err)
	}
	if invoices := w.billed(t, sub.ID, domain.InvoicePaid); invoices != 2 {
		t.Errorf("%d invoices were paid, want the first and that of the add-on", invoices)
	}

	w, _ = subscribed(t, "pro", 1)
	other := w.rival(t, func(context.Context) { w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 3}) })
	if result, err := other.Do(t.Context(), two); !errors.Is(err, ports.ErrChangedMeanwhile) {
		t.Errorf("more of the add-on: got %+v, %v", result, err)
	}

	for name, when := range map[string]app.When{"now": app.WhenNow, "with the period": app.WhenPeriodEnd} {
		w, _ := withStorage(t, 1)
		gone := w.rival(t, func(context.Context) { w.endAddon(t, app.WhenNow, "first") })
		if ended, err := gone.Cancel(t.Context(), app.EndWish{User: "u", Plan: "storage", When: when}); !errors.Is(err, ports.ErrChangedMeanwhile) {
			t.Errorf("an add-on that is gone, ended %s: got %+v, %v", name, ended, err)
		}
	}

	w, _ = subscribed(t, "pro", 1)
	over := w.rival(t, func(ctx context.Context) {
		if _, err := w.change.Cancel(ctx, app.EndWish{User: "u", When: app.WhenNow}); err != nil {
			t.Error(err)
		}
	})
	if result, err := over.Do(t.Context(), app.ChangeWish{User: "u", Plan: "team"}); !errors.Is(err, ports.ErrChangedMeanwhile) {
		t.Errorf("a subscription that has ended: got %+v, %v", result, err)
	}

	w, _ = subscribed(t, "pro", 1)
	refused := w.rival(t, func(context.Context) { w.stripe.FailNext(ports.ErrGatewayRefused) })
	if result, err := refused.Do(t.Context(), two); errors.Is(err, ports.ErrChangedMeanwhile) || !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("refused, and nobody else was there: got %+v, %v", result, err)
	}
}
