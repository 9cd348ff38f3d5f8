package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/webhooks"
)

// Stripe is what Stripe does to an account: when it is asked to, and by itself as time goes
// on. Its methods are called with Mu held, unless they say otherwise.
type Stripe struct {
	*clock.Clock
	Render   *render.Renderer
	Webhooks *webhooks.Sender
	Chaos    *chaos.Chaos

	DelayedAfter   time.Duration // that a delayed payment takes
	Collection     CollectionPolicy
	UpcomingNotice time.Duration // how long before a period ends its next invoice is announced; 0 for never
	Cause          state.Cause   // the API request being served, for its events

	advancing chan struct{}             // holds a token while the clock is advanced
	changing  map[string]*state.Invoice // as they were before the step that is under way, by id
}

// New returns a Stripe without any objects, whose clock is not started yet.
func New() *Stripe {
	c := clock.New(state.New())
	mishaps := chaos.New(c.Account)
	s := &Stripe{
		Clock: c, Render: render.New(c.Account, c.NowUnix), Webhooks: webhooks.New(c, mishaps), Chaos: mishaps,
		DelayedAfter: 5 * time.Second, advancing: make(chan struct{}, 1),
		changing: map[string]*state.Invoice{},
	}
	for kind, do := range happenings {
		c.On(kind, func(t state.Timer) { do(s, t) })
	}
	return s
}
