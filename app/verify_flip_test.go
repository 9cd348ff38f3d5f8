package app_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// derivedTables follow from the rest: whatever is changed in them by hand is a difference.
var derivedTables = []string{"entitlements", "entitlement_changes", "right_changes", "rights_told", "refs", "questions"}

// factTables say what was told: what is changed in them by hand is a difference, or no body
// tells of it.
var factTables = []string{
	"orders", "subscriptions", "payments", "invoices", "invoice_payments", "charges", "refunds", "disputes", "credit_notes", "accounts",
}

// sources are columns that follow from nothing else that is kept, or that verifying cannot
// tell from right ones, and why.
var sources = map[string]string{
	"accounts.customer_id":        "which customer we made is what we alone know",
	"accounts.customer_key":       "it is random",
	"accounts.former_customers":   "an empty one says nothing of a customer that was never deleted",
	"accounts.replaced_customers": "as customer_id",
	"accounts.customer_accounts":  "learned, and it may have been from an answer",
	"accounts.meanings":           "what a price meant on the day, which no catalog need say any more",
	"questions.since":             "until when an answer is too old",
	"questions.attempts":          "how often Stripe was asked",
	"entitlement_changes.seq":     "only its order counts",
	"right_changes.position":      "only its order counts",
	"rights_told.as_of":           "any moment between two changes is as good",

	"payments.payment_intent_id": "nothing reads it: it is for the program before", "payments.subscription_id": "as payment_intent_id",
	"payments.status": "as payment_intent_id", "payments.total": "as payment_intent_id",

	"orders.plan": "what an order is for is what we alone know", "orders.price": "as plan", "orders.mode": "as plan",
	"orders.quantity": "as plan", "orders.price_id": "as plan", "orders.subtotal": "as plan", "orders.currency": "as plan", "orders.currency_chosen": "as plan",
	"orders.trial_days": "as plan", "orders.success_url": "as plan", "orders.cancel_url": "as plan", "orders.locale": "as plan",
	"orders.expires_at": "as plan", "orders.attempt": "as plan", "orders.client_key": "as plan", "orders.fingerprint": "as plan",
	"orders.session_id": "only the answer to its making tells of it", "orders.session_url": "as session_id",
	"orders.created_at": "as plan", "orders.may_be_twice": "what else there was when it was made",
}

// flipped is a world with all kinds of rows in a SQLite file, and a connection behind its back.
func flipped(t *testing.T) (*world, *sql.DB, *app.Verify) {
	t.Helper()
	url := sqlitetest.URL(t)
	w := newWorldOn(t, database(t, url))
	ids := 0
	grants := app.NewManualGrants(w.store, catalog, w.clock.now, func() string { ids++; return fmt.Sprintf("%08d", ids) })
	if _, err := grants.Give(t.Context(), app.GrantRequest{User: "u1", Feature: "seats", Limit: new(int64(3)), Reason: "a friend", By: "ann"}); err != nil {
		t.Fatal(err)
	}
	w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u1", Plan: "basic"}).Session)...)
	w.clock.advance(time.Hour)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u1", Plan: "pro"})
	w.deliver(t, w.owes(sub, w.clock.now()))
	_, told := w.sold(t, "u2", "basic")
	w.deliver(t, factsOf(told)...)
	tell := app.NewTellChanges(w.store, catalog, w.clock.now, w.clock.after)
	if _, err := tell.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, behindItsBack(t, url), w.verify(w.store, catalog)
}

// behindItsBack is a connection to the file of a store.
func behindItsBack(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	dropTriggers(t, db)
	return db
}

// dropTriggers leaves a row as it is written: triggers mend what the program before wrote.
func dropTriggers(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, name := range texts(t, db, "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
		if _, err := db.ExecContext(t.Context(), "DROP TRIGGER "+name); err != nil {
			t.Fatal(err)
		}
	}
}

