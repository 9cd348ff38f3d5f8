package sandbox

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// What a person who drives the sandbox wants to see, without asking Stripe's API for it.

// SubscriptionState is how a subscription stands now.
type SubscriptionState struct {
	ID, Customer string
	Status       string
	Names        string // of what it sells, with quantities
	Metadata     map[string]string
	PeriodEnd    time.Time // of the item whose period ends first; zero once it has ended
	CancelAt     time.Time // zero unless it is to be canceled
	Card         string    // the number that is charged; empty if there is none, or the invoice is sent
	CardFails    bool      // whenever it is charged
	OpenInvoice  string    // its latest invoice, if that is still to be paid
	Ended        bool      // for good
}

// Subscriptions returns all subscriptions, the newest first.
func (s *Sandbox) Subscriptions() []SubscriptionState {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	out := make([]SubscriptionState, 0, len(s.stripe.Subscriptions.Order))
	for _, sub := range s.stripe.Subscriptions.NewestFirst() {
		out = append(out, s.subscriptionState(sub))
	}
	return out
}

func (s *Sandbox) subscriptionState(sub *state.Subscription) SubscriptionState {
	st := SubscriptionState{
		ID: sub.ID, Customer: sub.Customer, Status: sub.Status, Metadata: maps.Clone(sub.Metadata), Ended: sub.Terminal(),
	}
	names := make([]string, 0, len(sub.Items))
	for _, it := range sub.Items {
		name := s.stripe.Products.Get(s.stripe.Prices.Get(it.Price).Product).Name
		if it.Quantity > 1 {
			name = strconv.FormatInt(it.Quantity, 10) + " × " + name
		}
		names = append(names, name)
	}
	st.Names = strings.Join(names, ", ")
	if !st.Ended {
		st.PeriodEnd = time.Unix(sub.NextEnd(), 0).UTC()
		if sub.CancelAt != 0 {
			st.CancelAt = time.Unix(sub.CancelAt, 0).UTC()
		}
	}
	if pm := s.stripe.MethodOf(sub); pm != nil && sub.DaysUntilDue == 0 {
		st.Card, st.CardFails = pm.Number, pm.Refusal() != nil
	}
	if in := s.stripe.Invoices.Get(sub.LatestInvoice); in != nil && in.Status == "open" {
		st.OpenInvoice = in.ID
	}
	return st
}

// PaymentState is what became of a charge that succeeded.
type PaymentState struct {
	ID, Customer     string
	Description      string
	Created          time.Time
	Currency         string
	Amount, Refunded int64  // minor units
	Dispute          string // the newest one's id; empty if there was none
	DisputeStatus    string
}

// Payments returns the charges that succeeded, the newest first.
func (s *Sandbox) Payments() []PaymentState {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	newest := map[string]*state.Dispute{}
	for _, d := range s.stripe.Disputes.Order {
		newest[d.Charge] = d
	}
	out := []PaymentState{}
	for _, ch := range s.stripe.Charges.NewestFirst() {
		if ch.Status != "succeeded" {
			continue
		}
		p := PaymentState{
			ID: ch.ID, Customer: ch.Customer, Description: ch.Description, Created: time.Unix(ch.Created, 0).UTC(),
			Currency: ch.Currency, Amount: ch.Amount, Refunded: ch.Refunded,
		}
		if d := newest[ch.ID]; d != nil {
			p.Dispute, p.DisputeStatus = d.ID, d.Status
		}
		out = append(out, p)
	}
	return out
}

// FormatAmount writes an amount in minor units for a reader: "$1,234.50", "¥1,500".
func FormatAmount(amount int64, currency string) string { return wire.FormatAmount(amount, currency) }

// ParseAmount reads an amount of a currency as a person writes it, "12.50", and returns
// its minor units. It is not ok for more decimals than the currency has, for what is not
// more than nothing, and for more than Stripe takes.
func ParseAmount(text, currency string) (minor int64, ok bool) {
	digits, special := wire.MinorDigits[currency]
	if !special {
		digits = 2
	}
	whole, part, _ := strings.Cut(strings.TrimSpace(text), ".")
	if whole == "" || len(part) > digits || strings.ContainsAny(whole+part, "+-") {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", digits-len(part)), 10, 64)
	return n, err == nil && n > 0 && n <= wire.MaxAmount
}
