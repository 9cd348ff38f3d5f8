package sandbox

import (
	"maps"
	"strconv"
	"strings"
	"time"
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
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]SubscriptionState, 0, len(s.subscriptions.order))
	for _, sub := range s.subscriptions.newestFirst() {
		out = append(out, s.subscriptionState(sub))
	}
	return out
}

func (s *Sandbox) subscriptionState(sub *subscription) SubscriptionState {
	st := SubscriptionState{
		ID: sub.id, Customer: sub.customer, Status: sub.status, Metadata: maps.Clone(sub.metadata), Ended: sub.terminal(),
	}
	names := make([]string, 0, len(sub.items))
	for _, it := range sub.items {
		name := s.products.get(s.prices.get(it.price).product).name
		if it.quantity > 1 {
			name = strconv.FormatInt(it.quantity, 10) + " × " + name
		}
		names = append(names, name)
	}
	st.Names = strings.Join(names, ", ")
	if !st.Ended {
		st.PeriodEnd = time.Unix(sub.nextEnd(), 0).UTC()
		if sub.cancelAt != 0 {
			st.CancelAt = time.Unix(sub.cancelAt, 0).UTC()
		}
	}
	if pm := s.methodOf(sub); pm != nil && sub.daysUntilDue == 0 {
		st.Card, st.CardFails = pm.number, pm.refusal() != nil
	}
	if in := s.invoices.get(sub.latestInvoice); in != nil && in.status == "open" {
		st.OpenInvoice = in.id
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
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := map[string]*dispute{}
	for _, d := range s.disputes.order {
		newest[d.charge] = d
	}
	out := []PaymentState{}
	for _, ch := range s.charges.newestFirst() {
		if ch.status != "succeeded" {
			continue
		}
		p := PaymentState{
			ID: ch.id, Customer: ch.customer, Description: ch.description, Created: time.Unix(ch.created, 0).UTC(),
			Currency: ch.currency, Amount: ch.amount, Refunded: ch.refunded,
		}
		if d := newest[ch.id]; d != nil {
			p.Dispute, p.DisputeStatus = d.id, d.status
		}
		out = append(out, p)
	}
	return out
}

// FormatAmount writes an amount in minor units for a reader: "$1,234.50", "¥1,500".
func FormatAmount(amount int64, currency string) string { return formatAmount(amount, currency) }

// ParseAmount reads an amount of a currency as a person writes it, "12.50", and returns
// its minor units. It is not ok for more decimals than the currency has, for what is not
// more than nothing, and for more than Stripe takes.
func ParseAmount(text, currency string) (minor int64, ok bool) {
	digits, special := minorDigits[currency]
	if !special {
		digits = 2
	}
	whole, part, _ := strings.Cut(strings.TrimSpace(text), ".")
	if whole == "" || len(part) > digits || strings.ContainsAny(whole+part, "+-") {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", digits-len(part)), 10, 64)
	return n, err == nil && n > 0 && n <= maxAmount
}
