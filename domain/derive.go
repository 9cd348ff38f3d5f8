package domain

import (
	"math"
	"slices"
	"time"
)

// Entitlements derives what an account's purchases and grants give, sorted by
// feature and source. It needs no clock: rights that end by themselves carry an
// Until, and readers compare it with their own time.
func Entitlements(a Account, c Catalog) []Entitlement {
	var all []Entitlement
	for _, s := range Standings(a, c) {
		if !s.Gives {
			continue
		}
		if g, is := a.Grants[GrantID(s.Source.ID)]; is && s.Source.Kind == SourceGrant {
			all = append(all, Entitlement{Feature: g.Feature, Source: s.Source, Value: g.Value, Since: s.Since, Until: s.Until})
			continue
		}
		for _, e := range grant(c.Plans[s.Plan], s.Quantity, c, s.Source, s.Since, s.Until) {
			all = addItem(all, e, c)
		}
	}
	slices.SortFunc(all, CompareEntitlements)
	return all
}

// addItem adds what one item of a source gives, to what another item of it gives
// of the same feature.
func addItem(all []Entitlement, e Entitlement, c Catalog) []Entitlement {
	if e.Source.Kind == SourceSubscription {
		for n := len(all) - 1; n >= 0 && all[n].Source == e.Source; n-- {
			if all[n].Feature == e.Feature {
				all[n] = mergeItems(all[n], e, c.Features[e.Feature].Merge)
				return all
			}
		}
	}
	return append(all, e)
}

// mergeItems joins what two items of one subscription give of one feature.
func mergeItems(a, b Entitlement, rule MergeRule) Entitlement {
	a.Value = mergeValues(a.Value, b.Value, rule)
	a.Plan = min(a.Plan, b.Plan)
	a.Until = laterEnd(a.Until, b.Until)
	return a
}

// grant is what so many units of a plan give from one source.
func grant(p Plan, quantity int64, c Catalog, source Source, since, until time.Time) []Entitlement {
	all := make([]Entitlement, 0, len(p.Grants))
	for feature, value := range p.Grants {
		if c.Features[feature].PerUnit && value.Limit != Unlimited {
			value.Limit = saturatingMultiply(value.Limit, max(quantity, 1))
		}
		all = append(all, Entitlement{
			Feature: feature, Source: source, Plan: p.Key, Value: value, Since: since, Until: until,
		})
	}
	return all
}

func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func saturatingMultiply(a, b int64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}
