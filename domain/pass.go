package domain

import (
	"cmp"
	"slices"
	"time"
)

// This file is about passes: one-time purchases of a plan that are valid for a time. One
// that is bought before another of its plan is over begins when that ends. Each is derived
// alone, as if there were no other, and kept like that; they are put one after the other
// where they are read together. So it does not matter who was told of which first.

// pass is from when until when one is valid.
type pass struct {
	plan         PlanKey
	id           string
	since, until *time.Time
}

// inARow moves passes on, so that those of one plan follow each other: the first bought is
// the first.
func inARow(passes []pass) {
	if len(passes) < 2 {
		return
	}
	slices.SortFunc(passes, func(a, b pass) int {
		return cmp.Or(cmp.Compare(a.plan, b.plan), a.since.Compare(*b.since), cmp.Compare(a.id, b.id))
	})
	for n := 1; n < len(passes); n++ {
		before, p := passes[n-1], passes[n]
		if p.plan != before.plan || !p.since.Before(*before.until) {
			continue
		}
		lasts := p.until.Sub(*p.since)
		*p.since = *before.until
		*p.until = p.since.Add(lasts)
	}
}

// isPass tells whether an entitlement is of a one-time purchase that ends by itself.
func (e *Entitlement) isPass() bool { return e.Source.Kind == SourceOrder && !e.Until.IsZero() }

// passesInARow are the entitlements to one feature, those of passes in a row. The list
// itself stays as it is.
func passesInARow(all []Entitlement) []Entitlement {
	count := 0
	for n := range all {
		if all[n].isPass() {
			count++
		}
	}
	if count < 2 { // as of nearly all
		return all
	}
	moved := slices.Clone(all)
	passes := make([]pass, 0, count)
	for n := range moved {
		if e := &moved[n]; e.isPass() {
			passes = append(passes, pass{e.Plan, e.Source.ID, &e.Since, &e.Until})
		}
	}
	inARow(passes)
	for n := range moved {
		if e := &moved[n]; !e.Since.Equal(all[n].Since) {
			e.Part = 1 // it follows another, and begins to the second
		}
	}
	return moved
}

// standingsInARow are standings, those of passes in a row.
func standingsInARow(all []Standing) []Standing {
	var passes []pass
	for n := range all {
		if s := &all[n]; s.Gives && s.Source.Kind == SourceOrder && !s.Until.IsZero() {
			passes = append(passes, pass{s.Plan, s.Source.ID, &s.Since, &s.Until})
		}
	}
	inARow(passes)
	return all
}
