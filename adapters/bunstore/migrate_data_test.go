package bunstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// asOfSettings is what the program of migration 3 writes, for one user.
func asOfSettings(user string) []string {
	const at = "'2026-03-01 12:00:00+00:00'"
	all := []string{
		"INSERT INTO accounts (user_id) VALUES ('%[1]s')",
		`INSERT INTO payments (id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency) VALUES
			('in_%[1]s', '%[1]s', '', 'sub_1', 'pi_in_%[1]s', 'paid', 1200, 'eur'),
			('in_free_%[1]s', '%[1]s', '', 'sub_1', '', 'paid', 0, 'eur'),
			('pi_%[1]s', '%[1]s', 'o_1', '', 'pi_%[1]s', 'paid', 900, 'eur')`,
		`INSERT INTO refs (kind, id, user_id) VALUES
			('invoice', 'in_%[1]s', '%[1]s'), ('payment_intent', 'pi_in_%[1]s', '%[1]s'), ('payment_intent', 'pi_%[1]s', '%[1]s')`,
		`INSERT INTO entitlements (user_id, feature, source_kind, source_id, plan, value_type, value_limit, since)
			VALUES ('%[1]s', 'sso', 'order', 'o_1', 'pro', 'flag', 0, ` + at + `)`,
		`INSERT INTO entitlement_changes (user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, event_id, at)
			VALUES ('%[1]s', 'granted', 'sso', 'order', 'o_1', 'pro', 'flag', 0, ` + at + `, 'evt_%[1]s', ` + at + `)`,
		`INSERT INTO processed_events (id, type, object, user_id, created_at, received_at, processed_at, api_version, livemode, outcome, reason, attempts, payload)
			VALUES ('evt_%[1]s', 'invoice.paid', 'in_%[1]s', '%[1]s', NULL, ` + at + `, NULL, '', true, 'quarantined', 'why', 2, 'raw')`,
	}
	for i, query := range all {
		all[i] = fmt.Sprintf(query, user)
	}
	return all
}

// wantAsOfSettings finds what [asOfSettings] wrote.
func wantAsOfSettings(t *testing.T, s *bunstore.Store, user domain.UserID, version int64) {
	t.Helper()
	at := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	state, err := s.State(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	wantSame := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", what, user, diff)
		}
	}
	sso := domain.Entitlement{
		Feature: "sso", Source: domain.Source{Kind: domain.SourceOrder, ID: "o_1"}, Plan: "pro", Value: domain.Flag(), Since: at,
	}
	wantSame("entitlements", state.Entitlements, []domain.Entitlement{sso})
	once := domain.PaymentIntentID("pi_" + user)
	wantSame("payments", state.Account.Payments, map[domain.PaymentIntentID]domain.Payment{
		once: {ID: once, Order: "o_1", Amount: 900, Currency: "eur"},
	})
	invoice, free := domain.InvoiceID("in_"+user), domain.InvoiceID("in_free_"+user)
	wantSame("invoices", state.Account.Invoices, map[domain.InvoiceID]domain.Invoice{
		invoice: {ID: invoice, Subscription: "sub_1", Status: domain.InvoicePaid, Total: 1200, AmountDue: 1200, AmountPaid: 1200, Currency: "eur"},
		free:    {ID: free, Subscription: "sub_1", Status: domain.InvoicePaid, Currency: "eur"},
	})
	event := domain.EventID("evt_" + user)
	receipt, err := s.Receipt(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	wantSame("receipt", receipt, domain.ProcessedEvent{
		ID: event, Type: "invoice.paid", Object: string(invoice), User: user, ReceivedAt: at, Livemode: true,
		Outcome: domain.OutcomeQuarantined, Reason: "why", Attempts: 2, Payload: []byte("raw"),
	})
	changes, err := s.Changes(t.Context(), user)
	if err != nil || len(changes) != 1 {
		t.Fatalf("changes of %s: %v, %v, want one", user, changes, err)
	}
	wantSame("change", changes[0], domain.Change{
		Seq: changes[0].Seq, Version: version, User: user, Kind: domain.ChangeGranted, Entitlement: sso, Event: event, At: at,
	})
}

// downTo takes migrations back until so many are left.
func downTo(t *testing.T, url string, left int) {
	t.Helper()
	for applied := left + 1; applied != left; {
		applied, _ = steps(t, url, bunstore.Down)
	}
}

func TestMigrate_MoneyKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		write := func(user string) {
			t.Helper()
			for _, query := range asOfSettings(user) {
				exec(t, url, query)
			}
		}
		downTo(t, url, 3)
		write("ann")
		steps(t, url, bunstore.Up)
		wantAsOfSettings(t, s, "ann", 0)
		links := map[domain.PaymentIntentID]domain.InvoiceID{"pi_in_ann": "in_ann"}
		if state, err := s.State(t.Context(), "ann"); err != nil || !cmp.Equal(state.Account.InvoicePayments, links) {
			t.Errorf("invoice payments %v, %v, want %v", state.Account.InvoicePayments, err, links)
		}

		write("bob") // the program before goes on while this one is deployed
		wantAsOfSettings(t, s, "bob", 1)

		keepNews(t, s, "ann")
		downTo(t, url, 3)
		if left := query(t, database(t, url), "SELECT source_kind FROM entitlements UNION ALL SELECT source_kind FROM entitlement_changes"); len(left) != 4 {
			t.Errorf("sources %v, want those of four orders", left)
		}
		outcomes := query(t, database(t, url), "SELECT id, outcome FROM processed_events ORDER BY id")
		if !slices.EqualFunc(outcomes, []string{"evt_ann", "evt_bob", "evt_waiting"}, func(row []string, id string) bool {
			return row[0] == id && row[1] == "quarantined"
		}) {
			t.Errorf("receipts after a step down %v, want them quarantined", outcomes)
		}
		steps(t, url, bunstore.Up)
		wantAsOfSettings(t, s, "ann", 0)
		wantAsOfSettings(t, s, "bob", 0) // versions were taken back, too
	})
}

// keepNews keeps what the program before knows nothing of.
func keepNews(t *testing.T, s *bunstore.Store, user domain.UserID) {
	t.Helper()
	err := s.Update(t.Context(), ports.Touch{Users: []domain.UserID{user}}, func(f ports.Found) (ports.Kept, error) {
		state := f.States[user]
		state.Account = state.Account.WithGrant(domain.Grant{ID: "g_1", Feature: "sso", Value: domain.Flag()})
		given := domain.Entitlement{Feature: "sso", Source: domain.Source{Kind: domain.SourceGrant, ID: "g_1"}, Value: domain.Flag()}
		state.Entitlements = append(state.Entitlements, given)
		waiting := domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}
		return ports.Kept{
			States:    []ports.State{state},
			Changes:   []domain.Change{{User: user, Kind: domain.ChangeGranted, Entitlement: given, At: began}},
			Receipts:  []domain.ProcessedEvent{{ID: "evt_waiting", Outcome: domain.OutcomeWaiting, WaitsFor: waiting, ReceivedAt: began, Attempts: 1}},
			Questions: []ports.Question{{Doubt: domain.Doubt{Subject: waiting}, Due: began}},
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
