package bunstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

type subscriptionRow struct {
	bun.BaseModel `bun:"table:subscriptions,alias:t"`
	factRow

	OrderID           string    `bun:"order_id"`
	CustomerID        string    `bun:"customer_id"`
	CustomerAccount   string    `bun:"customer_account"`
	Status            string    `bun:"status"`
	Items             string    `bun:"items"` // JSON of []item
	Pause             string    `bun:"pause"`
	LatestInvoice     string    `bun:"latest_invoice"`
	StartedAt         time.Time `bun:"started_at,nullzero"`
	PeriodStart       time.Time `bun:"period_start,nullzero"` // for the program before: items have their own
	PeriodEnd         time.Time `bun:"period_end,nullzero"`
	TrialEnd          time.Time `bun:"trial_end,nullzero"`
	CancelAt          time.Time `bun:"cancel_at,nullzero"`
	CancelAtPeriodEnd bool      `bun:"cancel_at_period_end"`
	EndedAt           time.Time `bun:"ended_at,nullzero"`
	SeenAt            time.Time `bun:"seen_at,nullzero"`
	Precedence        int64     `bun:"precedence"`
}

func subscriptionRowOf(key factRow, s domain.Subscription) subscriptionRow {
	items := make([]item, len(s.Items))
	for i, it := range s.Items {
		items[i] = itemOf(it)
	}
	return subscriptionRow{
		factRow: key,
		OrderID: clean(s.Order), CustomerID: clean(s.Customer), CustomerAccount: clean(s.CustomerAccount),
		Status: clean(s.Status), Items: jsonText(items), Pause: clean(s.Pause), LatestInvoice: clean(s.LatestInvoice),
		StartedAt: stamp(s.StartedAt), PeriodStart: stamp(s.PeriodStart()), PeriodEnd: stamp(s.PeriodEnd()),
		TrialEnd: stamp(s.TrialEnd), CancelAt: stamp(s.CancelAt), CancelAtPeriodEnd: s.CancelAtPeriodEnd,
		EndedAt: stamp(s.EndedAt), SeenAt: stamp(s.SeenAt), Precedence: int64(s.Precedence),
	}
}

func (r subscriptionRow) toDomain() (domain.Subscription, error) {
	var items []item
	if err := json.Unmarshal([]byte(r.Items), &items); err != nil {
		return domain.Subscription{}, fmt.Errorf("items of subscription %s: %w", r.ID, err)
	}
	s := domain.Subscription{
		ID: domain.SubscriptionID(r.ID), Order: domain.OrderID(r.OrderID),
		Customer: domain.CustomerID(r.CustomerID), CustomerAccount: domain.CustomerAccountID(r.CustomerAccount),
		Status: domain.SubscriptionStatus(r.Status), Pause: domain.PauseBehavior(r.Pause), LatestInvoice: domain.InvoiceID(r.LatestInvoice),
		StartedAt: stamp(r.StartedAt), TrialEnd: stamp(r.TrialEnd),
		CancelAt: stamp(r.CancelAt), CancelAtPeriodEnd: r.CancelAtPeriodEnd,
		EndedAt: stamp(r.EndedAt), SeenAt: stamp(r.SeenAt), Precedence: int(r.Precedence),
	}
	for _, it := range items {
		if it.before() {
			// The snapshot is of the program before, which left these as they were.
			s.CustomerAccount, s.Pause, s.LatestInvoice = "", domain.PauseNone, ""
		}
		s.Items = append(s.Items, it.toDomain(r))
	}
	return s, nil
}

// item is one line of a subscription as it is kept: ours, not Stripe's shape.
type item struct {
	ID        string `json:"id"`
	Price     string `json:"price"`
	LookupKey string `json:"lookup_key,omitempty"`
	Product   string `json:"product,omitempty"`
	Quantity  int64  `json:"quantity"`
	// None says that a quantity of 0 is meant: to the program before it is one that was
	// not told, which counts as 1.
	None bool `json:"none,omitempty"`
	// Nil: the program before wrote it, which knows one period for all items.
	PeriodStart *moment `json:"period_start,omitempty"`
	PeriodEnd   *moment `json:"period_end,omitempty"`
}

func itemOf(it domain.Item) item {
	start, end := momentOf(it.PeriodStart), momentOf(it.PeriodEnd)
	return item{
		ID: clean(it.ID), Price: clean(it.Price), LookupKey: clean(it.LookupKey), Product: clean(it.Product),
		Quantity: it.Quantity, None: it.Quantity == 0, PeriodStart: &start, PeriodEnd: &end,
	}
}

// before tells whether the program before wrote the item.
func (it item) before() bool { return it.PeriodStart == nil || it.PeriodEnd == nil }

func (it item) toDomain(of subscriptionRow) domain.Item {
	d := domain.Item{
		ID: it.ID, Price: domain.PriceID(it.Price), LookupKey: it.LookupKey, Product: it.Product, Quantity: it.Quantity,
	}
	if it.Quantity == 0 && !it.None {
		d.Quantity = 1
	}
	if it.before() {
		d.PeriodStart, d.PeriodEnd = stamp(of.PeriodStart), stamp(of.PeriodEnd)
	} else {
		d.PeriodStart, d.PeriodEnd = it.PeriodStart.time(), it.PeriodEnd.time()
	}
	return d
}
