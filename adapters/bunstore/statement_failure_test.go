package bunstore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// failing has every statement that writes to a table fail, and working takes that back.
var failing, working = map[string]string{
	"sqlite": `CREATE TRIGGER failpoint_insert BEFORE INSERT ON %[1]s BEGIN SELECT RAISE(ABORT, 'failpoint'); END;
		CREATE TRIGGER failpoint_update BEFORE UPDATE ON %[1]s BEGIN SELECT RAISE(ABORT, 'failpoint'); END;
		CREATE TRIGGER failpoint_delete BEFORE DELETE ON %[1]s BEGIN SELECT RAISE(ABORT, 'failpoint'); END;`,
	"postgres": `CREATE FUNCTION failpoint() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'failpoint'; END $$;
		CREATE TRIGGER failpoint BEFORE INSERT OR UPDATE OR DELETE ON %[1]s FOR EACH ROW EXECUTE FUNCTION failpoint();`,
}, map[string]string{
	"sqlite":   `DROP TRIGGER failpoint_insert; DROP TRIGGER failpoint_update; DROP TRIGGER failpoint_delete;`,
	"postgres": `DROP FUNCTION failpoint() CASCADE;`,
}

// Whichever statement of a transaction fails, nothing of it is kept; and the same again is.
func TestUpdate_AnyStatementThatFailsKeepsNothing(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqlitetest.URL, "postgres": pgtest.URL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := url(t)
			s, err := bunstore.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			db := database(t, url)
			tables := []string{
				"accounts", "refs", "orders", "subscriptions", "payments", "invoices", "charges", "entitlements",
				"entitlement_changes", "processed_events", "questions", "right_changes", "rights_told",
			}
			dump := func() (all [][][]string) {
				for _, table := range tables {
					all = append(all, query(t, db, fmt.Sprintf("SELECT CAST(count(*) AS text) FROM %s", table)))
				}
				return append(all, query(t, db, "SELECT CAST(version AS text), user_id FROM accounts"))
			}
			failed := map[string]bool{}
			for n, table := range tables {
				user := domain.UserID(fmt.Sprint("user", n))
				exec(t, url, fmt.Sprintf(failing[name], table))
				before := dump()
				err := keepsOfAll(t, s, user)
				if err != nil {
					failed[table] = true
					if !strings.Contains(err.Error(), "failpoint") {
						t.Errorf("%s fails: %v, want the failpoint's error", table, err)
					}
					if diff := gocmp.Diff(before, dump()); diff != "" {
						t.Errorf("%s fails, and something is kept (-before +after):\n%s", table, diff)
					}
				}
				if err == nil {
					before = dump()
					if err := tells(t, s); err == nil {
						t.Errorf("%s fails, and nothing says so", table)
					} else if !strings.Contains(err.Error(), "failpoint") {
						t.Errorf("%s fails: %v, want the failpoint's error", table, err)
					}
					if diff := gocmp.Diff(before, dump()); diff != "" {
						t.Errorf("%s fails, and something is told (-before +after):\n%s", table, diff)
					}
				}
				exec(t, url, working[name])
				if failed[table] {
					if err := keepsOfAll(t, s, user); err != nil {
						t.Errorf("again, once %s works: %v", table, err)
					}
				}
				if err := tells(t, s); err != nil {
					t.Errorf("tell, once %s works: %v", table, err)
				}
			}
			if len(failed) != len(tables)-2 {
				t.Errorf("an update failed at %d of %d tables, want at all but the feed's two: %v", len(failed), len(tables), failed)
			}
		})
	}
}

// keepsOfAll keeps something in every table of an update.
func keepsOfAll(t *testing.T, s *bunstore.Store, user domain.UserID) error {
	t.Helper()
	at := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	id := func(prefix string) string { return prefix + string(user) }
	touch := ports.Touch{Users: []domain.UserID{user}}
	return s.Update(t.Context(), touch, func(found ports.Found) (ports.Kept, error) {
		state := found.States[user]
		a := state.Account
		a.Customer = domain.CustomerID(id("cus_"))
		order := domain.OrderID(id("ord_"))
		a.Orders[order] = domain.Order{ID: order, Plan: "basic", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPaid, CreatedAt: at, PaidAt: at}
		intent := domain.PaymentIntentID(id("pi_"))
		a.Payments[intent] = domain.Payment{ID: intent, Order: order, Amount: 1, Currency: "usd"}
		sub := domain.SubscriptionID(id("sub_"))
		a.Subscriptions[sub] = domain.Subscription{ID: sub, Status: domain.StatusActive, SeenAt: at}
		invoice := domain.InvoiceID(id("in_"))
		a.Invoices[invoice] = domain.Invoice{ID: invoice, Subscription: sub, Status: domain.InvoicePaid, SeenAt: at}
		charge := domain.ChargeID(id("ch_"))
		a.Charges[charge] = domain.Charge{ID: charge, PaymentIntent: intent, SeenAt: at}
		right := domain.Entitlement{Feature: "sso", Source: domain.Source{Kind: domain.SourceOrder, ID: string(order)}, Plan: "basic", Value: domain.Flag(), Since: at}
		state.Entitlements = []domain.Entitlement{right}
		event := domain.EventID(id("evt_"))
		return ports.Kept{
			States:    []ports.State{state},
			Changes:   []domain.Change{{User: user, Kind: domain.ChangeGranted, Entitlement: right, Event: event, At: at}},
			Receipts:  []domain.ProcessedEvent{{ID: event, Type: "invoice.paid", User: user, ReceivedAt: at, Outcome: domain.OutcomeApplied, Attempts: 1, Payload: []byte("{}")}},
			Questions: []ports.Question{{Doubt: domain.Doubt{Subject: domain.Ref{Kind: domain.RefSubscription, ID: string(sub)}, Since: at}, Due: at}},
		}, nil
	})
}

func tells(t *testing.T, s *bunstore.Store) error {
	t.Helper()
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	_, err := s.Tell(t.Context(), now, 100, func(untold []ports.Untold) []ports.Telling {
		tellings := make([]ports.Telling, len(untold))
		for n, of := range untold {
			tellings[n] = of.Tell(now, domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{"sso": {Key: "sso", Type: domain.FeatureFlag}}})
		}
		return tellings
	})
	return err
}
