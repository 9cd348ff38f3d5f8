package catalog

import (
	"slices"

	"github.com/entitled-dev/entitled/domain"
)

// suspendPausable has plans that their users may pause, and add-ons to them, give what was
// paid for alone while invoices are voided.
func suspendPausable(plans map[domain.PlanKey]domain.Plan) {
	for key, plan := range plans {
		pausable := plan.Pausable || slices.ContainsFunc(plan.AddonTo, func(base domain.PlanKey) bool { return plans[base].Pausable })
		if pausable && !slices.Contains(plan.Policy.Access, domain.SuspendWhileVoid) {
			plan.Policy.Access = append(slices.Clone(plan.Policy.Access), domain.SuspendWhileVoid)
			slices.Sort(plan.Policy.Access)
			plans[key] = plan
		}
	}
}
