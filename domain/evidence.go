package domain

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Evidence is one fact that a source rests on, for people and for programs.
type Evidence struct {
	About   string // order, subscription, payment, invoice, line, refund, charge, credit_note, dispute, grant
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
	account   Account
	purchases map[Source]Purchase
	found     map[Source][]Evidence
}

func (a Account) evidence() evidence {
	e := evidence{account: a, purchases: map[Source]Purchase{}, found: map[Source][]Evidence{}}
	for _, p := range a.Purchases() {
		e.purchases[p.Source] = p
	}
	return e
}

// of is the evidence of one source: what was bought or given first, then its money.
func (e evidence) of(s Source) []Evidence {
	if found, known := e.found[s]; known {
		return found
	}
	var found []Evidence
	switch s.Kind {
	case SourceOrder, SourceSubscription:
		p, known := e.purchases[s]
		if o, single := e.account.Orders[OrderID(s.ID)]; !known && single { // of a subscription that has not come
			p = Purchase{Orders: []Order{o}}
		}
		if p.Subscription.ID != "" {
			found = append(found, p.subscriptionEvidence())
		}
		for _, o := range p.Orders {
			found = append(found, p.orderEvidence(o))
		}
		for _, bill := range p.Bills {
			found = append(found, bill.evidence()...)
		}
	case SourceGrant:
		if g, known := e.account.Grants[GrantID(s.ID)]; known {
			found = append(found, grantEvidence(g))
		}
	case SourceDefault: // nothing was bought or given
	}
	e.found[s] = found
	return found
}

func (p Purchase) orderEvidence(o Order) Evidence {
	status := o.Status
	if o.Mode == ModePayment && status == OrderPaid {
		status = p.orderStatus()
	}
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

func (p Purchase) subscriptionEvidence() Evidence {
	s := p.Subscription
	says := []string{string(s.Status)}
	if !s.StartedAt.IsZero() {
		says = append(says, "started on "+stamp(s.StartedAt))
	}
	if s.Pause != PauseNone {
		says = append(says, "collection is paused ("+string(s.Pause)+")")
	}
	if !s.TrialEnd.IsZero() {
		says = append(says, "trial until "+stamp(s.TrialEnd))
	}
	if end := s.ScheduledEnd(); !end.IsZero() {
		says = append(says, "set to end on "+stamp(end))
	}
	if !s.EndedAt.IsZero() {
		says = append(says, "ended on "+stamp(s.EndedAt))
	}
	if p.CustomerDeleted {
		says = append(says, "its customer was deleted at Stripe")
	}
	var items []string
	for _, i := range s.Items {
		items = append(items, fmt.Sprintf("%s of %s", units(i.Quantity), i.Price))
		if !i.PeriodEnd.IsZero() {
			items[len(items)-1] += " for " + stamp(i.PeriodStart) + " to " + stamp(i.PeriodEnd)
		}
	}
	if len(items) > 0 {
		says = append(says, "items: "+strings.Join(items, "; "))
	}
	return Evidence{"subscription", string(s.ID), strings.Join(says, ", "), details(
		"status", string(s.Status), "started_at", stamp(s.StartedAt),
		"period_start", stamp(s.PeriodStart()), "period_end", stamp(s.PeriodEnd()), "trial_end", stamp(s.TrialEnd),
		"scheduled_end", stamp(s.ScheduledEnd()), "ended_at", stamp(s.EndedAt), "pause_collection", string(s.Pause),
		"customer", string(s.Customer), "seen_at", stamp(s.SeenAt),
	)}
}

// evidence is a bill, its lines, and what became of its money.
func (b *Bill) evidence() []Evidence {
	back := b.moneyBack()
	went := ""
	if back.ofWhole() > 0 {
		went = ", of which " + money(back.ofWhole(), cmp.Or(b.Invoice.Currency, b.Payment.Currency)) + " went back"
	}
	if p := b.Payment; p.ID != "" {
		found := []Evidence{{"payment", string(p.ID), "paid " + money(p.Amount, p.Currency) + went, details(
			"amount", number(p.Amount), "currency", p.Currency, "returned", number(back.ofWhole()),
		)}}
		return append(found, b.moneyEvidence()...)
	}
	i := b.Invoice
	says := fmt.Sprintf("%s, %s", i.Status, money(i.Total, i.Currency))
	if i.Status == InvoiceOpen {
		says += ", due since " + stamp(i.dueAt())
	}
	if i.settled() && i.AmountPaid < i.Total {
		says += ", paid with " + money(i.AmountPaid, i.Currency) + " and credit"
	}
	found := []Evidence{{"invoice", string(i.ID), says + went, details(
		"status", string(i.Status), "total", number(i.Total), "amount_paid", number(i.AmountPaid), "currency", i.Currency,
		"returned", number(back.ofWhole()), "billing_reason", i.BillingReason, "collection_method", string(i.Method),
		"due_at", stamp(i.dueAt()), "paid_at", stamp(i.PaidAt),
	)}}
	for _, line := range i.Lines {
		found = append(found, line.evidence(i))
	}
	return append(found, b.moneyEvidence()...)
}

func (l Line) evidence(of Invoice) Evidence {
	says := fmt.Sprintf("%s, %s", l.Kind, money(l.Amount, of.Currency))
	if l.Price != "" {
		says += fmt.Sprintf(" for %s of %s", units(l.Quantity), l.Price)
	}
	if !l.Until.IsZero() {
		says += ", " + stamp(l.From) + " to " + stamp(l.Until)
	}
	return Evidence{"line", l.ID, says, details(
		"invoice", string(of.ID), "kind", string(l.Kind), "item", l.Item, "price", string(l.Price), "quantity", number(l.Quantity),
		"amount", number(l.Amount), "from", stamp(l.From), "until", stamp(l.Until),
	)}
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
	if n == 1 {
		return "1 unit"
	}
	return number(n) + " units"
}
