package stripe

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"
	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/ports"
)

// Gateway is Stripe. It is safe for concurrent use.
type Gateway struct {
	key     string
	secrets []string
	timeout time.Duration
	now     ports.Clock
	log     *slog.Logger
	client  *http.Client
	backend stripe.Backend
	pause   func(try int) time.Duration
	account string // Stripe-Account of every call; empty: our own

	questions *rate.Limiter
	listings  *rate.Limiter
}

var _ ports.Gateway = (*Gateway)(nil)

// New checks the configuration and returns a gateway. It makes no call.
func New(config Config) (*Gateway, error) {
	c, err := config.settled()
	if err != nil {
		return nil, err
	}
	backend := &stripe.BackendConfig{
		EnableTelemetry:   stripe.Bool(false),
		HTTPClient:        c.HTTPClient,
		LeveledLogger:     silent{},
		MaxNetworkRetries: stripe.Int64(0), // see send
		URL:               optional(c.APIBase),
	}
	return &Gateway{
		key:     c.SecretKey,
		secrets: c.WebhookSecrets,
		timeout: c.Timeout,
		now:     c.Clock,
		log:     c.Logger,
		client:  c.HTTPClient,
		backend: stripe.GetBackendWithConfig(stripe.APIBackend, backend),
		pause:   pauseAfter,
		account: c.Account,

		questions: newQuestions(),
		listings:  newListings(),
	}, nil
}

// Live tells whether the key is one for real money. Events of the other mode
// are not for this deployment.
func (g *Gateway) Live() bool { return isLive(g.key) }

// Close lets go of idle connections. The gateway can still be used.
func (g *Gateway) Close() { g.client.CloseIdleConnections() }

// silent is stripe-go's logger, and logs nothing: its lines carry whole response
// bodies, and Stripe's messages, one of which quotes a part of the key. What is
// worth knowing of a call is logged by send.
type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
