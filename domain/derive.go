package domain

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// DerivationVersion is counted up by whoever changes what the same facts, rules and
// catalog give: a service that starts then derives anew what everybody has. 2: what the
// prices of orders meant is learned. 3: how entitlements end.
// 4: what costs nothing is neither owed nor refunded. 5: credit for what is billed and not
// finalized yet, and credit notes to the balance, of a difference, for all of an
// invoice that is not paid, or whose refunds failed. 6: which invoice is the latest,
// what of a note its charge alone tells, a difference that was not paid, what was removed
// beside a change that was credited, and swaps.
const DerivationVersion = 6

// Entitlements derives what an account's purchases and grants give, sorted by
// feature, source and time. It needs no clock: rights that end by themselves carry an
// Until, and readers compare it with their own time.
func Entitlements(a Account, c Catalog) []Entitlement {
	d := derive(a, c)
	defer d.free()
	standings := d.stand()
	all := d.entitlements[:0]
	for n := 0; n < len(standings); {
		source := standings[n].Source
		end := n + 1
		for end < len(standings) && standings[end].Source == source {
			end++
		}
		of := standings[n:end]
		switch {
		case source.Kind == SourceGrant:
			all = a.Grants[GrantID(source.ID)].addEntitlement(all, of[0])
		case len(of) == 1: // as of most sources
			all = of[0].addEntitlements(all, &c)
		default:
			all = addTogether(all, of, &c)
		}
		n = end
	}
	d.entitlements = all
	return d.sorted()
}

// sorted are the entitlements in their order. They are large, so their places are sorted.
func (d *derivation) sorted() []Entitlement {
	if len(d.entitlements) == 0 {
		return nil
	}
	d.order = d.order[:0]
	for n := range d.entitlements {
		d.order = append(d.order, n)
	}
	slices.SortFunc(d.order, func(a, b int) int { return compareEntitlements(&d.entitlements[a], &d.entitlements[b]) })
	all := make([]Entitlement, len(d.order))
	for n, place := range d.order {
		all[n] = d.entitlements[place]
	}
	return all
}

func (g Grant) addEntitlement(all []Entitlement, s Standing) []Entitlement {
	if !s.Gives {
		return all
	}
	return append(all, Entitlement{Feature: g.Feature, Source: s.Source, Value: g.Value, Since: s.Since, Until: s.Until})
}

// addEntitlements adds what a standing gives alone.
func (s *Standing) addEntitlements(all []Entitlement, c *Catalog) []Entitlement {
	if !s.Gives || (interval{s.Since, s.Until}).closed().empty() {
		return all
	}
	plan := c.Plans[s.Plan]
	return s.addGrants(all, &plan, c)
}

// addGrants adds what so many units of a plan give.
func (s *Standing) addGrants(all []Entitlement, plan *Plan, c *Catalog) []Entitlement {
	for feature, value := range plan.GrantsOf(s.Grants) {
		all = append(all, Entitlement{
			Feature: feature, Source: s.Source, Plan: plan.Key, Value: c.timesUnits(feature, value, s.Quantity), Since: s.Since, Until: s.Until, Ending: s.Ending,
		})
	}
	return all
}

// addTogether adds what the standings of one source give together, feature by feature,
// one stretch of time after the other. Items of one plan add up to so many units of it.
func addTogether(all []Entitlement, standings []Standing, c *Catalog) []Entitlement {
	first := len(all)
	var buffer [16]time.Time
	edges := edgesOf(standings, buffer[:0])
	for n := 0; n+1 < len(edges); n++ {
		all = addBetween(all, interval{edges[n], edges[n+1]}, standings, c)
	}
	// The stretches of a feature follow each other, and those that give the same are one.
	stretches := all[first:]
	slices.SortFunc(stretches, func(a, b Entitlement) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), a.Since.Compare(b.Since))
	})
	joined := all[:first]
	for _, e := range stretches {
		last := len(joined) - 1
		switch {
		case last < first || joined[last].Feature != e.Feature:
		case joined[last].Value == e.Value && joined[last].Plan == e.Plan && joined[last].Until.Equal(e.Since):
			joined[last].Until, joined[last].Ending = e.Until, e.Ending
			continue
		default:
			e.Part = joined[last].Part + 1
		}
		joined = append(joined, e)
	}
	for n := first; n < len(joined); n++ {
		joined[n].Until = interval{until: joined[n].Until}.open().until
	}
	return joined
}

// edgesOf are the times at which one of the standings begins or ends, in order.
func edgesOf(standings []Standing, edges []time.Time) []time.Time {
	for n := range standings {
		if s := &standings[n]; s.Gives {
			span := interval{s.Since, s.Until}.closed()
			edges = append(edges, span.from, span.until)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	return slices.CompactFunc(edges, time.Time.Equal)
}

// addBetween adds what standings give together in a stretch of time in which none
// begins or ends. Of a feature that two plans give, the first plan's name stands.
func addBetween(all []Entitlement, between interval, standings []Standing, c *Catalog) []Entitlement {
	first := len(all)
	var buffer [4]unitsOf
	for _, of := range unitsIn(between, standings, c, buffer[:0]) {
		plan := c.Plans[of.plan]
		for feature, value := range plan.GrantsOf(of.grants) {
			value = c.timesUnits(feature, value, of.count)
			twice := slices.IndexFunc(all[first:], func(e Entitlement) bool { return e.Feature == feature })
			if twice >= 0 {
				e := &all[first+twice]
				shared := c.Features[feature]
				e.Value = shared.merge(e.Value, value)
				e.Ending = e.Ending.or(of.ending)
				continue
			}
			all = append(all, Entitlement{
				Feature: feature, Source: standings[0].Source, Plan: of.plan, Value: value, Since: between.from, Until: between.until, Ending: of.ending,
			})
		}
	}
	return all
}

// unitsOf are so many of one plan, of which one set of its grants is given.
type unitsOf struct {
	plan   PlanKey
	grants GrantSet
	count  int64
	ending Ending
}

// unitsIn adds up what standings give in a stretch of time, sorted.
func unitsIn(between interval, standings []Standing, c *Catalog, all []unitsOf) []unitsOf {
	for n := range standings {
		s := &standings[n]
		span := interval{s.Since, s.Until}.closed()
		if !s.Gives || between.from.Before(span.from) || !between.from.Before(span.until) {
			continue
		}
		plan := c.Plans[s.Plan]
		of := unitsOf{s.Plan, plan.setOf(s.Grants), s.Quantity, Ending{InGrace: s.Ending.InGrace}}
		if span.until.Equal(between.until) {
			of.ending = s.Ending
		}
		same := slices.IndexFunc(all, func(u unitsOf) bool { return u.plan == of.plan && u.grants == of.grants })
		if same >= 0 {
			all[same].count = saturatingAdd(all[same].count, of.count)
			all[same].ending = all[same].ending.or(of.ending)
			continue
		}
		all = append(all, of)
	}
	slices.SortFunc(all, func(a, b unitsOf) int {
		return cmp.Or(cmp.Compare(a.plan, b.plan), cmp.Compare(a.grants, b.grants))
	})
	return all
}

// timesUnits is a plan's value of a feature for so many units of the plan.
func (c *Catalog) timesUnits(feature FeatureKey, v Value, units int64) Value {
	if f := c.Features[feature]; f.PerUnit && v.Limit != Unlimited {
		v.Limit = max(saturatingMultiply(v.Limit, units), f.Included)
	}
	return v
}

func saturatingAdd(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	default:
		return a + b
	}
}

func saturatingMultiply(a, b int64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}
