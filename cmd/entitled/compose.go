package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/entitled-dev/entitled/adapters/apidocs"
	"github.com/entitled-dev/entitled/adapters/authn"
	"github.com/entitled-dev/entitled/adapters/breaker"
	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/adapters/telemetry"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// parts are the values that differ between serve, dev and the tests; everything
// else of the program follows from them.
type parts struct {
	names    names // what the settings are called in errors
	logger   *slog.Logger
	catalog  domain.Catalog
	settings app.Settings
	database bunstore.Config
	stripe   stripe.Config
	authn    authn.Config
	http     httpapi.Config
	webhooks webhooks.Config
	outgoing outgoing
}

// service is the whole program as an fx graph: which adapter stands behind which
// port, and which use case gets which.
func service(p parts) fx.Option {
	for _, path := range []string{apidocs.Path, apidocs.Path + "/*"} {
		p.http.Mounts = append(p.http.Mounts, httpapi.Mount{Path: path, Handler: apidocs.Handler()})
	}
	return fx.Options(
		fx.WithLogger(func() fxevent.Logger { return lifeLog{p.logger} }),
		fx.Supply(p.logger, p.catalog, p.settings, p.database, p.stripe, p.authn, p.http, p.webhooks, p.outgoing),
		fx.Provide(
			func() ports.Clock { return now },
			func() ports.Timer { return time.After },
			func() ports.NewID { return newID },
			sayWhenAway,
			func() app.MessageWriter { return httpapi.WriteMessage },
		),
		bunstore.Module,
		stripe.Module,
		breaker.Module,
		authn.Module,
		telemetry.Module,
		webhooks.Module,
		useCases,
		fx.Decorate(knowPrices),
		fx.Provide(serverDeps),
		httpapi.Module, // last: nothing is answered before everything else has started
	)
}

// serverDeps are what the HTTP server calls.
func serverDeps(
	upgrade *app.Upgrade, portal *app.OpenPortal, change *app.ChangeSubscription, check *app.CheckEntitlement, show *app.ShowOrder, sync *app.SyncOrder, syncUser *app.SyncUser, plans *app.ListPlans, offers *app.OfferPlans,
	subscription *app.ShowSubscription, orders *app.ListOrders, invoices *app.ListInvoices,
	webhook *app.ReceiveWebhook, explain *app.Explain, grants *app.ManualGrants, replay *app.Replay, reconcile *app.Reconcile, verify *app.Verify, adminLog *app.AdminLog,
	changes *app.ReadChanges, endpoints *app.Endpoints, store ports.Store, meter *telemetry.Meter, who *authn.Authenticator, logger *slog.Logger, clock ports.Clock,
) httpapi.Deps {
	return httpapi.Deps{
		Upgrade: upgrade, OpenPortal: portal, Change: change, CheckEntitlement: check, ShowOrder: show, SyncOrder: sync, SyncUser: syncUser, ListPlans: plans, OfferPlans: offers,
		ShowSubscription: subscription, ListOrders: orders, ListInvoices: invoices,
		ReceiveWebhook: webhook, Explain: explain, ManualGrants: grants, Replay: replay, Reconcile: reconcile, Verify: verify, AdminLog: adminLog, ReadChanges: changes, Endpoints: endpoints,
		Ready: store.Ready, Receipts: store.Receipts, Metrics: meter.Handler(logger),
		Authenticator: who, Log: logger, Clock: clock,
	}
}

