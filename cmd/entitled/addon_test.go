package main

import (
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// An add-on is had, billed and ended beside its plan, and what is not paid gives nothing.
func TestAddon_FromItsPreviewToItsEnd(t *testing.T) {
	t.Parallel()
	const pro, both = "projects=100 sso=true", "projects=150 sso=true"
	s := openTeams(t, programtest.Build(t), programtest.Databases["SQLite"](t))
	if refused := s.Call(t, "POST", "/api/checkout/storage", `{"user_id":"ana"}`, 409); refused["code"] != "base_plan_needed" {
		t.Errorf("without the plan: got %v", refused)
	}
	s.buys(t, "ana", "pro")
	subscription := s.subscriptionOf(t, "ana")
	if refused := s.Call(t, "POST", "/api/checkout/storage", `{"user_id":"ana"}`, 409); refused["code"] != "not_in_portal" {
		t.Errorf("by a checkout: got %v", refused)
	}

	preview := s.Call(t, "GET", "/api/subscription/preview?user_id=ana&plan=storage", "", 200)
	if preview["due_now"] != 500.0 || preview["due_later"].(map[string]any)["amount"] != 2900.0+500.0 {
		t.Errorf("previewed %v", preview)
	}
	add := `{"user_id":"ana","plan":"storage","proration_date":"` + preview["proration_date"].(string) + `"}`
	for range 2 { // as a client repeats it
		added := s.Call(t, "POST", "/api/subscription/change", add, 200, "Idempotency-Key", "add")
		if added["action"] != "none" || added["subscription_id"] != subscription {
			t.Fatalf("added: got %v", added)
		}
	}
	if held := s.Holds(t, "ana"); held != both { // before any event
		t.Errorf("added: holds %q, want %q", held, both)
	}
	invoices := s.Call(t, "GET", "/api/invoices?user_id=ana", "", 200)["invoices"].([]any)
	paid := 0.0
	for _, invoice := range invoices {
		paid += invoice.(map[string]any)["amount_paid"].(float64)
	}
	if len(invoices) != 2 || paid != 2900.0+500.0 {
		t.Errorf("billed %v, want the plan and the add-on once", invoices)
	}

	if end := s.Call(t, "POST", "/api/subscription/cancel", `{"user_id":"ana","plan":"storage"}`, 200); end["ends_at"] == nil {
		t.Errorf("ended: got %v", end)
	}
	s.then(t, "ana", "its end is planned", nil, both)
	s.then(t, "ana", "the next period begins", s.box.RenewSubscription(subscription, true), pro)

	if err := s.box.SetCard(subscription, "4000000000000341"); err != nil {
		t.Fatal(err)
	}
	if added := s.Call(t, "POST", "/api/subscription/change", `{"user_id":"ana","plan":"storage"}`, 200); added["action"] != "redirect" {
		t.Errorf("declined: got %v", added)
	}
	s.then(t, "ana", "the card is declined", nil, pro)
	s.then(t, "ana", "it is paid after all", s.box.PayInvoice(subscription), both)
	end := s.Call(t, "POST", "/api/subscription/cancel", `{"user_id":"ana","plan":"storage","when":"now"}`, 200)
	if end["ended_at"] == nil || end["status"] != "active" {
		t.Errorf("ended at once: got %v", end)
	}
	s.then(t, "ana", "it is ended at once", nil, pro)
}
