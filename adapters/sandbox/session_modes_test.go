package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestSession_InSetupModeKeepsACard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	cs := s.post("/v1/checkout/sessions", values(checkout("setup", "customer", cu, "currency", "usd", "setup_intent_data[metadata][for]", "later")...))
	cs.wants(t, "open", map[string]string{"mode": "setup", "status": "open", "payment_status": "no_payment_required", "amount_total": "null",
		"amount_subtotal": "null", "currency": "usd", "payment_intent": "null", "subscription": "null", "invoice": "null"})
	id, si := cs.at("id"), cs.at("setup_intent")
	s.fetch("", "/v1/setup_intents/"+si).wants(t, "open", map[string]string{"status": "requires_payment_method", "customer": cu, "metadata.for": "later"})
	if got := s.after(func() {
		if err := s.PayWithCard(id, "4000000000000002"); !errors.Is(err, sandbox.ErrDeclined) {
			t.Errorf("got %v", err)
		}
	}); got != "setup_intent.setup_failed" {
		t.Errorf("declined: got events %s", got)
	}
	if got := s.after(func() { s.ok(s.PayWithCard(id, failingCard)) }); got != "payment_method.attached setup_intent.succeeded checkout.session.completed" {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/checkout/sessions/"+id+"?expand[]=setup_intent").wants(t, "complete", map[string]string{
		"status": "complete", "payment_status": "no_payment_required", "setup_intent.status": "succeeded"})
	if got := s.fetch("", "/v1/checkout/sessions/"+id+"/line_items").len("data"); got != 0 {
		t.Errorf("got %d line items", got)
	}
	// The card is the customer's now, and its default once that is said.
	pm := s.fetch("", "/v1/setup_intents/"+si).at("payment_method")
	s.post("/v1/customers/"+cu, values("invoice_settings[default_payment_method]", pm))
	s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly)).wants(t, "with that card", map[string]string{"status": "incomplete"})

	other := s.post("/v1/checkout/sessions", values(checkout("setup")...))
	if got := s.after(func() { s.ok(s.ExpireSession(other.at("id"))) }); got != "setup_intent.canceled checkout.session.expired" {
		t.Errorf("expired: got events %s", got)
	}
	for _, pairs := range [][]string{
		{"subscription_data[description]", "x"}, {"payment_intent_data[description]", "x"}, {"invoice_creation[enabled]", "true"},
		{"line_items[0][price]", s.once, "line_items[0][quantity]", "1"},
	} {
		s.refused(400, "/v1/checkout/sessions", values(checkout("setup", pairs...)...))
	}
}

func TestSession_IsMadeFreeByAPromotionCode(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for mode, price := range map[string]string{"payment": s.once, "subscription": s.monthly} {
		cs := s.post("/v1/checkout/sessions", values(checkout(mode, "line_items[0][price]", price, "line_items[0][quantity]", "1",
			"allow_promotion_codes", "true")...))
		id := cs.at("id")
		s.ok(s.ApplyPromotionCode(id, 100))
		s.ok(s.Pay(id))
		done := s.fetch("", "/v1/checkout/sessions/"+id)
		done.wants(t, mode, map[string]string{"status": "complete", "payment_status": "no_payment_required", "amount_total": "0",
			"amount_subtotal": cs.at("amount_subtotal"), "total_details.amount_discount": cs.at("amount_subtotal"), "payment_intent": "null"})
		s.fetch("", "/v1/checkout/sessions/"+id+"/line_items").wants(t, mode, map[string]string{
			"data.0.amount_total": "0", "data.0.amount_discount": cs.at("amount_subtotal"), "data.0.amount_subtotal": cs.at("amount_subtotal")})
		if mode == "payment" {
			continue
		}
		in := s.fetch("", "/v1/invoices/"+done.at("invoice"))
		in.wants(t, mode, map[string]string{"total": "0", "subtotal": "2000", "amount_due": "0", "amount_paid": "0", "status": "paid", "payment_intent": "null",
			"total_discount_amounts.0.amount": "2000", "discount.coupon.percent_off": "100", "lines.data.0.amount": "2000",
			"lines.data.0.discount_amounts.0.amount": "2000", "attempt_count": "0"})
		if types := strings.Join(s.types(in.at("id")), " "); types != "invoice.created invoice.finalized invoice.updated invoice.paid invoice.payment_succeeded" {
			t.Errorf("got events %s", types)
		}
		sub := done.at("subscription")
		s.ok(s.RenewSubscription(sub, true))
		s.fetch("", "/v1/invoices/"+s.sub(sub).LatestInvoice.ID).wants(t, "the next period", map[string]string{"total": "2000", "discount": "null"})
	}
}