// useCases are those of package app, which does not know fx.
var useCases = fx.Module("app", fx.Provide(
	app.NewPrices,
	app.NewStartCheckout,
	app.NewOpenPortal,
	app.NewUpgrade,
	app.NewChangeSubscription,
	app.NewShowOrder,
	app.NewSyncOrder,
	app.NewSyncUser,
	app.NewReconcile,
	app.NewVerify,
	app.NewShowSubscription,
	app.NewListOrders,
	app.NewListInvoices,
	app.NewListPlans,
	app.NewOfferPlans,
	app.NewReceiveWebhook,
	app.NewDeriveAgain,
	app.NewAdoptDatabase,
	app.NewLosses,
	app.NewPriceMeanings,
	app.NewReplay,
	app.NewExplain,
	app.NewTellChanges,
	app.NewReadChanges,
	app.NewDeliver,
	app.NewEndpoints,
	app.NewManualGrants,
	app.NewAdminLog,
	app.NewRetention,
	app.NewPruneFeed,
	app.NewDeployment,
	func(lc fx.Lifecycle, store ports.Store, gateway ports.Gateway, c domain.Catalog, s app.Settings, clock ports.Clock, timer ports.Timer, meter ports.Meter, b ports.Breaker) *app.Fulfill {
		fulfill := app.NewFulfill(store, gateway, c, s, clock, timer, meter)
		fulfill.AskThrough(b)
		lc.Append(fx.StopHook(fulfill.Close))
		return fulfill
	},
	func(lc fx.Lifecycle, store ports.Store, c domain.Catalog, clock ports.Clock, timer ports.Timer) *app.CheckEntitlement {
		check := app.NewCheckEntitlement(store, c, clock, timer)
		lc.Append(fx.StopHook(check.Close))
		return check
	},
), fx.Invoke(watchLoad, wakeWhoWaits, tellOfTwice, refuseLosses, inLineWithTheDatabase, nameDeployment, rememberPrices, keepMode, warnOfPrices, askOn, reconcileOn, verifyOn, tellOn, deliverOn, redactOldBodies, pruneFeed))

// wakeWhoWaits answers those who wait for an order or a version as soon as it is kept here,
// and those who wait for changes as soon as they are told.
func wakeWhoWaits(fulfill *app.Fulfill, show *app.ShowOrder, check *app.CheckEntitlement, tell *app.TellChanges, changes *app.ReadChanges, deliver *app.Deliver) {
	fulfill.OnKept(func(users []domain.UserID) {
		show.Wake(users)
		check.Wake(users)
		tell.Wake(users)
	})
	tell.OnTold(func(end int64) {
		changes.Grew(end)
		deliver.Wake()
	})
}

// tellOn writes the feed of changes.
func tellOn(lc fx.Lifecycle, tell *app.TellChanges, logger *slog.Logger) {
	inBackground(lc, func(ctx context.Context) {
		tell.Run(ctx, func(err error) { logger.Warn("the feed of changes has to wait", "error", err) })
	})
}

// tellOfTwice says in the log what was paid for twice: somebody's money is at stake.
func tellOfTwice(fulfill *app.Fulfill, logger *slog.Logger) {
	fulfill.OnBoughtTwice(func(r app.TwiceReport) {
		level := slog.LevelInfo
		if r.Outcome == ports.TwiceAlarmed {
			level = slog.LevelError
		}
		logger.Log(context.Background(), level, "a user has bought twice", "user", r.User, "outcome", r.Outcome, "says", r.Says())
	})
}

// inLineWithTheDatabase refuses to start on a database that is not this
// deployment's, and derives entitlements again if the catalog is another than the
// last one that the database saw.
func inLineWithTheDatabase(lc fx.Lifecycle, adopt *app.AdoptDatabase, meter ports.Meter, logger *slog.Logger) {
	lc.Append(fx.StartHook(adopt.Start))
	adopt.OnProgress(tellProgress(meter, logger))
	inBackground(lc, func(ctx context.Context) {
		for {
			changes, err := adopt.CatchUp(ctx)
			switch {
			case ctx.Err() != nil: // the next start goes on
				return
			case err != nil:
				logger.Error("entitlements could not be brought in line with the catalog: it goes on in a minute", "error", err)
			case changes > 0:
				logger.Info("entitlements brought in line with the catalog", "changes", changes)
			}
			if err == nil {
				return
			}
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
				return
			}
		}
	})
}

