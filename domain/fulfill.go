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

// strangerTo tells whether an object belongs to another customer than one that we made
// for the account: whatever its metadata claims, it is not this user's. An object that
// names its customer as an Account, and not as a customer, is the user's if something
// that we gave or were given before leads here: linked.
func (a Account) strangerTo(customer CustomerID, account CustomerAccountID, linked bool) bool {
	switch {
	case customer != "":
		return customer != a.Customer && !slices.Contains(a.FormerCustomers, customer)
	case account != "":
		return !linked && !slices.Contains(a.CustomerAccounts, account)
	default:
		return true
	}
}

// named keeps another name of the account's customer.
func (a *Account) named(account CustomerAccountID) {
	if account != "" {
		a.CustomerAccounts = union(a.CustomerAccounts, []CustomerAccountID{account})
	}
}

func (s SessionFact) record(a Account, c Catalog) (Account, Verdict) {
	if !isOrderEvent(s.Type) {
		return a, ignored("events of type %s say nothing about an order", s.Type)
	}
	order, found := a.orderOf(s)
	if a.strangerTo(s.Customer, s.CustomerAccount, found) {
		return a, ignored("session %s is of customer %q, not of ours", s.ID, s.Customer)
	}
	if !found {
		return a, ignored("session %s is not of an order of ours", s.ID)
	}
	if !order.isPaidBy(s) {
		if !s.paid() || s.Mode == ModeSetup {
			return a, ignored("session %s carries the id of order %s, and is not its checkout", s.ID, order.ID)
		}
		return a, quarantined("session %s carries the id of order %s, and is not the checkout that was made for it (mode %s, %s): it pays nothing; look who made it", s.ID, order.ID, s.Mode, money(s.Amount, s.Currency))
	}
	a.named(s.CustomerAccount)
	order = order.apply(s)
	a.Orders[order.ID] = order
	if s.paid() && order.Mode == ModePayment && s.PaymentIntent != "" {
		a.keepPayment(Payment{ID: s.PaymentIntent, Order: order.ID, Amount: s.Amount, Currency: s.Currency})
	}
	if _, known := c.PlanOf(order.Plan); !known && order.Status == OrderPaid {
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
	held, have := a.Subscriptions[snapshot.ID]
	_, ours := a.Orders[snapshot.Order]
	if a.strangerTo(snapshot.Customer, snapshot.CustomerAccount, have || ours) {
		return a, ignored("subscription %s is of customer %q, not of ours", snapshot.ID, snapshot.Customer)
	}
	status, known := snapshot.Status.row()
	if !known {
		return a, quarantined("subscription %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", snapshot.ID, snapshot.Status)
	}
	if !status.Terminal && !s.MoreItems && !snapshot.readable() {
		return a, quarantined("subscription %s has no item with a price and a period that this program can read: the last known state stays; is it of a newer API version?", snapshot.ID)
	}
	a.named(snapshot.CustomerAccount)
	a.learn(snapshot.Items, c)
	snapshot.SeenAt, snapshot.Precedence = s.At, rule.Precedence
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
	verdict := a.unmapped(snapshot, c)
	if cut || have && inDoubt(snapshot, held) {
		verdict.Doubt = Doubt{Ref{RefSubscription, string(snapshot.ID)}, later(snapshot.SeenAt, held.SeenAt)}
	}
	return a, verdict
}

// readable tells whether something can be given by a snapshot: Stripe has taken lists
// out of objects before, and what cannot be read says nothing.
func (s Subscription) readable() bool {
	return slices.ContainsFunc(s.Items, func(i Item) bool { return i.Price != "" && !i.PeriodEnd.IsZero() })
}

// unmapped is the verdict on a snapshot with items whose prices mean nothing to us: if
// the catalog says that they are no business of ours, there is nothing to look at.
func (a Account) unmapped(s Subscription, c Catalog) Verdict {
	ours := len(s.Items) == 0
	var verdict Verdict
	for _, item := range s.Items {
		_, mapped := a.planOf(item.Price, item.LookupKey, c)
		switch {
		case mapped:
			ours = true
		case !c.ignores(item.Price, item.LookupKey, item.Product):
			ours = true
			verdict = quarantined("subscription %s has price %s, which the catalog does not map to a plan: add it (or list it under ignored), start again, and replay the event", s.ID, item.Price)
		}
	}
	if !ours {
		return ignored("subscription %s is to nothing but what the catalog lists under ignored", s.ID)
	}
	return verdict
}

func (i InvoiceFact) record(a Account, _ Catalog) (Account, Verdict) {
	invoice := i.Invoice
	rule, known := invoiceEvent(i.Type)
	switch {
	case !known:
		return a, ignored("events of type %s say nothing about an invoice", i.Type)
	case invoice.Subscription == "":
		return a, ignored("invoice %s is not for a subscription", invoice.ID)
	}
	_, have := a.Invoices[invoice.ID]
	_, ours := a.Subscriptions[invoice.Subscription]
	if a.strangerTo(i.Customer, i.CustomerAccount, have || ours) {
		return a, ignored("invoice %s is of customer %q, not of ours", invoice.ID, i.Customer)
	}
	// What happened is as good a witness as the invoice's own word.
	if invoice.Status == "" || invoice.Status.Rank() >= 0 && rule.Status == InvoicePaid {
		invoice.Status = rule.Status
	}
	if invoice.Status.Rank() < 0 {
		return a, quarantined("invoice %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", invoice.ID, invoice.Status)
	}
	a.named(i.CustomerAccount)
	if invoice.Status == InvoiceDraft {
		invoice.Lines, invoice.Complete = nil, false // they may still change
	} else {
		invoice.FirstSeenAt, invoice.SeenAt = i.At, i.At
	}
	a.keepInvoice(invoice)
	for _, paid := range i.PaidWith {
		a.link(invoice.ID, paid.PaymentIntent, paid.Charge)
	}
	if kept := a.Invoices[invoice.ID]; kept.Status != InvoiceDraft && !kept.Complete && i.Type != TypeFetched {
		return a, Verdict{Doubt: Doubt{Subject: Ref{RefInvoice, string(invoice.ID)}}}
	}
	return a, Verdict{}
}

// keepPayment joins a payment into the account, which must be the caller's own.
func (a Account) keepPayment(p Payment) {
	if held, have := a.Payments[p.ID]; have {
		p = held.join(p)
	}
	a.Payments[p.ID] = p
}

// keepInvoice joins an invoice into the account, which must be the caller's own.
func (a Account) keepInvoice(i Invoice) {
	i.Lines = sortedLines(i.Lines)
	if held, have := a.Invoices[i.ID]; have {
		i = held.join(i)
	}
	a.Invoices[i.ID] = i
}

func sortedLines(lines []Line) []Line {
	if slices.IsSortedFunc(lines, compareLines) {
		return lines
	}
	lines = slices.Clone(lines)
	slices.SortFunc(lines, compareLines)
	return lines
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