func texts(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

// findings are what is said about all users: differences, and what no body tells of.
func findings(t *testing.T, v *app.Verify) (differences, unproven []domain.Difference) {
	t.Helper()
	err := v.Do(t.Context(), app.VerifyQuery{Bodies: true}, func(found app.UserVerified) error {
		differences = append(differences, found.Differences...)
		unproven = append(unproven, found.Unproven...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return differences, unproven
}

func TestVerify_FindsEachColumnThatIsChangedByHand(t *testing.T) {
	t.Parallel()
	_, db, verify := flipped(t)
	findsEachColumn(t, db, verify, slices.Concat(derivedTables, factTables)...)
}

// The sum of what ended long ago is held against the invoices that it is of.
func TestVerify_FindsWhatIsChangedInASumOfThePast(t *testing.T) {
	t.Parallel()
	url := sqlitetest.URL(t)
	w := newWorldOn(t, database(t, url))
	sub := w.subscribe(t, app.CheckoutRequest{User: "u1", Plan: "pro"})
	item := sub.Items[0]
	const months = 24
	for n := range months {
		from, until := item.PeriodStart.AddDate(0, n-months, 0), item.PeriodStart.AddDate(0, n-months+1, 0)
		w.deliver(t, domain.InvoiceFact{Type: "invoice.paid", At: from, Customer: sub.Customer, Invoice: domain.Invoice{
			ID: domain.InvoiceID(fmt.Sprintf("in_%02d", n)), Subscription: sub.ID, Status: domain.InvoicePaid, BillingReason: "subscription_cycle",
			Currency: "usd", Total: 2900, AmountDue: 2900, AmountPaid: 2900, CreatedAt: from, FinalizedAt: from, PaidAt: from, Complete: true,
			Lines: []domain.Line{{ID: fmt.Sprintf("il_%02d", n), Kind: domain.LineCycle, Item: item.ID, Price: item.Price, Quantity: 1, Amount: 2900, From: from, Until: until}},
		}})
	}
	db := behindItsBack(t, url)
	if sums := rowIDs(t, db, "subscription_pasts"); len(sums) != 1 {
		t.Fatalf("there are %d sums, want one", len(sums))
	}
	verify := w.verify(w.store, catalog)
	findsEachColumn(t, db, verify, "subscription_pasts")
	if _, err := db.ExecContext(t.Context(), "DELETE FROM subscription_pasts"); err != nil {
		t.Fatal(err)
	}
	if found, _ := findings(t, verify); len(found) != 1 || found[0].Table != "subscription_pasts" || found[0].ID != string(sub.ID) {
		t.Errorf("the sum is deleted, and is found as %v", found)
	}
	again := func(_ domain.ProcessedEvent, _ domain.Verdict, err error) {
		if err != nil {
			t.Error(err)
		}
	}
	if err := w.replay.Do(t.Context(), app.ReplayQuery{User: "u1"}, again); err != nil {
		t.Fatal(err)
	}
	if found, _ := findings(t, verify); len(found) > 0 {
		t.Errorf("after a replay, as is said to mend it: %v", found)
	}
}

// findsEachColumn has each column of each row of some tables changed by hand in turn.
func findsEachColumn(t *testing.T, db *sql.DB, verify *app.Verify, tables ...string) {
	t.Helper()
	differences, unproven := findings(t, verify)
	if len(differences) > 0 {
		t.Fatalf("before anything is changed: %v", differences)
	}
	for _, table := range tables {
		for _, column := range columnsOf(t, db, table) {
			if sources[table+"."+column.name] != "" || column.name == "told" {
				continue
			}
			flips := 0
			for _, row := range rowIDs(t, db, table) {
				undo, flips1 := flip(t, db, table, column, row)
				if !flips1 {
					continue
				}
				flips++
				now, nowUnproven := findings(t, verify)
				if len(now) == 0 && fmt.Sprint(nowUnproven) == fmt.Sprint(unproven) {
					t.Errorf("%s.%s of row %s is changed by hand, and nothing is found", table, column.name, row)
				}
				if (slices.Contains(derivedTables, table) || table == "subscription_pasts") && table != "right_changes" && len(now) == 0 {
					t.Errorf("%s.%s of row %s is derived, and no difference is found: %v", table, column.name, row, nowUnproven)
				}
				undo()
			}
			if flips > 0 {
				t.Logf("%s.%s: %d rows", table, column.name, flips)
			}
		}
	}
	if differences, again := findings(t, verify); len(differences) > 0 || fmt.Sprint(again) != fmt.Sprint(unproven) {
		t.Errorf("once all is as it was: %v, %v", differences, again)
	}
}

type column struct{ name, kind string }

func columnsOf(t *testing.T, db *sql.DB, table string) (all []column) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name, lower(type) FROM pragma_table_info(?)", table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		t.Fatalf("there is no table %s", table)
	}
	return all
}

func rowIDs(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	return texts(t, db, "SELECT rowid FROM "+table)
}

// flip changes one value, unless there is no other that the schema allows, or none.
func flip(t *testing.T, db *sql.DB, table string, of column, row string) (undo func(), flips bool) {
	t.Helper()
	var was any
	read := fmt.Sprintf("SELECT %q FROM %s WHERE rowid = ?", of.name, table)
	if err := db.QueryRowContext(t.Context(), read, row).Scan(&was); err != nil {
		t.Fatal(err)
	}
	write := fmt.Sprintf("UPDATE %s SET %q = ? WHERE rowid = ?", table, of.name)
	for _, other := range otherValues(of, was) {
		if _, err := db.ExecContext(t.Context(), write, other, row); err != nil {
			continue // a constraint is in its way
		}
		return func() {
			if _, err := db.ExecContext(t.Context(), write, was, row); err != nil {
				t.Fatal(err)
			}
		}, true
	}
	return nil, false
}

var (
	limitInJSON = regexp.MustCompile(`"(limit|times)":\d`)
	statuses    = []any{
		"revoked", "updated", "expired", "canceled", "void", "lost", "failed", "subscription", "grant", "flag", "limit", "catalog",
	}
)

// otherValues are some that may stand in the place of one.
func otherValues(of column, was any) []any {
	switch value := was.(type) {
	case nil:
		return nil
	case int64:
		if of.kind == "boolean" {
			return []any{1 - value}
		}
		return []any{value + 1}
	case string:
		if at, err := time.Parse("2006-01-02 15:04:05.999999999Z07:00", value); err == nil {
			return []any{at.Add(-time.Hour).Format("2006-01-02 15:04:05.000000Z07:00")}
		}
		if limitInJSON.MatchString(value) {
			return []any{limitInJSON.ReplaceAllString(value, `"${1}":7`)}
		}
		return append([]any{value + "x"}, slices.DeleteFunc(slices.Clone(statuses), func(s any) bool { return s == value })...)
	case bool:
		return []any{!value}
	default:
		return nil
	}
}
