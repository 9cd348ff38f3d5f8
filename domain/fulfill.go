package domain

import (
	"fmt"
	"slices"
)

// Record joins a fact into the account that it is about. The account given is
// left as it is; what does not change, both share. Facts commute: any order and any number of repetitions of the
// same facts ends in the same account. (The verdict is about this one step, so
// it does depend on the order: of two equal facts the second is unchanged. And of a
// subscription with more items than a message has room for, the items depend on it
// until the doubt is answered.)
func Record(a Account, f Fact, c Catalog) (Account, Verdict) {
	r := recording{Account: &a}
	verdict := r.verdict(f, c)
	return a, verdict
}

// Join is [Record] into an account of the caller's own, of which nobody holds an earlier
// state: it costs what is new, not what is there. An account that ignores a fact stays
// as it is.
func (a *Account) Join(f Fact, c Catalog) Verdict {
	r := recording{Account: a, owned: true}
	return r.verdict(f, c)
}

// recording is an account while a fact is joined into it. Unless they are owned, its maps
// are those of the account given until something in them changes: see put.
type recording struct {
	*Account
	owned   bool
	changed bool
}

func (r *recording) verdict(f Fact, c Catalog) Verdict {
	verdict := f.record(r, c)
	switch {
	case verdict.Outcome == OutcomeIgnored:
		verdict.Kept = r.changed
	case verdict.Outcome != "":
	case r.changed:
		verdict.Outcome = OutcomeApplied
	default:
		verdict.Outcome = OutcomeUnchanged
	}
	return verdict
}

// put keeps a value in one of the account's maps, unless it is there already. A map
// that others hold is left as it is.
func put[K comparable, V any](r *recording, m *map[K]V, key K, value V, same func(a, b V) bool) {
	if held, have := (*m)[key]; have && same(held, value) {
		return
	}
	if !r.owned || *m == nil {
		*m = cloneMap(*m)
	}
	(*m)[key] = value
	r.changed = true
}

// merge keeps what join makes of a value and the one that is held.
func merge[K comparable, V interface{ join(V) V }](r *recording, m *map[K]V, key K, value V, same func(a, b V) bool) {
	if held, have := (*m)[key]; have {
		value = held.join(value)
	}
	put(r, m, key, value, same)
}

