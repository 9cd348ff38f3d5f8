package state

// Schedule plans what a subscription is to be, phase by phase. Phases end where periods
// end.
type Schedule struct {
	ID, Subscription, Customer, Status, EndBehavior string
	Phases                                          []Phase
	Phase                                           int // that is under way
	Metadata                                        map[string]string
	Created, CanceledAt, CompletedAt, ReleasedAt    int64
}

// Phase is a time of a subscription with some items.
type Phase struct {
	Start, End int64
	Items      []SubscriptionItem // price, quantity and metadata alone
	Proration  string
	Metadata   map[string]string
}

// Active tells whether the schedule still governs its subscription.
func (sch *Schedule) Active() bool { return sch.Status == "active" }
