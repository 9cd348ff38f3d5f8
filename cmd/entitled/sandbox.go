//go:build !nodev

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/control"
	"github.com/entitled-dev/entitled/adapters/sandbox/workbench"
	"github.com/entitled-dev/entitled/ports"
)

// sandboxCommand runs the Stripe in a box alone, for tests of programs in any language.
type sandboxCommand struct {
	Port           int
	ListenAny      bool
	URL            string
	Webhook        string
	WebhookSecret  string
	WebhookVersion string
	Catalog        string
	State          string
	OrderedEvents  bool
	RestrictedKeys []string
	weather        weather
	Verbose        bool
}

// sandboxPort is where the sandbox listens unless it is told otherwise.
const sandboxPort = 4242

func newSandbox(c console) *cobra.Command {
	var s sandboxCommand
	cmd := leaf("sandbox", "Run a Stripe in a box alone, for tests: point any Stripe client at it. What buyers, banks and time do is under /_sandbox/, see /_sandbox/openapi.yaml.", c, &s)
	cmd.Flags().IntVar(&s.Port, "port", sandboxPort, "Where it listens, on 127.0.0.1; 0: any free port.")
	cmd.Flags().BoolVar(&s.ListenAny, "listen-any", false, "Listen on all addresses. Whoever reaches it has all of it: for closed networks only.")
	cmd.Flags().StringVar(&s.URL, "url", "", "Where browsers find it, for the links to its pages; by default http://127.0.0.1:PORT.")
	cmd.Flags().StringVar(&s.Webhook, "webhook", "", "URL that events are sent to.")
	cmd.Flags().StringVar(&s.WebhookSecret, "webhook-secret", "", "Signs them; by default one that is made and printed.")
	cmd.Flags().StringVar(&s.WebhookVersion, "webhook-version", sandbox.APIVersion, "The version of Stripe's API that they are in.")
	cmd.Flags().StringVar(&s.Catalog, "catalog", "", "A catalog of entitled, with sandbox prices, that is for sale; by default nothing is.")
	cmd.Flags().StringVar(&s.State, "state", "", "File that the sandbox is kept in, and goes on from at the next start, at the time that it had; by default nothing is kept.")
	s.weather.flags(cmd)
	cmd.Flags().BoolVar(&s.OrderedEvents, "ordered-events", false, "Give each event a second of its own, and send them one after the other: for services that order what they are told by its created. Stripe promises neither.")
	cmd.Flags().StringArrayVar(&s.RestrictedKeys, "restricted-key", nil, "KEY=KIND:read,KIND:write...: what that key may do, everything else is a 403. Kinds are as in paths: customers, checkout/sessions. May be given again for another key.")
	cmd.Flags().BoolVarP(&s.Verbose, "verbose", "v", false, "Log deliveries and refused requests.")
	return cmd
}

// Run serves until it is told to end.
func (s sandboxCommand) Run(ctx context.Context, c console) error {
	if err := s.check(); err != nil {
		return err
	}
	var prices []catalog.SandboxPrice
	if s.Catalog != "" {
		file, err := devCommand{Catalog: s.Catalog}.catalog()
		if err != nil {
			return err
		}
		prices = file.Sandbox
	}
	level := slog.LevelWarn
	if s.Verbose {
		level = slog.LevelDebug
	}
	logger := newLogger(c.err, "text", level)
	secret := cmp.Or(s.WebhookSecret, "whsec_"+rand.Text())
	host := "127.0.0.1"
	if s.ListenAny {
		host = ""
	}
	kept, err := openState(s.State)
	if err != nil {
		return err
	}
	defer kept.close()
	chaos, err := s.weather.chaos(c, kept.snapshot != nil)
	if err != nil {
		return err
	}
	options := []sandbox.Option{sandbox.WithLogger(logger)}
	if chaos != nil {
		options = append(options, sandbox.WithChaos(*chaos))
	}
	if s.OrderedEvents {
		options = append(options, sandbox.WithOrderedEvents())
	}
	restricted, err := restrictedKeys(s.RestrictedKeys)
	if err != nil {
		return err
	}
	options = append(options, restricted...)
	server, err := control.Start(control.Config{
		Addr: net.JoinHostPort(host, fmt.Sprint(s.Port)), AnyAddress: s.ListenAny, URL: s.URL, Logger: logger, Snapshot: kept.snapshot,
		New: func(url string) *sandbox.Sandbox { return sandbox.New(append(options, sandbox.WithBaseURL(url))...) },
		Furnish: func(box *sandbox.Sandbox) error {
			err := sellInSandbox(box, prices, logger)
			if s.Webhook != "" && err == nil {
				_, err = box.KeepWebhookEndpoint("entitled sandbox --webhook", s.WebhookVersion, s.Webhook, secret)
			}
			return err
		},
	})
	if _, taken := errors.AsType[*net.OpError](err); taken {
		return misusedf("the sandbox cannot listen: %w\nchoose another port with --port, or 0 for any that is free", err)
	}
	if errors.Is(err, control.ErrSnapshot) {
		return misusedf("--state %s: %w\ngive another file, or remove this one to begin anew", s.State, err)
	}
	if err != nil {
		return misusedf("the sandbox cannot be started: %w", err)
	}
	if chaos != nil && kept.snapshot != nil {
		server.Sandbox().SetChaos(*chaos)
	}
	if s.Webhook != "" && s.WebhookSecret == "" {
		fmt.Fprintf(c.out, "webhook secret %s\n", secret)
	}
	fmt.Fprintf(c.out, "sandbox ready at %s\n", server.URL())
	fmt.Fprintf(c.err, "workbench at %s%s\n", server.URL(), workbench.Path)
	kept.keep(ctx, server.Sandbox, logger)
	return errors.Join(server.Close(), kept.save(server.Sandbox()))
}

