package stripe_test

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/domain"
)

// conformanceTests fill in a sample, and say what it is to be read as.
var conformanceTests = map[string]func(conformance) (*stripespec.Sample, domain.Fact){
	"session that was paid":            conformSession,
	"session for a payment":            conformSessionPayment,
	"subscription":                     conformSubscription,
	"subscription with two items":      conformSubscriptionItems,
	"subscription that ends":           conformSubscriptionEnd,
	"subscription of none":             conformSubscriptionOfNone,
	"subscription of an Account":       conformSubscriptionAccount,
	"subscription that is paused":      conformSubscriptionPause,
	"invoice":                          conformInvoice,
	"invoice, expanded":                conformInvoiceExpanded,
	"invoice paid with a bare charge":  conformInvoiceCharge,
	"invoice that is sent":             conformInvoiceSent,
	"invoice of a change":              conformInvoiceChange,
	"invoice of what is sold once":     conformInvoiceOneOff,
	"credit note":                      conformCreditNote,
	"credit note, expanded":            conformCreditNoteExpanded,
	"credit note that is void":         conformCreditNoteVoid,
	"payment of an invoice":            conformInvoicePayment,
	"payment of an invoice, by charge": conformInvoicePaymentCharge,
	"charge":                           conformCharge,
	"charge, expanded":                 conformChargeExpanded,
	"refund":                           conformRefund,
	"refund, expanded":                 conformRefundExpanded,
	"dispute":                          conformDispute,
	"dispute that was prevented":       conformDisputePrevented,
	"customer":                         conformCustomer,
	"customer that is gone":            conformDeletedCustomer,
}

func conformSession(c conformance) (*stripespec.Sample, domain.Fact) {
	s := c.sample("checkout.session", "cs_test_a1")
	s.Set("mode", "subscription")
	s.Set("status", "complete")
	s.Set("payment_status", "paid")
	s.Set("client_reference_id", "order1")
	s.Set("customer", "cus_1")
	s.Set("subscription.id", "sub_1")
	s.Set("payment_intent", nil)
	s.Set("amount_total", 2403)
	s.Set("amount_subtotal", 2700)
	s.Set("currency", "eur")
	s.Set("url", nil)
	return s, domain.SessionFact{
		Type: "checkout.session.completed", At: at(confTold), ID: "cs_test_a1", Mode: "subscription", Status: "complete",
		PaymentStatus: "paid", Order: "order1", Customer: "cus_1", Subscription: "sub_1", Amount: 2403, Subtotal: 2700, Currency: "eur",
	}
}

func conformSessionPayment(c conformance) (*stripespec.Sample, domain.Fact) {
	s := c.sample("checkout.session", "cs_test_a1")
	s.Set("mode", "payment")
	s.Set("status", "open")
	s.Set("payment_status", "unpaid")
	s.Set("metadata", confMetadata)
	s.Set("customer.id", "cus_1")
	s.Set("payment_intent.id", "pi_1")
	s.Set("recovered_from", "cs_test_a0")
	s.Set("url", "https://checkout.stripe.com/c/pay/cs_test_a1")
	// The words for the look of the page have changed; none of them matters.
	if c.API >= "2026-03-25.dahlia" {
		s.Set("ui_mode", "hosted_page")
	} else {
		s.Set("ui_mode", "hosted")
	}
	return s, domain.SessionFact{
		Type: "checkout.session.expired", At: at(confTold), ID: "cs_test_a1", Mode: "payment", Status: "open",
		PaymentStatus: "unpaid", Order: "order1", Customer: "cus_1", PaymentIntent: "pi_1", RecoveredFrom: "cs_test_a0",
		URL: "https://checkout.stripe.com/c/pay/cs_test_a1", Claim: confClaim,
	}
}

// What we write into the metadata of what we make, and what is read of it.
var (
	confMetadata = map[string]any{"order_id": "order1", "user_id": "user_1", "deployment": "0123abcd"}
	confClaim    = domain.Claim{Deployment: "0123abcd", Order: "order1", User: "user_1"}
)

