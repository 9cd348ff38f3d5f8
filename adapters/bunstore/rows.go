package bunstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

type accountRow struct {
	bun.BaseModel `bun:"table:accounts,alias:t"`

	UserID          string `bun:"user_id,pk"`
	CustomerID      string `bun:"customer_id"`
	CustomerKey     string `bun:"customer_key"`
	FormerCustomers string `bun:"former_customers"` // ids with a space between: they have none inside
}

func accountRowOf(a domain.Account) accountRow {
	former := make([]string, len(a.FormerCustomers))
	for i, id := range a.FormerCustomers {
		former[i] = clean(id)
	}
	return accountRow{
		UserID: string(a.User), CustomerID: clean(a.Customer), CustomerKey: clean(a.CustomerKey),
		FormerCustomers: strings.Join(former, " "),
	}
}

// toDomain is the account without its facts.
func (r accountRow) toDomain() domain.Account {
	a := domain.NewAccount(domain.UserID(r.UserID))
	a.Customer, a.CustomerKey = domain.CustomerID(r.CustomerID), r.CustomerKey
	for _, id := range strings.Fields(r.FormerCustomers) {
		a.FormerCustomers = append(a.FormerCustomers, domain.CustomerID(id))
	}
	return a
}

type orderRow struct {
	bun.BaseModel `bun:"table:orders,alias:t"`
	factRow

	Plan            string    `bun:"plan"`
	Price           string    `bun:"price"`
	Mode            string    `bun:"mode"`
	Quantity        int64     `bun:"quantity"`
	Status          string    `bun:"status"`
	PriceID         string    `bun:"price_id"`
	TrialDays       int64     `bun:"trial_days"`
	SuccessURL      string    `bun:"success_url"`
	CancelURL       string    `bun:"cancel_url"`
	Locale          string    `bun:"locale"`
	ExpiresAt       time.Time `bun:"expires_at,nullzero"`
	Attempt         int64     `bun:"attempt"`
	ClientKey       string    `bun:"client_key"`
	Fingerprint     string    `bun:"fingerprint"`
	SessionID       string    `bun:"session_id"`
	SessionURL      string    `bun:"session_url"`
	SubscriptionID  string    `bun:"subscription_id"`
	PaymentIntentID string    `bun:"payment_intent_id"`
	CreatedAt       time.Time `bun:"created_at,nullzero"`
	PaidAt          time.Time `bun:"paid_at,nullzero"`
}

func orderRowOf(key factRow, o domain.Order) orderRow {
	return orderRow{
		factRow: key,
		Plan:    clean(o.Plan), Price: clean(o.Price), Mode: clean(o.Mode), Quantity: o.Quantity, Status: clean(o.Status),
		PriceID: clean(o.PriceID), TrialDays: int64(o.TrialDays),
		SuccessURL: clean(o.SuccessURL), CancelURL: clean(o.CancelURL), Locale: clean(o.Locale),
		ExpiresAt: stamp(o.ExpiresAt), Attempt: int64(o.Attempt),
		ClientKey: clean(o.ClientKey), Fingerprint: clean(o.Fingerprint),
		SessionID: clean(o.Session), SessionURL: clean(o.SessionURL),
		SubscriptionID: clean(o.Subscription), PaymentIntentID: clean(o.PaymentIntent),
		CreatedAt: stamp(o.CreatedAt), PaidAt: stamp(o.PaidAt),
	}
}

func (r orderRow) toDomain() domain.Order {
	return domain.Order{
		ID:   domain.OrderID(r.ID),
		Plan: domain.PlanKey(r.Plan), Price: domain.PriceKey(r.Price), Mode: domain.Mode(r.Mode),
		Quantity: r.Quantity, Status: domain.OrderStatus(r.Status),
		PriceID: domain.PriceID(r.PriceID), TrialDays: int(r.TrialDays),
		SuccessURL: r.SuccessURL, CancelURL: r.CancelURL, Locale: r.Locale,
		ExpiresAt: stamp(r.ExpiresAt), Attempt: int(r.Attempt),
		ClientKey: r.ClientKey, Fingerprint: r.Fingerprint,
		Session: domain.SessionID(r.SessionID), SessionURL: r.SessionURL,
		Subscription: domain.SubscriptionID(r.SubscriptionID), PaymentIntent: domain.PaymentIntentID(r.PaymentIntentID),
		CreatedAt: stamp(r.CreatedAt), PaidAt: stamp(r.PaidAt),
	}
}

