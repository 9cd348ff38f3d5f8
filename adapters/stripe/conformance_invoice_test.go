package stripe_test

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/domain"
)

// invoice is one of one line that was paid.
func (c conformance) invoice() (*stripespec.Sample, domain.InvoiceFact) {
	s := c.sample("invoice", "in_1")
	s.Set("status", "paid")
	s.Set("billing_reason", "subscription_cycle")
	s.Set("collection_method", "charge_automatically")
	s.Set("customer", "cus_1")
	s.Set("amount_due", 2403)
	s.Set("amount_paid", 2403)
	if c.basil {
		s.Set("amount_overpaid", 0)
	} else {
		s.Lacks("amount_overpaid")
	}
	s.Set("total", 2403)
	s.Set("currency", "eur")
	s.Set("starting_balance", -1)
	s.Set("ending_balance", -2)
	s.Set("created", confBegan)
	s.Set("due_date", nil)
	s.Set("status_transitions.finalized_at", confBegan+1)
	s.Set("status_transitions.paid_at", confBegan+2)
	s.Set("lines.has_more", false)
	s.Set("lines.data.0.id", "il_1")
	s.Set("lines.data.0.amount", 2700)
	s.Set("lines.data.0.quantity", 3)
	s.Set("lines.data.0.period.start", confBegan)
	s.Set("lines.data.0.period.end", confEnds)
	c.lineOf(s, "subscription", false)
	return s, domain.InvoiceFact{Type: "invoice.paid", At: at(confTold), Customer: "cus_1", Invoice: domain.Invoice{
		ID: "in_1", Subscription: "sub_1", Status: domain.InvoicePaid, BillingReason: "subscription_cycle", Method: domain.ChargeAutomatically,
		Currency: "eur", Total: 2403, AmountDue: 2403, AmountPaid: 2403, StartingBalance: -1, EndingBalance: -2,
		CreatedAt: at(confBegan), FinalizedAt: at(confBegan + 1), PaidAt: at(confBegan + 2), Complete: true,
		Lines: []domain.Line{{
			ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_pro", Product: "prod_1", Quantity: 3, Amount: 2700,
			From: at(confBegan), Until: at(confEnds),
		}},
	}}
}

// lineOf says what the line is for: in its own words until acacia, in parent and
// pricing since basil.
func (c conformance) lineOf(s *stripespec.Sample, what string, proration bool) {
	if !c.basil {
		s.Set("lines.data.0.type", what)
		s.Set("lines.data.0.proration", proration)
		s.Set("lines.data.0.price.id", "price_pro")
		s.Set("lines.data.0.price.product", "prod_1")
		if what == "subscription" || proration {
			s.Set("lines.data.0.subscription_item", "si_1")
		}
		return
	}
	s.Set("lines.data.0.pricing.type", "price_details")
	s.Set("lines.data.0.pricing.price_details.price", "price_pro")
	s.Set("lines.data.0.pricing.price_details.product", "prod_1")
	s.Set("lines.data.0.parent.invoice_item_details", nil)
	s.Set("lines.data.0.parent.subscription_item_details", nil)
	if what == "subscription" || proration {
		s.Set("lines.data.0.parent.type", "subscription_item_details")
		s.Set("lines.data.0.parent.subscription_item_details.subscription", "sub_1")
		s.Set("lines.data.0.parent.subscription_item_details.subscription_item", "si_1")
		s.Set("lines.data.0.parent.subscription_item_details.proration", proration)
		return
	}
	s.Set("lines.data.0.parent.type", "invoice_item_details")
	s.Set("lines.data.0.parent.invoice_item_details.invoice_item", "ii_1")
	s.Set("lines.data.0.parent.invoice_item_details.proration", false)
}

// ofSubscription names the subscription where the version does.
func (c conformance) ofSubscription(s *stripespec.Sample, place string) {
	if c.basil {
		place = "parent.subscription_details." + place
	}
	s.Set(place, "sub_1")
}

func conformInvoice(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoice()
	c.ofSubscription(s, "subscription")
	if c.basil {
		s.Set("parent.subscription_details.metadata", confMetadata)
	} else {
		s.Set("subscription_details.metadata", confMetadata)
	}
	want.Claim = confClaim
	if c.basil {
		s.Lacks("subscription")
		s.Lacks("payment_intent")
		s.Lacks("charge")
		s.Set("payments.data.0.status", "paid")
		s.Set("payments.data.0.payment.type", "payment_intent")
		s.Set("payments.data.0.payment.payment_intent", "pi_1")
		want.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_1"}}
		return s, want
	}
	s.Lacks("parent")
	s.Lacks("payments")
	s.Set("payment_intent", "pi_1")
	s.Set("charge", "ch_1")
	want.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_1", Charge: "ch_1"}}
	return s, want
}

func conformInvoiceExpanded(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoice()
	s.Set("customer.id", "cus_1")
	c.ofSubscription(s, "subscription.id")
	if c.basil {
		s.Set("payments.data.0.status", "paid")
		s.Set("payments.data.0.payment.payment_intent.id", "pi_1")
		s.Set("lines.data.0.pricing.price_details.price", "price_pro")
		want.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_1"}}
		return s, want
	}
	s.Set("payment_intent.id", "pi_1")
	s.Set("charge.id", "ch_1")
	s.Set("lines.data.0.price.product.id", "prod_1")
	want.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_1", Charge: "ch_1"}}
	return s, want
}

func conformInvoiceCharge(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoice()
	c.ofSubscription(s, "subscription")
	want.PaidWith = []domain.PaidWith{{Charge: "ch_1"}}
	if c.basil {
		s.Set("payments.data.0.status", "paid")
		s.Set("payments.data.0.payment.type", "charge")
		s.Set("payments.data.0.payment.charge", "ch_1")
		return s, want
	}
	s.Set("payment_intent", nil)
	s.Set("charge", "ch_1")
	return s, want
}

// Until acacia, what is paid out of band is not in the amount paid; since basil, what is paid
// beyond what is due may not be.
func conformInvoiceSent(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoice()
	c.ofSubscription(s, "subscription")
	s.Set("collection_method", "send_invoice")
	s.Set("due_date", confEnds)
	s.Set("lines.has_more", true)
	want.Invoice.Method, want.Invoice.DueAt, want.Invoice.Complete = domain.SendInvoice, at(confEnds), false
	if c.basil {
		s.Lacks("paid_out_of_band")
		s.Set("amount_overpaid", 600) // two payments crossed
		want.Invoice.AmountPaid = 3003
	} else {
		s.Set("paid_out_of_band", true)
		s.Set("amount_paid", 0)
	}
	if c.API >= "2026-03-25.dahlia" {
		s.Set("customer_account", "acct_1")
		want.CustomerAccount = "acct_1"
	}
	return s, want
}

func conformInvoiceChange(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoice()
	c.ofSubscription(s, "subscription")
	s.Set("billing_reason", "subscription_update")
	c.lineOf(s, "invoiceitem", true)
	want.Invoice.BillingReason, want.Invoice.Lines[0].Kind = "subscription_update", domain.LineChange
	return s, want
}

func conformInvoiceOneOff(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.invoice()
	c.ofSubscription(s, "subscription")
	s.Set("lines.data.0.quantity", nil)
	c.lineOf(s, "invoiceitem", false)
	line := &want.Invoice.Lines[0]
	line.Kind, line.Quantity = domain.LineOneOff, 1
	if c.basil {
		line.Item = ""
	}
	return s, want
}
