package main

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

// backups copy a database that no program is on.
var backups = map[string]func(testing.TB, string) string{
	"Postgres": pgtest.Copy,
	"SQLite":   sqlitetest.Copy,
}

// moves ends the program, and has another take over its webhooks, on another database.
func (s *shop) moves(t *testing.T, database string) {
	t.Helper()
	if s.program != nil {
		s.Stop(t)
	}
	s.box.RemoveWebhookEndpoint(s.endpoint.ID)
	s.program = startProgram(t, programtest.Build(t), database, "STRIPE_API_BASE="+s.box.URL())
	s.endpoint = s.box.AddWebhookEndpoint("http://"+s.Address+"/api/webhooks/stripe", programtest.WebhookSecret)
}

// resends has the last event of a type sent again that names something.
func (s shop) resends(t *testing.T, kind, about string) {
	t.Helper()
	events := s.box.Events()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Type == kind && strings.Contains(string(events[i].Body), about) {
			if err := s.box.Resend(events[i].ID); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("there is no %s about %s", kind, about)
}

// A restored database gets back what was sold since the backup, by any one event about
// it; and another deployment on the same Stripe account is given nothing of it.
func TestRestore_YesterdaysBackupIsMendedByStripe(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := open(t)
			s := openShop(t, database)
			s.buys(t, "known", "basic")
			s.Stop(t)
			backup := backups[name](t, database)

			s.program = nil
			s.moves(t, database)
			other := startProgram(t, programtest.Build(t), open(t), "STRIPE_API_BASE="+s.box.URL())
			s.box.AddWebhookEndpoint("http://"+other.Address+"/api/webhooks/stripe", programtest.WebhookSecret)
			sold := []struct{ user, plan, resent, order, holds string }{
				{user: "known", plan: "pro", resent: "checkout.session.completed"},
				{user: "session", plan: "basic", resent: "checkout.session.completed"},
				{user: "charge", plan: "basic", resent: "charge.succeeded"},
				{user: "refund", plan: "basic", resent: "refund.created"},
				{user: "subscription", plan: "pro", resent: "customer.subscription.created"},
				{user: "invoice", plan: "pro", resent: "invoice.paid"},
			}
			for i, sale := range sold {
				sold[i].order, _ = s.buys(t, sale.user, sale.plan)
			}
			refunded := s.Call(t, "GET", "/api/orders/"+sold[3].order, "", 200)
			var intent string
			for _, e := range s.box.Events() {
				if e.Type == "payment_intent.succeeded" && strings.Contains(string(e.Body), sold[3].order) {
					intent = e.ObjectID
				}
			}
			if _, err := s.box.Refund(intent, 500); err != nil {
				t.Fatalf("%v of %v", err, refunded)
			}
			s.idle(t)
			for i, sale := range sold {
				if sold[i].holds = s.Holds(t, sale.user); sold[i].holds == "" {
					t.Fatalf("%s holds nothing\n%s", sale.user, s.Log)
				}
				if held := other.Holds(t, sale.user); held != "" {
					t.Errorf("another deployment gives %s %s", sale.user, held)
				}
			}
			other.says(t, "quarantine list", "no events in quarantine")

			s.moves(t, backup)
			for _, sale := range sold {
				if sale.user != "known" && s.Holds(t, sale.user) != "" {
					t.Fatalf("%s holds %s before anything was told", sale.user, s.Holds(t, sale.user))
				}
				about := sale.order
				if sale.resent == "refund.created" {
					about = intent
				}
				s.resends(t, sale.resent, about)
				s.then(t, sale.user, "restored by "+sale.resent, nil, sale.holds)
				s.orderIs(t, sale.order, "paid")
			}
			s.says(t, "quarantine list", "no events in quarantine")
			s.Stop(t)
			if out := s.Log.String(); strings.Contains(out, "DATA RACE") {
				t.Error(out)
			}
		})
	}
}

// A person can have a customer's orders made again, and not those of another deployment;
// unless this one is it, from a backup that did not know its name yet.
func TestRestore_ByHandAndByName(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, open(t))
			order, _ := s.buys(t, "u", "basic")
			own := strings.TrimSpace(strings.TrimPrefix(s.says(t, "database deployment"), "deployment"))
			var customer string
			for _, e := range s.box.Events() {
				if e.Type == "customer.created" {
					customer = e.ObjectID
				}
			}
			database := open(t)
			s.moves(t, database)
			s.resends(t, "checkout.session.completed", order)
			s.idle(t)
			s.says(t, "events list --outcome ignored", "checkout.session.completed")
			s.says(t, "sync --customer "+customer, "nobody's of ours", "was sold by deployment "+own)
			if held := s.Holds(t, "u"); held != "" {
				t.Fatalf("a deployment of its own gives what another sold: %s", held)
			}
			s.Stop(t)
			s.says(t, "database deployment --set "+own, own)
			s.program = nil
			s.moves(t, database)
			s.says(t, "sync --customer "+customer, "made again  order "+order, "is of user u")
			s.then(t, "u", "adopted", nil, "projects=10")
			s.says(t, "admin-log", "restore", "database.deployment")
			s.says(t, "database deployment --renew", "deployment")
			if out := s.says(t, "database deployment"); strings.Contains(out, own) {
				t.Errorf("renewed, it is still %s", out)
			}
		})
	}
}
