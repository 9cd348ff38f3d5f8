package domain

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// This file is about what a user has paid for twice: two live subscriptions of one group,
// or a plan twice that is sold once. Checkouts rule that out. What is left are two pages
// that were paid in one moment, and what is sold in Stripe's dashboard.

// TwicePolicy is what is done about a purchase that was made twice.
type TwicePolicy string

const (
	TwiceAlarm       TwicePolicy = "alarm"        // both stay, and a person is told
	TwiceKeep        TwicePolicy = "keep"         // both stay
	TwiceRefundOlder TwicePolicy = "refund_older" // the older one is refunded and ends, if it was not used
)

// TwicePolicies lists every policy; the first is that of a plan that names none.
var TwicePolicies = []TwicePolicy{TwiceAlarm, TwiceKeep, TwiceRefundOlder}

// usedAfter is from when on the older of two purchases counts as used: who buys two things
// within a day has bought one of them by mistake.
const usedAfter = day

// foundLate is from when on two purchases beside each other both count as used. Stripe
// repeats for three days what it could not tell; what is found later than that is no mistake
// of the moment, but how things have been: as in an account that is read in for the first
// time.
const foundLate = 3 * day

// BoughtTwice is a purchase beside a newer one that gives the same again.
type BoughtTwice struct {
	Older, Newer         Source
	OlderPlan, NewerPlan PlanKey
	Policy               TwicePolicy // of the older one's plan

	// Used says why the older one is not simply to be taken back; empty: it was not used.
	Used string
	// Paid are the payments of the older one, sorted; none: it has cost nothing.
	Paid []PaymentIntentID
	// Refunded: all of that went back already.
	Refunded bool
	// Money are the payments and the paid invoices of both: what may have gone back.
	Money []Ref
}

// Says tells it in a sentence.
func (b BoughtTwice) Says() string {
	said := fmt.Sprintf("plan %s by %s %s, and plan %s by %s %s: a user has one of them at a time",
		b.OlderPlan, b.Older.Kind, b.Older.ID, b.NewerPlan, b.Newer.Kind, b.Newer.ID)
	switch {
	case b.Policy == TwiceKeep:
		return said + ", and the catalog says that both stay"
	case b.Policy == TwiceAlarm:
		return said + "; refund and cancel one of them at Stripe, or have the catalog say what is done (bought_twice)"
	case b.Used != "":
		return said + "; the older one is not refunded by itself, for " + b.Used
	default:
		return said + "; the older one is refunded and ends"
	}
}

// BoughtTwiceAt tells what of an account was bought twice and is held at a moment, sorted by
// when the older ones began. Each of them is told beside the newest of those that exclude it.
func BoughtTwiceAt(a Account, c Catalog, t time.Time) []BoughtTwice {
	d := derive(a, c)
	defer d.free()
	standings := map[Source][]Standing{}
	for _, s := range d.stand() {
		standings[s.Source] = append(standings[s.Source], s)
	}
	var held []heldPurchase
	for n := range d.purchases {
		if h, is := d.heldAt(&d.purchases[n], standings[d.purchases[n].Source], t); is {
			held = append(held, h)
		}
	}
	slices.SortFunc(held, func(a, b heldPurchase) int { return a.compare(&b) })
	var all []BoughtTwice
	paid := paidBy{account: &d.account}
	newest := newestHeld{}
	for n := range slices.Backward(held) {
		older := &held[n]
		if newer := newest.excludes(older); newer != nil {
			all = append(all, older.beside(newer, &paid, t))
		}
		newest.add(older)
	}
	slices.Reverse(all)
	return all
}

// newestHeld finds the newest of purchases that exclude another, by what plans exclude each
// other for: a plan and its group. They are added from the newest to the oldest.
type newestHeld map[exclusion]*heldPurchase

type exclusion struct {
	mode  Mode
	plan  PlanKey
	group GroupKey
}

func exclusions(p Plan) []exclusion {
	all := []exclusion{{mode: p.Mode, plan: p.Key}}
	if p.Group != "" {
		all = append(all, exclusion{mode: p.Mode, group: p.Group})
	}
	return all
}

func (n newestHeld) add(h *heldPurchase) {
	for _, plan := range h.plans {
		for _, e := range exclusions(plan) {
			if n[e] == nil {
				n[e] = h
			}
		}
	}
}

// excludes returns nil if none does.
func (n newestHeld) excludes(h *heldPurchase) *heldPurchase {
	var newest *heldPurchase
	for _, plan := range h.plans {
		for _, e := range exclusions(plan) {
			if other := n[e]; other != nil && (newest == nil || newest.before(other)) {
				newest = other
			}
		}
	}
	return newest
}

