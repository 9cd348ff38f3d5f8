package domain

import "slices"

// This file joins the facts about the ways of money. None of them changes what was
// bought: what they mean for it is derived, see standing.go. A fact comes to the
// account that knows what it is about, so it is not asked again whose it is.

func (i InvoicePaymentFact) record(a Account, _ Catalog) (Account, Verdict) {
	if !slices.Contains(InvoicePaymentEvents, i.Type) {
		return a, ignored("events of type %s say nothing about a payment that came", i.Type)
	}
	if i.Invoice == "" {
		return a, ignored("payment %s names no invoice", i.ID)
	}
	a.link(i.Invoice, i.PaymentIntent, i.Charge)
	return a, Verdict{}
}

func (c ChargeFact) record(a Account, _ Catalog) (Account, Verdict) {
	if !slices.Contains(ChargeEvents, c.Type) {
		return a, ignored("events of type %s say nothing about money that came or went back", c.Type)
	}
	if a.strangerTo(c.Customer, "", false) {
		return a, ignored("charge %s is of customer %q, not of ours", c.ID, c.Customer)
	}
	charge := Charge{ID: c.ID, PaymentIntent: c.PaymentIntent, Invoice: c.Invoice}
	if c.Type == TypeFetched {
		// It was asked for to learn whose it is and what it paid. The time of an answer
		// is a lower bound, too rough to tell which refunds are in its sum.
		a.keepCharge(charge)
		return a, Verdict{Doubt: a.untoldInvoice(c.PaymentIntent, c.ID)}
	}
	charge.Amount, charge.Refunded, charge.Currency, charge.SeenAt = c.Amount, c.Refunded, c.Currency, c.At
	a.keepCharge(charge)
	if c.Refunded == 0 {
		return a, Verdict{}
	}
	return a, Verdict{Doubt: a.whatFor(c.PaymentIntent, c.ID)}
}

func (n CreditNoteFact) record(a Account, _ Catalog) (Account, Verdict) {
	note := n.CreditNote
	invoice, known := a.Invoices[note.Invoice]
	switch {
	case !slices.Contains(CreditNoteEvents, n.Type):
		return a, ignored("events of type %s say nothing about a credit note", n.Type)
	case a.strangerTo(n.Customer, n.CustomerAccount, known):
		return a, ignored("credit note %s is of customer %q, not of ours", note.ID, n.Customer)
	case note.Status.Rank() < 0:
		return a, quarantined("credit note %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", note.ID, note.Status)
	}
	if held, have := a.CreditNotes[note.ID]; have {
		note = held.join(note)
	}
	a.CreditNotes[note.ID] = note
	if !known || !invoice.Complete {
		return a, Verdict{Doubt: Doubt{Subject: Ref{RefInvoice, string(note.Invoice)}}}
	}
	return a, Verdict{}
}

func (a Account) keepCharge(c Charge) {
	if held, have := a.Charges[c.ID]; have {
		c = held.join(c)
	}
	a.Charges[c.ID] = c
}

func (r RefundFact) record(a Account, _ Catalog) (Account, Verdict) {
	if !slices.Contains(RefundEvents, r.Type) {
		return a, ignored("events of type %s say nothing about a refund", r.Type)
	}
	row := refundRow(r.Status)
	if row < 0 {
		return a, quarantined("refund %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", r.ID, r.Status)
	}
	refund := Refund{
		ID: r.ID, Charge: r.Charge, PaymentIntent: r.PaymentIntent,
		Status: r.Status, Amount: r.Amount, Currency: r.Currency, CreatedAt: r.CreatedAt,
	}
	if RefundRules[row].Undone {
		refund.UndoneAt = r.At
	}
	if held, have := a.Refunds[r.ID]; have {
		refund = held.join(refund)
	}
	a.Refunds[r.ID] = refund
	return a, Verdict{Doubt: a.whatFor(r.PaymentIntent, r.Charge)}
}

func (d DisputeFact) record(a Account, _ Catalog) (Account, Verdict) {
	if !slices.Contains(DisputeEvents, d.Type) {
		return a, ignored("events of type %s say nothing about a dispute", d.Type)
	}
	if disputeRow(d.Status) < 0 {
		return a, quarantined("dispute %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", d.ID, d.Status)
	}
	dispute := Dispute{
		ID: d.ID, Charge: d.Charge, PaymentIntent: d.PaymentIntent,
		Status: d.Status, Amount: d.Amount, Currency: d.Currency, CreatedAt: d.CreatedAt,
	}
	if held, have := a.Disputes[d.ID]; have {
		dispute = held.join(dispute)
	}
	a.Disputes[d.ID] = dispute
	return a, Verdict{Doubt: a.whatFor(d.PaymentIntent, d.Charge)}
}

// whatFor is the question what a payment was for whose money went back, if nothing
// that we were told says so: since API version basil a charge names no invoice, and an
// invoice that is named may never have come.
func (a Account) whatFor(intent PaymentIntentID, charge ChargeID) Doubt {
	intent = a.intentOf(intent, charge)
	if _, once := a.Payments[intent]; once {
		return Doubt{}
	}
	if a.invoiceOf(intent, charge) != "" {
		return a.untoldInvoice(intent, charge)
	}
	for _, ref := range moneyRefs(intent, charge) {
		return Doubt{Subject: ref}
	}
	return Doubt{}
}

// untoldInvoice is the question how the invoice is that a payment pays, if nobody told
// us all of it.
func (a Account) untoldInvoice(intent PaymentIntentID, charge ChargeID) Doubt {
	invoice := a.invoiceOf(intent, charge)
	if known, told := a.Invoices[invoice]; invoice == "" || told && known.Complete {
		return Doubt{}
	}
	return Doubt{Subject: Ref{RefInvoice, string(invoice)}}
}

// invoiceOf is the invoice that an intent or a charge pays; empty: not known.
func (a Account) invoiceOf(intent PaymentIntentID, charge ChargeID) InvoiceID {
	if invoice, linked := a.InvoicePayments[intent]; linked {
		return invoice
	}
	invoice := a.Charges[charge].Invoice
	for _, other := range a.Charges {
		if intent != "" && other.PaymentIntent == intent {
			invoice = max(invoice, other.Invoice)
		}
	}
	return invoice
}

// intentOf is the payment intent, if need be by the charge that it made.
func (a Account) intentOf(intent PaymentIntentID, charge ChargeID) PaymentIntentID {
	if intent == "" {
		return a.Charges[charge].PaymentIntent
	}
	return intent
}

func (c CustomerFact) record(a Account, _ Catalog) (Account, Verdict) {
	switch {
	case !slices.Contains(CustomerEvents, c.Type) || c.Type == TypeFetched && !c.Deleted:
		return a, ignored("events of type %s change nothing about what a customer may do", c.Type)
	case a.Customer == c.ID:
		return a.WithoutCustomer("after_" + string(c.ID)), Verdict{}
	case a.strangerTo(c.ID, "", false):
		return a, ignored("customer %s is not ours", c.ID)
	default:
		a.DeletedCustomers = union(a.DeletedCustomers, []CustomerID{c.ID})
		return a, Verdict{}
	}
}
