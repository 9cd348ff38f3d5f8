package sandbox_test

import "testing"

// What each of Stripe's test methods does when it pays, by the names of Stripe's page
// about testing.
func TestCards_EndAsStripesTestMethodsDo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for method, want := range map[string][2]string{ // the error's code and decline_code
		"pm_card_visa":                                 {},
		"pm_card_mastercard":                           {},
		"pm_card_amex":                                 {},
		"pm_card_visa_chargeDeclined":                  {"card_declined", "generic_decline"},
		"pm_card_chargeDeclined":                       {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclinedInsufficientFunds": {"card_declined", "insufficient_funds"},
		"pm_card_visa_chargeDeclinedLostCard":          {"card_declined", "lost_card"},
		"pm_card_visa_chargeDeclinedStolenCard":        {"card_declined", "stolen_card"},
		"pm_card_chargeDeclinedExpiredCard":            {"expired_card", "expired_card"},
		"pm_card_chargeDeclinedIncorrectCvc":           {"incorrect_cvc", "incorrect_cvc"},
		"pm_card_chargeDeclinedProcessingError":        {"processing_error", "processing_error"},
		"pm_card_chargeCustomerFail":                   {"card_declined", "generic_decline"},
	} {
		form := values("amount", "1000", "currency", "usd", "payment_method", method, "payment_method_types[]", "card", "confirm", "true")
		if want[0] == "" {
			s.post("/v1/payment_intents", form).wants(t, method, map[string]string{"status": "succeeded"})
			continue
		}
		s.refused(402, "/v1/payment_intents", form).wants(t, method, map[string]string{
			"error.code": want[0], "error.decline_code": want[1], "error.type": "card_error", "error.payment_intent.status": "requires_payment_method",
		})
	}
	s.post("/v1/payment_methods", values("type", "card", "card[token]", "tok_mastercard")).
		wants(t, "a token", map[string]string{"card.brand": "mastercard", "card.last4": "4444"})
}
