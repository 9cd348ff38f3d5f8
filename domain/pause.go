package domain

import "slices"

// SuspendWhileVoid has a plan give what was paid for alone while invoices are voided. A plan
// that its user may pause has it always: pausing would be a way to pay nothing.
const SuspendWhileVoid AccessOption = "suspend_while_void"

// Pausable tells whether a user may pause a subscription, as far as the catalog goes: its plan
// says so, and nothing of it is given while nothing is paid.
func (a Account) Pausable(s Subscription, c Catalog) bool {
	may := false
	for _, item := range s.Items {
		plan, known := a.PlanOfItem(item, c)
		if known && !slices.Contains(plan.Policy.Access, SuspendWhileVoid) {
			return false
		}
		may = may || known && plan.Pausable
	}
	return may
}

// PausedByUser tells whether a subscription is paused in the way that its user may pause it,
// and may take back.
func (a Account) PausedByUser(s Subscription, c Catalog) bool {
	return s.Pause == PauseVoid && !s.Status.Ended() && a.Pausable(s, c)
}
