package domain

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// DerivationVersion is counted up by whoever changes what the same facts, rules and
// catalog give: a service that starts then derives anew what everybody has.
const DerivationVersion = 1

// Entitlements derives what an account's purchases and grants give, sorted by
// feature, source and time. It needs no clock: rights that end by themselves carry an
// Until, and readers compare it with their own time.
func Entitlements(a Account, c Catalog) []Entitlement {
	var all []Entitlement
	standings := Standings(a, c)
	for n := 0; n < len(standings); {
		source := standings[n].Source
		end := n
		for end < len(standings) && standings[end].Source == source {
			end++
		}
		if g, is := a.Grants[GrantID(source.ID)]; is && source.Kind == SourceGrant {
			if s := standings[n]; s.Gives {
				all = append(all, Entitlement{Feature: g.Feature, Source: source, Value: g.Value, Since: s.Since, Until: s.Until})
			}
		} else {
			all = append(all, entitlementsOf(source, standings[n:end], c)...)
		}
		n = end
	}
	slices.SortFunc(all, CompareEntitlements)
	return all
}

// entitlementsOf is what the standings of one source give together, feature by feature,
// one stretch of time after the other. Items of one plan add up to so many units of it.
func entitlementsOf(source Source, standings []Standing, c Catalog) []Entitlement {
	if len(standings) == 1 { // as of most sources
		return entitlementsOfOne(standings[0], c)
	}
	var stretches []stretch
	for _, between := range intervalsBetween(standings) {
		for feature, e := range givenIn(between, standings, c) {
			e.Feature, e.Source = feature, source
			stretches = append(stretches, stretch{between, e})
		}
	}
	slices.SortStableFunc(stretches, func(a, b stretch) int { return cmp.Compare(a.gives.Feature, b.gives.Feature) })
	var all []Entitlement
	for _, s := range stretches {
		s.gives.Since, s.gives.Until = s.from, s.open().until
		last := len(all) - 1
		switch {
		case last < 0 || all[last].Feature != s.gives.Feature:
		case all[last].Value == s.gives.Value && all[last].Plan == s.gives.Plan && all[last].Until.Equal(s.from):
			all[last].Until = s.gives.Until
			continue
		default:
			s.gives.Part = all[last].Part + 1
		}
		all = append(all, s.gives)
	}
	return all
}

func entitlementsOfOne(s Standing, c Catalog) []Entitlement {
	if !s.Gives || (interval{s.Since, s.Until}).closed().empty() {
		return nil
	}
	grants := c.Plans[s.Plan].GrantsOf(s.Grants)
	all := make([]Entitlement, 0, len(grants))
	for feature, value := range grants {
		all = append(all, Entitlement{
			Feature: feature, Source: s.Source, Plan: s.Plan, Value: c.timesUnits(feature, value, s.Quantity), Since: s.Since, Until: s.Until,
		})
	}
	return all
}

// stretch is what is given of one feature in a stretch of time.
type stretch struct {
	interval
	gives Entitlement
}

// intervalsBetween are the stretches of time in which nothing changes, in order.
func intervalsBetween(standings []Standing) []interval {
	var edges []time.Time
	for _, s := range standings {
		if s.Gives {
			span := interval{s.Since, s.Until}.closed()
			edges = append(edges, span.from, span.until)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	var all []interval
	for n := 0; n+1 < len(edges); n++ {
		all = append(all, interval{edges[n], edges[n+1]})
	}
	return all
}

// givenIn is what standings give within a stretch of time in which none changes.
func givenIn(between interval, standings []Standing, c Catalog) map[FeatureKey]Entitlement {
	type set struct {
		plan   PlanKey
		grants GrantSet
	}
	units := map[set]int64{}
	for _, s := range standings {
		span := interval{s.Since, s.Until}.closed()
		if s.Gives && !between.from.Before(span.from) && between.from.Before(span.until) {
			of := set{s.Plan, c.Plans[s.Plan].setOf(s.Grants)}
			units[of] = saturatingAdd(units[of], s.Quantity)
		}
	}
	given := map[FeatureKey]Entitlement{}
	for _, of := range slices.SortedFunc(maps.Keys(units), func(a, b set) int {
		return cmp.Or(cmp.Compare(a.plan, b.plan), cmp.Compare(a.grants, b.grants))
	}) {
		for feature, value := range valuesOf(c.Plans[of.plan], of.grants, units[of], c) {
			e, twice := given[feature]
			if twice {
				e.Value = mergeValues(e.Value, value, c.Features[feature].Merge)
			} else {
				e = Entitlement{Plan: of.plan, Value: value}
			}
			given[feature] = e
		}
	}
	return given
}

// valuesOf is what so many units of a plan give.
func valuesOf(p Plan, set GrantSet, quantity int64, c Catalog) map[FeatureKey]Value {
	values := make(map[FeatureKey]Value, len(p.Grants))
	for feature, value := range p.GrantsOf(set) {
		values[feature] = c.timesUnits(feature, value, quantity)
	}
	return values
}

// timesUnits is a plan's value of a feature for so many units of the plan.
func (c Catalog) timesUnits(feature FeatureKey, v Value, units int64) Value {
	if c.Features[feature].PerUnit && v.Limit != Unlimited {
		v.Limit = saturatingMultiply(v.Limit, units)
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
