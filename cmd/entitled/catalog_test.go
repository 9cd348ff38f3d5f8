package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/domain"
)

// What nobody could buy is found before the first buyer finds it.
func TestCatalogCheck_FindsWhatStripeDoesNotSell(t *testing.T) {
	t.Parallel()
	const product = `"product":{"id":"prod_1","object":"product","active":true}`
	answers := map[string]string{
		"/v1/prices/price_good":     `{"id":"price_good","object":"price","active":true,"unit_amount":900,"currency":"usd",` + product + `}`,
		"/v1/prices/price_tiers":    `{"id":"price_tiers","object":"price","active":true,"unit_amount":null,"billing_scheme":"tiered","currency":"jpy","recurring":{"interval":"month","interval_count":1,"usage_type":"licensed"},` + product + `}`,
		"/v1/prices/price_archived": `{"id":"price_archived","object":"price","active":false,"unit_amount":900,"currency":"usd",` + product + `}`,
		"/v1/prices/price_shelved":  `{"id":"price_shelved","object":"price","active":true,"unit_amount":900,"currency":"usd","product":{"id":"prod_2","object":"product","active":false}}`,
		"/v1/prices/price_monthly":  `{"id":"price_monthly","object":"price","active":true,"unit_amount":900,"currency":"usd","recurring":{"interval":"month","interval_count":1,"usage_type":"licensed"},` + product + `}`,
		"/v1/prices/price_use":      `{"id":"price_use","object":"price","active":true,"unit_amount":1,"currency":"usd","recurring":{"interval":"month","interval_count":1,"usage_type":"metered"},` + product + `}`,
		"/v1/prices":                `{"object":"list","has_more":false,"data":[]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[r.URL.Path]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such price"}}`
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()

	plan := func(mode domain.Mode, price domain.Price, options domain.CheckoutOptions) domain.Plan {
		price.Key = "only"
		return domain.Plan{Mode: mode, Prices: []domain.Price{price}, Checkout: options}
	}
	for name, c := range map[string]struct {
		plan domain.Plan
		says string // empty: nothing is wrong
	}{
		"in order":             {plan(domain.ModePayment, domain.Price{ID: "price_good"}, domain.CheckoutOptions{}), ""},
		"in tiers":             {plan(domain.ModeSubscription, domain.Price{ID: "price_tiers"}, domain.CheckoutOptions{MaxQuantity: 5}), ""},
		"metered":              {plan(domain.ModeSubscription, domain.Price{ID: "price_use"}, domain.CheckoutOptions{}), ""},
		"metered and counted":  {plan(domain.ModeSubscription, domain.Price{ID: "price_use"}, domain.CheckoutOptions{MaxQuantity: 5}), "price_use is metered"},
		"missing":              {plan(domain.ModePayment, domain.Price{ID: "price_none"}, domain.CheckoutOptions{}), "no price with the id price_none"},
		"a lookup key of none": {plan(domain.ModePayment, domain.Price{LookupKey: "none"}, domain.CheckoutOptions{}), "no price with the lookup key none"},
		"archived":             {plan(domain.ModePayment, domain.Price{ID: "price_archived"}, domain.CheckoutOptions{}), "price_archived is archived"},
		"an archived product":  {plan(domain.ModePayment, domain.Price{ID: "price_shelved"}, domain.CheckoutOptions{}), "the product of price_shelved is archived"},
		"recurring, sold once": {plan(domain.ModePayment, domain.Price{ID: "price_monthly"}, domain.CheckoutOptions{}), "price_monthly is a recurring price"},
		"sold every month":     {plan(domain.ModeSubscription, domain.Price{ID: "price_good"}, domain.CheckoutOptions{}), "price_good is a one-time price"},
	} {
		c.plan.Key = "pro"
		sold := domain.Catalog{Plans: map[domain.PlanKey]domain.Plan{"pro": c.plan}}
		var out bytes.Buffer
		err := catalogCheck{}.atStripe(t.Context(), console{&out, &out}, config{StripeKey: programtest.StripeKey, StripeAPIBase: server.URL}, sold)
		switch {
		case c.says == "" && (err != nil || !strings.Contains(out.String(), "every price is for sale at Stripe")):
			t.Errorf("%s: got %v and %q, want nothing wrong", name, err, out.String())
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || out.Len() > 0):
			t.Errorf("%s: got %v and %q, want %q", name, err, out.String(), c.says)
		}
	}
}

// A plan that has no price is listed too: who wrote it sees that it was read.
func TestCatalogCheck_ListsWhatEverybodyHas(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "catalog.yaml")
	text := strings.Replace(programtest.Catalog, "plans:\n", "plans:\n  free: {default: true, grants: {projects: 3}}\n", 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (catalogCheck{File: file}).Run(t.Context(), console{&out, &out}); err != nil || !strings.Contains(out.String(), "not bought: every user holds it") {
		t.Errorf("got %v, and it lists\n%s", err, &out)
	}
}
