package main

import (
	"context"
	"log/slog"
	"math/rand/v2"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/app"
)

// verifyOn holds what is derived against what it follows from, at its times.
func verifyOn(lc fx.Lifecycle, verify *app.Verify, logger *slog.Logger) {
	verify.OnDifference(func(found app.UserVerified) {
		for _, d := range found.Differences[:min(len(found.Differences), mostDifferences)] {
			logger.Error("a row is otherwise than it follows from what else is kept",
				"user_id", found.User, "table", d.Table, "row", d.ID, "field", d.Field, "got", d.Got, "want", d.Want, "mend", app.Mend(d))
		}
	})
	inBackground(lc, func(ctx context.Context) {
		verify.Run(ctx, rand.N(reconcileSpread), func(pass app.VerifyPass, err error) {
			log := logger.With("users", pass.Looked, "differences", pass.Differences)
			switch {
			case err != nil:
				log.Warn("what is derived cannot be verified now: it is gone on with in a while", "error", err)
			case pass.Differences > 0:
				log.Error("not all that is kept follows from what it is derived from: entitled verify --user USER says what, and how to mend it")
			default:
				log.Info("verified: all that is derived follows from what is kept")
			}
		})
	})
}

// mostDifferences are logged of one user.
const mostDifferences = 20
