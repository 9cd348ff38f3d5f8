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
	slices.SortFunc(held, func(a, b heldPurchase) int {
		return cmp.Or(a.began.Compare(b.began), a.purchase.Source.compare(b.purchase.Source))
	})
	var all []BoughtTwice
	for n, older := range held {
		for _, newer := range slices.Backward(held[n+1:]) {
			if twice, is := older.beside(&newer, d.account); is {
				all = append(all, twice)
				break
			}
		}
	}
	return all
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

// beside tells whether two purchases exclude each other, and what that comes to.
func (h *heldPurchase) beside(newer *heldPurchase, a Account) (BoughtTwice, bool) {
	for _, plan := range h.plans {
		for _, other := range newer.plans {
			if plan.Mode != other.Mode || !plan.Excludes(other) {
				continue
			}
			return BoughtTwice{
				Older: h.purchase.Source, OlderPlan: plan.Key, Newer: newer.purchase.Source, NewerPlan: other.Key,
				Policy: cmp.Or(plan.BoughtTwice, TwicePolicies[0]), Used: h.used(newer, a),
				Paid: h.payments(a), Refunded: h.money.share() == ShareFull,
			}, true
		}
	}
	return BoughtTwice{}, false
}

// used says why a purchase is not simply to be taken back beside a newer one; empty: it may
// be.
func (h *heldPurchase) used(newer *heldPurchase, a Account) string {
	switch {
	case newer.began.Sub(h.began) > usedAfter:
		return "it began more than a day before the other one"
	case !newer.purchase.inGoodStanding():
		return "the other one is overdue, or is to end"
	case h.paid > 1 || !h.purchase.Past.none():
		return "more than one of its invoices was paid"
	case len(h.purchase.Subscription.Items) > 1:
		return "it is to several things"
	case len(h.purchase.owed()) > 0:
		return "an invoice of it is open"
	case len(h.money.disputed) > 0:
		return "its payment is disputed"
	case h.money.share() == SharePartial:
		return "a part of its money went back"
	case h.boughtWithCredit():
		return "it was paid with the customer's credit"
	case h.money.paid > 0 && len(h.payments(a)) == 0:
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

func (h *heldPurchase) boughtWithCredit() bool {
	return slices.ContainsFunc(h.purchase.Bills, func(b *Bill) bool {
		return b.Invoice.Status == InvoicePaid && b.Invoice.Total > b.Invoice.AmountPaid
	})
}

// payments are those that paid for a purchase, sorted.
func (h *heldPurchase) payments(a Account) []PaymentIntentID {
	var all []PaymentIntentID
	add := func(id PaymentIntentID) {
		if id != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	for _, o := range h.purchase.Orders {
		if o.Mode == ModePayment {
			add(o.PaymentIntent)
		}
	}
	of := payees{account: &a}
	for _, bill := range h.purchase.Bills {
		add(bill.Payment.ID)
		if bill.Invoice.AmountPaid == 0 {
			continue
		}
		for intent := range a.InvoicePayments {
			if of.of(intent, "") == bill.ID() {
				add(intent)
			}
		}
		for id, charge := range a.Charges {
			if charge.PaymentIntent != "" && of.of(charge.PaymentIntent, id) == bill.ID() {
				add(charge.PaymentIntent)
			}
		}
	}
	slices.Sort(all)
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
