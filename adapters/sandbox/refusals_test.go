package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// What Stripe refuses is refused, and not ignored.
func TestRefusals_OfValuesThatStripeDoesNotTake(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	price := func(pairs ...string) []string {
		return append([]string{"product_data[name]", "Pro", "unit_amount", "100"}, pairs...)
	}
	status, answer := s.ask("", http.MethodGet, "/v2/core/events", nil)
	if e := parse(t, answer); status != http.StatusBadRequest || !strings.Contains(e.at("error.message"), "/v2") {
		t.Errorf("the second API: got %d %s", status, answer)
	}
	for name, tt := range map[string]struct {
		version, path string
		form          []string
		param, says   string
	}{
		"metadata that is a text":       {"", "customers", []string{"metadata", "gold"}, "metadata", "Invalid object"},
		"metadata that is a list":       {"", "customers", []string{"metadata[]", "gold"}, "metadata", "Invalid object"},
		"expand that is a text":         {"", "customers", []string{"expand", "subscriptions"}, "expand", "Invalid array"},
		"a currency that there is not":  {"", "prices", price("currency", "zzz"), "currency", "Invalid currency: zzz. Stripe currently supports these currencies: usd, aed, afn,"},
		"and of an intent":              {"", "payment_intents", []string{"amount", "500", "currency", "euro"}, "currency", "Invalid currency: euro."},
		"and of an option":              {"", "prices", price("currency", "usd", "currency_options[zzz][unit_amount]", "1"), "currency_options", "Invalid currency: zzz."},
		"a price that recurs too late":  {"", "prices", price("currency", "usd", "recurring[interval]", "year", "recurring[interval_count]", "4"), "recurring[interval_count]", "three years"},
		"a metered price of no meter":   {"2025-03-31.basil", "prices", price("currency", "usd", "recurring[interval]", "month", "recurring[usage_type]", "metered"), "recurring[meter]", "meter"},
		"and in the version of a later": {"2026-10-28.endive", "prices", price("currency", "usd", "recurring[interval]", "month", "recurring[usage_type]", "metered"), "recurring[meter]", "meter"},
	} {
		status, answer := s.ask(tt.version, http.MethodPost, "/v1/"+tt.path, values(tt.form...))
		e := parse(t, answer)
		if status != http.StatusBadRequest || e.at("error.param") != tt.param || !strings.Contains(e.at("error.message"), tt.says) {
			t.Errorf("%s: got %d %s", name, status, answer)
		}
	}
	s.post("/v1/customers", values("metadata", "")) // that unsets it
	if got := s.post("/v1/prices", values(price("currency", "EUR")...)); got.at("currency") != "eur" {
		t.Errorf("EUR: got %s", got.at("currency"))
	}
	if got := s.post("/v1/prices", values(price("currency", "usd", "recurring[interval]", "month", "recurring[usage_type]", "metered")...)); got.at("recurring.usage_type") != "metered" {
		t.Error("a version before meters takes a metered price")
	}
	for _, wrong := range []sandbox.PriceSpec{{Product: "A", Currency: "zzz"}, {Product: "A", Interval: "month", IntervalCount: 37}} {
		if _, err := s.AddPrice(wrong); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

func TestRefusals_OfJSON(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v1/customers", strings.NewReader(`{"name": "Ada"}`))
	s.ok(err)
	r.Header.Set("Authorization", "Bearer sk_test_1")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := s.http.Do(r)
	s.ok(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	s.ok(err)
	if answer.StatusCode != http.StatusBadRequest || !strings.Contains(parse(t, text).at("error.message"), "check that your POST content type is application/x-www-form-urlencoded") {
		t.Errorf("got %d %s", answer.StatusCode, text)
	}
}