func TestSession_TakesAPartOff(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	form := checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "3", "allow_promotion_codes", "true", "invoice_creation[enabled]", "true")
	id := s.post("/v1/checkout/sessions", values(form...)).at("id")
	s.ok(s.ApplyPromotionCode(id, 25))
	s.ok(s.Pay(id))
	cs := s.fetch("", "/v1/checkout/sessions/"+id+"?expand[]=payment_intent")
	cs.wants(t, "the session", map[string]string{"amount_subtotal": "14700", "amount_total": "11025", "payment_intent.amount_received": "11025", "payment_status": "paid"})
	s.fetch("", "/v1/invoices/"+cs.at("invoice")).wants(t, "the invoice", map[string]string{"subtotal": "14700", "total": "11025", "amount_paid": "11025"})
	without := s.open(params("payment", s.once)).ID
	for name, err := range map[string]error{
		"no field for it": s.ApplyPromotionCode(without, 50),
		"it is complete":  s.ApplyPromotionCode(id, 50),
		"no such session": s.ApplyPromotionCode("cs_none", 50),
		"more than all":   s.ApplyPromotionCode(without, 101),
		"nothing at all":  s.ApplyPromotionCode(without, 0),
	} {
		if err == nil {
			t.Errorf("%s: it was applied", name)
		}
	}
}

func TestSession_KnowsItsLocales(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	form := func(locale string) []string {
		return checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1", "locale", locale)
	}
	for _, locale := range []string{"auto", "de", "en-GB", "es-419", "zh-TW"} {
		s.post("/v1/checkout/sessions", values(form(locale)...)).wants(t, locale, map[string]string{"locale": locale})
	}
	for _, locale := range []string{"de-AT", "xx", "EN", "uk"} {
		got := s.refused(400, "/v1/checkout/sessions", values(form(locale)...))
		if got.at("error.param") != "locale" || !strings.HasPrefix(got.at("error.message"), "Invalid locale: must be one of auto, bg, cs,") ||
			!strings.HasSuffix(got.at("error.message"), ", zh-HK, or zh-TW") {
			t.Errorf("%s: got %v", locale, got)
		}
	}
}

func TestSession_NeedsACustomerThatIsThere(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	gone := s.customer().ID
	if status, _ := s.ask("", "DELETE", "/v1/customers/"+gone, nil); status != 200 {
		t.Fatal(status)
	}
	for _, id := range []string{"cus_none", gone} {
		got := s.refused(400, "/v1/checkout/sessions", values(checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1", "customer", id)...))
		got.wants(t, id, map[string]string{"error.code": "resource_missing", "error.param": "customer", "error.message": "No such customer: '" + id + "'"})
	}
	s.fetch(dahlia, "/v1/customers/"+gone).wants(t, "the deleted one", map[string]string{"id": gone, "object": "customer", "deleted": "true", "email": "<none>"})
}

// What the gateway asks for by the id of a payment.
func TestLists_ByPayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	in := s.subscribed().LatestInvoice
	s.subscribed()
	must[string](t)(s.Refund(in.ID, 100))
	must[string](t)(s.OpenDispute(in.ID, sandbox.DisputeOptions{Inquiry: true}))
	pi, ch := in.PaymentIntent.ID, in.Charge.ID
	for _, path := range []string{
		"/v1/refunds?payment_intent=" + pi, "/v1/refunds?charge=" + ch, "/v1/disputes?payment_intent=" + pi, "/v1/disputes?charge=" + ch,
		"/v1/charges?payment_intent=" + pi,
	} {
		s.fetch(dahlia, path).wants(t, path, map[string]string{"data.0.payment_intent": pi, "data.1": "<none>", "has_more": "false"})
	}
	s.fetch(dahlia, "/v1/payment_intents/"+pi+"?expand[]=latest_charge").wants(t, pi, map[string]string{"latest_charge.id": ch, "latest_charge.amount_refunded": "100"})
}
