package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// inclusion is where a plan says that its grants start from another's.
type inclusion struct {
	of domain.PlanKey
	at value
}

// readIncludes reads the plan whose grants are given too. It may stand further down: what
// it grants is seen when all plans are read.
func readIncludes(r *reader, into *planDraft, v value) {
	if s, ok := r.text(v, "includes"); ok && r.name(pair{key: s, at: v}, "included plan") {
		r.includes[into.plan.Key] = inclusion{domain.PlanKey(s), v}
	}
}

// include gives each plan what those grant that it includes; its own lines stand instead
// of theirs. What is given in a trial, or while a payment is overdue, is the plan's own.
func (r *reader) include(plans map[domain.PlanKey]domain.Plan) {
	for _, key := range slices.Sorted(maps.Keys(r.includes)) {
		r.grantsWith(plans, key, nil)
	}
}

// grantsWith are a plan's grants with what it includes, on the way from plans that include
// it.
func (r *reader) grantsWith(plans map[domain.PlanKey]domain.Plan, key domain.PlanKey, way []string) map[domain.FeatureKey]domain.Value {
	plan, is := plans[key], r.includes[key]
	if is.of == "" {
		return plan.Grants
	}
	way = append(way, string(key))
	if _, known := plans[is.of]; !known {
		r.fail(is.at, "plan %q includes plan %q, which plans: does not list%s", key, is.of, suggest(string(is.of), namesOf(plans)))
		delete(r.includes, key) // it is said once
		return plan.Grants
	}
	if contains(way, string(is.of)) {
		r.fail(is.at, "plan %q includes itself, by way of %s: remove one of them", key, strings.Join(way, ", "))
		delete(r.includes, key)
		return plan.Grants
	}
	all := maps.Clone(r.grantsWith(plans, is.of, way))
	maps.Copy(all, plan.Grants)
	plan.Grants = all
	plans[key] = plan
	delete(r.includes, key) // its grants are all there now
	return all
}
