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

	PauseCollection struct {
		Behavior word `json:"behavior"`
	} `json:"pause_collection"`
	LatestInvoice     ref    `json:"latest_invoice"`
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

// or is the period if it says anything, or else another one.
func (p period) or(other period) period {
	if p.Start.time().IsZero() && p.End.time().IsZero() {
		return other
	}
	return p
}

type subscriptionItem struct {
	ID       word      `json:"id"`
	Deleted  bool      `json:"deleted"`
	Price    itemPrice `json:"price"`
	Plan     itemPrice `json:"plan"` // what a price was before there were prices
	Quantity number    `json:"quantity"`
	period
}

// itemPrice is a price as an item names it: the object, or its id.
type itemPrice struct {
	id, lookupKey, product word
	metered                bool
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (p *itemPrice) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		*p = itemPrice{id: word(text(b, maxID))}
		return nil
	}
	var product ref
	_ = product.UnmarshalJSON(member(b, "product"))
	usage := member(b, "usage_type") // of a plan
	if recurring := member(b, "recurring"); len(recurring) > 0 && recurring[0] == '{' {
		usage = member(recurring, "usage_type")
	}
	*p = itemPrice{
		id: word(text(member(b, "id"), maxID)), lookupKey: word(text(member(b, "lookup_key"), maxID)), product: word(product),
		metered: text(usage, maxID) == usageMetered,
	}
	return nil
}

// or is what the price says, and of what it does not say what another one does.
func (p itemPrice) or(other itemPrice) itemPrice {
	return itemPrice{cmp.Or(p.id, other.id), cmp.Or(p.lookupKey, other.lookupKey), cmp.Or(p.product, other.product), p.metered || other.metered}
}

func readSubscription(o *object, t domain.EventType, at time.Time) domain.SubscriptionFact {
	return domain.SubscriptionFact{Type: t, At: at, MoreItems: o.Items.More, Claim: o.Metadata.claim(), Snapshot: domain.Subscription{
		ID:                domain.SubscriptionID(o.ID),
		Order:             domain.OrderID(o.Metadata.OrderID),
		Customer:          domain.CustomerID(o.Customer),
		CustomerAccount:   domain.CustomerAccountID(o.CustomerAccount),
		Status:            domain.SubscriptionStatus(o.Status),
		Items:             o.readItems(),
		Pause:             domain.PauseBehavior(o.PauseCollection.Behavior),
		LatestInvoice:     domain.InvoiceID(o.LatestInvoice),
		StartedAt:         o.startedAt(),
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

func (s *subscriptionFields) readItems() []domain.Item {
	read := make([]domain.Item, 0, len(s.Items.Data))
	for _, item := range s.Items.Data {
		if item.Deleted {
			continue
		}
		price, current := item.Price.or(item.Plan), item.period.or(s.period)
		read = append(read, domain.Item{
			ID:          string(item.ID),
			Price:       domain.PriceID(price.id),
			LookupKey:   string(price.lookupKey),
			Product:     string(price.product),
			Quantity:    quantity(item.Quantity),
			PeriodStart: current.Start.time(),
			PeriodEnd:   current.End.time(),
		})
	}
	slices.SortFunc(read, func(a, b domain.Item) int { return cmp.Compare(a.ID, b.ID) })
	return read
}

// quantity is how many; what is metered has no quantity, and there is one of it.
func quantity(told number) int64 { return max(told.or(number{value: 1}).value, 0) }
