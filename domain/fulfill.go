package domain

import (
	"fmt"
	"slices"
)

// Record joins a fact into the account that it is about. The account given is
// left as it is. Facts commute: any order and any number of repetitions of the
// same facts ends in the same account. (The verdict is about this one step, so
// it does depend on the order: of two equal facts the second is unchanged. And of a
// subscription with more items than a message has room for, the items depend on it
// until the doubt is answered.)
func Record(a Account, f Fact, c Catalog) (Account, Verdict) {
	after, verdict := f.record(a.Clone(), c)
	switch {
	case verdict.Outcome != "":
	case a.same(after):
		verdict.Outcome = OutcomeUnchanged
	default:
		verdict.Outcome = OutcomeApplied
	}
	return after, verdict
}

func ignored(format string, args ...any) Verdict {
	return Verdict{Outcome: OutcomeIgnored, Reason: fmt.Sprintf(format, args...)}
}

func quarantined(format string, args ...any) Verdict {
	return Verdict{Outcome: OutcomeQuarantined, Reason: fmt.Sprintf(format, args...)}
}

// strangerTo tells whether an object belongs to another customer than the one we
// made for the account: whatever its metadata claims, it is not this user's.
func (a Account) strangerTo(customer CustomerID) bool {
	return customer == "" || customer != a.Customer && !slices.Contains(a.FormerCustomers, customer)
}

func (s SessionFact) record(a Account, c Catalog) (Account, Verdict) {
	if !isOrderEvent(s.Type) {
		return a, ignored("events of type %s say nothing about an order", s.Type)
	}
	if a.strangerTo(s.Customer) {
		return a, ignored("session %s is of customer %q, not of ours", s.ID, s.Customer)
	}
	order, found := a.orderOf(s)
	if !found {
		return a, ignored("session %s is not of an order of ours", s.ID)
	}
	order = order.apply(s)
	a.Orders[order.ID] = order
	if s.paid() && order.Mode == ModePayment && s.PaymentIntent != "" {
		a.keep(Payment{
			ID: string(s.PaymentIntent), Order: order.ID,
			Status: PaymentPaid, Amount: s.Amount, Currency: s.Currency,
		})
	}
	if _, known := c.Plans[order.Plan]; !known && order.Status == OrderPaid {
		return a, quarantined("order %s is for plan %q, which the catalog does not have: add it, start again, and replay the event", order.ID, order.Plan)
	}
	return a, Verdict{}
}

func (s SubscriptionFact) record(a Account, c Catalog) (Account, Verdict) {
	rule, known := subscriptionEvent(s.Type)
	if !known {
		return a, ignored("events of type %s say nothing that a subscription's other events do not say", s.Type)
	}
	snapshot := s.Snapshot
	if a.strangerTo(snapshot.Customer) {
		return a, ignored("subscription %s is of customer %q, not of ours", snapshot.ID, snapshot.Customer)
	}
	if accessRow(snapshot.Status) < 0 {
		return a, quarantined("subscription %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", snapshot.ID, snapshot.Status)
	}
	snapshot.SeenAt, snapshot.Precedence = s.At, rule.Precedence
	held, have := a.Subscriptions[snapshot.ID]
	newer := !have || compareSnapshots(snapshot, held) > 0
	// What an event had no room for is not gone: until Stripe has told all items, those
	// that are held stay. An end needs none.
	cut := s.MoreItems && newer && snapshot.phase() != phaseEnded
	if cut && have {
		snapshot.Items = held.Items
	}
	if newer {
		a.Subscriptions[snapshot.ID] = snapshot
	}
	var verdict Verdict
	for _, item := range snapshot.Items {
		if _, mapped := a.planOf(item, c); !mapped {
			verdict = quarantined("subscription %s has price %s, which the catalog does not map to a plan: add it, start again, and replay the event", snapshot.ID, item.Price)
		}
	}
	if cut || have && inDoubt(snapshot, held) {
		verdict.Doubt = Doubt{Ref{RefSubscription, string(snapshot.ID)}, later(snapshot.SeenAt, held.SeenAt)}
	}
	return a, verdict
}

func (i InvoiceFact) record(a Account, _ Catalog) (Account, Verdict) {
	rule, known := invoiceEvent(i.Type)
	if !known {
		return a, ignored("events of type %s say nothing about a payment", i.Type)
	}
	if i.Subscription == "" {
		return a, ignored("invoice %s is not for a subscription", i.ID)
	}
	if a.strangerTo(i.Customer) {
		return a, ignored("invoice %s is of customer %q, not of ours", i.ID, i.Customer)
	}
	a.keep(Payment{
		ID: string(i.ID), Subscription: i.Subscription,
		Status: rule.Status, Amount: i.Amount, Total: i.Total, Currency: i.Currency,
		PeriodStart: i.PeriodStart, PeriodEnd: i.PeriodEnd,
	})
	a.link(i.ID, i.PaymentIntent, i.Charge)
	return a, Verdict{}
}

// keep joins a payment into the account, which must be the caller's own.
func (a Account) keep(p Payment) {
	if held, have := a.Payments[p.ID]; have {
		p = held.join(p)
	}
	a.Payments[p.ID] = p
}

// link keeps what pays an invoice.
func (a Account) link(invoice InvoiceID, intent PaymentIntentID, charge ChargeID) {
	if intent != "" {
		a.InvoicePayments[intent] = max(a.InvoicePayments[intent], invoice)
	}
	if charge != "" {
		a.keepCharge(Charge{ID: charge, PaymentIntent: intent, Invoice: invoice})
	}
}
