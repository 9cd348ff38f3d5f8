package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Invoice(in *state.Invoice) wire.Object {
	total := in.Total()
	subtotal := total + in.Discounted()
	var email, name any
	if cu := r.Customers.Get(in.Customer); cu != nil {
		email, name = wire.OrNull(cu.Email), wire.OrNull(cu.Name)
	}
	var number, ending any
	if in.FinalizedAt != 0 {
		number, ending = in.Number, in.EndingBalance
	}
	if in.Preview {
		ending = in.EndingBalance
	}
	var details, parent any
	if in.Subscription != "" {
		details = wire.Object{"metadata": wire.MetadataObject(in.SubscriptionMetadata)}
		from := wire.Object{"metadata": wire.MetadataObject(in.SubscriptionMetadata), "subscription": in.Subscription}
		if in.ProrationDate != 0 {
			from["subscription_proration_date"] = in.ProrationDate
		}
		parent = wire.Object{"type": "subscription_details", "quote_details": nil, "subscription_details": from}
	}
	lines := r.InvoiceLines(in)
	more := len(lines) > wire.DefaultPage
	if more {
		lines = lines[:wire.DefaultPage]
	}
	o := wire.Object{
		"id": in.ID, "object": "invoice", "account_country": "US", "account_name": nil, "account_tax_ids": nil,
		"amount_due": in.Due() - in.CreditedBefore, "amount_overpaid": 0, "amount_paid": in.Collected(), "amount_paid_off_stripe": 0,
		"amount_remaining": in.Remaining(), "amount_shipping": 0,
		"application": nil, "application_fee_amount": nil, "attempt_count": in.Attempts, "attempted": in.Attempts > 0 || in.Status == "paid",
		"auto_advance": in.AutoAdvance && (in.Status == "draft" || in.Status == "open"), "automatic_tax": wire.Object{"enabled": in.AutomaticTax, "liability": nil, "status": nil},
		"billing_reason": in.BillingReason, "charge": wire.OrNull(in.Charge), "collection_method": in.CollectionMethod(),
		"created": in.Created, "currency": in.Currency, "custom_fields": nil, "customer": wire.OrNull(in.Customer),
		"customer_address": nil, "customer_email": email, "customer_name": name, "customer_phone": nil,
		"customer_shipping": nil, "customer_tax_exempt": "none", "customer_tax_ids": []wire.Object{},
		"default_payment_method": wire.OrNull(in.DefaultMethod), "default_source": nil, "default_tax_rates": []wire.Object{},
		"description": wire.OrNull(in.Description), "discount": r.discountOrNull(in.Discount), "discounts": in.Discount.IDs(), "due_date": wire.OrNull(in.DueDate),
		"effective_at": wire.OrNull(in.FinalizedAt), "ending_balance": ending, "footer": wire.OrNull(in.Footer), "from_invoice": nil,
		"hosted_invoice_url": wire.OrNull(r.HostedInvoiceURL(in)), "invoice_pdf": wire.OrNull(r.InvoicePDFURL(in)), "issuer": wire.Object{"type": "self"},
		"last_finalization_error": nil, "latest_revision": nil,
		"lines":    wire.ListOf(lines, more, "/v1/invoices/"+in.ID+"/lines"),
		"livemode": false, "metadata": wire.MetadataObject(in.Metadata), "next_payment_attempt": wire.OrNull(in.NextAttempt), "number": number, "on_behalf_of": nil,
		"paid": in.Status == "paid", "paid_out_of_band": in.PaidOutOfBand, "parent": parent, "payment_intent": wire.OrNull(in.PaymentIntent),
		"payment_settings": wire.Object{"default_mandate": nil, "payment_method_options": nil, "payment_method_types": nil},
		"period_end":       in.PeriodEnd, "period_start": in.PeriodStart,
		"post_payment_credit_notes_amount": in.CreditedAfter, "pre_payment_credit_notes_amount": in.CreditedBefore, "quote": nil, "receipt_number": nil,
		"rendering": nil, "shipping_cost": nil, "shipping_details": nil, "starting_balance": in.StartingBalance,
		"statement_descriptor": nil, "status": in.Status,
		"status_transitions": wire.Object{"finalized_at": wire.OrNull(in.FinalizedAt), "marked_uncollectible_at": wire.OrNull(in.UncollectibleAt),
			"paid_at": wire.OrNull(in.PaidAt), "voided_at": wire.OrNull(in.VoidedAt)},
		"subscription": wire.OrNull(in.Subscription), "subscription_details": details,
		"subtotal": subtotal, "subtotal_excluding_tax": subtotal, "tax": nil, "test_clock": r.testClockOf(in.Customer), "total": total,
		"total_discount_amounts": DiscountAmounts(in.Discount, in.Discounted()), "total_excluding_tax": total, "total_tax_amounts": []wire.Object{}, "total_taxes": []wire.Object{},
		"transfer_data": nil, "webhooks_delivered_at": nil,
	}
	if in.ProrationDate != 0 {
		o["subscription_proration_date"] = in.ProrationDate
	}
	return o
}

// HostedInvoiceURL is where the customer sees and pays the invoice; empty before it is
// finalized.
func (r *Renderer) HostedInvoiceURL(in *state.Invoice) string {
	if in.FinalizedAt == 0 || r.Reached() == "" {
		return ""
	}
	return r.Reached() + "/i/" + in.ID
}

// InvoicePDFURL is where the customer downloads the invoice; empty before it is finalized.
func (r *Renderer) InvoicePDFURL(in *state.Invoice) string {
	if url := r.HostedInvoiceURL(in); url != "" {
		return url + "/pdf"
	}
	return ""
}

// Upcoming is an invoice that is not there yet, and so has no id.
func (r *Renderer) Upcoming(in *state.Invoice) wire.Object {
	o := r.Invoice(in)
	delete(o, "id")
	o["lines"].(wire.Object)["url"] = "/v1/invoices/upcoming/lines?subscription=" + in.Subscription
	return o
}
