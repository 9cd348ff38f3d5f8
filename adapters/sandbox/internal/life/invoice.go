package life

import (
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AdvanceInvoiceSoon finalizes and collects a draft after an hour, if that still stands.
func (s *Stripe) AdvanceInvoiceSoon(in *state.Invoice) {
	s.At(time.Unix(in.Created, 0).Add(draftLife), state.Timer{Kind: draftEnds, About: in.ID})
}

func (s *Stripe) advanceDraft(t state.Timer) {
	if in := s.Invoices.Get(t.About); in != nil && in.Status == "draft" && in.AutoAdvance {
		s.FinalizeInvoice(in, in.IntentDescription(), []string{"card"})
		s.AdvanceInvoice(in)
	}
}

// DeleteDraft takes back a draft that no subscription made, and the items that are on it.
func (s *Stripe) DeleteDraft(in *state.Invoice) {
	last := s.Render.Invoice(in)
	for _, l := range in.Lines {
		if it := s.InvoiceItems.Get(l.InvoiceItem); it != nil {
			gone := s.Render.InvoiceItem(it)
			s.InvoiceItems.Remove(it.ID)
			s.Emit("invoiceitem.deleted", gone, nil)
		}
	}
	s.Invoices.Remove(in.ID)
	s.Emit("invoice.deleted", last, nil)
}

// AdvanceInvoice collects an open invoice that Stripe collects by itself, at once.
func (s *Stripe) AdvanceInvoice(in *state.Invoice) {
	switch {
	case in.Due() == 0:
		s.MarkPaid(in)
		s.InvoiceSettled(in)
	case in.AutoAdvance && !in.ToBeSent() && s.ChargeFor(in, Later(true)):
		s.InvoiceSettled(in)
	}
}

// AddInvoice keeps a draft. It says nothing yet: the caller decides when
// invoice.created and invoice.finalized are due, see finalize.
func (s *Stripe) AddInvoice(in *state.Invoice) {
	in.ID, in.Status = wire.NewID("in_1", 23), "draft"
	in.Created = s.NowUnix()
	if cu := s.Customers.Get(in.Customer); cu != nil && !in.MadeOfPayment() {
		in.StartingBalance = cu.Balance
	}
	for i := range in.Lines {
		l := &in.Lines[i]
		l.ID = wire.NewID("il_1", 23)
		if l.InvoiceItem == "" && (l.Item == "" || l.Proration) {
			l.InvoiceItem = wire.NewID("ii_1", 23)
		}
		if it := s.InvoiceItems.Get(l.InvoiceItem); it != nil {
			it.Invoice = in.ID
		}
		if l.Created == 0 {
			l.Created = in.Created
		}
	}
	s.Invoices.Add(in.ID, in)
}

// AnnounceInvoice tells of the draft, once.
func (s *Stripe) AnnounceInvoice(in *state.Invoice) {
	if !in.Announced {
		in.Announced = true
		s.Emit("invoice.created", s.Render.Invoice(in), nil)
	}
}

// FinalizeInvoice announces the draft and opens it, with an intent to collect what is
// due unless there is one. What is to be sent is sent. Of a draft that was announced before
// it also tells that it has changed.
func (s *Stripe) FinalizeInvoice(in *state.Invoice, description string, methodTypes []string) {
	if in.Announced {
		s.BeginInvoiceUpdate(in)
	}
	s.AnnounceInvoice(in)
	s.applyBalance(in)
	in.Status, in.FinalizedAt = "open", s.NowUnix()
	if cu := s.Customers.Get(in.Customer); cu != nil {
		cu.Invoiced++
		in.Number = fmt.Sprintf("%s-%04d", cu.InvoicePrefix, cu.Invoiced)
	}
	if in.Due() > 0 && in.PaymentIntent == "" {
		pi := &state.PaymentIntent{
			Customer: in.Customer, Invoice: in.ID, Currency: in.Currency, Amount: in.Due(),
			Description: description, MethodTypes: methodTypes,
		}
		if in.BillingReason == "subscription_create" {
			pi.SetupFutureUsage = "off_session"
		}
		s.AddPaymentIntent(pi)
		in.Pay(pi.ID, pi.Created)
	}
	if in.ToBeSent() {
		in.DueDate = in.FinalizedAt + in.DaysUntilDue*24*60*60
		s.At(time.Unix(in.DueDate, 0), state.Timer{Kind: invoiceDue, About: in.ID})
	}
	s.Emit("invoice.finalized", s.Render.Invoice(in), nil)
	s.TellInvoiceUpdate(in)
	if in.ToBeSent() && in.Due() > 0 {
		s.Emit("invoice.sent", s.Render.Invoice(in), nil)
	}
}

// applyBalance puts what the customer owes, or has to its credit, on the invoice.
// What is left of a credit stays in the balance. An invoice that is made of a
// payment leaves it alone.
func (s *Stripe) applyBalance(in *state.Invoice) {
	cu := s.Customers.Get(in.Customer)
	if cu == nil || cu.Deleted || in.MadeOfPayment() {
		return
	}
	in.StartingBalance = cu.Balance
	s.setBalance(cu, min(0, in.Total()+cu.Balance))
	in.EndingBalance = cu.Balance
}

func (s *Stripe) setBalance(cu *state.Customer, balance int64) {
	before := s.Render.Customer(cu)
	cu.Balance = balance
	s.EmitUpdated("customer.updated", before, s.Render.Customer(cu))
}

// MarkPaid ends an invoice as paid.
func (s *Stripe) MarkPaid(in *state.Invoice) {
	s.UpdateInvoice(in, func() { in.Status, in.PaidAt, in.NextAttempt = "paid", s.NowUnix(), 0 })
	if in.PaymentIntent != "" && !in.PaidOutOfBand {
		s.emitSince(wire.Basil, "invoice_payment.paid", s.Render.InvoicePayment(in))
	}
	s.Emit("invoice.paid", s.Render.Invoice(in), nil)
	if !in.PaidOutOfBand {
		s.Emit("invoice.payment_succeeded", s.Render.Invoice(in), nil)
	}
}

// ChargeFor charges the payment method of an open invoice and tells whether it is
// paid. One whose owner has to authenticate has failed so far.
func (s *Stripe) ChargeFor(in *state.Invoice, a Attempt) bool {
	pm, pi := s.MethodFor(in), s.PaymentIntents.Get(in.PaymentIntent)
	switch {
	case pi == nil: // nothing is due
	case pm == nil:
		s.attemptFailed(in)
		return false
	default:
		if !s.chargeIntent(pi, pm, a) {
			if pi.Status == "requires_action" {
				s.attemptFailed(in)
			}
			return false
		}
		s.keepMethod(in, pm)
	}
	s.MarkPaid(in)
	return true
}

// attemptFailed counts an attempt that has charged nothing, and says so.
func (s *Stripe) attemptFailed(in *state.Invoice) {
	s.BeginInvoiceUpdate(in)
	in.Attempts++
	s.tellAttemptFailed(in)
}

// tellAttemptFailed plans the next attempt, and says that one has failed.
func (s *Stripe) tellAttemptFailed(in *state.Invoice) {
	s.UpdateInvoice(in, func() { s.planAttempt(in) })
	s.Emit("invoice.payment_failed", s.Render.Invoice(in), nil)
}

// planAttempt notes when Stripe tries again, if it does.
func (s *Stripe) planAttempt(in *state.Invoice) {
	in.NextAttempt = 0
	if !in.AutoAdvance || in.ToBeSent() {
		return
	}
	retries := s.Collection.RetryAfter
	if s.OwnClock { // it is made when it is told to, as often as it is
		in.NextAttempt = s.Now().Add(3 * clock.Day).Unix()
		return
	}
	if in.Attempts > len(retries) {
		in.AutoAdvance = false
		return
	}
	next := s.Now().Add(retries[max(in.Attempts, 1)-1]).Unix()
	in.NextAttempt = next
	s.At(time.Unix(next, 0), state.Timer{Kind: retryDue, About: in.ID, Number: next}) // when it is told, to the second
}

// VoidInvoice ends an open invoice, and with it the attempt to collect it. What it
// took from the customer's balance goes back.
func (s *Stripe) VoidInvoice(in *state.Invoice) {
	s.CancelIntent(s.PaymentIntents.Get(in.PaymentIntent))
	if cu := s.LiveCustomer(in.Customer); cu != nil && in.FinalizedAt != 0 {
		s.setBalance(cu, cu.Balance+in.StartingBalance-in.EndingBalance)
	}
	s.UpdateInvoice(in, func() { in.Status, in.VoidedAt, in.NextAttempt = "void", s.NowUnix(), 0 })
	s.Emit("invoice.voided", s.Render.Invoice(in), nil)
}

// WriteOffInvoice marks an open invoice uncollectible. It can still be paid.
func (s *Stripe) WriteOffInvoice(in *state.Invoice) {
	s.UpdateInvoice(in, func() { in.Status, in.UncollectibleAt, in.NextAttempt = "uncollectible", s.NowUnix(), 0 })
	s.Emit("invoice.marked_uncollectible", s.Render.Invoice(in), nil)
}

// PassDueDate makes an invoice that was sent overdue, and its subscription past due.
func (s *Stripe) PassDueDate(in *state.Invoice) {
	if in.Status != "open" || in.Overdue {
		return
	}
	in.Overdue = true
	s.Emit("invoice.overdue", s.Render.Invoice(in), nil)
	if sub := s.Subscriptions.Get(in.Subscription); sub != nil && sub.LatestInvoice == in.ID && sub.Status == "active" {
		s.setStatus(sub, "past_due")
	}
}

// InvoiceSettled is what the payment of a subscription's newest invoice mends.
func (s *Stripe) InvoiceSettled(in *state.Invoice) {
	sub := s.Subscriptions.Get(in.Subscription)
	switch {
	case sub == nil || sub.Terminal() || sub.LatestInvoice != in.ID:
	case sub.Update != nil && sub.Update.Invoice == in.ID:
		s.applyUpdate(sub)
	case sub.Status == "past_due" || sub.Status == "unpaid":
		s.setStatus(sub, "active")
	case sub.Status == "incomplete":
		s.setStatus(sub, sub.StartStatus())
	case sub.Status == "paused" && sub.Resuming == in.ID:
		s.unpause(sub)
	}
}

// InvoiceGivenUp is what it means for the subscription that its invoice was voided or
// written off: its status is that of its newest invoice that was not voided.
func (s *Stripe) InvoiceGivenUp(in *state.Invoice) {
	sub := s.Subscriptions.Get(in.Subscription)
	switch {
	case sub == nil || sub.Terminal():
	case sub.Status == "incomplete" && in.Status == "void":
		s.neverBegan(sub)
	case sub.Update != nil && sub.Update.Invoice == in.ID:
		s.dropUpdate(sub)
	case sub.Status == "past_due" || sub.Status == "unpaid":
		for _, other := range s.Invoices.NewestFirst() {
			if other.Subscription != sub.ID || other.Status == "void" || other.Status == "draft" {
				continue
			}
			if other.Status != "open" {
				s.setStatus(sub, "active")
			}
			return
		}
	}
}

// Show makes of an invoice what is shown of it before it is there.
func (s *Stripe) Show(in *state.Invoice) {
	ofPeriod := in.BillingReason == "upcoming"
	in.Preview, in.Status, in.BillingReason, in.ID = true, "draft", "upcoming", wire.NewID("upcoming_in_1", 23)
	in.Created = in.PeriodEnd
	if in.AutoAdvance && !in.ToBeSent() {
		in.NextAttempt = in.PeriodEnd
		if ofPeriod {
			in.NextAttempt += int64(draftLife.Seconds())
		}
	}
	if cu := s.Customers.Get(in.Customer); cu != nil {
		in.StartingBalance = cu.Balance
		in.EndingBalance = min(0, in.Total()+cu.Balance)
	}
	for i := range in.Lines {
		in.Lines[i].ID = wire.NewID("il_tmp_1", 23)
	}
	if len(in.Lines) > wire.DefaultPage {
		s.Previews.Add(in.ID, in) // the rest of its lines can be asked for
	}
}
