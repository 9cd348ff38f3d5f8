package stripespec_test

import (
	"slices"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

func TestCalls_KnowWhatAVersionTakes(t *testing.T) {
	t.Parallel()
	old, recent := stripespec.Calls(t, "v0.183.0"), stripespec.Calls(t, "v0.203.0")
	for _, tt := range []struct {
		calls      map[string]stripespec.Params
		call, name string
		want       bool
	}{
		{old, "POST /v1/customers", "coupon", true}, {recent, "POST /v1/customers", "coupon", false},
		{old, "POST /v1/customers", "metadata[*]", true}, {old, "POST /v1/customers", "address[city]", true},
		{old, "POST /v1/checkout/sessions", "line_items[0][price_data][product_data][name]", true},
		{old, "POST /v1/checkout/sessions", "line_items[price]", false},
		{old, "GET /v1/events", "types[0]", true}, {old, "GET /v1/events", "created[gte]", true},
		{recent, "GET /v1/invoice_payments/{id}", "expand[0]", true},
	} {
		if got := slices.Contains(tt.calls[tt.call].Names(), tt.name); got != tt.want {
			t.Errorf("%s, %s: got %v", tt.call, tt.name, got)
		}
	}
	if _, has := old["GET /v1/invoice_payments/{id}"]; has {
		t.Error("invoice payments are of basil")
	}
}