// subscription is one of one item, as it runs.
func (c conformance) subscription() (*stripespec.Sample, domain.SubscriptionFact) {
	s := c.sample("subscription", "sub_1")
	s.Set("status", "active")
	s.Set("customer", "cus_1")
	s.Set("metadata", confMetadata)
	s.Set("created", confBegan+1)
	s.Set("start_date", confBegan)
	s.Set("cancel_at_period_end", false)
	for _, none := range []string{"cancel_at", "ended_at", "trial_end", "pause_collection"} {
		s.Set(none, nil)
	}
	s.Set("latest_invoice", "in_1")
	s.Set("items.data.0.id", "si_1")
	s.Set("items.data.0.price.id", "price_pro")
	s.Set("items.data.0.price.lookup_key", "pro_monthly")
	s.Set("items.data.0.price.product", "prod_1")
	s.Set("items.data.0.quantity", 3)
	c.period(s, 0, confBegan, confEnds)
	return s, domain.SubscriptionFact{Type: "customer.subscription.updated", At: at(confTold), Claim: confClaim, Snapshot: domain.Subscription{
		ID: "sub_1", Order: "order1", Customer: "cus_1", Status: "active", StartedAt: at(confBegan),
		LatestInvoice: "in_1",
		Items: []domain.Item{{
			ID: "si_1", Price: "price_pro", LookupKey: "pro_monthly", Product: "prod_1", Quantity: 3, PeriodStart: at(confBegan), PeriodEnd: at(confEnds),
		}},
	}}
}

// period is the subscription's until acacia, and its items' since.
func (c conformance) period(s *stripespec.Sample, item, start, end int) {
	place := ""
	if c.basil {
		s.Lacks("current_period_end")
		place = "items.data." + string(rune('0'+item)) + "."
	}
	s.Set(place+"current_period_start", start)
	s.Set(place+"current_period_end", end)
}

func conformSubscription(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.subscription()
	if c.clover {
		s.Set("billing_mode.type", "flexible")
	}
	// What is not paid for yet is not given.
	s.Set("pending_update.expires_at", confEnds)
	s.Set("pending_update.subscription_items.0.price.id", "price_max")
	return s, want
}

func conformSubscriptionItems(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.subscription()
	s.Set("items.data.1.id", "si_0")
	s.Set("items.data.1.price.id", "price_seat")
	s.Set("items.data.1.price.product.id", "prod_seat")
	seat := domain.Item{ID: "si_0", Price: "price_seat", Product: "prod_seat", Quantity: 1, PeriodStart: at(confBegan), PeriodEnd: at(confEnds)}
	if c.basil { // before, there is one period for all
		c.period(s, 1, confBegan+1, confEnds+1)
		seat.PeriodStart, seat.PeriodEnd = at(confBegan+1), at(confEnds+1)
	}
	want.Snapshot.Items = append([]domain.Item{seat}, want.Snapshot.Items...)
	return s, want
}

func conformSubscriptionOfNone(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.subscription()
	s.Set("items.data.0.quantity", 0)
	s.Set("latest_invoice.id", "in_2")
	want.Snapshot.Items[0].Quantity, want.Snapshot.LatestInvoice = 0, "in_2"
	return s, want
}

// Customers are Accounts since dahlia.
func conformSubscriptionAccount(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.subscription()
	if c.API < "2026-03-25.dahlia" {
		s.Lacks("customer_account")
		return nil, nil
	}
	s.Set("customer_account", "acct_1")
	want.Snapshot.CustomerAccount = "acct_1"
	return s, want
}

func conformSubscriptionPause(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.subscription()
	s.Set("pause_collection.behavior", "mark_uncollectible")
	s.Set("pause_collection.resumes_at", confEnds)
	want.Snapshot.Pause = domain.PauseUncollectible
	return s, want
}

func conformSubscriptionEnd(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.subscription()
	s.Set("status", "canceled")
	s.Set("customer.id", "cus_1")
	s.Set("cancel_at", confEnds)
	s.Set("cancel_at_period_end", true)
	s.Set("ended_at", confEnds)
	s.Set("trial_end", confBegan)
	want.Type = "customer.subscription.deleted"
	want.Snapshot.Status, want.Snapshot.CancelAtPeriodEnd = "canceled", true
	want.Snapshot.CancelAt, want.Snapshot.EndedAt, want.Snapshot.TrialEnd = at(confEnds), at(confEnds), at(confBegan)
	return s, want
}
