package main

import (
	"context"
	"fmt"
	"log/slog"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// refuseLosses refuses to start with a catalog that takes rights from users who have
// them, unless that is accepted; then it is in the log. It comes after the database was
// checked to be ours, and before anybody is told that this is the catalog in use.
func refuseLosses(lc fx.Lifecycle, adopt *app.AdoptDatabase, losses *app.Losses, settings app.Settings, logger *slog.Logger) {
	lc.Append(fx.StartHook(adopt.Check))
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		accepted, err := losses.Start(ctx, settings.AcceptLosses)
		for _, loss := range accepted {
			logger.Warn("the catalog takes a right from users who have it, as accepted", "loss", loss.String(),
				"plan", loss.Plan, "feature", loss.Feature, "users", loss.Users)
		}
		if err == nil && settings.AcceptLosses && len(accepted) == 0 {
			logger.Info("losses are accepted and there are none: start without --accept-losses and ACCEPT_LOSSES, so that the next catalog is looked at")
		}
		return err
	}))
}

// tellLosses says what a start with a catalog would take from the users of the
// database. The error lists it.
func tellLosses(ctx context.Context, c console, sold domain.Catalog) error {
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	losses, err := app.NewLosses(store, sold, now).Find(ctx)
	if err != nil {
		return err
	}
	if len(losses) == 0 {
		fmt.Fprintln(c.out, "nobody loses a right by it")
	}
	return app.RefuseLosses(losses)
}
