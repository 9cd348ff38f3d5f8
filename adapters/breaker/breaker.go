package breaker

import (
	"errors"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/entitled-dev/entitled/ports"
)

const (
	// DefaultFailures is how many are asked at a time: when all of them fail, it is not
	// about one object.
	DefaultFailures = 4
	// DefaultSlow is how long a webhook waits for an answer. A call that takes longer
	// counts as failed from then on, and may go on.
	DefaultSlow = 3 * time.Second
	// DefaultPause is how long Stripe is left alone.
	DefaultPause = 10 * time.Second
)

// Config is what a breaker may be told; what is zero is as in the constants.
type Config struct {
	Failures uint32 // how many in a row open it
	Slow     time.Duration
	Pause    time.Duration

	// Changed is told of every change. It must be quick, and not ask the breaker.
	Changed func(from, to ports.BreakerState)
}

// Breaker is a [ports.Breaker].
type Breaker struct {
	inner *gobreaker.TwoStepCircuitBreaker[struct{}]
	slow  time.Duration
}

var _ ports.Breaker = (*Breaker)(nil)

// New returns a closed breaker.
func New(c Config) *Breaker {
	if c.Failures == 0 {
		c.Failures = DefaultFailures
	}
	if c.Slow == 0 {
		c.Slow = DefaultSlow
	}
	if c.Pause == 0 {
		c.Pause = DefaultPause
	}
	settings := gobreaker.Settings{
		MaxRequests:  1, // of a half-open one
		Timeout:      c.Pause,
		ReadyToTrip:  func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= c.Failures },
		IsSuccessful: isAnswer,
		IsExcluded:   saysNothing,
	}
	if c.Changed != nil {
		settings.OnStateChange = func(_ string, from, to gobreaker.State) { c.Changed(states[from], states[to]) }
	}
	return &Breaker{gobreaker.NewTwoStepCircuitBreaker[struct{}](settings), c.Slow}
}

var states = map[gobreaker.State]ports.BreakerState{
	gobreaker.StateClosed:   ports.BreakerClosed,
	gobreaker.StateOpen:     ports.BreakerOpen,
	gobreaker.StateHalfOpen: ports.BreakerHalfOpen,
}

// State implements [ports.Breaker].
func (b *Breaker) State() ports.BreakerState { return states[b.inner.State()] }

// errSlow stands for a call that is still under way.
var errSlow = errors.New("no answer in time")

// Allow implements [ports.Breaker].
func (b *Breaker) Allow() (done func(error), err error) {
	report, err := b.inner.Allow()
	if err != nil {
		return nil, ports.ErrGatewayAway
	}
	var once sync.Once
	slow := time.AfterFunc(b.slow, func() { once.Do(func() { report(errSlow) }) })
	return func(err error) {
		slow.Stop()
		once.Do(func() { report(err) })
	}, nil
}

// isAnswer: Stripe is there, even if what it says is no.
func isAnswer(err error) bool {
	for _, answer := range []error{ports.ErrNotFound, ports.ErrGatewayDenied, ports.ErrGatewayRefused} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return err == nil
}

// saysNothing: the call was given up for a reason that is not Stripe's.
func saysNothing(err error) bool {
	return !isAnswer(err) && !errors.Is(err, ports.ErrGatewayBusy) && !errors.Is(err, errSlow)
}
