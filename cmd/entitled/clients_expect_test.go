package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// Ensure the built program answers what clients, probes and forms send, as they expect.
func TestClients_AreAnsweredAsTheyExpect(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	client := &http.Client{Transport: &http.Transport{}} // not that of the document, which has no HEAD
	defer client.CloseIdleConnections()
	const asks, json = "Bearer " + programtest.APIKey, "application/json"
	body, at := completedEvent(1), "/api/webhooks/stripe/"
	for _, c := range []struct {
		call, body string
		status     int
		says       string
	}{
		{"HEAD /healthz", "", 200, ""},
		{"HEAD /readyz", "", 200, ""},
		{"POST " + at, string(body), 200, `"received":true`},
		{"GET /api//plans", "", 404, "slashes too many: the path is /api/plans"},
		{"POST /api/checkout/pro", `{"user_id":"ana","quantity":1.0}`, 201, `"order_id"`},
		{"POST /api/checkout/pro", `{"user_id":"ana","quantity":1.5}`, 400, "quantity"},
		{"POST /api/admin/users/ana/grants", `{"feature":"projects","value":1e2,"reason":"r","by":"b"}`, 201, `"value":100`},
		{"POST /api/admin/users/ana/grants", `{"feature":"projects","value":1e99,"reason":"r","by":"b"}`, 400, "value"},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address+path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Authorization": {asks}, "Content-Type": {json}, "Stripe-Signature": {programtest.StripeSignature(body, programtest.WebhookSecret)}}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != c.status || !strings.Contains(string(text), c.says) || strings.Contains(string(text), "strconv") {
			t.Errorf("%s %s: answered %d %s (%v), want %d and %q", c.call, c.body, answer.StatusCode, text, err, c.status, c.says)
		}
	}
}