// heldPurchase is a purchase that may rule another one out.
type heldPurchase struct {
	purchase *Purchase
	plans    []Plan
	began    time.Time
	money    moneyBack // of an order, or of the last invoice that was paid
	paid     int       // how many invoices were
}

// heldAt tells whether a purchase is one of which a user should have one only, and holds: a
// subscription that was paid until it has ended at Stripe, whatever became of the money.
func (d *derivation) heldAt(p *Purchase, standings []Standing, t time.Time) (heldPurchase, bool) {
	h := heldPurchase{purchase: p}
	if p.Source.Kind == SourceOrder {
		o := p.Orders[0]
		h.began, h.money = o.PaidAt, p.moneyOfOrder()
		gives := slices.ContainsFunc(standings, func(s Standing) bool { return s.Gives && (s.Until.IsZero() || t.Before(s.Until)) })
		plan, known := d.catalog.planOfOrder(o)
		h.plans = []Plan{plan}
		paid := o.PaymentIntent != "" || len(p.Bills) > 0
		return h, known && plan.Once && paid && gives && h.money.share() != ShareFull
	}
	if !p.Subscription.Status.Live() || p.CustomerDeleted {
		return h, false
	}
	h.began = p.Subscription.StartedAt
	for _, item := range p.Subscription.Items {
		if plan, mapped := d.plans.planOf(item.Price, item.LookupKey); mapped && plan.Mode == ModeSubscription {
			h.plans = append(h.plans, plan)
		}
	}
	for _, bill := range p.Bills {
		if bill.Invoice.Status == InvoicePaid && bill.Invoice.Total > 0 {
			h.money = bill.moneyBack()
			h.paid++
		}
	}
	gives, _ := accessAt(standings, t)
	return h, gives || h.paid > 0
}

// compare sorts the one that began first to the front.
func (h *heldPurchase) compare(other *heldPurchase) int {
	return cmp.Or(h.began.Compare(other.began), h.purchase.Source.compare(other.purchase.Source))
}

func (h *heldPurchase) before(other *heldPurchase) bool { return h.compare(other) < 0 }

// beside is what it comes to, at a moment, that a purchase is held beside a newer one that
// excludes it.
func (h *heldPurchase) beside(newer *heldPurchase, by *paidBy, t time.Time) BoughtTwice {
	plan, other := h.plans[0], newer.plans[0]
	for _, p := range h.plans {
		if n := slices.IndexFunc(newer.plans, func(o Plan) bool { return p.Mode == o.Mode && p.Excludes(o) }); n >= 0 {
			plan, other = p, newer.plans[n]
			break
		}
	}
	payments := by.payments(h.purchase)
	return BoughtTwice{
		Older: h.purchase.Source, OlderPlan: plan.Key, Newer: newer.purchase.Source, NewerPlan: other.Key,
		Policy: cmp.Or(plan.BoughtTwice, TwicePolicies[0]), Used: h.used(newer, payments, t),
		Paid: payments, Refunded: h.money.refunded(),
		Money: slices.Concat(refsOf(h.purchase, payments), refsOf(newer.purchase, by.payments(newer.purchase))),
	}
}

// used says why a purchase is not simply to be taken back beside a newer one; empty: it may
// be.
func (h *heldPurchase) used(newer *heldPurchase, payments []PaymentIntentID, t time.Time) string {
	switch {
	case newer.began.Sub(h.began) > usedAfter:
		return "it began more than a day before the other one"
	case t.Sub(newer.began) > foundLate:
		return "both have been there for more than three days"
	case !newer.purchase.inGoodStanding():
		return "the other one is overdue, or is to end"
	case newer.isDisputed(), newer.gaveBack():
		return "money of the other one went back, or is disputed"
	case h.paid > 1 || !h.purchase.Past.none():
		return "more than one of its invoices was paid"
	case len(h.purchase.Subscription.Items) > 1:
		return "it is to several things"
	case len(h.purchase.owed()) > 0:
		return "an invoice of it is open"
	case h.isDisputed():
		return "its payment is disputed"
	case h.gaveBack() && !h.money.refunded():
		return "a part of its money went back"
	case h.boughtWithCredit():
		return "it was paid with the customer's credit"
	case h.money.paid > 0 && len(payments) == 0:
		return "it is not known what paid for it"
	case len(h.purchase.Bills) == 0 && h.purchase.Subscription.Status == StatusActive:
		return "it is not known that it was paid"
	default:
		return ""
	}
}