// progressEvery is how often the log says how far entitlements are brought in line.
const progressEvery = 10 * time.Second

func tellProgress(meter ports.Meter, logger *slog.Logger) func(app.Progress) {
	said := time.Now()
	return func(p app.Progress) {
		meter.Deriving(!p.Over, p.Looked)
		if time.Since(said) < progressEvery || p.Over {
			return
		}
		said = time.Now()
		logger.Info("entitlements are being brought in line with the catalog",
			"pass", p.Pass, "looked_at", p.Looked, "derived", p.Derived, "changes", p.Changes)
	}
}

// nameDeployment gives the deployment its name before anything is sold, so that every
// backup has it.
func nameDeployment(lc fx.Lifecycle, deployment *app.Deployment) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		_, err := deployment.ID(ctx)
		return err
	}))
}

// keepMode marks the database as one of this mode and account once Stripe has taken the
// key. Until then another program may have marked it as its own: this one ends.
func keepMode(adopt *app.AdoptDatabase, prices *app.Prices, logger *slog.Logger, program fx.Shutdowner) {
	prices.OnAnswer(func(ctx context.Context, found []ports.StripePrice) {
		err := adopt.Accepted(ctx, found)
		switch _, misfit := errors.AsType[app.Misfit](err); {
		case misfit:
			logger.Error("this database is no longer to be served", "error", err)
			_ = program.Shutdown(fx.ExitCode(exitMisused)) // fails only if that has begun
		case err != nil && ctx.Err() == nil:
			logger.Warn("the mode of the database could not be kept: the next answer of Stripe's is", "error", err)
		}
	})
}

// warnOfPrices says at the start what would otherwise show with the first buyer.
func warnOfPrices(lc fx.Lifecycle, prices *app.Prices, logger *slog.Logger) {
	inBackground(lc, func(ctx context.Context) {
		faults, err := prices.Faults(ctx)
		if err != nil && ctx.Err() == nil {
			logger.Warn("Stripe could not be asked for the catalog's prices", "error", err)
		}
		for _, fault := range faults {
			logger.Warn("a price of the catalog is not sold as the catalog says: entitled catalog check --stripe says the same", "error", fault)
		}
	})
}

// askOn puts questions to Stripe that could not be answered when they arose.
func askOn(lc fx.Lifecycle, fulfill *app.Fulfill, logger *slog.Logger) {
	inBackground(lc, func(ctx context.Context) {
		fulfill.AskOn(ctx, func(err error) { logger.Warn("open questions to Stripe have to wait", "error", err) })
	})
}

// redactOldBodies takes the bodies of events that were kept for long enough.
func redactOldBodies(lc fx.Lifecycle, retention *app.Retention, logger *slog.Logger) {
	inBackground(lc, func(ctx context.Context) {
		retention.Run(ctx, func(redacted int, err error) {
			if err != nil {
				logger.Warn("bodies of old events could not be redacted: it is tried again in an hour", "error", err)
			}
			if redacted > 0 {
				logger.Info("bodies of old events redacted", "events", redacted)
			}
		})
	})
}

// pruneFeed removes lines of the feed that were kept for long enough.
func pruneFeed(lc fx.Lifecycle, prune *app.PruneFeed, logger *slog.Logger) {
	inBackground(lc, func(ctx context.Context) {
		prune.Run(ctx, func(removed int, err error) {
			if err != nil {
				logger.Warn("old changes could not be removed from the feed: it is tried again in an hour", "error", err)
			}
			if removed > 0 {
				logger.Info("old changes removed from the feed", "changes", removed)
			}
		})
	})
}

// inBackground runs work from the start of the program until it is done or the
// program ends.
func inBackground(lc fx.Lifecycle, work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	lc.Append(fx.StartStopHook(
		func() { running.Go(func() { work(ctx) }) },
		func() { cancel(); running.Wait() },
	))
}
