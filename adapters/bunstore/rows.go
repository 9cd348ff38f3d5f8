package bunstore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

type accountRow struct {
	bun.BaseModel `bun:"table:accounts,alias:t"`

	UserID      string `bun:"user_id,pk"`
	CustomerID  string `bun:"customer_id"`
	CustomerKey string `bun:"customer_key"`

	// FormerCustomers has those that were deleted at Stripe, which is how the program
	// before reads it: to it, what any other of them subscribed to would be over. The
	// others are in ReplacedCustomers.
	FormerCustomers   string `bun:"former_customers"`
	ReplacedCustomers string `bun:"replaced_customers"`
	CustomerAccounts  string `bun:"customer_accounts"`
	Meanings          string `bun:"meanings"` // JSON of plan keys by price id; empty: none

	Version int64 `bun:"version"` // of the user's rights; the store's own, see [changed.keepChanges]
}

func accountRowOf(a domain.Account) accountRow {
	return accountRow{
		UserID: string(a.User), CustomerID: clean(a.Customer), CustomerKey: clean(a.CustomerKey),
		FormerCustomers:   joinIDs(a.DeletedCustomers),
		ReplacedCustomers: joinIDs(without(a.FormerCustomers, a.DeletedCustomers)),
		CustomerAccounts:  joinIDs(a.CustomerAccounts),
		Meanings:          meaningsText(a.Meanings),
	}
}

// toDomain is the account without its facts.
func (r accountRow) toDomain() (domain.Account, error) {
	a := domain.NewAccount(domain.UserID(r.UserID))
	a.Customer, a.CustomerKey = domain.CustomerID(r.CustomerID), r.CustomerKey
	a.DeletedCustomers = splitIDs[domain.CustomerID](r.FormerCustomers)
	a.FormerCustomers = splitIDs[domain.CustomerID](r.FormerCustomers + " " + r.ReplacedCustomers)
	a.CustomerAccounts = splitIDs[domain.CustomerAccountID](r.CustomerAccounts)
	if r.Meanings != "" {
		if err := json.Unmarshal([]byte(r.Meanings), &a.Meanings); err != nil {
			return domain.Account{}, fmt.Errorf("meanings of prices of user %s: %w", r.UserID, err)
		}
	}
	return a, nil
}

func meaningsText(meanings map[domain.PriceID]domain.PlanKey) string {
	if len(meanings) == 0 {
		return ""
	}
	mended := make(map[string]string, len(meanings))
	for _, price := range slices.Sorted(maps.Keys(meanings)) {
		mended[clean(price)] = clean(meanings[price])
	}
	return jsonText(mended)
}

// without is what of some ids is not among others.
func without[ID comparable](ids, others []ID) []ID {
	return slices.DeleteFunc(slices.Clone(ids), func(id ID) bool { return slices.Contains(others, id) })
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
	Subtotal        int64     `bun:"subtotal"`
	Currency        string    `bun:"currency"`
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
	MayBeTwice      bool      `bun:"may_be_twice"`
	CurrencyChosen  bool      `bun:"currency_chosen"`
}

func orderRowOf(key factRow, o domain.Order) orderRow {
	return orderRow{
		factRow: key,
		Plan:    clean(o.Plan), Price: clean(o.Price), Mode: clean(o.Mode), Quantity: o.Quantity, Status: clean(o.Status),
		PriceID: clean(o.PriceID), Subtotal: o.Subtotal, Currency: clean(o.Currency), TrialDays: int64(o.TrialDays),
		SuccessURL: clean(o.SuccessURL), CancelURL: clean(o.CancelURL), Locale: clean(o.Locale),
		ExpiresAt: stamp(o.ExpiresAt), Attempt: int64(o.Attempt),
		ClientKey: clean(o.ClientKey), Fingerprint: clean(o.Fingerprint),
		SessionID: clean(o.Session), SessionURL: clean(o.SessionURL),
		SubscriptionID: clean(o.Subscription), PaymentIntentID: clean(o.PaymentIntent),
		CreatedAt: stamp(o.CreatedAt), PaidAt: stamp(o.PaidAt), MayBeTwice: o.MayBeTwice, CurrencyChosen: o.CurrencyChosen,
	}
}

func (r orderRow) toDomain() domain.Order {
	return domain.Order{
		ID:   domain.OrderID(r.ID),
		Plan: domain.PlanKey(r.Plan), Price: domain.PriceKey(r.Price), Mode: domain.Mode(r.Mode),
		Quantity: r.Quantity, Status: domain.OrderStatus(r.Status),
		PriceID: domain.PriceID(r.PriceID), Subtotal: r.Subtotal, Currency: r.Currency, TrialDays: int(r.TrialDays),
		SuccessURL: r.SuccessURL, CancelURL: r.CancelURL, Locale: r.Locale,
		ExpiresAt: stamp(r.ExpiresAt), Attempt: int(r.Attempt),
		ClientKey: r.ClientKey, Fingerprint: r.Fingerprint,
		Session: domain.SessionID(r.SessionID), SessionURL: r.SessionURL,
		Subscription: domain.SubscriptionID(r.SubscriptionID), PaymentIntent: domain.PaymentIntentID(r.PaymentIntentID),
		CreatedAt: stamp(r.CreatedAt), PaidAt: stamp(r.PaidAt), MayBeTwice: r.MayBeTwice, CurrencyChosen: r.CurrencyChosen,
	}
}

type refRow struct {
	bun.BaseModel `bun:"table:refs,alias:t"`

	Kind     string `bun:"kind,pk"`
	ID       string `bun:"id,pk"`
	UserID   string `bun:"user_id"`
	Purchase string `bun:"purchase"` // what facts of that name are kept with; empty: it is none of theirs, or not known yet
}

func refRowOf(user domain.UserID, r domain.Ref, purchase string) refRow {
	return refRow{Kind: string(r.Kind), ID: r.ID, UserID: string(user), Purchase: purchase}
}

func (r refRow) toDomain() domain.Ref { return domain.Ref{Kind: domain.RefKind(r.Kind), ID: r.ID} }
