package app_test

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

func TestPortal_EachFlow(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	for name, c := range map[string]struct {
		wish app.PortalWish
		want error
	}{
		"the portal":                   {app.PortalWish{}, nil},
		"another card":                 {app.PortalWish{Flow: ports.PortalPaymentMethod}, nil},
		"cancel":                       {app.PortalWish{Flow: ports.PortalCancel}, nil},
		"choose":                       {app.PortalWish{Flow: ports.PortalUpdate}, nil},
		"choose, of the one named":     {app.PortalWish{Flow: ports.PortalUpdate, Plan: "pro"}, nil},
		"confirm":                      {app.PortalWish{Flow: ports.PortalUpdate, Plan: "team", Quantity: 3}, nil},
		"confirm another price":        {app.PortalWish{Flow: ports.PortalUpdate, Plan: "pro", Price: "yearly"}, nil},
		"an allowed return URL":        {app.PortalWish{ReturnURL: "https://app.example/billing"}, nil},
		"confirm what there is":        {app.PortalWish{Flow: ports.PortalUpdate, Plan: "pro", Price: "monthly"}, app.ErrNothingToChange},
		"a flow that there is not":     {app.PortalWish{Flow: "customer_update"}, app.ErrBadRequest},
		"the flow that is ours to use": {app.PortalWish{Flow: ports.PortalConfirm, Plan: "team"}, app.ErrBadRequest},
		"a price of no plan":           {app.PortalWish{Flow: ports.PortalUpdate, Price: "yearly"}, app.ErrBadRequest},
		"a quantity to cancel":         {app.PortalWish{Flow: ports.PortalCancel, Quantity: 2}, app.ErrBadRequest},
		"a plan that there is not":     {app.PortalWish{Flow: ports.PortalUpdate, Plan: "gold"}, app.ErrUnknownPlan},
		"too many units":               {app.PortalWish{Flow: ports.PortalUpdate, Plan: "team", Quantity: 21}, app.ErrBadRequest},
		"a foreign return URL":         {app.PortalWish{ReturnURL: "https://evil.example/"}, app.ErrBadReturnURL},
	} {
		c.wish.User = "u"
		url, err := w.portal.Do(t.Context(), c.wish)
		if !errors.Is(err, c.want) || (err == nil) != (url != "") {
			t.Errorf("%s: got %q, %v, want %v", name, url, err, c.want)
		}
	}
	sub.CancelAtPeriodEnd = true
	w.stripe.SetSubscription(sub)
	if _, err := w.portal.Do(t.Context(), app.PortalWish{User: "u", Flow: ports.PortalCancel}); !errors.Is(err, app.ErrNothingToChange) {
		t.Errorf("cancel what ends: got %v, want %v", err, app.ErrNothingToChange)
	}
}

func TestPortal_OfWhoIsNotSubscribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.portal.Do(t.Context(), app.PortalWish{User: "u"}); !errors.Is(err, app.ErrNoCustomer) {
		t.Errorf("who never bought: got %v, want %v", err, app.ErrNoCustomer)
	}
	w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"}).Session)...)
	if url, err := w.portal.Do(t.Context(), app.PortalWish{User: "u"}); err != nil || url == "" {
		t.Errorf("who bought once: got %q, %v", url, err)
	}
	if _, err := w.portal.Do(t.Context(), app.PortalWish{User: "u", Flow: ports.PortalCancel}); !errors.Is(err, app.ErrNotSubscribed) {
		t.Errorf("cancel: got %v, want %v", err, app.ErrNotSubscribed)
	}
}

// The configuration is found once. One that was switched off at Stripe is found anew.
func TestPortal_FindsItsConfigurationAgain(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "pro", 1)
	open := func() error { _, err := w.portal.Do(t.Context(), app.PortalWish{User: "u"}); return err }
	if err := open(); err != nil {
		t.Fatal(err)
	}
	before := w.stripe.Calls()
	if err := open(); err != nil || w.stripe.Calls() != before+1 {
		t.Errorf("again: %v, after %d calls, want one", err, w.stripe.Calls()-before)
	}
	w.stripe.FailNext(ports.ErrGatewayRefused)
	if err := open(); err != nil {
		t.Errorf("switched off: %v, want another one", err)
	}
	w.stripe.FailNext(ports.ErrGatewayRefused, nil, ports.ErrGatewayRefused)
	if err := open(); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("refused for another reason: got %v", err)
	}
	w.stripe.FailNext(ports.ErrGatewayBusy)
	if err := open(); !errors.Is(err, ports.ErrGatewayBusy) {
		t.Errorf("busy: got %v", err)
	}
}
