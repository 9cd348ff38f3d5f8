package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/adapters/authn"
	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/app"
)

type serveCommand struct {
	AcceptLosses bool
}

func newServe(c console) *cobra.Command {
	var serve serveCommand
	cmd := leaf("serve", "Run the service, configured by the environment.", c, &serve)
	cmd.Flags().BoolVar(&serve.AcceptLosses, "accept-losses", false, "Start though the catalog takes rights from users who have them. ACCEPT_LOSSES=true does the same.")
	return cmd
}

// Run serves until ctx ends.
func (serve serveCommand) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return err
	}
	log := &lineBuffer{to: c.err}
	defer log.flush()
	p, err := cfg.parts(console{c.out, log})
	if err != nil {
		return misusedf("this configuration cannot be served:\n%w", err)
	}
	p.settings.AcceptLosses = p.settings.AcceptLosses || serve.AcceptLosses
	return runService(ctx, p)
}

// parts turns the environment into what the program is made of. All faults are
// named at once.
func (c config) parts(console console) (parts, error) {
	level, _ := c.logLevel() // checked below, with everything else
	p := parts{
		names:    settingNames,
		logger:   newLogger(console.err, c.LogFormat, level),
		database: bunstore.Config{URL: c.DatabaseURL},
	}
	p.stripe = stripe.Config{
		SecretKey: c.StripeKey, WebhookSecrets: c.WebhookSecrets, APIBase: c.StripeAPIBase, Account: c.StripeAccount,
		Clock: now, Logger: p.logger,
	}
	p.authn = authn.Config{
		APIKeys: c.APIKeys, JWTSecret: c.JWTSecret, JWKSURL: c.JWKSURL, Issuer: c.Issuer, Audience: c.Audience,
		UserClaim: c.UserClaim, EmailClaim: c.EmailClaim, NameClaim: c.NameClaim, Cookie: c.AuthCookie, TrustedOrigins: c.origins(), Clock: now, Logger: p.logger,
	}
	most, _ := c.maxConnections() // checked below, with everything else
	drain, _ := c.drainTime()     // as well
	p.http = httpapi.Config{Addr: c.address(), AllowedOrigins: c.AllowedOrigins, Connections: most, DrainTime: drain}

	file, catalogErr := catalog.Load(c.Catalog, os.Getenv)
	p.catalog = file.Catalog
	switch {
	case errors.Is(catalogErr, fs.ErrNotExist):
		catalogErr = fmt.Errorf("CATALOG names %s, which is not there: write a catalog, see README.md", c.Catalog)
	case errors.Is(catalogErr, syscall.EISDIR):
		catalogErr = fmt.Errorf("CATALOG names %s, which is a directory: name the file in it", c.Catalog)
	}
	urls, urlsErr := c.returnURLs()
	proxies, proxiesErr := c.proxies()
	p.http.TrustedProxies = proxies
	p.webhooks, _ = c.deliveries() // checked below, with everything else
	p.outgoing = outgoing{c.OutURL, c.OutSecret}
	accept, _ := c.acceptsLosses() // checked below, with everything else
	retention, _ := c.retention()
	feedRetention, _ := c.feedRetention()
	reconcile, _ := c.reconcileEvery()
	verify, _ := c.verifyEvery()
	p.settings = app.Settings{Livemode: p.stripe.Live(), Account: c.StripeAccount, URLs: urls, AcceptLosses: accept, Retention: retention, FeedRetention: feedRetention, ReconcileEvery: reconcile, VerifyEvery: verify}

	return p, errors.Join(c.check(), p.stripe.Check(), p.authn.Check(), catalogErr, urlsErr, proxiesErr)
}

// shutdownTime is how long requests in flight may take to finish, once the service takes
// no more.
const shutdownTime = 18 * time.Second

// runService runs the program until ctx ends or the server fails.
func runService(ctx context.Context, p parts, also ...fx.Option) error {
	stopTime := p.http.DrainTime + shutdownTime
	program := fx.New(service(p), fx.Options(also...), fx.StopTimeout(stopTime))
	if err := program.Err(); err != nil {
		return p.names.opening(dig.RootCause(err)) // what else is needed was checked before
	}
	switch err := program.Start(ctx); {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		// No failure: so ends a deployment that is taken back. What was under way is kept, or
		// was not acknowledged.
		p.logger.Info("ending: it was not ready yet")
		return nil
	case err != nil:
		return p.names.naming(err)
	}
	p.logger.Info("ready", "address", p.http.Addr, "mode", mode(p.settings))
	var failed error
	select {
	case <-ctx.Done():
		p.logger.Info("ending: a second signal ends at once", "drain", p.http.DrainTime.String())
	case signal := <-program.Wait():
		if signal.ExitCode != 0 {
			failed = coded{errors.New("the server ended by itself: see the log"), signal.ExitCode}
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(failed, program.Stop(stopping))
}

func mode(s app.Settings) string {
	if s.Livemode {
		return "live"
	}
	return "test"
}
