package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Authenticator tells who sent a request.
type Authenticator interface {
	// Authenticate returns [ports.ErrNoCredentials] for a request that does not
	// say, [ports.ErrBadCredentials] for one that cannot prove it,
	// [ports.ErrCrossOrigin] for one that a page of another origin made a browser
	// send, and [ports.ErrKeysUnavailable] where it cannot be checked now.
	Authenticate(r *http.Request) (ports.Caller, error)
}

// Deps are what the server calls.
type Deps struct {
	Upgrade          *app.Upgrade
	OpenPortal       *app.OpenPortal
	Change           *app.ChangeSubscription
	CheckEntitlement *app.CheckEntitlement
	ShowOrder        *app.ShowOrder
	SyncOrder        *app.SyncOrder
	SyncUser         *app.SyncUser
	ShowSubscription *app.ShowSubscription
	ListOrders       *app.ListOrders
	ListInvoices     *app.ListInvoices
	ListPlans        *app.ListPlans
	OfferPlans       *app.OfferPlans
	ReceiveWebhook   *app.ReceiveWebhook
	Explain          *app.Explain
	ManualGrants     *app.ManualGrants
	Replay           *app.Replay
	Reconcile        *app.Reconcile
	Verify           *app.Verify
	AdminLog         *app.AdminLog
	ReadChanges      *app.ReadChanges
	Endpoints        *app.Endpoints

	Ready         func(context.Context) error                                                // [ports.Store.Ready]
	Receipts      func(context.Context, ports.ReceiptQuery) ([]domain.ProcessedEvent, error) // [ports.Store.Receipts]
	Metrics       http.Handler                                                               // what operators watch
	Authenticator Authenticator
	Log           *slog.Logger
	Clock         ports.Clock
}

// Config is what a deployment decides about the server; zero fields have defaults.
type Config struct {
	// Addr is where [Module] listens, such as ":8080".
	Addr string
	// Hosts are the names by which the server may be asked, without a port, such as
	// localhost or ::1. By any, if there are none: right where every caller has to
	// prove who it is by what only it knows.
	Hosts []string
	// AllowedOrigins are those of other sites whose pages may call the API with
	// the user's credentials, such as https://app.example.com. None by default.
	AllowedOrigins []string
	// TrustedProxies are the networks of our own proxies, whose X-Forwarded-For
	// is believed. None by default: the caller is who connects.
	TrustedProxies []netip.Prefix
	// RequestTime bounds one request, beside what it may wait for.
	RequestTime time.Duration
	// Connections bounds how many there are at a time.
	Connections int
	// BodyBytes bounds what is held of all requests' bodies at a time.
	BodyBytes int64
	// CheckoutRate and CheckoutBurst limit how often one caller may start or sync
	// a checkout: so many per second, after so many at once.
	CheckoutRate  rate.Limit
	CheckoutBurst int
	// DrainTime is how long a shutdown goes on answering after /readyz says no, so
	// that load balancers notice.
	DrainTime time.Duration
	// Mounts are further handlers, open to everybody: pages for development.
	Mounts []Mount
	// ErrorPage answers people outside of what the API's document describes; nil: everybody
	// gets problems as JSON.
	ErrorPage ErrorPage
}

// Mount is a handler at one path or, with a path that ends in /*, at all below it.
type Mount struct {
	Path    string
	Handler http.Handler
}

// Defaults of a [Config].
const (
	DefaultRequestTime   = 14 * time.Second // a proxy's usual 15 s would cut a checkout that Stripe delays
	DefaultCheckoutRate  = rate.Limit(1)
	DefaultCheckoutBurst = 30 // twenty repetitions at once of one request all get its answer
)

func (c Config) withDefaults() Config {
	if c.RequestTime == 0 {
		c.RequestTime = DefaultRequestTime
	}
	if c.Connections == 0 {
		c.Connections = DefaultConnections
	}
	if c.BodyBytes == 0 {
		c.BodyBytes = DefaultBodyBytes
	}
	if c.CheckoutRate == 0 {
		c.CheckoutRate = DefaultCheckoutRate
	}
	if c.CheckoutBurst == 0 {
		c.CheckoutBurst = DefaultCheckoutBurst
	}
	return c
}

func (c Config) check() error {
	for _, host := range c.Hosts {
		if !plainHost(host) {
			return fmt.Errorf("the host %q is not a plain name or address: write it without scheme, port and brackets", host)
		}
	}
	for _, origin := range c.AllowedOrigins {
		scheme, host, found := strings.Cut(origin, "://")
		plain := found && (scheme == "https" || scheme == "http") && host != "" && !strings.ContainsAny(host, "/*?#@ ")
		if !plain {
			return fmt.Errorf("the allowed origin %q is not of the form https://host[:port]: a page of any other origin could act for the user", origin)
		}
	}
	for _, m := range c.Mounts {
		reserved := strings.HasPrefix(m.Path, "/api/") || slices.ContainsFunc(rules, func(r rule) bool { return r.path == m.Path })
		if !strings.HasPrefix(m.Path, "/") || m.Path == "/*" || reserved || m.Handler == nil {
			return fmt.Errorf("cannot mount at %q: a path begins with / and leaves /api/, /healthz, /readyz and /metrics alone", m.Path)
		}
	}
	return nil
}

func (d Deps) check() error {
	if d.Upgrade == nil || d.OpenPortal == nil || d.Change == nil || d.CheckEntitlement == nil || d.ShowOrder == nil || d.SyncOrder == nil ||
		d.ShowSubscription == nil || d.ListOrders == nil || d.ListInvoices == nil ||
		d.ListPlans == nil || d.OfferPlans == nil || d.ReceiveWebhook == nil || d.Explain == nil || d.ManualGrants == nil || d.Replay == nil || d.AdminLog == nil || d.ReadChanges == nil ||
		d.Ready == nil || d.Receipts == nil || d.Metrics == nil || d.Authenticator == nil || d.Log == nil || d.Clock == nil {
		return errors.New("the HTTP server lacks one of its dependencies")
	}
	return nil
}
