package sandbox

import (
	"fmt"
	"time"
)

// addInvoice keeps a draft. It says nothing yet: the caller decides when
// invoice.created and invoice.finalized are due, see finalize.
func (s *Sandbox) addInvoice(in *invoice) {
	s.invoiceSeq++
	in.id, in.status = newID("in_1", 23), "draft"
	in.number = fmt.Sprintf("%s-%04d", newID("", 8), s.invoiceSeq)
	in.created = s.nowUnix()
	if cu := s.customers.get(in.customer); cu != nil && !in.madeOfPayment() {
		in.startingBalance = cu.balance
	}
	for i := range in.lines {
		l := &in.lines[i]
		l.id = newID("il_1", 23)
		if l.invoiceItem == "" && (l.item == "" || l.proration) {
			l.invoiceItem = newID("ii_1", 23)
		}
		if it := s.invoiceItems.get(l.invoiceItem); it != nil {
			it.invoice = in.id
		}
		if l.created == 0 {
			l.created = in.created
		}
	}
	s.invoices.add(in.id, in)
}

// madeOfPayment tells whether it only tells of a one-time payment.
func (in *invoice) madeOfPayment() bool { return in.paymentIntent != "" && in.subscription == "" }

// announce tells of the draft, once.
func (s *Sandbox) announce(in *invoice) {
	if !in.announced {
		in.announced = true
		s.emit("invoice.created", s.invoiceObject(in), nil)
	}
}

// finalize announces the draft and opens it, with an intent to collect what is
// due unless there is one. What is to be sent is sent.
func (s *Sandbox) finalize(in *invoice, description string, methodTypes []string) {
	s.announce(in)
	s.applyBalance(in)
	in.status, in.finalizedAt = "open", s.nowUnix()
	if in.due() > 0 && in.paymentIntent == "" {
		pi := &paymentIntent{
			customer: in.customer, invoice: in.id, currency: in.currency, amount: in.due(),
			description: description, methodTypes: methodTypes,
		}
		if in.billingReason == "subscription_create" {
			pi.setupFutureUsage = "off_session"
		}
		s.addPaymentIntent(pi)
		in.pay(pi.id, pi.created)
	}
	if in.toBeSent() {
		in.dueDate = in.finalizedAt + in.daysUntilDue*24*60*60
		s.at(time.Unix(in.dueDate, 0), func() { s.passDueDate(in) })
	}
	s.emit("invoice.finalized", s.invoiceObject(in), nil)
	if in.toBeSent() && in.due() > 0 {
		s.emit("invoice.sent", s.invoiceObject(in), nil)
	}
}

// applyBalance puts what the customer owes, or has to its credit, on the invoice.
// What is left of a credit stays in the balance. An invoice that is made of a
// payment leaves it alone.
func (s *Sandbox) applyBalance(in *invoice) {
	cu := s.customers.get(in.customer)
	if cu == nil || cu.deleted || in.madeOfPayment() {
		return
	}
	in.startingBalance = cu.balance
	s.setBalance(cu, min(0, in.total()+cu.balance))
	in.endingBalance = cu.balance
}

func (s *Sandbox) setBalance(cu *customer, balance int64) {
	before := s.customerObject(cu)
	cu.balance = balance
	s.emitUpdated("customer.updated", before, s.customerObject(cu))
}

// pay ties the invoice to the intent that is to collect it.
func (in *invoice) pay(intent string, now int64) {
	in.paymentIntent, in.paymentID, in.paymentCreated = intent, newID("inpay_1", 23), now
}

func (s *Sandbox) markPaid(in *invoice) {
	in.status, in.paidAt, in.nextAttempt = "paid", s.nowUnix(), 0
	if in.paymentIntent != "" && !in.paidOutOfBand {
		s.emitSince(basil, "invoice_payment.paid", s.invoicePaymentObject(in))
	}
	s.emit("invoice.paid", s.invoiceObject(in), nil)
	if !in.paidOutOfBand {
		s.emit("invoice.payment_succeeded", s.invoiceObject(in), nil)
	}
}

// payable tells whether the invoice still takes a payment.
func (in *invoice) payable() bool { return in.status == "open" || in.status == "uncollectible" }

