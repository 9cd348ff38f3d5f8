package clock

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// Clock is the account's time, and what happens by itself when it comes. It is the
// wall's until it is moved, or is replaced.
type Clock struct {
	*state.Account

	Wall     func() time.Time // that Now is ahead of
	Now      func() time.Time // UTC or not
	OwnClock bool             // Now is somebody else's, who alone moves it

	Running context.Context // ends when the clock is stopped
	Work    sync.WaitGroup  // what runs beside, until then

	ahead   atomic.Int64 // nanoseconds that the clock was advanced
	happens map[state.TimerKind]func(state.Timer)
	wake    chan struct{} // tells the timer loop of a new timer
	cancel  context.CancelFunc
}

// New returns a clock that shows the wall's time.
func New(account *state.Account) *Clock {
	c := &Clock{
		Account: account, Wall: time.Now,
		happens: map[state.TimerKind]func(state.Timer){}, wake: make(chan struct{}, 1),
	}
	c.Now = func() time.Time { return c.Wall().Add(time.Duration(c.ahead.Load())) }
	c.Running, c.cancel = context.WithCancel(context.Background())
	return c
}

// Start has the timers go off by themselves, until Stop.
func (c *Clock) Start() { c.Work.Go(c.runTimers) }

// Stop ends Running. Work is over some moments later.
func (c *Clock) Stop() { c.cancel() }

// NowUnix is the account's time in Stripe's resolution.
func (c *Clock) NowUnix() int64 { return c.Now().Unix() }
