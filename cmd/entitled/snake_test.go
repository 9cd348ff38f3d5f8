package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

func TestSnaked(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC)
	got, err := json.Marshal(snaked(&domain.Change{
		Seq: 7, User: "Ana", Kind: domain.ChangeGranted, At: at,
		Entitlement: domain.Entitlement{Feature: "projects", Source: domain.Source{Kind: domain.SourceOrder, ID: "ord_A1"}, Value: domain.Limit(10), Since: at},
	}))
	want := `{"at":"2026-12-01T09:30:00Z","cause":"","entitlement":{"ends_at":null,"feature":"projects","in_grace":false,"part":0,"plan":"","renews":false,` +
		`"since":"2026-12-01T09:30:00Z","source":{"id":"ord_A1","kind":"order"},"until":null,"value":10},"event":"","kind":"granted","seq":7,"user_id":"Ana","version":0}`
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	account := domain.NewAccount("ana").WithOrder(domain.Order{ID: "ord_A1", PriceID: "price_B2", SessionURL: "https://x.example"})
	got, err = json.Marshal(snaked(account))
	for _, part := range []string{
		`"former_customers":[]`, `"meanings":{}`, `"orders":{"ord_A1":{`, `"price_id":"price_B2"`, `"session_url":"https://x.example"`, `"paid_at":null`, `"success_url":""`,
	} {
		if err != nil || !strings.Contains(string(got), part) {
			t.Errorf("%v: %s is not in %s", err, part, got)
		}
	}
}

func TestSnakeCase(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ID": "id", "Kind": "kind", "PriceID": "price_id", "SessionURL": "session_url", "CancelAtPeriodEnd": "cancel_at_period_end",
		"APIVersion": "api_version", "CreditNotes": "credit_notes", "URLOfPage": "url_of_page", "User": "user_id",
	} {
		if got := snakeCase(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
