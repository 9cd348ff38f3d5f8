package catalog

import (
	"slices"

	"github.com/entitled-dev/entitled/domain"
)

// suspendPausable has plans that their users may pause, those that may be changed to
// meanwhile, and add-ons to any of them, give what was paid for alone while invoices are voided.
func suspendPausable(plans map[domain.PlanKey]domain.Plan) {
	suspended := map[domain.PlanKey]bool{}
	for key, plan := range plans {
		for _, other := range plans {
			suspended[key] = suspended[key] || other.Pausable && plan.Excludes(other)
		}
	}
	for key, plan := range plans {
		ofSuspended := slices.ContainsFunc(plan.AddonTo, func(base domain.PlanKey) bool { return suspended[base] })
		if (suspended[key] || ofSuspended) && !slices.Contains(plan.Policy.Access, domain.SuspendWhileVoid) {
			plan.Policy.Access = append(slices.Clone(plan.Policy.Access), domain.SuspendWhileVoid)
			slices.Sort(plan.Policy.Access)
			plans[key] = plan
		}
	}
}
