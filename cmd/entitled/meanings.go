package main

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// knowPrices adds to the catalog what prices meant to those before it.
func knowPrices(c domain.Catalog, store ports.Store, meanings *app.PriceMeanings) (domain.Catalog, error) {
	ctx := context.Background()
	if err := store.Ready(ctx); err != nil {
		return c, err // which says what to do where there are no tables yet
	}
	known, err := meanings.Load(ctx)
	c.Known = known
	return c, err
}

// rememberPrices keeps what the catalog's prices mean for those after it, and for this
// one: a lookup key moves to the next price when prices are raised. Stripe need not
// answer for a service to start: what it names is learned whenever it is asked, as
// [warnOfPrices] does at once.
func rememberPrices(lc fx.Lifecycle, meanings *app.PriceMeanings, c domain.Catalog, prices *app.Prices, logger *slog.Logger) {
	lc.Append(fx.StartHook(func(ctx context.Context) error { return meanings.Learn(ctx, app.MeaningsOf(c, nil)) }))
	prices.OnAnswer(func(ctx context.Context, found []ports.StripePrice) {
		if err := meanings.Learn(ctx, app.MeaningsOf(c, found)); err != nil && ctx.Err() == nil {
			logger.Warn("what the catalog's prices mean could not be kept: the next answer of Stripe's is kept with it", "error", err)
		}
	})
}
