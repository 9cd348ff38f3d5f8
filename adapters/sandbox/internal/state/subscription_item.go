package state

// SubscriptionItem is one price of a subscription. Each has a period of its own:
// they are the same unless billing_mode is flexible and the intervals differ.
type SubscriptionItem struct {
	ID, Price  string
	Quantity   int64
	Usage      int64 // of a metered price, in this period
	Created    int64
	Anchor     int64 // that the periods are counted from
	Start, End int64 // the current period
	Metadata   map[string]string
}

// Period is what versions before basil tell of all items together: the shortest.
func (sub *Subscription) Period() (start, end int64) {
	for i, it := range sub.Items {
		if i == 0 || it.End-it.Start < end-start {
			start, end = it.Start, it.End
		}
	}
	return start, end
}

// NextEnd is when the first of the items' periods ends.
func (sub *Subscription) NextEnd() int64 {
	var end int64
	for i, it := range sub.Items {
		if i == 0 || it.End < end {
			end = it.End
		}
	}
	return end
}

// MoveEnd ends the period of every item at t.
func (sub *Subscription) MoveEnd(t int64) {
	for i := range sub.Items {
		sub.Items[i].End = t
	}
}

// ItemChange is what a change of a subscription's items comes to.
type ItemChange struct {
	Items    []SubscriptionItem // with their periods
	Anchor   int64
	Pending  []InvoiceLine // what waits for the next invoice
	Invoiced []InvoiceLine // what is invoiced now instead, pending lines included
}

// SameInterval tells whether two items have periods of one length.
func (a *Account) SameInterval(one, b SubscriptionItem) bool {
	p, q := a.Prices.Get(one.Price), a.Prices.Get(b.Price)
	return p.Interval == q.Interval && p.IntervalCount == q.IntervalCount
}

// SameAs tells whether it costs what another does.
func (it SubscriptionItem) SameAs(was SubscriptionItem) bool {
	return it.Price == was.Price && it.Quantity == was.Quantity
}

// IndexOfItem is -1 for none.
func IndexOfItem(items []SubscriptionItem, id string) int {
	for i, it := range items {
		if it.ID == id {
			return i
		}
	}
	return -1
}
