package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// reconcileSpread is within how long after the start the first run begins: not all who start
// together ask Stripe together.
const reconcileSpread = 5 * time.Minute

// reconcileOn finds what no webhook brought, at its times and when somebody asks for it.
func reconcileOn(lc fx.Lifecycle, reconcile *app.Reconcile, logger *slog.Logger) {
	inBackground(lc, func(ctx context.Context) {
		reconcile.Run(ctx, rand.N(reconcileSpread), func(run app.ReconcileRun, err error) {
			log := logger.With("since", run.From, "looked_at", run.Listed, "missing", run.Missing)
			for _, kind := range ports.DriftKinds {
				if n := run.Drift[kind]; n > 0 {
					log = log.With("drift_"+string(kind), n)
				}
			}
			switch {
			case err != nil:
				log.Warn("what webhooks did not bring cannot be looked for: it is tried again in some minutes, or within the hour where the key may not do it (it needs read access to Events)", "error", err)
			case run.Drifted() > 0:
				log.Warn("webhooks did not bring everything, and it was taken in now: see in Stripe's dashboard why deliveries failed")
			default:
				log.Info("reconciled with Stripe")
			}
		})
	})
}
