package domain

import "slices"

// This file joins the facts about the ways of money. None of them changes what was
// bought: what they mean for it is derived, see standing.go. A fact comes to the
// account that knows what it is about, so it is not asked again whose it is.

func (i InvoicePaymentFact) record(r *recording, _ Catalog) Verdict {
	if !slices.Contains(InvoicePaymentEvents, i.Type) {
		return ignored("events of type %s say nothing about a payment that came", i.Type)
	}
	if i.Invoice == "" {
		return ignored("payment %s names no invoice", i.ID)
	}
	r.link(i.Invoice, i.PaymentIntent, i.Charge)
	return Verdict{}
}

func (c ChargeFact) record(r *recording, _ Catalog) Verdict {
	if !slices.Contains(ChargeEvents, c.Type) {
		return ignored("events of type %s say nothing about money that came or went back", c.Type)
	}
	// One that names no customer, as where customers are Accounts, came here by a payment.
	if c.Customer != "" && r.strangerTo(c.Customer, "", false) {
		return ignored("charge %s is of customer %q, not of ours", c.ID, c.Customer)
	}
	charge := Charge{ID: c.ID, PaymentIntent: c.PaymentIntent, Invoice: c.Invoice, Amount: c.Amount, Currency: c.Currency}
	if c.Type == TypeFetched {
		// It was asked for to learn whose it is and what it paid. The time of an answer
		// is a lower bound, too rough to tell which refunds are in its sum.
		merge(r, &r.Charges, c.ID, charge, equal)
		return Verdict{Doubt: r.untoldInvoice(c.PaymentIntent, c.ID)} // the answer leads on
	}
	charge.Refunded, charge.SeenAt = c.Refunded, c.At
	merge(r, &r.Charges, c.ID, charge, equal)
	if c.Refunded == 0 {
		return Verdict{}
	}
	return Verdict{Doubt: r.whatFor(c.PaymentIntent, c.ID)}
}

func (n CreditNoteFact) record(r *recording, _ Catalog) Verdict {
	note := n.CreditNote
	invoice, known := r.Invoices[note.Invoice]
	switch {
	case !slices.Contains(CreditNoteEvents, n.Type):
		return ignored("events of type %s say nothing about a credit note", n.Type)
	case r.strangerTo(n.Customer, n.CustomerAccount, known):
		return ignored("credit note %s is of customer %q, not of ours", note.ID, n.Customer)
	case note.Status.Rank() < 0:
		return quarantined("credit note %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", note.ID, note.Status)
	}
	merge(r, &r.CreditNotes, note.ID, note, sameCreditNote)
	switch {
	case n.MoreLines && len(r.CreditNotes[note.ID].Lines) <= len(note.Lines):
		return Verdict{Doubt: Doubt{Subject: Ref{RefCreditNote, string(note.ID)}}} // the answer leads on
	case !known || !invoice.Complete:
		return Verdict{Doubt: Doubt{Subject: Ref{RefInvoice, string(note.Invoice)}}}
	default:
		return Verdict{}
	}
}

func (f RefundFact) record(r *recording, _ Catalog) Verdict {
	if !slices.Contains(RefundEvents, f.Type) {
		return ignored("events of type %s say nothing about a refund", f.Type)
	}
	row := refundRow(f.Status)
	if row < 0 {
		return quarantined("refund %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", f.ID, f.Status)
	}
	refund := Refund{
		ID: f.ID, Charge: f.Charge, PaymentIntent: f.PaymentIntent,
		Status: f.Status, Amount: f.Amount, Currency: f.Currency, CreatedAt: f.CreatedAt,
	}
	if RefundRules[row].Undone {
		refund.UndoneAt = f.At
	}
	merge(r, &r.Refunds, f.ID, refund, equal)
	return Verdict{Doubt: r.whatFor(f.PaymentIntent, f.Charge)}
}

func (d DisputeFact) record(r *recording, _ Catalog) Verdict {
	if !slices.Contains(DisputeEvents, d.Type) {
		return ignored("events of type %s say nothing about a dispute", d.Type)
	}
	if disputeRow(d.Status) < 0 {
		return quarantined("dispute %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", d.ID, d.Status)
	}
	dispute := Dispute{
		ID: d.ID, Charge: d.Charge, PaymentIntent: d.PaymentIntent,
		Status: d.Status, Amount: d.Amount, Currency: d.Currency, CreatedAt: d.CreatedAt,
	}
	merge(r, &r.Disputes, d.ID, dispute, equal)
	if doubt := r.whatFor(d.PaymentIntent, d.Charge); doubt != (Doubt{}) {
		return Verdict{Doubt: doubt}
	}
	return Verdict{Doubt: r.partOf(dispute)}
}

// partOf is the question how much a disputed charge is over, if the dispute may be about
// a part of it.
func (a Account) partOf(d Dispute) Doubt {
	intent := a.intentOf(d.PaymentIntent, d.Charge)
	for _, c := range a.Charges {
		if c.Amount > 0 && (c.ID == d.Charge || intent != "" && c.PaymentIntent == intent) {
			return Doubt{}
		}
	}
	paid := max(a.Payments[intent].Amount, a.Invoices[a.invoiceOf(intent, d.Charge)].AmountPaid)
	if d.Amount >= paid {
		return Doubt{}
	}
	for _, ref := range moneyRefs(d.PaymentIntent, d.Charge) {
		return Doubt{Subject: ref}
	}
	return Doubt{}
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
func (a *Account) intentOf(intent PaymentIntentID, charge ChargeID) PaymentIntentID {
	if intent == "" {
		return a.Charges[charge].PaymentIntent
	}
	return intent
}

func (c CustomerFact) record(r *recording, _ Catalog) Verdict {
	switch {
	case !slices.Contains(CustomerEvents, c.Type) || c.Type == TypeFetched && !c.Deleted:
		return ignored("events of type %s change nothing about what a customer may do", c.Type)
	case r.Customer == c.ID:
		*r.Account, r.changed = r.WithoutCustomer("after_"+string(c.ID)), true
	case r.strangerTo(c.ID, "", false):
		return ignored("customer %s is not ours", c.ID)
	case !r.isDeleted(c.ID):
		r.DeletedCustomers, r.changed = union(r.DeletedCustomers, []CustomerID{c.ID}), true
	}
	return Verdict{}
}
