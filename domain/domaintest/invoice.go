package domaintest

import (
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// invoice is one of Stripe's while its story is told.
type invoice struct {
	of    *subscriber
	is    domain.Invoice // with all lines
	was   []domain.InvoiceFact
	lost  bool // nothing is told of it: who asks, learns of it
	free  bool // a coupon takes all of it
	paid  []*collection
	notes []*creditNote

	bought    []*bought   // what it bills, as the ledger has it
	givesBack []givenBack // what it gives back
	spends    []credit    // the customer's credit that it was settled with
}

// bought is a line of the model's own ledger: from a moment until another, so many
// more units of a price (or fewer), billed by an invoice.
type bought struct {
	item        *item
	price       domain.PriceID
	units       int64
	from, until time.Time
	by          *invoice
	line        string // il_..., of the invoice
	cents       int64
}

// billable is what waits for an invoice.
type billable struct {
	line   domain.Line
	bought *bought // nil: the line is the other half of a change, or of no item
}

// credit is money that Stripe keeps for the customer.
type credit struct {
	cents int64
	of    []givenBack // what it is for; nothing: a present
}

// givenBack is a line that gives something back, and what had been paid for of it.
type givenBack struct {
	line   domain.Line
	origin []*bought
}

func (g givenBack) credit() credit { return credit{-g.line.Amount, []givenBack{g}} }

// bill makes an invoice, which nobody owes yet.
func (s *subscriber) bill(reason string, billed ...billable) *invoice {
	n := len(s.invoices) + 1
	i := &invoice{of: s, free: s.free, is: domain.Invoice{
		ID: domain.InvoiceID(fmt.Sprintf("in_%s_%d", s.name, n)), Subscription: s.is.ID, Status: domain.InvoiceDraft,
		BillingReason: reason, Method: s.method, Currency: "usd", CreatedAt: s.now, Complete: true,
	}}
	for n, b := range billed {
		b.line.ID = fmt.Sprintf("il_%s_%03d", i.is.ID, n)
		i.is.Lines = append(i.is.Lines, b.line)
		i.is.Total += b.line.Amount
		if b.bought != nil {
			b.bought.by, b.bought.line, b.bought.cents = i, b.line.ID, b.line.Amount
			i.bought = append(i.bought, b.bought)
			s.ledger = append(s.ledger, b.bought)
		}
	}
	if i.free {
		i.is.Total = 0
	}
	s.turn("billing reason", reason)
	s.turn("collection method", string(s.method))
	if len(billed) > 10 {
		s.turn("invoice", "more than ten lines")
	}
	s.invoices = append(s.invoices, i)
	s.is.LatestInvoice = i.is.ID
	return i
}

// finalize: from now on it is owed, or there is nothing to pay.
func (s *subscriber) finalize(i *invoice) {
	i.is.Status, i.is.FinalizedAt = domain.InvoiceOpen, s.now
	if i.is.Method == domain.SendInvoice {
		i.is.DueAt = s.now.Add(s.netDays)
	}
	i.findOrigins()
	s.balance.settle(i)
	if i.is.AmountDue == 0 {
		s.settled(i)
	}
}

// balance is the credit that a customer has, oldest first.
type balance []credit

func (b balance) cents() int64 {
	var sum int64
	for _, c := range b {
		sum += c.cents
	}
	return sum
}

// settle takes what the customer has from what the invoice asks for, or keeps what it
// gives back.
func (b *balance) settle(i *invoice) {
	i.is.StartingBalance = -b.cents()
	i.is.AmountDue = max(i.is.Total, 0)
	if i.is.Total < 0 {
		*b = append(*b, credit{-i.is.Total, i.givesBack})
	}
	for i.is.AmountDue > 0 && len(*b) > 0 {
		first := &(*b)[0]
		spent := min(first.cents, i.is.AmountDue)
		i.spends = append(i.spends, credit{spent, first.of})
		i.is.AmountDue -= spent
		if first.cents -= spent; first.cents == 0 {
			*b = (*b)[1:]
		}
	}
	i.is.EndingBalance = -b.cents()
}

// findOrigins finds what had been billed of what an invoice gives back.
func (i *invoice) findOrigins() {
	for _, line := range i.is.Lines {
		if line.Kind != domain.LineCredit {
			continue
		}
		g := givenBack{line: line}
		for _, b := range i.of.ledger {
			if b.item.ID == line.Item && b.price == line.Price && b.by != i && b.covers(line.From) {
				g.origin = append(g.origin, b)
			}
		}
		i.givesBack = append(i.givesBack, g)
	}
}

// settled: nothing of it is owed any more.
func (s *subscriber) settled(i *invoice) {
	i.is.Status, i.is.PaidAt = domain.InvoicePaid, s.now
	s.debit = false
}

// paysWithMoney: what is due of it comes, mostly at once, and Stripe says twice that
// it did.
func (s *subscriber) paysWithMoney(i *invoice) {
	due := i.is.AmountDue
	s.settled(i)
	i.is.AmountPaid = due
	parts := []int64{due}
	if due > 100 && s.seldom("paid in parts", 12) {
		parts = []int64{due / 3, due - due/3}
		s.turn("invoice", "paid in parts")
	}
	for n, part := range parts {
		c := &collection{intent: domain.PaymentIntentID(fmt.Sprintf("pi_%s_%d", i.is.ID, n)), of: i, amount: part}
		i.paid = append(i.paid, c)
		s.collect(c)
	}
}

// tell says how an invoice is now. A message has room for ten lines; what pays it, it
// says until API version acacia only.
func (s *subscriber) tell(i *invoice, kind domain.EventType) {
	f := domain.InvoiceFact{Type: kind, At: s.now, Invoice: i.is, Customer: s.customer}
	f.Invoice.Lines = slices.Clone(i.is.Lines)
	for _, c := range i.paid {
		f.PaidWith = append(f.PaidWith, domain.PaidWith{PaymentIntent: c.intent, Charge: c.charge})
	}
	i.was = append(i.was, f)
	s.turn("invoice", string(i.is.Status))
	if i.lost {
		s.turn("invoice", "lost")
		return
	}
	if len(i.paid) > 1 || s.chance("since basil") {
		f.PaidWith = nil
	}
	if len(f.Invoice.Lines) > 10 {
		f.Invoice.Lines, f.Invoice.Complete = f.Invoice.Lines[:10], false
	}
	s.story.says(f)
}

// share is what is asked for quantity units of a price for a part of its period.
func share(price domain.PriceID, quantity int64, from, until time.Time) int64 {
	p := tariffs[price]
	return max(1, p.cents*quantity*int64(until.Sub(from)/time.Second)/int64(p.every/time.Second))
}
