package stripetest

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// noise is what a reader must not mind; without a source there is none.
type noise struct{ *rand.Rand }

func (n noise) on() bool { return n.Rand != nil }

// chance is true once in so many times.
func (n noise) chance(in int) bool { return n.on() && n.IntN(in) == 0 }

// below is a whole number from 0 up to a limit, 0 without noise.
func (n noise) below(limit int64) int64 {
	if !n.on() {
		return 0
	}
	return n.Int64N(limit)
}

// disturb is an object that says the same: nulls may be left out, keys are in any
// order, and there are some that nobody knows.
func (n noise) disturb(o object) object {
	disturbed := make(object, 0, len(o)+2)
	for _, m := range o {
		if isNull(m.value) && n.chance(2) {
			continue
		}
		disturbed = append(disturbed, m)
	}
	for i := range n.IntN(3) {
		disturbed = append(disturbed, member{"unheard_of_" + strconv.Itoa(i), n.anything(2)})
	}
	n.Shuffle(len(disturbed), func(i, j int) { disturbed[i], disturbed[j] = disturbed[j], disturbed[i] })
	return disturbed
}

func isNull(v any) bool {
	t, isTime := v.(time.Time)
	return v == nil || isTime && t.IsZero()
}

// anything is a value of any kind, with names in it that mean something elsewhere.
func (n noise) anything(depth int) any {
	kinds := 5
	if depth > 0 {
		kinds = 7
	}
	switch n.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return n.IntN(2) == 0
	case 2:
		return n.Int64() - n.Int64()
	case 3:
		return "id_elsewhere"
	case 4:
		return "ünïcode \"quoted\" \\ \n \u2028 {[😀]}"
	case 5:
		return list{n.anything(depth - 1), n.anything(depth - 1)}
	default:
		return object{
			{"id", "id_elsewhere"}, {"object", "subscription"}, {"customer", n.anything(depth - 1)},
			{"current_period_end", n.anything(depth - 1)}, {"data", list{}}, {"", n.anything(depth - 1)},
		}
	}
}

// shuffled is a list in any order.
func (n noise) shuffled(l list) list {
	if !n.on() {
		return l
	}
	l = slices.Clone(l)
	n.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
	return l
}

// gaps is a way to put white space between the parts of a message.
type gaps int

const (
	gapsNone gaps = iota
	gapsLines
	gapsAny
)

func (n noise) gaps() gaps {
	if !n.on() {
		return gapsNone
	}
	return gaps(n.IntN(3))
}

// gap is white space at a depth, where a line may begin.
func (w *writer) gap(depth int) {
	if w.gaps != gapsLines {
		w.space()
		return
	}
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, "  "...)
	}
}

// space is white space within a line.
func (w *writer) space() {
	switch w.gaps {
	case gapsNone:
	case gapsLines:
		w.out = append(w.out, ' ')
	case gapsAny:
		for range w.IntN(3) {
			w.out = append(w.out, " \t\r\n"[w.IntN(4)])
		}
	}
}
