package main

import (
	"context"
	"os"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// door is what the service takes facts in with, for a command that does the same.
type door struct {
	store    *bunstore.Store
	gateway  *stripe.Gateway
	fulfill  *app.Fulfill
	sold     domain.Catalog
	settings app.Settings
}

// openDoor makes it of the service's environment: with a key of the other mode
// everything would be ignored.
func openDoor(ctx context.Context, c console) (door, error) {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return door{}, err
	}
	if len(cfg.WebhookSecrets) == 0 {
		cfg.WebhookSecrets = []string{"whsec_unused"} // stored events were verified when they came
	}
	p, _ := cfg.parts(c) // what is of no use here need not be set
	if err := p.stripe.Check(); err != nil {
		return door{}, misusedf("this needs the service's Stripe settings, for questions that only Stripe can answer:\n%w", err)
	}
	store, sold, err := openForWriting(ctx)
	if err != nil {
		return door{}, err
	}
	adopt := app.NewAdoptDatabase(store, sold, p.settings, app.NewDeriveAgain(store, sold, now), time.After)
	if err := adopt.Check(ctx); err != nil {
		store.Close()
		return door{}, err
	}
	gateway, err := stripe.New(p.stripe)
	if err != nil {
		store.Close()
		return door{}, err
	}
	fulfill := app.NewFulfill(store, gateway, sold, p.settings, now, time.After, uncounted{})
	return door{store, gateway, fulfill, sold, p.settings}, nil
}

func (d door) close() {
	d.fulfill.Close()
	d.gateway.Close()
	d.store.Close()
}

// uncounted is the meter of a command that nobody watches.
type uncounted struct{}

// Event implements [ports.Meter].
func (uncounted) Event(domain.Outcome, ports.Cause) {}

// Refused implements [ports.Meter].
func (uncounted) Refused() {}

// Granted implements [ports.Meter].
func (uncounted) Granted(time.Duration, time.Duration) {}

// Asked implements [ports.Meter].
func (uncounted) Asked(domain.RefKind, ports.Answer) {}

// Remade implements [ports.Meter].
func (uncounted) Remade(int) {}

// Drift implements [ports.Meter].
func (uncounted) Drift(ports.DriftKind) {}

// Delivered implements [ports.Meter].
func (uncounted) Delivered(bool) {}

// Differences implements [ports.Meter].
func (uncounted) Differences(int) {}

// BoughtTwice implements [ports.Meter].
func (uncounted) BoughtTwice(ports.TwiceOutcome) {}

// Deriving implements [ports.Meter].
func (uncounted) Deriving(bool, int) {}