func equal[V comparable](a, b V) bool { return a == b }

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
func (a *Account) strangerTo(customer CustomerID, account CustomerAccountID, linked bool) bool {
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
func (r *recording) named(account CustomerAccountID) {
	if account != "" && !slices.Contains(r.CustomerAccounts, account) {
		r.CustomerAccounts = union(r.CustomerAccounts, []CustomerAccountID{account})
		r.changed = true
	}
}

func (s SessionFact) record(r *recording, c Catalog) Verdict {
	if !isOrderEvent(s.Type) {
		return ignored("events of type %s say nothing about an order", s.Type)
	}
	order, found := r.orderOf(s)
	if r.strangerTo(s.Customer, s.CustomerAccount, found) {
		return ignored("session %s is of customer %q, not of ours", s.ID, s.Customer)
	}
	if !found {
		return ignored("session %s is not of an order of ours", s.ID)
	}
	if !order.isPaidBy(s) {
		if !s.paid() || s.Mode == ModeSetup {
			return ignored("session %s carries the id of order %s, and is not its checkout", s.ID, order.ID)
		}
		return quarantined("session %s carries the id of order %s, and is not the checkout that was made for it (mode %s, %s): it pays nothing; look who made it", s.ID, order.ID, s.Mode, money(s.Amount, s.Currency))
	}
	r.named(s.CustomerAccount)
	order = order.apply(s)
	put(r, &r.Orders, order.ID, order, equal)
	if s.paid() && order.Mode == ModePayment && s.PaymentIntent != "" {
		merge(r, &r.Payments, s.PaymentIntent, Payment{ID: s.PaymentIntent, Order: order.ID, Amount: s.Amount, Currency: s.Currency}, equal)
	}
	if _, known := c.planOfOrder(order); !known && order.Status == OrderPaid {
		return quarantined("order %s is for plan %q, which the catalog does not have: add it, start again, and replay the event", order.ID, order.Plan)
	}
	return Verdict{}
}

func (s SubscriptionFact) record(r *recording, c Catalog) Verdict {
	rule, known := subscriptionEvent(s.Type)
	if !known {
		return ignored("events of type %s say nothing that a subscription's other events do not say", s.Type)
	}
	snapshot := s.Snapshot
	held, have := r.Subscriptions[snapshot.ID]
	_, ours := r.Orders[snapshot.Order]
	if r.strangerTo(snapshot.Customer, snapshot.CustomerAccount, have || ours) {
		return ignored("subscription %s is of customer %q, not of ours", snapshot.ID, snapshot.Customer)
	}
	status, known := snapshot.Status.row()
	if !known {
		return quarantined("subscription %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", snapshot.ID, snapshot.Status)
	}
	if !status.Terminal && !s.MoreItems && !snapshot.readable() {
		return quarantined("subscription %s has no item with a price and a period that this program can read: the last known state stays; is it of a newer API version?", snapshot.ID)
	}
	snapshot.SeenAt, snapshot.Precedence = s.At, rule.Precedence
	told := snapshot.Items
	newer := !have || compareSnapshots(snapshot, held) > 0
	// What an event had no room for is not gone: until Stripe has told all items, those
	// that are held stay. An end needs none.
	cut := s.MoreItems && newer && snapshot.phase() != phaseEnded
	if cut && have {
		snapshot.Items = held.Items
	}
	verdict := r.unmapped(snapshot, c)
	r.named(snapshot.CustomerAccount)
	r.learn(told, c)
	if newer {
		put(r, &r.Subscriptions, snapshot.ID, snapshot, sameSnapshot)
	}
	if !cut && snapshot.ignoredBy(c) && (!have || held.ignoredBy(c)) {
		return ignored("subscription %s is to nothing but what the catalog lists under ignored", snapshot.ID)
	}
	if cut || have && inDoubt(snapshot, held) {
		verdict.Doubt = Doubt{Ref{RefSubscription, string(snapshot.ID)}, later(snapshot.SeenAt, held.SeenAt)}
	}
	return verdict
}

// readable tells whether something can be given by a snapshot: Stripe has taken lists
// out of objects before, and what cannot be read says nothing.
func (s Subscription) readable() bool {
	return slices.ContainsFunc(s.Items, func(i Item) bool { return i.Price != "" && !i.PeriodEnd.IsZero() })
}

// ignoredBy tells whether a subscription is to nothing but what the catalog ignores.
func (s *Subscription) ignoredBy(c Catalog) bool {
	return len(s.Items) > 0 && !slices.ContainsFunc(s.Items, func(i Item) bool { return !c.ignores(i.Price, i.LookupKey, i.Product) })
}

// unmapped is the verdict on a snapshot with items whose prices mean nothing to us. Of those
// that the catalog says are no business of ours nobody has to know; but that a subscription
// has nothing else any more has to be kept, or what it had before would never end.
func (a *Account) unmapped(s Subscription, c Catalog) Verdict {
	var verdict Verdict
	for _, item := range s.Items {
		_, mapped := a.planOf(item.Price, item.LookupKey, c)
		if !mapped && !c.ignores(item.Price, item.LookupKey, item.Product) {
			verdict = quarantined("subscription %s has price %s, which the catalog does not map to a plan: add it (or list it under ignored), start again, and replay the event", s.ID, item.Price)
		}
	}
	return verdict
}

func (i InvoiceFact) record(r *recording, _ Catalog) Verdict {
	invoice := i.Invoice
	rule, known := invoiceEvent(i.Type)
	switch {
	case !known:
		return ignored("events of type %s say nothing about an invoice", i.Type)
	case invoice.Subscription == "":
		return ignored("invoice %s is not for a subscription", invoice.ID)
	}
	_, have := r.Invoices[invoice.ID]
	_, ours := r.Subscriptions[invoice.Subscription]
	if r.strangerTo(i.Customer, i.CustomerAccount, have || ours) {
		return ignored("invoice %s is of customer %q, not of ours", invoice.ID, i.Customer)
	}
	// What happened is as good a witness as the invoice's own word.
	if invoice.Status == "" || invoice.Status.Rank() >= 0 && rule.Status == InvoicePaid {
		invoice.Status = rule.Status
	}
	if invoice.Status.Rank() < 0 {
		return quarantined("invoice %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", invoice.ID, invoice.Status)
	}
	r.named(i.CustomerAccount)
	if invoice.Status == InvoiceDraft {
		invoice.Lines, invoice.Complete = nil, false // they may still change
	} else {
		invoice.FirstSeenAt, invoice.SeenAt = i.At, i.At
	}
	invoice.Lines = sortedLines(invoice.Lines)
	merge(r, &r.Invoices, invoice.ID, invoice, sameInvoice)
	for _, paid := range i.PaidWith {
		r.link(invoice.ID, paid.PaymentIntent, paid.Charge)
	}
	if kept := r.Invoices[invoice.ID]; kept.Status != InvoiceDraft && !kept.Complete && i.Type != TypeFetched {
		return Verdict{Doubt: Doubt{Subject: Ref{RefInvoice, string(invoice.ID)}}}
	}
	return Verdict{}
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
func (r *recording) link(invoice InvoiceID, intent PaymentIntentID, charge ChargeID) {
	if intent != "" {
		put(r, &r.InvoicePayments, intent, max(r.InvoicePayments[intent], invoice), equal)
	}
	if charge != "" {
		merge(r, &r.Charges, charge, Charge{ID: charge, PaymentIntent: intent, Invoice: invoice}, equal)
	}
}
