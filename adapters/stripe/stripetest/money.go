package stripetest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func (p pen) invoicePayment(f domain.InvoicePaymentFact) object {
	status := "open"
	if f.Type == "invoice_payment.paid" {
		status = "paid"
	}
	kind := "payment_record" // money that came outside of Stripe
	switch {
	case f.PaymentIntent != "":
		kind = "payment_intent"
	case f.Charge != "":
		kind = "charge"
	}
	return object{
		{"id", f.ID},
		{"object", "invoice_payment"},
		{"amount_paid", 900},
		{"amount_requested", 900},
		{"created", p.about.at.Add(-time.Minute)},
		{"currency", "usd"},
		{"invoice", p.reference("invoice", string(f.Invoice))},
		{"is_default", true},
		{"livemode", p.live},
		{"payment", object{
			{"type", kind},
			{"charge", p.reference("charge", string(f.Charge))},
			{"payment_intent", p.reference("payment_intent", string(f.PaymentIntent))},
		}},
		{"status", status},
		{"status_transitions", object{{"canceled_at", nil}, {"paid_at", p.about.at}}},
	}
}

func (p pen) charge(f domain.ChargeFact) object {
	status := "succeeded"
	switch f.Type {
	case "charge.failed":
		status = "failed"
	case "charge.pending":
		status = "pending"
	default: // events of what succeeded
	}
	o := object{
		{"id", string(f.ID)},
		{"object", "charge"},
		{"amount", f.Amount},
		{"amount_captured", f.Amount},
		{"amount_refunded", f.Refunded},
		{"balance_transaction", p.reference("balance_transaction", "txn_1")},
		{"billing_details", object{{"email", "ada@example.com"}, {"name", "Ada Lovelace"}}},
		{"captured", status == "succeeded"},
		{"created", p.about.at.Add(-time.Minute)},
		{"currency", orNull(f.Currency)},
		{"customer", p.reference("customer", string(f.Customer))},
		{"disputed", false},
		{"failure_code", nil},
		{"livemode", p.live},
		{"metadata", object{}},
		{"outcome", object{{"network_status", "approved_by_network"}, {"type", "authorized"}}},
		{"paid", status == "succeeded"},
		{"payment_intent", p.reference("payment_intent", string(f.PaymentIntent))},
		{"payment_method_details", object{{"type", "card"}, {"card", object{{"last4", "4242"}}}}},
		{"refunded", f.Amount > 0 && f.Refunded >= f.Amount}, // of all of it only
		{"status", status},
	}
	if !p.since(version2023) {
		o = append(o, member{"destination", nil}, member{"dispute", nil})
	}
	if !p.since(basil) {
		o = append(o, member{"invoice", p.reference("invoice", string(f.Invoice))})
	}
	return o
}

func (p pen) refund(f domain.RefundFact) object {
	o := object{
		{"id", string(f.ID)},
		{"object", "refund"},
		{"amount", f.Amount},
		{"balance_transaction", p.reference("balance_transaction", "txn_1")},
		{"charge", p.reference("charge", string(f.Charge))},
		{"created", f.CreatedAt},
		{"currency", orNull(f.Currency)},
		{"metadata", object{}},
		{"payment_intent", p.reference("payment_intent", string(f.PaymentIntent))},
		{"reason", "requested_by_customer"},
		{"receipt_number", nil},
		{"status", orNull(f.Status)},
	}
	if f.Status == "failed" {
		o = append(o, member{"failure_reason", "lost_or_stolen_card"}, member{"failure_balance_transaction", "txn_2"})
	}
	return o
}

func (p pen) dispute(f domain.DisputeFact) object {
	o := object{
		{"id", string(f.ID)},
		{"object", "dispute"},
		{"amount", f.Amount},
		{"balance_transactions", list{object{
			{"id", "txn_1"}, {"object", "balance_transaction"}, {"amount", -f.Amount}, {"created", p.about.at},
			{"reporting_category", "dispute"}, {"source", string(f.ID)}, {"status", "pending"},
		}}},
		{"charge", p.reference("charge", string(f.Charge))},
		{"created", f.CreatedAt},
		{"currency", orNull(f.Currency)},
		{"evidence", object{{"customer_name", "Ada Lovelace"}, {"receipt", nil}}},
		{"evidence_details", object{{"due_by", p.about.at.Add(24 * time.Hour)}, {"has_evidence", false}, {"submission_count", 0}}},
		{"is_charge_refundable", false},
		{"livemode", p.live},
		{"metadata", object{}},
		{"payment_intent", p.reference("payment_intent", string(f.PaymentIntent))},
		{"reason", "fraudulent"},
		{"status", orNull(f.Status)},
	}
	if p.since(acacia) {
		o = append(o, member{"enhanced_eligibility_types", list{}})
	}
	return o
}

func (p pen) customer(f domain.CustomerFact) object {
	o := object{
		{"id", string(f.ID)},
		{"object", "customer"},
		{"address", nil},
		{"balance", 0},
		{"created", p.about.at.Add(-time.Hour)},
		{"currency", "usd"},
		{"default_source", nil},
		{"email", "ada@example.com"},
		{"invoice_prefix", "ABC"},
		{"livemode", p.live},
		{"metadata", object{{"user_id", "user_1"}}},
		{"name", "Ada Lovelace"},
		{"phone", nil},
	}
	if p.since(dahlia) {
		o = append(o, member{"customer_account", nil})
	}
	if f.Deleted && f.Type != "customer.deleted" { // that event shows the customer as it was
		o = append(o, member{"deleted", true})
	}
	return o
}
