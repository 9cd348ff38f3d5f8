package domain

import (
	"cmp"
	"slices"
	"time"
)

// interval is a stretch of time; until is exclusive, and zero for no end.
type interval struct {
	from, until time.Time
}

// never is later than every time that anybody tells: for comparing with no end.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// closed is the interval with an end that can be compared.
func (i interval) closed() interval {
	if i.until.IsZero() {
		i.until = never
	}
	return i
}

// open is the interval as others see it.
func (i interval) open() interval {
	if !i.until.Before(never) {
		i.until = time.Time{}
	}
	return i
}

func (i interval) empty() bool { return !i.from.Before(i.until) }

// minus adds what is left of an interval without others to a list. All are closed.
func (i interval) minus(others, left []interval) []interval {
	for n, o := range others {
		if o.from.Before(i.until) && i.from.Before(o.until) {
			left = interval{i.from, o.from}.minus(others[n+1:], left)
			return interval{o.until, i.until}.minus(others[n+1:], left)
		}
	}
	if i.empty() {
		return left
	}
	return append(left, i)
}

// lengthOf is how long intervals are together, where they overlap counted once. It
// sorts them.
func lengthOf(all []interval) time.Duration {
	slices.SortFunc(all, func(a, b interval) int { return cmp.Or(a.from.Compare(b.from), a.until.Compare(b.until)) })
	var sum time.Duration
	var end time.Time
	for _, i := range all {
		from := later(i.from, end)
		if from.Before(i.until) {
			sum += i.until.Sub(from)
			end = i.until
		}
	}
	return sum
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
