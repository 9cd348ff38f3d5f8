package sandbox_test

import (
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"
)

// Stripe's command line completes sessions by calls that no description has: these are what
// its trigger for the events of a Checkout sends.
func TestPaymentPages_AreForStripesCLI(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	euro := s.post("/v1/prices", values("currency", "eur", "unit_amount", "1500", "product_data[name]", "Euro")).at("id")
	made := func(pairs ...string) string {
		return s.post("/v1/payment_methods", values(append(pairs, "billing_details[email]", "stripe@example.com", "billing_details[name]", "Jenny Rosen")...)).at("id")
	}
	sepa := func(iban string) string { return made("type", "sepa_debit", "sepa_debit[iban]", iban) }
	open := func(price string) string {
		return s.post("/v1/checkout/sessions", values("mode", "payment", "success_url", "https://shop.test/ok", "line_items[0][price]", price, "line_items[0][quantity]", "2")).at("id")
	}
	card, total := made("type", "card", "card[token]", "tok_visa"), s.fetch("", "/v1/checkout/sessions/"+open(s.once)).at("amount_total")
	for name, tt := range map[string]struct{ price, method, amount, told string }{
		"card":             {s.once, card, total, "charge.succeeded payment_intent.succeeded checkout.session.completed"},
		"debit that pays":  {euro, sepa("AT61 1904 3002 3457 3201"), "3000", "checkout.session.async_payment_succeeded"},
		"debit that fails": {euro, sepa("IT60X0542811101000000123456"), "3000", "checkout.session.async_payment_failed"},
	} {
		id := open(tt.price)
		s.fetch("", "/v1/payment_pages/"+id).wants(t, name, map[string]string{"id": id, "status": "open"})
		got := s.after(func() {
			s.post("/v1/payment_pages/"+id+"/confirm", values("payment_method", tt.method, "expected_amount", tt.amount)).wants(t, name, map[string]string{
				"status": "complete", "customer_details.email": "stripe@example.com"})
			if tt.method != card {
				s.ok(s.SettleDelayed(id))
			}
		})
		if !strings.HasSuffix(got, tt.told) {
			t.Errorf("%s: got events %s", name, got)
		}
		s.refused(400, "/v1/payment_pages/"+id+"/confirm", values("payment_method", tt.method)) // it is no longer open
	}
	id := open(s.once)
	for name, method := range map[string]string{
		"of another customer": s.post("/v1/payment_methods/pm_card_visa/attach", values("customer", s.customer().ID)).at("id"),
		"of another type":     sepa("AT61 1904 3002 3457 3201"),
	} {
		s.refused(400, "/v1/payment_pages/"+id+"/confirm", values("payment_method", method)).wants(t, name, map[string]string{"error.param": "payment_method"})
	}
	s.refused(400, "/v1/payment_pages/"+id+"/confirm", values("payment_method", card, "expected_amount", "1")).wants(t, "another amount", map[string]string{"error.param": "expected_amount"})
	trial := params("subscription", s.monthly)
	trial.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
	s.refused(402, "/v1/payment_pages/"+s.open(trial).ID+"/confirm", values("payment_method", made("type", "card", "card[token]", "tok_chargeDeclined")))
	s.refused(400, "/v1/payment_pages/"+id+"/confirm", values("payment_method", "pm_none")).wants(t, "no method", map[string]string{"error.param": "payment_method"})
	s.refused(400, "/v1/payment_pages/"+id+"/confirm", values("payment_method", card, "color", "red")).wants(t, "no such parameter", map[string]string{"error.param": "color"})
	s.refused(402, "/v1/payment_pages/"+id+"/confirm", values("payment_method", "pm_card_visa_chargeDeclined"))
	s.refused(404, "/v1/payment_pages/cs_none/confirm", values("payment_method", card))
	s.refused(400, "/v1/payment_methods", values("type", "sepa_debit", "sepa_debit[iban]", "AT611904300234573201")).wants(t, "nobody's account", map[string]string{"error.param": "billing_details[email]"})
	s.refused(400, "/v1/payment_methods", values("type", "sepa_debit", "sepa_debit[iban]", "AT000000000000000000", "billing_details[email]", "a@example.com", "billing_details[name]", "A")).wants(t,
		"an account that is no test's", map[string]string{"error.param": "sepa_debit[iban]"})
}
