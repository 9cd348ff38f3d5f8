package sandbox

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// chaosRates is how often what goes wrong, each from 0, never, to 1, always.
type chaosRates struct {
	Seed        uint64 // makes what goes wrong the same in each run
	Duplicates  float64
	Twins       float64
	Delays      float64
	DelayUpTo   time.Duration
	Losses      float64
	Failures    float64
	LostAnswers float64
}

func (s *Sandbox) setChaos(rates chaosRates) {
	s.chaos = &chaos{chaosRates: rates, random: rand.New(rand.NewPCG(rates.Seed, 0))}
}

// chaos decides what goes wrong. Sandbox.mu is held; nil: nothing does.
type chaos struct {
	chaosRates
	random *rand.Rand
}

func (c *chaos) hits(share float64) bool { return c != nil && share > 0 && c.random.Float64() < share }

// copies is how often an event is sent to an endpoint.
func (c *chaos) copies() int {
	if c != nil && c.hits(c.Duplicates) {
		return 2
	}
	return 1
}

func (c *chaos) twin() bool { return c != nil && c.hits(c.Twins) }

func (c *chaos) loses() bool { return c != nil && c.hits(c.Losses) }

func (c *chaos) delay() time.Duration {
	if c == nil || c.DelayUpTo <= 0 || !c.hits(c.Delays) {
		return 0
	}
	return 1 + time.Duration(c.random.Int64N(int64(c.DelayUpTo)))
}

// requestFault is what goes wrong with an API request.
func (c *chaos) requestFault(method string) fault {
	switch {
	case c == nil:
		return fault{}
	case c.hits(c.Failures):
		if c.random.IntN(2) == 0 {
			return fault{Status: http.StatusTooManyRequests}
		}
		return fault{Status: http.StatusInternalServerError}
	case method == http.MethodPost && c.hits(c.LostAnswers):
		return fault{DropAfterApply: true}
	}
	return fault{}
}
