package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

const (
	soakRate     = 50   // events a second, whatever becomes of them
	soakInFlight = 1000 // deliveries at most
	soakFresh    = 800  // events that wait for their turn, of which any may be the next
	soakWaiting  = 5000 // deliveries under way, or to come again, from which on nothing more happens
)

// soakTraffic delivers a box's events as Stripe does: in any order, some twice, to either of
// two processes, and what is refused again later. It is an open loop: it waits for no answer.
type soakTraffic struct {
	box     *sandbox.Sandbox
	to      func(n int) *program // the n-th delivery
	lasting *program             // that is never ended, and so answers all

	mu        sync.Mutex
	random    *rand.Rand
	taken     int // of the box's events
	fresh     []sandbox.Event
	waiting   int // deliveries that are under way, or come again
	inFlight  int
	sent      int // first deliveries
	attempts  int
	twice     int
	full, dry int // turns at which too much was in flight, or nothing was there
	rests     int // turns at which nothing was to be there
	acked     map[string]bool
	refused   map[int]int // by status
	ignored   int         // by the lasting one
	slowest   time.Duration
	quiet     bool // nothing happens any more: being dry is right
	times     []time.Duration
}

// takes what has happened.
func (s *soakTraffic) takes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.box.EventsFrom(s.taken)
	s.taken += len(events)
	s.fresh = append(s.fresh, events...)
}

// room tells whether more may happen.
func (s *soakTraffic) room() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.fresh) < soakFresh && s.waiting < soakWaiting
}

// idle tells whether all was acknowledged.
func (s *soakTraffic) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.fresh) == 0 && s.waiting == 0
}

// run delivers until it is told to end. A turn that comes late, as all processors are taken, is
// made up for.
func (s *soakTraffic) run(end <-chan struct{}) {
	ticks := time.NewTicker(time.Second / soakRate)
	defer ticks.Stop()
	began, turns := time.Now(), 0
	for {
		select {
		case <-end:
			return
		case <-ticks.C:
			for due := int(time.Since(began).Seconds() * soakRate); turns < due; turns++ {
				s.next()
			}
		}
	}
}

func (s *soakTraffic) next() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.fresh) == 0:
		if s.quiet {
			s.rests++
		} else {
			s.dry++
		}
		return
	case s.inFlight >= soakInFlight:
		s.full++
		return
	}
	n := s.random.IntN(len(s.fresh))
	event := s.fresh[n]
	s.fresh[n] = s.fresh[len(s.fresh)-1]
	s.fresh = s.fresh[:len(s.fresh)-1]
	s.sent++
	s.delivers(event, 0)
	switch s.random.IntN(20) {
	case 0: // at once, to the other one
		s.twice++
		s.delivers(event, 0)
	case 1:
		s.twice++
		s.later(event, time.Duration(s.random.IntN(20_000))*time.Millisecond, 0)
	}
}

// delivers sends an event; mu is held.
func (s *soakTraffic) delivers(event sandbox.Event, tries int) {
	s.waiting++
	s.inFlight++
	s.attempts++
	target := s.to(s.attempts)
	go func() {
		began := time.Now()
		status := target.Deliver(event.Body)
		took := time.Since(began)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting--
		s.inFlight--
		s.slowest = max(s.slowest, took)
		if status == 200 {
			s.times = append(s.times, took)
			s.acked[event.ID] = true
			return
		}
		s.refused[status]++
		if status == 0 && target == s.lasting {
			s.ignored++
		}
		wait := min(time.Second<<min(tries, 4), 15*time.Second)
		s.later(event, wait/2+time.Duration(s.random.Int64N(int64(wait))), tries+1)
	}()
}

// later sends an event after a while; mu is held.
func (s *soakTraffic) later(event sandbox.Event, wait time.Duration, tries int) {
	s.waiting++
	time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting--
		if s.inFlight >= soakInFlight {
			s.full++
			s.later(event, time.Second, tries)
			return
		}
		s.delivers(event, tries)
	})
}

// is quiet, or not.
func (s *soakTraffic) is(quiet bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quiet = quiet
}

func (s *soakTraffic) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d events sent and %d acknowledged in %d deliveries, %d wait, %d more are to come again; refused %v; dry %d, full %d; slowest %s",
		s.sent, len(s.acked), s.attempts, len(s.fresh), s.waiting, s.refused, s.dry, s.full, s.slowest.Round(time.Millisecond))
}
