package stripe_test

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/domain"
)

// invoicePayment is nil where payments are not objects of their own: until acacia.
func (c conformance) invoicePayment() (*stripespec.Sample, domain.InvoicePaymentFact) {
	if c.Has("invoice_payment") != c.basil {
		c.t.Fatalf("%s: has invoice_payment: %t, want it since basil", c.API, c.Has("invoice_payment"))
	}
	if !c.basil {
		return nil, domain.InvoicePaymentFact{}
	}
	s := c.sample("invoice_payment", "inpay_1")
	s.Set("status", "paid")
	s.Set("invoice", "in_1")
	return s, domain.InvoicePaymentFact{Type: "invoice_payment.paid", At: at(confTold), ID: "inpay_1", Invoice: "in_1"}
}

func conformInvoicePayment(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoicePayment()
	if s != nil {
		s.Set("payment.type", "payment_intent")
		s.Set("payment.payment_intent", "pi_1")
		want.PaymentIntent = "pi_1"
	}
	return s, want
}

func conformInvoicePaymentCharge(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoicePayment()
	if s != nil {
		s.Set("invoice.id", "in_1")
		s.Set("payment.type", "charge")
		s.Set("payment.charge.id", "ch_1")
		want.Charge = "ch_1"
	}
	return s, want
}

// charge is one of which a part went back.
func (c conformance) charge() (*stripespec.Sample, domain.ChargeFact) {
	s := c.sample("charge", "ch_1")
	s.Set("status", "succeeded")
	s.Set("amount", 2403)
	s.Set("amount_refunded", 400)
	s.Set("refunded", false)
	s.Set("currency", "eur")
	s.Set("metadata", confMetadata)
	return s, domain.ChargeFact{
		Type: "charge.refunded", At: at(confTold), ID: "ch_1", PaymentIntent: "pi_1", Customer: "cus_1",
		Amount: 2403, Refunded: 400, Currency: "eur", Claim: confClaim,
	}
}

func conformCharge(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.charge()
	s.Set("customer", "cus_1")
	s.Set("payment_intent", "pi_1")
	if c.basil {
		s.Lacks("invoice")
	} else {
		s.Set("invoice", "in_1")
		want.Invoice = "in_1"
	}
	return s, want
}

func conformChargeExpanded(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.charge()
	s.Set("customer.id", "cus_1")
	s.Set("customer.deleted", true)
	s.Set("payment_intent.id", "pi_1")
	s.Set("payment_intent.latest_charge", "ch_1")
	if !c.basil {
		s.Set("invoice.id", "in_1")
		want.Invoice = "in_1"
	}
	return s, want
}

func (c conformance) refund() (*stripespec.Sample, domain.RefundFact) {
	s := c.sample("refund", "re_1")
	s.Set("amount", 400)
	s.Set("currency", "eur")
	s.Set("created", confBegan)
	return s, domain.RefundFact{
		Type: "charge.refund.updated", At: at(confTold), ID: "re_1", Charge: "ch_1", PaymentIntent: "pi_1",
		Amount: 400, Currency: "eur", CreatedAt: at(confBegan),
	}
}

func conformRefund(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.refund()
	s.Set("status", "failed")
	s.Set("charge", "ch_1")
	s.Set("payment_intent", "pi_1")
	want.Status = "failed"
	return s, want
}

func conformRefundExpanded(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.refund()
	s.Set("status", "succeeded")
	s.Set("charge.id", "ch_1")
	s.Set("payment_intent.id", "pi_1")
	want.Status = "succeeded"
	return s, want
}

func (c conformance) dispute(status string) (*stripespec.Sample, domain.DisputeFact) {
	s := c.sample("dispute", "dp_1")
	s.Set("status", status)
	s.Set("amount", 2403)
	s.Set("currency", "eur")
	s.Set("created", confBegan)
	return s, domain.DisputeFact{
		Type: "charge.dispute.created", At: at(confTold), ID: "dp_1", Charge: "ch_1", PaymentIntent: "pi_1",
		Status: domain.DisputeStatus(status), Amount: 2403, Currency: "eur", CreatedAt: at(confBegan),
	}
}

func conformDispute(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.dispute("needs_response")
	s.Set("charge", "ch_1")
	s.Set("payment_intent", "pi_1")
	return s, want
}

// Disputes can be prevented since 2025-08-27.basil.
func conformDisputePrevented(c conformance) (*stripespec.Sample, domain.Fact) {
	if can := c.sample("dispute", "dp_1").Allows("status", "prevented"); can != c.clover {
		c.t.Fatalf("%s: disputes can be prevented: %t, want it in clover and not in early basil", c.API, can)
	}
	if !c.clover {
		return nil, nil
	}
	s, want := c.dispute("prevented")
	s.Set("charge.id", "ch_1")
	s.Set("payment_intent.id", "pi_1")
	return s, want
}

func conformCustomer(c conformance) (*stripespec.Sample, domain.Fact) {
	return c.sample("customer", "cus_1"), domain.CustomerFact{Type: "customer.deleted", At: at(confTold), ID: "cus_1", Deleted: true}
}

func conformDeletedCustomer(c conformance) (*stripespec.Sample, domain.Fact) {
	s := c.sample("deleted_customer", "cus_1")
	s.Set("object", "customer")
	s.Set("deleted", true)
	return s, domain.CustomerFact{Type: "customer.updated", At: at(confTold), ID: "cus_1", Deleted: true}
}
