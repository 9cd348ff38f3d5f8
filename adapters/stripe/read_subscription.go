package stripe

import (
	"cmp"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// subscriptionFields are those that only a subscription has.
type subscriptionFields struct {
	Items struct {
		Data []subscriptionItem `json:"data"`
		More bool               `json:"has_more"` // there are items that are not in data
	} `json:"items"`

	StartDate         number `json:"start_date"`
	TrialEnd          number `json:"trial_end"`
	CancelAt          number `json:"cancel_at"`
	CancelAtPeriodEnd bool   `json:"cancel_at_period_end"`
	EndedAt           number `json:"ended_at"`

	period // until acacia
}

// period is the current one, of a subscription until API version acacia and of
// each of its items since basil.
type period struct {
	Start number `json:"current_period_start"`
	End   number `json:"current_period_end"`
}

type subscriptionItem struct {
	ID       word      `json:"id"`
	Price    itemPrice `json:"price"`
	Plan     ref       `json:"plan"` // what a price was before there were prices
	Quantity number    `json:"quantity"`
	period
}

// itemPrice is a price as an item names it: the object, or its id.
type itemPrice struct{ id, lookupKey word }

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (p *itemPrice) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		*p = itemPrice{word(text(member(b, "id"), maxID)), word(text(member(b, "lookup_key"), maxID))}
		return nil
	}
	*p = itemPrice{id: word(text(b, maxID))}
	return nil
}

func readSubscription(o *object, t domain.EventType, at time.Time) domain.SubscriptionFact {
	current := o.currentPeriod()
	return domain.SubscriptionFact{Type: t, At: at, MoreItems: o.Items.More, Snapshot: domain.Subscription{
		ID:                domain.SubscriptionID(o.ID),
		Order:             domain.OrderID(o.Metadata.OrderID),
		Customer:          domain.CustomerID(o.Customer),
		Status:            domain.SubscriptionStatus(o.Status),
		Items:             readItems(o.Items.Data),
		StartedAt:         o.startedAt(),
		PeriodStart:       current.Start.time(),
		PeriodEnd:         current.End.time(),
		TrialEnd:          o.TrialEnd.time(),
		CancelAt:          o.CancelAt.time(),
		CancelAtPeriodEnd: o.CancelAtPeriodEnd,
		EndedAt:           o.EndedAt.time(),
	}}
}

func (o *object) startedAt() time.Time {
	if start := o.StartDate.time(); !start.IsZero() {
		return start
	}
	return o.Created.time()
}

// currentPeriod is the one that ends last: items may have different intervals.
func (s *subscriptionFields) currentPeriod() period {
	var last period
	for _, item := range s.Items.Data {
		if item.End.time().After(last.End.time()) {
			last = item.period
		}
	}
	if last.End.time().IsZero() {
		return s.period
	}
	return last
}

func readItems(items []subscriptionItem) []domain.Item {
	read := make([]domain.Item, 0, len(items))
	for _, item := range items {
		read = append(read, domain.Item{
			ID:        string(item.ID),
			Price:     domain.PriceID(cmp.Or(item.Price.id, word(item.Plan))),
			LookupKey: string(item.Price.lookupKey),
			Quantity:  max(item.Quantity.or(number{value: 1}).value, 0), // metered items have none
		})
	}
	slices.SortFunc(read, func(a, b domain.Item) int { return cmp.Compare(a.ID, b.ID) })
	return read
}
