package stripe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestPrices(t *testing.T) {
	t.Parallel()
	const (
		tiers = `{"id":"price_tiers","object":"price","active":false,"currency":"eur","unit_amount":null,"unit_amount_decimal":null,
			"billing_scheme":"tiered","lookup_key":null,"recurring":{"interval":"year","interval_count":2,"usage_type":"licensed"},
			"product":{"id":"prod_1","object":"product","active":true}}`
		once = `{"id":"gold","object":"price","active":true,"currency":"usd","unit_amount":9900,"billing_scheme":"per_unit","recurring":null,
			"product":{"id":"prod_2","object":"product","active":false}}`
		metered = `{"id":"price_use","object":"price","active":true,"currency":"usd","unit_amount":null,"unit_amount_decimal":"0.2",
			"billing_scheme":"per_unit","recurring":{"interval":"month","interval_count":1,"usage_type":"metered"},"product":"prod_3"}`
		given = `{"id":"price_free","object":"price","active":true,"currency":"usd","unit_amount":0,"billing_scheme":"per_unit",
			"product":{"id":"prod_4","object":"product","deleted":true}}`
	)
	var mu sync.Mutex
	asked := map[string]int{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.RequestURI()]++
		mu.Unlock()
		switch r.URL.Path {
		case "/v1/prices/price_tiers":
			_, _ = io.WriteString(w, tiers)
		case "/v1/prices/gold":
			_, _ = io.WriteString(w, once)
		case "/v1/prices/price_use":
			_, _ = io.WriteString(w, metered)
		case "/v1/prices/price_free":
			_, _ = io.WriteString(w, given)
		case "/v1/prices":
			if r.URL.Query().Get("starting_after") != "" {
				_, _ = io.WriteString(w, `{"object":"list","has_more":false,"data":[{"id":"price_k11","object":"price","unit_amount":1,"lookup_key":"k11"}]}`)
				return
			}
			more := r.URL.Query().Get("lookup_keys[0]") == "k11"
			fmt.Fprintf(w, `{"object":"list","has_more":%t,"data":[{"id":"price_%[2]s","object":"price","unit_amount":1,"lookup_key":"%[2]s","product":{"active":%[1]t}},{"id":"other","lookup_key":"not_asked"}]}`,
				more, r.URL.Query().Get("lookup_keys[0]"))
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such price"}}`)
		}
	})
	wanted := []domain.Price{{ID: "gold"}, {ID: "price_tiers", LookupKey: "ignored"}, {ID: "price_none"}, {ID: "gold"}, {ID: "price_use"}, {ID: "price_free"}}
	for i := 1; i <= 12; i++ {
		wanted = append(wanted, domain.Price{LookupKey: fmt.Sprintf("k%d", i)})
	}
	got, err := newTestGateway(t, server).Prices(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	want := []ports.StripePrice{
		{ID: "gold", Product: "prod_2", Active: true, Archived: true, Amount: 9900, Currency: "usd"},
		{ID: "price_tiers", Product: "prod_1", AmountUnknown: true, Tiered: true, Currency: "eur", Interval: "year", IntervalCount: 2},
		{ID: "price_use", Product: "prod_3", Active: true, AmountUnknown: true, Metered: true, Currency: "usd", Interval: "month", IntervalCount: 1},
		{ID: "price_free", Product: "prod_4", Active: true, Archived: true, Currency: "usd"},
		{ID: "price_k1", LookupKey: "k1", Amount: 1, Archived: true},
		{ID: "price_k11", LookupKey: "k11", Amount: 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for uri, times := range asked {
		if n := strings.Count(uri, "lookup_keys"); n > 10 {
			t.Errorf("asked for %d lookup keys at once: %s", n, uri)
		}
		if !strings.Contains(uri, "product") {
			t.Errorf("asked without the product: %s", uri)
		}
		if times != 1 {
			t.Errorf("asked %d times: %s", times, uri)
		}
	}
}

// One price that cannot be asked for fails the question and ends the others.
func TestPrices_OneFails(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/prices/price_0" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`)
			return
		}
		<-r.Context().Done()
	})
	wanted := []domain.Price{{LookupKey: "k"}}
	for i := range 20 {
		wanted = append(wanted, domain.Price{ID: domain.PriceID(fmt.Sprintf("price_%d", i))})
	}
	got, err := newTestGateway(t, server).Prices(t.Context(), wanted)
	if !errors.Is(err, ports.ErrGatewayDenied) || errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("got %v, %v, want %v", got, err, ports.ErrGatewayDenied)
	}
}
