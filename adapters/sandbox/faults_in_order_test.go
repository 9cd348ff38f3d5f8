package sandbox_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"
)

// Ensure that a request with several faults is told the same one each time.
func TestErrors_AreTheSameEachTime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	live, ended := s.subscribed(), s.subscribed()
	s.ok(s.CancelSubscription(ended.ID))
	intent := must[*stripe.PaymentIntent](t)(s.api.PaymentIntents.New(&stripe.PaymentIntentParams{
		Amount: stripe.Int64(500), Currency: stripe.String("usd"), PaymentMethod: stripe.String("pm_card_visa"), Confirm: stripe.Bool(true), ReturnURL: stripe.String("https://shop.test"),
	}))
	for path, form := range map[string]url.Values{
		"/v1/subscriptions/" + ended.ID:     {"pause_collection[behavior]": {"void"}, "pause_collection[resumes_at]": {"1900000000"}, "description": {"x"}},
		"/v1/subscriptions/" + live.ID:      {"payment_behavior": {"pending_if_incomplete"}, "description": {"x"}, "cancel_at_period_end": {"true"}, "off_session": {"true"}},
		"/v1/payment_intents/" + intent.ID:  {"amount": {"600"}, "currency": {"eur"}, "description": {"x"}},
		"/v1/payment_intents":               {"amount": {"600"}, "currency": {"usd"}, "statement_descriptor": {strings.Repeat("x", 30)}, "statement_descriptor_suffix": {strings.Repeat("y", 30)}},
		"/v1/customers":                     {"metadata[" + strings.Repeat("a", 50) + "]": {"x"}, "metadata[" + strings.Repeat("b", 50) + "]": {"x"}},
		"/v1/billing_portal/configurations": {"features[subscription_pause][enabled]": {"true"}, "login_page[enabled]": {"true"}, "features[subscription_update][billing_cycle_anchor]": {"now"}, "features[subscription_update][enabled]": {"true"}},
	} {
		said := map[string]bool{}
		for range 40 {
			status, answer := s.ask("2025-03-31.basil", http.MethodPost, path, form)
			if status != http.StatusBadRequest {
				t.Fatalf("%s: got %d %s", path, status, answer)
			}
			said[requestID.ReplaceAllString(string(answer), "")] = true
		}
		if len(said) != 1 {
			t.Errorf("%s: the same request got %d answers: %v", path, len(said), said)
		}
	}
}

var requestID = regexp.MustCompile(`req_\w+`)
