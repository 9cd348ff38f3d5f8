package sandbox

import (
	"log/slog"
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/api"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/pages"
)

// Sandbox is a Stripe account in memory. It is an http.Handler for Stripe's
// API under /v1/, the hosted Checkout page under /c/, the billing portal under /p/,
// and the pages of invoices and receipts under /i/ and /receipts/. All methods are safe
// for concurrent use. Close it when done.
type Sandbox struct {
	stripe *life.Stripe
	api    *api.Server
	pages  *pages.Site
	mux    *http.ServeMux

	log        *slog.Logger
	anyAddress bool
	servers    []*http.Server // guarded by stripe.Mu
}

// New returns a running sandbox without any objects. It does not listen:
// serve it with Listen or mount it as a handler.
func New(opts ...Option) *Sandbox {
	stripe := life.New()
	server := api.New(stripe)
	s := &Sandbox{
		stripe: stripe, api: server, pages: pages.New(server), mux: http.NewServeMux(),
		log: slog.New(slog.DiscardHandler),
	}
	stripe.UpcomingNotice = DefaultUpcomingNotice
	stripe.Collection = life.CollectionPolicy(DefaultCollectionPolicy)
	for _, o := range opts {
		o(s)
	}
	stripe.Webhooks.Log, s.api.Log, s.pages.Log = s.log, s.log, s.log
	s.api.Routes(s.mux)
	s.pages.Routes(s.mux)
	stripe.Start()
	return s
}
