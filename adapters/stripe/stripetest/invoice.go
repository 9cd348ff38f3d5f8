package stripetest

import "github.com/entitled-dev/entitled/domain"

func (p pen) invoice(f domain.InvoiceFact) object {
	i := f.Invoice
	paid, outOfBand := i.AmountPaid, false
	// Until acacia, money that came out of band is not in the amount paid.
	if !p.since(basil) && i.Status == domain.InvoicePaid && paid == i.AmountDue && p.chance(4) {
		paid, outOfBand = 0, true
	}
	o := object{
		{"id", string(i.ID)},
		{"object", "invoice"},
		{"amount_due", i.AmountDue},
		{"amount_paid", paid},
		{"amount_remaining", i.AmountDue - paid},
		{"attempt_count", 1},
		{"billing_reason", orNull(i.BillingReason)},
		{"collection_method", orNull(i.Method)},
		{"created", i.CreatedAt},
		{"currency", orNull(i.Currency)},
		{"customer", p.reference("customer", string(f.Customer))},
		{"customer_email", "ada@example.com"},
		{"due_date", i.DueAt},
		{"ending_balance", p.endingBalance(i)},
		{"lines", p.lines(i)},
		{"livemode", p.live},
		{"metadata", object{}},
		{"number", "0001"},
		// These are about what was metered, and end where the lines' period begins.
		{"period_start", earlier(i.CreatedAt, 0, 1)},
		{"period_end", i.CreatedAt},
		{"starting_balance", i.StartingBalance},
		{"status", orNull(i.Status)},
		{"status_transitions", object{
			{"finalized_at", i.FinalizedAt}, {"marked_uncollectible_at", nil}, {"paid_at", i.PaidAt}, {"voided_at", nil},
		}},
		{"subtotal", i.Total},
		{"total", i.Total},
	}
	if p.since(dahlia) {
		o = append(o, member{"customer_account", orNull(f.CustomerAccount)})
	}
	if p.since(basil) {
		return append(o, member{"parent", p.invoiceParent(i)}, member{"amount_overpaid", 0},
			member{"confirmation_secret", nil}, member{"total_taxes", list{}})
	}
	var with domain.PaidWith
	if len(f.PaidWith) > 0 {
		with = f.PaidWith[0]
	}
	o = append(o,
		member{"charge", p.reference("charge", string(with.Charge))},
		member{"discount", nil},
		member{"paid", i.Status == domain.InvoicePaid},
		member{"paid_out_of_band", outOfBand},
		member{"payment_intent", p.reference("payment_intent", string(with.PaymentIntent))},
		member{"quote", nil},
		member{"subscription", p.reference("subscription", string(i.Subscription))},
		member{"tax", nil},
	)
	if p.since(version2023) {
		o = append(o, member{"subscription_details", object{{"metadata", object{{"user_id", "user_1"}}}}})
	}
	return o
}

// endingBalance is not known before the invoice is finalized.
func (p pen) endingBalance(i domain.Invoice) any {
	if i.EndingBalance == 0 && i.FinalizedAt.IsZero() {
		return nil
	}
	return i.EndingBalance
}

func (p pen) invoiceParent(i domain.Invoice) any {
	if i.Subscription == "" {
		return nil
	}
	return object{
		{"type", "subscription_details"},
		{"quote_details", nil},
		{"subscription_details", object{
			{"metadata", object{{"user_id", "user_1"}}},
			{"subscription", p.reference("subscription", string(i.Subscription))},
		}},
	}
}

func (p pen) lines(i domain.Invoice) object {
	data := list{}
	for _, line := range i.Lines {
		data = append(data, p.line(i, line))
	}
	return object{
		{"object", "list"}, {"data", p.shuffled(data)}, {"has_more", !i.Complete},
		{"total_count", len(data)}, {"url", "/v1/invoices/" + string(i.ID) + "/lines"},
	}
}
