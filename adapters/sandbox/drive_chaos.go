package sandbox

import (
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Chaos is how often something goes wrong by itself that goes wrong at Stripe too, each from
// 0, never, to 1, always. The zero value is a Stripe as nobody has it.
type Chaos struct {
	// Seed makes what goes wrong the same in each run, as far as the requests come in the
	// same order.
	Seed uint64
	// Duplicates is the share of events that an endpoint is sent twice. Stripe promises to
	// deliver at least once.
	Duplicates float64
	// Twins is the share of events that are told again under another id. Stripe says that it
	// may happen, and to compare data.object.id and type.
	Twins float64
	// Delays is the share of deliveries that come later than they would, by up to DelayUpTo of
	// the sandbox's clock (three seconds if zero), and so after what happened later. Stripe
	// promises no order.
	Delays    float64
	DelayUpTo time.Duration
	// Losses is the share of deliveries whose first attempt does not arrive. It is repeated, as
	// what an endpoint refuses is.
	Losses float64
	// Failures is the share of API requests that are answered 500 or 429, and not performed.
	Failures float64
	// LostAnswers is the share of API requests that change something and are performed, whose
	// connection ends before the answer. A client repeats them with the same Idempotency-Key.
	LostAnswers float64
	// Hangs is the share of API requests that nothing is done about for HangFor of the wall's
	// time (thirty seconds if zero). A client that has given up by then has had nothing done.
	Hangs   float64
	HangFor time.Duration
	// PageLimit is the most objects that a page of a list has, whatever limit asks for; 0 for as
	// many as that. Who does not look at has_more misses the rest, as they would of a longer list.
	PageLimit int
}

// Check says what is wrong with a Chaos that nobody can mean.
func (c Chaos) Check() error {
	for _, share := range []struct {
		name string
		of   float64
	}{
		{"Duplicates", c.Duplicates}, {"Twins", c.Twins}, {"Delays", c.Delays}, {"Losses", c.Losses},
		{"Failures", c.Failures}, {"LostAnswers", c.LostAnswers}, {"Hangs", c.Hangs},
	} {
		if !(share.of >= 0 && share.of <= 1) { // also what is not a number
			return fmt.Errorf("sandbox: %s of Chaos are a share from 0, never, to 1, always, not %v", share.name, share.of)
		}
	}
	switch {
	case c.DelayUpTo < 0, c.HangFor < 0, c.PageLimit < 0:
		return fmt.Errorf("sandbox: DelayUpTo, HangFor and PageLimit of Chaos are 0 or more")
	default:
		return nil
	}
}

// DefaultChaos is weather that a service has to stand: much more of it than at Stripe, so that
// a short test meets it. Nothing hangs: that is for who wants to wait.
func DefaultChaos(seed uint64) Chaos {
	return Chaos{
		Seed: seed, Duplicates: 0.2, Twins: 0.1, Delays: 0.3, DelayUpTo: 3 * time.Second, Losses: 0.1,
		Failures: 0.05, LostAnswers: 0.03, PageLimit: 3,
	}
}

// EverydayChaos is what a service meets at Stripe before long: a few events that come twice,
// or again under another id, and pages that do not hold all that there is, however much was
// asked for. (What arrives in another order does so in any weather.) The
// commands start with it, so that a service under development has met it; a test of Go's
// starts calm, so that it counts what it expects, and asks for it.
func EverydayChaos(seed uint64) Chaos {
	return Chaos{Seed: seed, Duplicates: 0.05, Twins: 0.02, PageLimit: wire.DefaultPage}
}

// WithChaos has things go wrong. See also FailNext, which says what and when.
func WithChaos(c Chaos) Option { return func(s *Sandbox) { s.stripe.Chaos.SetRates(chaos.Rates(c)) } }

// SetChaos has things go wrong from now on, or no more with the zero value. What is already
// on its way stays late.
func (s *Sandbox) SetChaos(c Chaos) {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	s.stripe.Chaos.SetRates(chaos.Rates(c))
}

// Chaos is what goes wrong by itself now.
func (s *Sandbox) Chaos() Chaos {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	if s.stripe.Chaos.Dice == nil {
		return Chaos{}
	}
	return Chaos(s.stripe.Chaos.Dice.Rates)
}
