package webhooks

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// Sender sends events to the account's endpoints.
type Sender struct {
	*clock.Clock
	Chaos *chaos.Chaos
	Log   *slog.Logger

	SignatureNow func() time.Time // the time that signatures carry
	Retry        RetryPolicy
	Ordered      bool          // an endpoint is sent one event at a time, the oldest first
	RedirectWait time.Duration // how long a buyer waits for the endpoints

	Client *http.Client
	Closed bool // nothing is sent any more

	slots      map[string]chan struct{}  // one for each delivery that may be under way, by endpoint
	changed    chan struct{}             // closed when a delivery moves on; nil while nobody waits for that
	due        int                       // deliveries whose next attempt is due or under way
	lines      map[string]*line          // attempts that wait for their turn, by endpoint
	unfinished map[int64]*state.Delivery // neither accepted nor given up, by id
}

// New returns a sender as it is unless something else is wished.
func New(c *clock.Clock, mishaps *chaos.Chaos) *Sender {
	s := &Sender{
		Clock: c, Chaos: mishaps, Log: slog.New(slog.DiscardHandler), SignatureNow: time.Now, Retry: DefaultRetryPolicy,
		RedirectWait: 10 * time.Second, Client: newClient(10 * time.Second),
		slots: map[string]chan struct{}{}, lines: map[string]*line{}, unfinished: map[int64]*state.Delivery{},
	}
	c.On(deliveryDue, s.sendDue)
	return s
}
