package domain

import "slices"

// SuspendWhileVoid has a plan give what was paid for alone while invoices are voided. A plan
// that its user may pause has it always, as have those of its group: pausing would be a way
// to pay nothing.
const SuspendWhileVoid AccessOption = "suspend_while_void"

// Pausable tells whether a user may pause a subscription, as far as the catalog goes: its plan
// says so, and nothing of it is given while nothing is paid.
func (a Account) Pausable(s Subscription, c Catalog) bool {
	return a.suspendedWhileVoid(s, c, func(p Plan) bool { return p.Pausable })
}

// PausedByUser tells whether a subscription is paused in the way that its user may pause it,
// and may take back. Who paused it keeps that right with another plan that gives nothing
// meanwhile, and where the plan is not to be paused any more.
func (a Account) PausedByUser(s Subscription, c Catalog) bool {
	return s.Pause == PauseVoid && !s.Status.Ended() && a.suspendedWhileVoid(s, c, func(p Plan) bool { return !p.Addon() })
}

// suspendedWhileVoid tells whether nothing of a subscription is given while its invoices are
// voided, and one of its plans is of a kind.
func (a Account) suspendedWhileVoid(s Subscription, c Catalog, is func(Plan) bool) bool {
	may := false
	for _, item := range s.Items {
		plan, known := a.PlanOfItem(item, c)
		if known && !slices.Contains(plan.Policy.Access, SuspendWhileVoid) {
			return false
		}
		may = may || known && is(plan)
	}
	return may
}