// chargeFor charges the payment method of an open invoice and tells whether it is
// paid. One whose owner has to authenticate has failed so far.
func (s *Sandbox) chargeFor(in *invoice, a attempt) bool {
	pm, pi := s.methodFor(in), s.paymentIntents.get(in.paymentIntent)
	switch {
	case pi == nil: // nothing is due
	case pm == nil:
		in.attempts++
		s.planAttempt(in)
		s.emit("invoice.payment_failed", s.invoiceObject(in), nil)
		return false
	default:
		if !s.chargeIntent(pi, pm, a) {
			if pi.status == "requires_action" {
				in.attempts++
				s.planAttempt(in)
				s.emit("invoice.payment_failed", s.invoiceObject(in), nil)
			}
			return false
		}
		s.keepMethod(in, pm)
	}
	s.markPaid(in)
	return true
}

// planAttempt notes when Stripe tries again, if it does.
func (s *Sandbox) planAttempt(in *invoice) {
	in.nextAttempt = 0
	if !in.autoAdvance || in.toBeSent() {
		return
	}
	retries := s.collection.RetryAfter
	if s.ownClock { // it is made when it is told to, as often as it is
		in.nextAttempt = s.now().Add(3 * day).Unix()
		return
	}
	if in.attempts > len(retries) {
		in.autoAdvance = false
		return
	}
	next := s.now().Add(retries[max(in.attempts, 1)-1]).Unix()
	in.nextAttempt = next
	s.at(time.Unix(next, 0), func() { s.tryAgain(in, next) }) // when it is told, to the second
}

// voidInvoice ends an open invoice, and with it the attempt to collect it. What it
// took from the customer's balance goes back.
func (s *Sandbox) voidInvoice(in *invoice) {
	s.cancelIntent(s.paymentIntents.get(in.paymentIntent))
	if cu := s.liveCustomer(in.customer); cu != nil && in.finalizedAt != 0 {
		s.setBalance(cu, cu.balance+in.startingBalance-in.endingBalance)
	}
	in.status, in.voidedAt, in.nextAttempt = "void", s.nowUnix(), 0
	s.emit("invoice.voided", s.invoiceObject(in), nil)
}

// writeOff marks an open invoice uncollectible. It can still be paid.
func (s *Sandbox) writeOff(in *invoice) {
	in.status, in.uncollectibleAt, in.nextAttempt = "uncollectible", s.nowUnix(), 0
	s.emit("invoice.marked_uncollectible", s.invoiceObject(in), nil)
}

// passDueDate makes an invoice that was sent overdue, and its subscription past due.
func (s *Sandbox) passDueDate(in *invoice) {
	if in.status != "open" || in.overdue {
		return
	}
	in.overdue = true
	s.emit("invoice.overdue", s.invoiceObject(in), nil)
	if sub := s.subscriptions.get(in.subscription); sub != nil && sub.latestInvoice == in.id && sub.status == "active" {
		s.setStatus(sub, "past_due")
	}
}

// settled is what the payment of a subscription's newest invoice mends.
func (s *Sandbox) settled(in *invoice) {
	sub := s.subscriptions.get(in.subscription)
	switch {
	case sub == nil || sub.terminal() || sub.latestInvoice != in.id:
	case sub.update != nil && sub.update.invoice == in.id:
		s.applyUpdate(sub)
	case sub.status == "past_due" || sub.status == "unpaid":
		s.setStatus(sub, "active")
	case sub.status == "incomplete":
		s.setStatus(sub, sub.startStatus())
	case sub.status == "paused" && sub.resuming == in.id:
		s.unpause(sub)
	}
}

// givenUp is what it means for the subscription that its invoice was voided or
// written off: its status is that of its newest invoice that was not voided.
func (s *Sandbox) givenUp(in *invoice) {
	sub := s.subscriptions.get(in.subscription)
	switch {
	case sub == nil || sub.terminal():
	case sub.status == "incomplete" && in.status == "void":
		s.neverBegan(sub)
	case sub.update != nil && sub.update.invoice == in.id:
		s.dropUpdate(sub)
	case sub.status == "past_due" || sub.status == "unpaid":
		for _, other := range s.invoices.newestFirst() {
			if other.subscription != sub.id || other.status == "void" || other.status == "draft" {
				continue
			}
			if other.status != "open" {
				s.setStatus(sub, "active")
			}
			return
		}
	}
}