// inGoodStanding tells whether what was bought goes on by itself.
func (p *Purchase) inGoodStanding() bool {
	if p.Source.Kind == SourceOrder {
		return true
	}
	s := &p.Subscription
	goesOn := s.Status == StatusActive || s.Status == StatusTrialing
	return goesOn && s.ScheduledEnd().IsZero() && len(p.owed()) == 0
}

// isDisputed tells whether anything that was paid is disputed, or was, a part of it included:
// a refund would come on top of what the bank takes back.
func (h *heldPurchase) isDisputed() bool {
	return slices.ContainsFunc(h.purchase.Bills, func(b *Bill) bool { return len(b.Disputes) > 0 })
}

// gaveBack tells whether any money went back, to the customer's balance or for a single line
// included.
func (h *heldPurchase) gaveBack() bool {
	return slices.ContainsFunc(h.purchase.Bills, func(b *Bill) bool {
		back := b.moneyBack()
		return !back.nothing()
	})
}

func (h *heldPurchase) boughtWithCredit() bool {
	return slices.ContainsFunc(h.purchase.Bills, func(b *Bill) bool {
		return b.Invoice.Status == InvoicePaid && b.Invoice.Total > b.Invoice.AmountPaid
	})
}

// paidBy finds which payments paid for a purchase.
type paidBy struct {
	account *Account
	bills   map[string][]PaymentIntentID // of all, read when the first is asked for
}

// payments are those that paid for a purchase, sorted.
func (p *paidBy) payments(purchase *Purchase) []PaymentIntentID {
	if p.bills == nil {
		p.read()
	}
	var all []PaymentIntentID
	for _, o := range purchase.Orders {
		if o.Mode == ModePayment {
			all = append(all, o.PaymentIntent)
		}
	}
	for _, bill := range purchase.Bills {
		all = append(all, bill.Payment.ID)
		if bill.Invoice.AmountPaid != 0 {
			all = append(all, p.bills[bill.ID()]...)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(id PaymentIntentID) bool { return id == "" })
}

func (p *paidBy) read() {
	p.bills = map[string][]PaymentIntentID{}
	of := payees{account: p.account}
	for intent := range p.account.InvoicePayments {
		bill := of.of(intent, "")
		p.bills[bill] = append(p.bills[bill], intent)
	}
	for id, charge := range p.account.Charges {
		if charge.PaymentIntent != "" {
			bill := of.of(charge.PaymentIntent, id)
			p.bills[bill] = append(p.bills[bill], charge.PaymentIntent)
		}
	}
}

// refsOf name the payments of a purchase, and its paid invoices.
func refsOf(purchase *Purchase, payments []PaymentIntentID) []Ref {
	var all []Ref
	for _, payment := range payments {
		all = append(all, Ref{RefPaymentIntent, string(payment)})
	}
	for _, bill := range purchase.Bills {
		if bill.Invoice.Status == InvoicePaid {
			all = append(all, Ref{RefInvoice, string(bill.Invoice.ID)})
		}
	}
	return all
}

// MayBeTwice are the purchases that were paid, or begun, and may have been bought beside
// another, sorted: those whose orders say so, and subscriptions that no order of ours was
// for. Whether they were takes a look at the whole account.
func (a Account) MayBeTwice() []Ref {
	var all []Ref
	for id, o := range a.Orders {
		if o.MayBeTwice && o.Status == OrderPaid {
			all = append(all, Ref{RefTwice, string(id)})
		}
	}
	for id, s := range a.Subscriptions {
		o, ours := a.Orders[s.Order]
		begun := s.Status.Live() && s.Status != StatusPaused
		if begun && (!ours || o.MayBeTwice) {
			all = append(all, Ref{RefTwice, string(id)})
		}
	}
	slices.SortFunc(all, func(a, b Ref) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// WithRivalsOf is the account where orders say that they may be paid beside a subscription: a
// page may have been open when that was sold elsewhere. It tells whether there are any that did
// not say so.
func (a Account) WithRivalsOf(id SubscriptionID, c Catalog) (with Account, changed bool) {
	rivals := func(o Order) bool {
		plan, known := c.PlanOf(o.Plan)
		return known && o.Mode == ModeSubscription && o.Status != OrderPaid && !o.MayBeTwice &&
			slices.ContainsFunc(a.Subscriptions[id].Items, func(i Item) bool {
				held, is := a.PlanOfItem(i, c)
				return is && held.Excludes(plan)
			})
	}
	for id, o := range a.Orders {
		if !rivals(o) {
			continue
		}
		if !changed {
			a, changed = a.Clone(), true
		}
		o.MayBeTwice = true
		a.Orders[id] = o
	}
	return a, changed
}
