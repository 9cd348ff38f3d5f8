package chaos

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// Rates is how often what goes wrong, each from 0, never, to 1, always.
type Rates struct {
	Seed        uint64 // makes what goes wrong the same in each run
	Duplicates  float64
	Twins       float64
	Delays      float64
	DelayUpTo   time.Duration
	Losses      float64
	Failures    float64
	LostAnswers float64
	Hangs       float64
	HangFor     time.Duration
	PageLimit   int
}

// SetRates has things go wrong from now on, by a seed. What is late or hangs and is not said to
// for how long is so for as long as most mean.
func (c *Chaos) SetRates(rates Rates) {
	if rates.Delays > 0 && rates.DelayUpTo == 0 {
		rates.DelayUpTo = 3 * time.Second
	}
	if rates.Hangs > 0 && rates.HangFor == 0 {
		rates.HangFor = 30 * time.Second
	}
	c.Dice = newDice(rates, rand.NewPCG(rates.Seed, 0))
}

func newDice(rates Rates, source *rand.PCG) *dice {
	return &dice{Rates: rates, source: source, random: rand.New(source)}
}

// dice decides what goes wrong. Mu is held; nil: nothing does.
type dice struct {
	Rates
	source *rand.PCG // of random
	random *rand.Rand
}

func (d *dice) hits(share float64) bool { return d != nil && share > 0 && d.random.Float64() < share }

// Copies is how often an event is sent to an endpoint.
func (d *dice) Copies() int {
	if d != nil && d.hits(d.Duplicates) {
		return 2
	}
	return 1
}

// Twin tells whether an event is told again under another id.
func (d *dice) Twin() bool { return d != nil && d.hits(d.Twins) }

// Loses tells whether a delivery's first attempt does not arrive.
func (d *dice) Loses() bool { return d != nil && d.hits(d.Losses) }

// Delay is how much later a delivery comes; mostly not at all.
func (d *dice) Delay() time.Duration {
	if d == nil || d.DelayUpTo <= 0 || !d.hits(d.Delays) {
		return 0
	}
	return 1 + time.Duration(d.random.Int64N(int64(d.DelayUpTo)))
}

// PageOf is how many objects a page of a list has at most that is asked for with a limit.
func (d *dice) PageOf(limit int) int {
	if d != nil && d.PageLimit > 0 {
		return min(limit, d.PageLimit)
	}
	return limit
}

// requestFault is what goes wrong with an API request.
func (d *dice) requestFault(method string) Fault {
	switch {
	case d == nil:
		return Fault{}
	case d.hits(d.Failures):
		if d.random.IntN(2) == 0 {
			return Fault{Status: http.StatusTooManyRequests}
		}
		return Fault{Status: http.StatusInternalServerError}
	case method == http.MethodPost && d.hits(d.LostAnswers):
		return Fault{DropAfterApply: true}
	case d.HangFor > 0 && d.hits(d.Hangs):
		return Fault{Delay: d.HangFor}
	}
	return Fault{}
}
