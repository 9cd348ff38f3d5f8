package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
)

// outgoing is the endpoint that the configuration names, if it names one.
type outgoing struct{ url, secret string }

// deliveries says where messages may go, once what the configuration says of them is checked.
func (c config) deliveries() (webhooks.Config, error) {
	allowed, err := c.allowPrivate()
	if err != nil {
		return webhooks.Config{}, err
	}
	switch {
	case c.OutURL == "" && c.OutSecret == "":
		return allowed, nil
	case c.OutURL == "":
		return allowed, errors.New("OUT_WEBHOOK_SECRET is set and OUT_WEBHOOK_URL is not: set both, or neither")
	}
	if err := webhooks.CheckSecret(c.OutSecret); err != nil {
		return allowed, fmt.Errorf("OUT_WEBHOOK_SECRET: %w", err)
	}
	if err := webhooks.NewSender(allowed).Check(c.OutURL); err != nil {
		return allowed, fmt.Errorf("OUT_WEBHOOK_URL: %w", err)
	}
	return allowed, nil
}

// allowPrivate reads true, false, or networks with a comma between.
func (c config) allowPrivate() (webhooks.Config, error) {
	if c.AllowPrivate == "" {
		return webhooks.Config{}, nil
	}
	if all, err := strconv.ParseBool(c.AllowPrivate); err == nil {
		return webhooks.Config{AllowPrivate: all}, nil
	}
	var allowed webhooks.Config
	for text := range strings.SplitSeq(c.AllowPrivate, ",") {
		network, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return webhooks.Config{}, fmt.Errorf("WEBHOOKS_ALLOW_PRIVATE has %q: true, false, or networks such as 10.0.0.0/8,fd00::/8", text)
		}
		allowed.Allow = append(allowed.Allow, network)
	}
	return allowed, nil
}

// deliverOn delivers changes to the endpoints, and to the one that the configuration names.
func deliverOn(lc fx.Lifecycle, deliver *app.Deliver, endpoints *app.Endpoints, out outgoing, logger *slog.Logger) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		if err := endpoints.Configure(ctx, out.url, out.secret); err != nil {
			return fmt.Errorf("keep the endpoint of OUT_WEBHOOK_URL: %w", err)
		}
		return nil
	}))
	inBackground(lc, func(ctx context.Context) {
		deliver.Run(ctx, func(err error) { logger.Warn("deliveries have to wait", "error", err) })
	})
}