type subscriptionRow struct {
	bun.BaseModel `bun:"table:subscriptions,alias:t"`
	factRow

	OrderID           string    `bun:"order_id"`
	CustomerID        string    `bun:"customer_id"`
	Status            string    `bun:"status"`
	Items             string    `bun:"items"` // JSON of []item
	StartedAt         time.Time `bun:"started_at,nullzero"`
	PeriodStart       time.Time `bun:"period_start,nullzero"`
	PeriodEnd         time.Time `bun:"period_end,nullzero"`
	TrialEnd          time.Time `bun:"trial_end,nullzero"`
	CancelAt          time.Time `bun:"cancel_at,nullzero"`
	CancelAtPeriodEnd bool      `bun:"cancel_at_period_end"`
	EndedAt           time.Time `bun:"ended_at,nullzero"`
	SeenAt            time.Time `bun:"seen_at,nullzero"`
	Precedence        int64     `bun:"precedence"`
}

// item is one line of a subscription as it is kept: ours, not Stripe's shape.
type item struct {
	ID        string `json:"id"`
	Price     string `json:"price"`
	LookupKey string `json:"lookup_key,omitempty"`
	Quantity  int64  `json:"quantity"`
}

func subscriptionRowOf(key factRow, s domain.Subscription) subscriptionRow {
	items := make([]item, len(s.Items))
	for i, it := range s.Items {
		items[i] = item{ID: clean(it.ID), Price: clean(it.Price), LookupKey: clean(it.LookupKey), Quantity: it.Quantity}
	}
	text, err := json.Marshal(items)
	if err != nil {
		panic(err) // strings and numbers: it cannot fail
	}
	return subscriptionRow{
		factRow: key,
		OrderID: clean(s.Order), CustomerID: clean(s.Customer), Status: clean(s.Status), Items: string(text),
		StartedAt: stamp(s.StartedAt), PeriodStart: stamp(s.PeriodStart), PeriodEnd: stamp(s.PeriodEnd),
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
		ID: domain.SubscriptionID(r.ID), Order: domain.OrderID(r.OrderID), Customer: domain.CustomerID(r.CustomerID),
		Status:    domain.SubscriptionStatus(r.Status),
		StartedAt: stamp(r.StartedAt), PeriodStart: stamp(r.PeriodStart), PeriodEnd: stamp(r.PeriodEnd),
		TrialEnd: stamp(r.TrialEnd), CancelAt: stamp(r.CancelAt), CancelAtPeriodEnd: r.CancelAtPeriodEnd,
		EndedAt: stamp(r.EndedAt), SeenAt: stamp(r.SeenAt), Precedence: int(r.Precedence),
	}
	for _, it := range items {
		s.Items = append(s.Items, domain.Item{
			ID: it.ID, Price: domain.PriceID(it.Price), LookupKey: it.LookupKey, Quantity: it.Quantity,
		})
	}
	return s, nil
}

type paymentRow struct {
	bun.BaseModel `bun:"table:payments,alias:t"`
	factRow

	OrderID        string    `bun:"order_id"`
	SubscriptionID string    `bun:"subscription_id"`
	Status         string    `bun:"status"`
	Amount         int64     `bun:"amount"`
	Total          int64     `bun:"total"`
	Currency       string    `bun:"currency"`
	PeriodStart    time.Time `bun:"period_start,nullzero"`
	PeriodEnd      time.Time `bun:"period_end,nullzero"`
}

func paymentRowOf(key factRow, p domain.Payment) paymentRow {
	return paymentRow{
		factRow: key,
		OrderID: clean(p.Order), SubscriptionID: clean(p.Subscription),
		Status: clean(p.Status), Amount: p.Amount, Total: p.Total, Currency: clean(p.Currency),
		PeriodStart: stamp(p.PeriodStart), PeriodEnd: stamp(p.PeriodEnd),
	}
}

func (r paymentRow) toDomain() domain.Payment {
	return domain.Payment{
		ID: r.ID, Order: domain.OrderID(r.OrderID), Subscription: domain.SubscriptionID(r.SubscriptionID),
		Status: domain.PaymentStatus(r.Status), Amount: r.Amount, Total: r.Total, Currency: r.Currency,
		PeriodStart: stamp(r.PeriodStart), PeriodEnd: stamp(r.PeriodEnd),
	}
}

type refRow struct {
	bun.BaseModel `bun:"table:refs,alias:t"`

	Kind   string `bun:"kind,pk"`
	ID     string `bun:"id,pk"`
	UserID string `bun:"user_id"`
}

func refRowOf(user domain.UserID, r domain.Ref) refRow {
	return refRow{Kind: string(r.Kind), ID: r.ID, UserID: string(user)}
}

func (r refRow) toDomain() domain.Ref { return domain.Ref{Kind: domain.RefKind(r.Kind), ID: r.ID} }
