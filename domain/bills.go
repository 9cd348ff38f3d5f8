package domain

import (
	"cmp"
	"slices"
)

// This file gives each bill the ways of its money: what intents and charges pay it, and
// what of it went back.

// bills are all bills of an account, sorted by what they are for and by time.
type bills []*Bill

func compareBills(a, b *Bill) int {
	if by := cmp.Compare(a.billedFor(), b.billedFor()); by != 0 {
		return by
	}
	if by := a.Invoice.billedAt().Compare(b.Invoice.billedAt()); by != 0 {
		return by
	}
	return cmp.Compare(a.ID(), b.ID())
}

// billedFor is the subscription or the order.
func (b *Bill) billedFor() string {
	if b.Payment.ID != "" {
		return string(b.Payment.Order)
	}
	return string(b.Invoice.Subscription)
}

// of are the bills for one purchase.
func (all bills) of(purchase string) []*Bill {
	start, _ := slices.BinarySearchFunc(all, purchase, func(b *Bill, id string) int { return cmp.Compare(b.billedFor(), id) })
	end := start
	for end < len(all) && all[end].billedFor() == purchase {
		end++
	}
	return all[start:end:end]
}

// makeBills makes a bill of every invoice and payment, with the ways of its money.
func (d *derivation) makeBills() {
	a := &d.account
	d.facts = slices.Grow(d.facts, len(a.Invoices)+len(a.Payments)) // or the bills would move
	d.bills = slices.Grow(d.bills, cap(d.facts))
	for _, invoice := range a.Invoices {
		d.facts = append(d.facts, Bill{Invoice: invoice})
	}
	for _, payment := range a.Payments {
		d.facts = append(d.facts, Bill{Payment: payment})
	}
	for n := range d.facts {
		d.bills = append(d.bills, &d.facts[n])
	}
	d.bills.attach(a)
	slices.SortFunc(d.bills, compareBills)
}

// attach gives each bill the ways of its money, sorted by id; of charges those of bills
// of which money went back.
func (all bills) attach(a *Account) {
	if len(a.Refunds)+len(a.Disputes)+len(a.CreditNotes) == 0 && !a.refunded() {
		return // as of most accounts
	}
	if len(all) > few {
		slices.SortFunc(all, func(a, b *Bill) int { return cmp.Compare(a.ID(), b.ID()) })
	}
	find := payees{account: a}
	for _, r := range a.Refunds {
		if bill := all.find(find.of(r.PaymentIntent, r.Charge)); bill != nil {
			bill.Refunds = append(bill.Refunds, r)
		}
	}
	for _, d := range a.Disputes {
		if bill := all.find(find.of(d.PaymentIntent, d.Charge)); bill != nil {
			bill.Disputes = append(bill.Disputes, d)
		}
	}
	for _, n := range a.CreditNotes {
		if bill := all.find(string(n.Invoice)); bill != nil {
			bill.CreditNotes = append(bill.CreditNotes, n)
		}
	}
	for id, c := range a.Charges {
		bill := all.find(find.of(c.PaymentIntent, id))
		if bill != nil && (c.Refunded > 0 || len(bill.Refunds)+len(bill.Disputes)+len(bill.CreditNotes) > 0) {
			bill.Charges = append(bill.Charges, c)
		}
	}
	for _, bill := range all {
		slices.SortFunc(bill.Charges, func(a, b Charge) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.Refunds, func(a, b Refund) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.Disputes, func(a, b Dispute) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.CreditNotes, func(a, b CreditNote) int { return cmp.Compare(a.ID, b.ID) })
	}
}

// refunded tells whether a charge says that some of it was refunded.
func (a *Account) refunded() bool {
	for id := range a.Charges {
		if a.Charges[id].Refunded > 0 {
			return true
		}
	}
	return false
}

// few bills need no order to be found.
const few = 8

// find is the bill with an id, if there is one: of a few bills, or of bills that are
// sorted by id.
func (all bills) find(id string) *Bill {
	if len(all) <= few {
		for _, bill := range all {
			if bill.ID() == id {
				return bill
			}
		}
		return nil
	}
	n, found := slices.BinarySearchFunc(all, id, func(b *Bill, id string) int { return cmp.Compare(b.ID(), id) })
	if !found {
		return nil
	}
	return all[n]
}

// payees finds what an intent or a charge pays.
type payees struct {
	account *Account
	charges map[PaymentIntentID]InvoiceID // what charges say of their intents
}

// of is the id of the bill; of one that nobody told us of, it names nothing.
func (p *payees) of(intent PaymentIntentID, charge ChargeID) string {
	intent = p.account.intentOf(intent, charge)
	if _, once := p.account.Payments[intent]; once {
		return string(intent)
	}
	if invoice, linked := p.account.InvoicePayments[intent]; linked {
		return string(invoice)
	}
	if p.charges == nil {
		p.readCharges()
	}
	return string(max(p.account.Charges[charge].Invoice, p.charges[intent]))
}

func (p *payees) readCharges() {
	p.charges = map[PaymentIntentID]InvoiceID{}
	for _, c := range p.account.Charges {
		if c.PaymentIntent != "" && c.Invoice != "" {
			p.charges[c.PaymentIntent] = max(p.charges[c.PaymentIntent], c.Invoice)
		}
	}
}
