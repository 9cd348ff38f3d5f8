package domain

import "time"

// Ending is how a stretch of time in which something is given comes to its end. It
// follows from what decided that it is given: see [timeline].
type Ending struct {
	// Renews: it goes on by itself, for as long as it is paid for. That it is over is then
	// no end but news that did not come.
	Renews bool
	// EndsAt is when what renews ends all the same, by a decision that was made; UTC; zero:
	// none was. Of what does not renew it is zero.
	EndsAt time.Time
	// InGrace: something is overdue, and it is given for a while only.
	InGrace bool
}

// after is the end of what is over at a time, if what renews is renewed; zero: none is known.
func (e Ending) after(until time.Time) time.Time {
	if e.Renews {
		return e.EndsAt
	}
	return until
}

// byEnd is the ending of what a scheduled end, if there is one, cuts off at a time.
func (e Ending) byEnd(until, end time.Time) Ending {
	switch {
	case end.IsZero() || !e.Renews:
		return e
	case until.Before(end):
		e.EndsAt = end
		return e
	default:
		return Ending{InGrace: e.InGrace}
	}
}

// or is the ending of what two give together and end at one time: the rest of a year and a
// month that renews, say. The later of two ends that were decided stands.
func (e Ending) or(other Ending) Ending {
	switch {
	case !e.Renews:
		e.EndsAt = other.EndsAt
	case other.Renews && (e.EndsAt.IsZero() || other.EndsAt.IsZero()):
		e.EndsAt = time.Time{}
	case other.Renews:
		e.EndsAt = later(e.EndsAt, other.EndsAt)
	}
	e.Renews, e.InGrace = e.Renews || other.Renews, e.InGrace || other.InGrace
	return e
}
