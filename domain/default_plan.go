package domain

import "slices"

// This file is about plans that every user holds, known or not. What they give is kept
// nowhere: it is added where rights are read, so that it costs no row.

// SourceDefault is the source of a right that every user has by a default plan; its id is
// the plan's key. It is never kept.
const SourceDefault SourceKind = "default"

// defaultRights are the entitlements that every user has, sorted. They have neither a
// beginning nor an end.
func (c *Catalog) defaultRights() []Entitlement {
	if c.prices != nil {
		return c.prices.defaults
	}
	return c.findDefaults()
}

func (c *Catalog) findDefaults() []Entitlement {
	var all []Entitlement
	for _, plan := range c.Plans {
		if !plan.Default {
			continue
		}
		for feature, value := range plan.Grants {
			all = append(all, Entitlement{
				Feature: feature, Source: Source{SourceDefault, string(plan.Key)}, Plan: plan.Key, Value: c.timesUnits(feature, value, 1),
			})
		}
	}
	slices.SortFunc(all, CompareEntitlements)
	return all
}

// defaultRule is why everybody has what a default plan gives.
func defaultRule(plan PlanKey) Rule {
	return Rule{TableCatalog, "plan " + string(plan) + " is held by every user", "given"}
}

// tellDefaults tells of the plans that every user holds.
func (e *explaining) tellDefaults() {
	for _, right := range e.catalog.defaultRights() {
		e.add(right.Feature, SourceExplanation{
			Source: right.Source, Plan: right.Plan, Quantity: 1, State: StateGives, Value: right.Value, Rule: defaultRule(right.Plan),
		})
	}
}
