package stripespec_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

const product = `{"id":"prod_1","object":"product","active":true,"created":1,"features":[],"images":[],"livemode":false,"metadata":{},"name":"Pro","updated":1}`

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		schema, data string
		want         string // part of the error; empty for none
	}{
		"what Stripe describes passes":      {"product", product, ""},
		"a missing property is an error":    {"product", strings.Replace(product, `"name":"Pro",`, "", 1), "name"},
		"a wrong type is an error":          {"product", strings.Replace(product, `"Pro"`, "7", 1), "name"},
		"a misspelt property is an error":   {"product", strings.Replace(product, `{"id"`, `{"descripton":null,"id"`, 1), "descripton"},
		"a list passes":                     {"list of product", `{"object":"list","data":[` + product + `],"has_more":false,"url":"/v1/products"}`, ""},
		"a list's element is checked":       {"list of product", `{"object":"list","data":[{}],"has_more":false,"url":"/v1/products"}`, "data[0]"},
		"a list without has_more is not it": {"list of product", `{"object":"list","data":[],"url":"/v1/products"}`, "has_more"},
		"an unknown schema is an error":     {"nothing", `{}`, "no schema"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := stripespec.Check(tt.schema, []byte(tt.data))
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error about %q", err, tt.want)
			}
		})
	}
}

func TestCheckIn_KnowsWhatAVersionHas(t *testing.T) {
	t.Parallel()
	newer := strings.Replace(product, `"features":[]`, `"marketing_features":[]`, 1)
	for name, tt := range map[string]struct {
		api, data string
		want      string // part of the error; empty for none
	}{
		"of its version":     {"2023-10-16", product, ""},
		"of a newer version": {"2024-04-10", newer, ""},
		"too new":            {"2023-10-16", newer, "marketing_features"},
		"too old":            {"2024-04-10", product, "marketing_features"},
		"of no version":      {"2019-01-01", product, "no description"},
	} {
		err := stripespec.CheckIn(tt.api, "product", []byte(tt.data))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: got %v, want no error", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: got %v, want an error about %q", name, err, tt.want)
		}
	}
}

func TestStartMock_ChecksParameters(t *testing.T) {
	t.Parallel()
	url := stripespec.StartMock(t)
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: &url, HTTPClient: &http.Client{}, MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{},
	})
	api := client.New("sk_test_123", &stripe.Backends{API: backend})
	if _, err := api.Customers.New(&stripe.CustomerParams{Name: stripe.String("Ada")}); err != nil {
		t.Errorf("a good request: %v", err)
	}
	params := &stripe.CustomerParams{}
	params.AddExtra("nonsense", "1")
	_, err := api.Customers.New(params)
	var refused *stripe.Error
	if !errors.As(err, &refused) || refused.HTTPStatusCode != http.StatusBadRequest {
		t.Errorf("an unknown parameter: got %v, want a 400", err)
	}
}
