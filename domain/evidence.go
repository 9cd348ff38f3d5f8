package domain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Evidence is one fact that a source rests on, for people and for programs.
type Evidence struct {
	About   string // order, subscription, payment, refund, charge, dispute, grant
	ID      string
	Says    string   // in a sentence
	Details []Detail // what is known, in a fixed order; what is not known is left out
}

// Detail is one value of an [Evidence]: times in RFC 3339, amounts in minor
// currency units.
type Detail struct {
	Name  string
	Value string
}

// evidence finds what the sources of an account rest on.
type evidence struct {
	account Account
	money   moneyBack
	found   map[Source][]Evidence
}

func (a Account) evidence() evidence {
	return evidence{account: a, money: a.moneyBack(), found: map[Source][]Evidence{}}
}

// of is the evidence of one source: what was bought or given first, then its money.
func (e evidence) of(s Source) []Evidence {
	if found, known := e.found[s]; known {
		return found
	}
	var found []Evidence
	switch s.Kind {
	case SourceOrder:
		if o, known := e.account.Orders[OrderID(s.ID)]; known {
			found = append(found, e.order(o))
			found = append(found, e.payments(func(p Payment) bool { return p.Order == o.ID })...)
		}
	case SourceSubscription:
		if sub, known := e.account.Subscriptions[SubscriptionID(s.ID)]; known {
			found = append(found, e.subscription(sub))
			found = append(found, e.ordersOf(sub)...)
			found = append(found, e.payments(func(p Payment) bool { return p.Subscription == sub.ID })...)
		}
	case SourceGrant:
		if g, known := e.account.Grants[GrantID(s.ID)]; known {
			found = append(found, grantEvidence(g))
		}
	}
	e.found[s] = found
	return found
}

func (e evidence) order(o Order) Evidence {
	status := e.account.StatusOf(o)
	says := fmt.Sprintf("bought as plan %s, %s: %s", o.Plan, units(o.Quantity), status)
	switch {
	case o.PaidAt.IsZero():
	case status == OrderPaid:
		says += " on " + stamp(o.PaidAt)
	default:
		says += ", after it was paid on " + stamp(o.PaidAt)
	}
	return Evidence{"order", string(o.ID), says, details(
		"status", string(status), "plan", string(o.Plan), "price", string(o.Price), "quantity", number(o.Quantity),
		"created_at", stamp(o.CreatedAt), "paid_at", stamp(o.PaidAt),
		"checkout_session", string(o.Session), "subscription", string(o.Subscription), "payment_intent", string(o.PaymentIntent),
	)}
}

// ordersOf are the orders that a subscription comes from.
func (e evidence) ordersOf(s Subscription) []Evidence {
	var orders []Order
	for _, o := range e.account.Orders {
		if o.Subscription == s.ID || o.ID == s.Order {
			orders = append(orders, o)
		}
	}
	slices.SortFunc(orders, func(a, b Order) int { return cmp.Compare(a.ID, b.ID) })
	var found []Evidence
	for _, o := range orders {
		found = append(found, e.order(o))
	}
	return found
}

func (e evidence) subscription(s Subscription) Evidence {
	says := []string{string(s.Status)}
	if !s.StartedAt.IsZero() {
		says = append(says, "started on "+stamp(s.StartedAt))
	}
	if !s.PeriodEnd.IsZero() {
		says = append(says, "current period from "+stamp(s.PeriodStart)+" to "+stamp(s.PeriodEnd))
	}
	if !s.TrialEnd.IsZero() {
		says = append(says, "trial until "+stamp(s.TrialEnd))
	}
	if end := s.scheduledEnd(); !end.IsZero() {
		says = append(says, "set to end on "+stamp(end))
	}
	if !s.EndedAt.IsZero() {
		says = append(says, "ended on "+stamp(s.EndedAt))
	}
	var customer string
	if e.account.isFormer(s.Customer) {
		customer = "deleted at Stripe"
		says = append(says, "its customer was deleted at Stripe")
	}
	var items []string
	for _, item := range s.Items {
		items = append(items, fmt.Sprintf("%s x%d", item.Price, max(item.Quantity, 1)))
	}
	return Evidence{"subscription", string(s.ID), strings.Join(says, ", "), details(
		"status", string(s.Status), "items", strings.Join(items, ", "), "started_at", stamp(s.StartedAt),
		"period_start", stamp(s.PeriodStart), "period_end", stamp(s.PeriodEnd), "trial_end", stamp(s.TrialEnd),
		"scheduled_end", stamp(s.scheduledEnd()), "ended_at", stamp(s.EndedAt),
		"paid_through", stamp(e.account.paidThrough(s)), "customer", customer, "seen_at", stamp(s.SeenAt),
	)}
}

// payments are those that are wanted, the oldest period first, each followed by
// what became of it.
func (e evidence) payments(wanted func(Payment) bool) []Evidence {
	var payments []Payment
	for _, p := range e.account.Payments {
		if wanted(p) {
			payments = append(payments, p)
		}
	}
	slices.SortFunc(payments, func(a, b Payment) int {
		return cmp.Or(a.PeriodStart.Compare(b.PeriodStart), cmp.Compare(a.ID, b.ID))
	})
	var found []Evidence
	for _, p := range payments {
		returned := e.money.returned[p.ID]
		says := fmt.Sprintf("%s of %s", p.Status, money(p.Amount, p.Currency))
		if !p.PeriodEnd.IsZero() {
			says += " for " + stamp(p.PeriodStart) + " to " + stamp(p.PeriodEnd)
		}
		if returned > 0 {
			says += ", of which " + money(returned, p.Currency) + " went back"
		}
		found = append(found, Evidence{"payment", p.ID, says, details(
			"status", string(p.Status), "amount", number(p.Amount), "currency", p.Currency, "returned", number(returned),
			"period_start", stamp(p.PeriodStart), "period_end", stamp(p.PeriodEnd),
		)})
		found = append(found, e.moneyBack(p)...)
	}
	return found
}

func grantEvidence(g Grant) Evidence {
	says := fmt.Sprintf("given by %s on %s: %s", g.By, stamp(g.CreatedAt), g.Reason)
	if !g.RevokedAt.IsZero() {
		says += fmt.Sprintf("; revoked by %s on %s: %s", g.RevokedBy, stamp(g.RevokedAt), g.RevokedReason)
	}
	return Evidence{"grant", string(g.ID), says, details(
		"reason", g.Reason, "by", g.By, "created_at", stamp(g.CreatedAt), "since", stamp(g.Since), "until", stamp(g.Until),
		"revoked_at", stamp(g.RevokedAt), "revoked_by", g.RevokedBy, "revoked_reason", g.RevokedReason,
	)}
}

// details are pairs of name and value; what has no value is left out.
func details(pairs ...string) []Detail {
	var all []Detail
	for n := 0; n+1 < len(pairs); n += 2 {
		if pairs[n+1] != "" {
			all = append(all, Detail{pairs[n], pairs[n+1]})
		}
	}
	return all
}

// stamp is a time for people and programs; nothing of one that is not known.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func units(n int64) string {
	if n <= 1 {
		return "1 unit"
	}
	return number(n) + " units"
}
