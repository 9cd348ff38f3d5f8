package main

import (
	"fmt"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// A buyer chooses a currency, sees what it costs in that, pays in it, and stays with it.
func TestCurrency_IsChosenAndStays(t *testing.T) {
	t.Parallel()
	box := sandbox.NewTest(t)
	for _, price := range []sandbox.PriceSpec{
		{LookupKey: "pro_monthly", Product: "Pro", UnitAmount: 2900, Interval: "month", Currencies: map[string]sandbox.CurrencyOption{"eur": {UnitAmount: 2700}}},
		{
			LookupKey: "team_monthly", Product: "Team", Interval: "month", TiersMode: "graduated", Tiers: []sandbox.PriceTier{{UpTo: 2, UnitAmount: 9900}, {UnitAmount: 7900}},
			Currencies: map[string]sandbox.CurrencyOption{"eur": {Tiers: []sandbox.PriceTier{{UpTo: 2, UnitAmount: 9000}, {UnitAmount: 7000}}}},
		},
		{LookupKey: "team_yearly", Product: "Team", UnitAmount: 99000, Interval: "year"},
		{LookupKey: "storage_monthly", Product: "Storage", UnitAmount: 500, Interval: "month"},
	} {
		if _, err := box.AddPrice(price); err != nil {
			t.Fatal(err)
		}
	}
	p := startTeams(t, programtest.Build(t), sqlitetest.URL(t), "STRIPE_API_BASE="+box.URL())
	s := shop{p, box, box.AddWebhookEndpoint("http://"+p.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
	said := func(query, plan string) string {
		t.Helper()
		for _, offered := range s.Call(t, "GET", "/api/plans?"+query, "", 200)["plans"].([]any) {
			if o := offered.(map[string]any); o["key"] == plan {
				price := o["prices"].([]any)[0].(map[string]any)
				return fmt.Sprint(price["currency"], " ", price["amount"], " ", price["total"])
			}
		}
		return ""
	}
	for query, want := range map[string]string{"user_id=ana&quantity=3": "usd <nil> 27700", "user_id=ana&currency=eur&quantity=3": "eur <nil> 25000"} {
		if got := said(query, "team"); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}

	s.Call(t, "POST", "/api/checkout/pro", `{"user_id":"ana","currency":"gbp"}`, 422)
	started := s.Call(t, "POST", "/api/checkout/pro", `{"user_id":"ana","currency":"EUR"}`, 201)
	if err := box.Pay(started["session_id"].(string)); err != nil {
		t.Fatal(err)
	}
	order := s.Call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=20s", "", 200)
	if order["status"] != "paid" || order["currency"] != "eur" {
		t.Errorf("the order: %v", order)
	}
	if err := box.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if held := s.Holds(t, "ana"); held != "projects=100 sso=true" {
		t.Errorf("holds %q\n%s", held, s.Log)
	}

	if got := said("user_id=ana", "pro"); got != "eur 2700 <nil>" {
		t.Errorf("who pays in euros is told %s", got)
	}
	if locked := s.Call(t, "POST", "/api/checkout/team", `{"user_id":"ana","currency":"usd"}`, 409); locked["code"] != "currency_locked" {
		t.Errorf("got %v", locked)
	}
	if locked := s.Call(t, "GET", "/api/subscription/preview?user_id=ana&plan=team&price=yearly", "", 409); locked["code"] != "currency_locked" {
		t.Errorf("got %v", locked)
	}
	preview := s.Call(t, "GET", "/api/subscription/preview?user_id=ana&plan=team&price=monthly&quantity=3", "", 200)
	if preview["currency"] != "eur" || preview["due_now"] != 25000.0-2700 {
		t.Errorf("the preview: %v", preview)
	}
	s.Call(t, "POST", "/api/subscription/change", `{"user_id":"ana","plan":"team","price":"monthly","quantity":3,"proration_date":"`+preview["proration_date"].(string)+`"}`, 200, "Idempotency-Key", "team")
	if err := box.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	invoices := s.Call(t, "GET", "/api/invoices?user_id=ana", "", 200)["invoices"].([]any)
	if newest := invoices[0].(map[string]any); newest["currency"] != "eur" || newest["total"] != preview["due_now"] || newest["status"] != "paid" {
		t.Errorf("the invoice: %v", newest)
	}
	if held := s.Holds(t, "ana"); held != "projects=1000 sso=true" {
		t.Errorf("holds %q", held)
	}
}
