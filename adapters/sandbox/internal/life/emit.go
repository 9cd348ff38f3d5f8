package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Emit is the one place where an event is made and queued. Mu is held.
func (s *Stripe) Emit(kind string, o, before wire.Object) *state.Event {
	t := wire.Told{Object: o, Before: before}
	e := s.newEvent(kind, t)
	e.Told = s.Archive.Put(t.Text())
	s.Events.Add(e.ID, e)
	s.Webhooks.Queue(e, t)
	if s.Chaos.Dice.Twin() {
		twin := s.newEvent(kind, t)
		twin.Told = e.Told
		s.Events.Add(twin.ID, twin)
		s.Webhooks.Queue(twin, t)
	}
	if isOfSubscription(kind) {
		s.goesOn(e.About)
	}
	return e
}

func (s *Stripe) newEvent(kind string, t wire.Told) *state.Event {
	about, _ := t.Object["id"].(string)
	return &state.Event{ID: wire.NewID("evt_1", 23), Kind: kind, Created: s.newSecond(), About: about, Cause: s.Cause}
}

// emitSince tells those endpoints whose version has such events. To the account,
// which is older, there are none.
func (s *Stripe) emitSince(version, kind string, o wire.Object) {
	t := wire.Told{Object: o}
	e := s.newEvent(kind, t)
	e.Since = version
	s.Webhooks.Queue(e, t)
}

// EmitUpdated emits nothing if nothing has changed.
func (s *Stripe) EmitUpdated(kind string, before, after wire.Object) {
	if len(wire.ChangedAttributes(before, after)) > 0 {
		s.Emit(kind, after, before)
	}
}

// newSecond is the time of an event, which no other has if events are ordered. Mu is held.
func (s *Stripe) newSecond() int64 {
	now := s.NowUnix()
	if !s.Webhooks.Ordered {
		return now
	}
	if now <= s.LastEvent {
		now = s.LastEvent + 1
		if !s.OwnClock { // else only its owner moves the clock, and events run ahead of it
			s.MoveTo(time.Unix(now, 0))
		}
	}
	s.LastEvent = now
	return now
}