// restrictedKeys reads KEY=KIND:read,KIND:write.
func restrictedKeys(flags []string) (keys []sandbox.Option, err error) {
	for _, flag := range flags {
		key, permissions, _ := strings.Cut(flag, "=")
		if !strings.HasPrefix(key, "rk_test_") || permissions == "" {
			return nil, misusedf("--restricted-key is %q: give a key that begins with rk_test_, and what it may, such as rk_test_shop=customers:write,prices:read", flag)
		}
		var may sandbox.Permissions
		for permission := range strings.SplitSeq(permissions, ",") {
			kind, what, _ := strings.Cut(permission, ":")
			switch {
			case !sandbox.IsResource(kind):
				return nil, misusedf("--restricted-key: %q is no kind of objects: they are as in paths, such as customers or checkout/sessions", kind)
			case what == "read":
				may.Read = append(may.Read, kind)
			case what == "write":
				may.Write = append(may.Write, kind)
			default:
				return nil, misusedf("--restricted-key: %q ends neither with :read nor with :write", permission)
			}
		}
		keys = append(keys, sandbox.WithRestrictedKey(key, may))
	}
	return keys, nil
}

// check refuses flags that cannot be meant.
func (s sandboxCommand) check() error {
	if s.URL != "" && !isWebURL(s.URL) {
		return misusedf("--url is %q: a URL such as http://stripe.test:4242", s.URL)
	}
	if s.Webhook == "" {
		if s.WebhookSecret != "" {
			return misusedf("--webhook-secret is given, and --webhook is not: say where events are sent")
		}
		return nil
	}
	if !isWebURL(s.Webhook) {
		return misusedf("--webhook is %q: a URL such as http://localhost:3000/webhook", s.Webhook)
	}
	if !sandbox.IsVersion(s.WebhookVersion) {
		return misusedf("--webhook-version is %q: a version of Stripe's API from %s on, such as 2026-08-26.dahlia", s.WebhookVersion, sandbox.APIVersion)
	}
	return nil
}

func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

func sandboxTiers(tiers []ports.Tier) []sandbox.PriceTier {
	sold := make([]sandbox.PriceTier, len(tiers))
	for i, t := range tiers {
		sold[i] = sandbox.PriceTier(t)
	}
	return sold
}

// sellInSandbox puts what the catalog names up for sale, unless it is there already. What is kept
// there at another price stays, as at Stripe, and is told.
func sellInSandbox(box *sandbox.Sandbox, prices []catalog.SandboxPrice, logger *slog.Logger) error {
	for _, price := range prices {
		currencies := map[string]sandbox.CurrencyOption{}
		for currency, o := range price.Options {
			currencies[currency] = sandbox.CurrencyOption{UnitAmount: o.Amount, Tiers: sandboxTiers(o.Tiers)}
		}
		_, err := box.AddPrice(sandbox.PriceSpec{
			ID: string(price.ID), LookupKey: price.LookupKey, Product: price.Name,
			UnitAmount: price.Amount, Currency: price.Currency, Interval: price.Interval, IntervalCount: price.IntervalCount,
			TiersMode: price.TiersMode, Tiers: sandboxTiers(price.Tiers), Currencies: currencies,
		})
		switch {
		case errors.Is(err, sandbox.ErrOtherPrice):
			logger.Warn("the sandbox that is kept has this price otherwise than the file, and what a price costs never changes: "+
				"give the plan another lookup key, or begin with an empty sandbox", "price", price.Name, "kept", err)
		case err != nil && !errors.Is(err, sandbox.ErrTaken):
			return err
		}
	}
	return nil
}
