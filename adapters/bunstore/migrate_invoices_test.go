package bunstore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// before is the program of migration 4, by the statements that it sends.
type before struct {
	t   *testing.T
	url string
}

// at is noon of a day of March.
func at(day int) string { return fmt.Sprintf("'2026-03-%02d 12:00:00+00:00'", day) }

func march(day int) time.Time { return time.Date(2026, time.March, day, 12, 0, 0, 0, time.UTC) }

// keep writes a row whether it exists or not, as everything is written.
func (b before) keep(table, key string, row ...string) {
	b.t.Helper()
	var columns, values, set []string
	for n := 0; n < len(row); n += 2 {
		columns, values = append(columns, row[n]), append(values, row[n+1])
		set = append(set, row[n]+" = EXCLUDED."+row[n])
	}
	exec(b.t, b.url, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s",
		table, strings.Join(columns, ", "), strings.Join(values, ", "), key, strings.Join(set, ", ")))
}

// account writes one user with all that the program knows of one.
func (b before) account(user string) {
	b.t.Helper()
	text := func(format string) string { return "'" + fmt.Sprintf(format, user) + "'" }
	id := func(format string) []string { return []string{"id", text(format), "user_id", text("%s")} }
	b.keep("accounts", "user_id", "user_id", text("%s"), "customer_id", text("cus_%s"), "customer_key", "'key'",
		"former_customers", text("cus_b_%[1]s cus_a_%[1]s"))
	for _, ref := range [][2]string{
		{"customer", "cus_%s"}, {"customer", "cus_a_%s"}, {"customer", "cus_b_%s"}, {"order", "o_%s"}, {"checkout_session", "cs_%s"},
		{"subscription", "sub_%s"}, {"payment_intent", "pi_once_%s"}, {"payment_intent", "pi_%s"}, {"invoice", "in_%s"}, {"invoice", "in_old_%s"},
		{"invoice", "in_odd_%s"}, {"charge", "ch_%s"},
	} {
		b.keep("refs", "kind, id", "kind", "'"+ref[0]+"'", "id", text(ref[1]), "user_id", text("%s"))
	}
	b.keep("orders", "id", append(id("o_%s"),
		"plan", "'pro'", "price", "'monthly'", "mode", "'subscription'", "quantity", "1", "status", "'paid'", "price_id", "'price_1'",
		"trial_days", "0", "success_url", "''", "cancel_url", "''", "locale", "''", "expires_at", at(2), "attempt", "0",
		"client_key", "''", "fingerprint", "''", "session_id", text("cs_%s"), "session_url", "''", "subscription_id", text("sub_%s"),
		"payment_intent_id", "''", "created_at", at(1), "paid_at", at(1))...)
	b.keep("subscriptions", "id", append(id("sub_%s"),
		"order_id", text("o_%s"), "customer_id", text("cus_%s"), "status", "'active'",
		"items", `'[{"id":"si_1","price":"price_1","quantity":3},{"id":"si_2","price":"price_2","lookup_key":"k","quantity":0}]'`,
		"started_at", at(1), "period_start", at(8), "period_end", at(15), "trial_end", "NULL", "cancel_at", "NULL",
		"cancel_at_period_end", "false", "ended_at", "NULL", "seen_at", at(8), "precedence", "2")...)
	b.invoice(user, "in_old_%s", "paid", 900, 1200, at(1), at(8)) // some of it with credit
	b.invoice(user, "in_%s", "failed", 1200, 1200, at(8), at(15))
	b.invoice(user, "in_odd_%s", "paid", 100, 0, "NULL", "NULL")
	b.keep("payments", "id", append(id("pi_once_%s"), "order_id", text("o_%s"), "subscription_id", "''", "status", "'paid'",
		"amount", "900", "total", "0", "currency", "'eur'", "period_start", "NULL", "period_end", "NULL")...)
	b.keep("invoice_payments", "id", append(id("pi_%s"), "invoice_id", text("in_old_%s"))...)
	b.keep("charges", "id", append(id("ch_%s"), "payment_intent_id", text("pi_%s"), "invoice_id", "''",
		"amount", "900", "refunded", "100", "currency", "'eur'", "seen_at", at(3))...)
	b.keep("refunds", "id", append(id("re_%s"), "charge_id", text("ch_%s"), "payment_intent_id", "''", "status", "'succeeded'",
		"amount", "100", "currency", "'eur'", "created_at", at(3), "undone_at", "NULL")...)
	b.entitlement(user, "100", at(16))
	exec(b.t, b.url, fmt.Sprintf(`INSERT INTO entitlement_changes
		(user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, until, event_id, at)
		VALUES ('%[1]s', 'granted', 'projects', 'subscription', 'sub_%[1]s', 'pro', 'limit', 100, %[2]s, %[3]s, 'evt_1', %[2]s)`, user, at(1), at(16)))
}

// invoice writes one, which is a payment to the program before.
func (b before) invoice(user, id, status string, amount, total int64, start, end string) {
	b.t.Helper()
	b.keep("payments", "id", "id", "'"+fmt.Sprintf(id, user)+"'", "user_id", "'"+user+"'", "order_id", "''", "subscription_id", "'sub_"+user+"'",
		"status", "'"+status+"'", "amount", fmt.Sprint(amount), "total", fmt.Sprint(total), "currency", "'eur'", "period_start", start, "period_end", end)
}

func (b before) entitlement(user, limit, until string) {
	b.t.Helper()
	b.keep("entitlements", "user_id, feature, source_kind, source_id", "user_id", "'"+user+"'", "feature", "'projects'",
		"source_kind", "'subscription'", "source_id", "'sub_"+user+"'", "plan", "'pro'", "value_type", "'limit'", "value_limit", limit,
		"since", at(1), "until", until)
}

// payments are all that it reads of one user.
func (b before) payments(user string) [][]string {
	b.t.Helper()
	return query(b.t, database(b.t, b.url), `SELECT id, subscription_id, status, amount, total,
		coalesce(CAST(period_start AS text), ''), coalesce(CAST(period_end AS text), '') FROM payments WHERE user_id = '`+user+`' ORDER BY id`)
}

// asOfMoney is what [before.account] wrote, as it is read now.
func asOfMoney(user domain.UserID) ports.State {
	a := domain.NewAccount(user)
	a.Customer, a.CustomerKey = domain.CustomerID("cus_"+user), "key"
	a.FormerCustomers = []domain.CustomerID{domain.CustomerID("cus_a_" + user), domain.CustomerID("cus_b_" + user)}
	a.DeletedCustomers = a.FormerCustomers // to the program before, there are no others
	order, sub, once := domain.OrderID("o_"+user), domain.SubscriptionID("sub_"+user), domain.PaymentIntentID("pi_once_"+user)
	a.Orders[order] = domain.Order{
		ID: order, Plan: "pro", Price: "monthly", Mode: domain.ModeSubscription, Quantity: 1, Status: domain.OrderPaid, PriceID: "price_1", MayBeTwice: true,
		ExpiresAt: march(2), Session: domain.SessionID("cs_" + user), Subscription: sub, CreatedAt: march(1), PaidAt: march(1),
	}
	a.Subscriptions[sub] = domain.Subscription{
		ID: sub, Order: order, Customer: a.Customer, Status: domain.StatusActive, StartedAt: march(1), SeenAt: march(8), Precedence: 2,
		Items: []domain.Item{
			{ID: "si_1", Price: "price_1", Quantity: 3, PeriodStart: march(8), PeriodEnd: march(15)},
			{ID: "si_2", Price: "price_2", LookupKey: "k", Quantity: 1, PeriodStart: march(8), PeriodEnd: march(15)}, // not told
		},
	}
	a.Payments[once] = domain.Payment{ID: once, Order: order, Amount: 900, Currency: "eur"}
	line := func(amount int64, from, until int) []domain.Line {
		return []domain.Line{{ID: "line 0", Kind: domain.LineCycle, Quantity: 1, Amount: amount, From: march(from), Until: march(until)}}
	}
	for _, i := range []domain.Invoice{
		{ID: domain.InvoiceID("in_old_" + user), Status: domain.InvoicePaid, Total: 1200, AmountDue: 900, AmountPaid: 900, Lines: line(1200, 1, 8)},
		{ID: domain.InvoiceID("in_" + user), Status: domain.InvoiceOpen, Total: 1200, AmountDue: 1200, Lines: line(1200, 8, 15)},
		{ID: domain.InvoiceID("in_odd_" + user), Status: domain.InvoicePaid, Total: 100, AmountDue: 100, AmountPaid: 100},
	} {
		i.Subscription, i.Currency = sub, "eur"
		a.Invoices[i.ID] = i
	}
	charge, refund, intent := domain.ChargeID("ch_"+user), domain.RefundID("re_"+user), domain.PaymentIntentID("pi_"+user)
	a.InvoicePayments[intent] = domain.InvoiceID("in_old_" + user)
	a.Charges[charge] = domain.Charge{ID: charge, PaymentIntent: intent, Amount: 900, Refunded: 100, Currency: "eur", SeenAt: march(3)}
	a.Refunds[refund] = domain.Refund{ID: refund, Charge: charge, Status: "succeeded", Amount: 100, Currency: "eur", CreatedAt: march(3)}
	return ports.State{Account: a, Entitlements: []domain.Entitlement{{
		Feature: "projects", Source: domain.Source{Kind: domain.SourceSubscription, ID: string(sub)}, Plan: "pro",
		Value: domain.Limit(100), Since: march(1), Until: march(16),
	}}}
}

func wantState(t *testing.T, s *bunstore.Store, what string, want ports.State) {
	t.Helper()
	got, err := s.State(t.Context(), want.Account.User)
	if err != nil {
		t.Fatal(err)
	}
	want.Version = got.Version // what the program before changes is counted, too
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	all, err := s.Entitlements(t.Context(), []domain.UserID{want.Account.User})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Entitlements, all[want.Account.User].Entitlements); diff != "" {
		t.Errorf("%s: entitlements (-want +got):\n%s", what, diff)
	}
	// Whoever asks by a name finds the account, and the invoices that it has now. Names that
	// the program before does not know come with the next update.
	names := refSet(want.Account)
	maps.DeleteFunc(names, func(name domain.Ref, _ bool) bool { return name.Kind == domain.RefRefund })
	update(t, s, ports.Touch{Refs: slices.Collect(maps.Keys(names))}, func(f ports.Found) ports.Kept {
		if len(f.Owners) != len(names) {
			t.Errorf("%s: %d names are known, want %d", what, len(f.Owners), len(names))
		}
		return ports.Kept{}
	})
}

func refSet(a domain.Account) map[domain.Ref]bool {
	all := map[domain.Ref]bool{}
	for _, ref := range a.Refs() {
		all[ref] = true
	}
	return all
}

func update(t *testing.T, s *bunstore.Store, touch ports.Touch, fn func(ports.Found) ports.Kept) {
	t.Helper()
	if err := s.Update(t.Context(), touch, func(f ports.Found) (ports.Kept, error) { return fn(f), nil }); err != nil {
		t.Fatal(err)
	}
}

func TestMigrate_InvoicesKeepWhatIsThere(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s, old := open(t, url), before{t, url}
		downTo(t, url, 4)
		old.account("ann")
		payments := old.payments("ann")
		steps(t, url, bunstore.Up)
		wantState(t, s, "what was there", asOfMoney("ann"))
		changes, err := s.Changes(t.Context(), "ann")
		if err != nil || len(changes) != 1 || changes[0].Entitlement != asOfMoney("ann").Entitlements[0] || changes[0].Cause != "" {
			t.Errorf("changes %+v, %v", changes, err)
		}

		old.account("bob") // the program before goes on while this one is deployed
		wantState(t, s, "what the program before wrote since", asOfMoney("bob"))

		downTo(t, url, 4)
		if diff := cmp.Diff(payments, old.payments("ann")); diff != "" {
			t.Errorf("payments after a step down (-before +after):\n%s", diff)
		}
		steps(t, url, bunstore.Up)
		wantState(t, s, "up again", asOfMoney("ann"))
		wantState(t, s, "up again", asOfMoney("bob"))
	})
}

// What the program before writes over what this one has written counts, and nothing
// that it did not know is taken for a part of it.
func TestMigrate_InvoicesBothProgramsAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s, old := open(t, url), before{t, url}
		old.account("ann")
		want := keepOfToday(t, s)
		wantState(t, s, "what this program kept", want)

		// A row that it reads it leaves as it is.
		payments := old.payments("ann")
		for _, row := range payments {
			exec(t, url, fmt.Sprintf("UPDATE payments SET amount = %s, total = %s WHERE id = '%s'", row[3], row[4], row[0]))
		}
		wantState(t, s, "after payments that say nothing new", want)

		old.entitlement("ann", "7", at(20)) // another first stretch: what came after the other one is no more
		want.Entitlements[0].Value, want.Entitlements[0].Until = domain.Limit(7), march(20)
		want.Entitlements = append(want.Entitlements[:1], want.Entitlements[2:]...)
		wantState(t, s, "after it derived", want)
		holders, err := s.Holders(t.Context(), march(9))
		if diff := cmp.Diff([]ports.Holding{{Plan: "pro", Feature: "projects", Users: 1}, {Plan: "pro", Feature: "seats", Users: 1}}, holders); diff != "" {
			t.Errorf("holders after it derived, %v (-want +got):\n%s", err, diff)
		}

		old.invoice("ann", "in_%s", "paid", 1100, 1200, at(8), at(15))
		invoice := want.Account.Invoices["in_ann"] // of which this program knows the lines
		invoice.Status, invoice.AmountPaid = domain.InvoicePaid, 1100
		want.Account.Invoices["in_ann"] = invoice
		wantState(t, s, "after an invoice was paid", want)

		old.account("ann")
		old.entitlement("ann", "7", at(20))
		want.Account.Subscriptions["sub_ann"] = asOfMoney("ann").Account.Subscriptions["sub_ann"]
		wantState(t, s, "after it was told of the subscription", want)

		wantExpectedStays(t, s, url)
		wantQuestionStays(t, s, url)
	})
}

// keepOfToday keeps for ann what the program before knows nothing of.
func keepOfToday(t *testing.T, s *bunstore.Store) ports.State {
	t.Helper()
	want := asOfMoney("ann")
	a := want.Account
	a.FormerCustomers = append(slices.Clone(a.DeletedCustomers), "cus_replaced")
	a.CustomerAccounts = []domain.CustomerAccountID{"acct_1"}
	a.Meanings["price_1"] = "pro"
	order := a.Orders["o_ann"]
	order.Subtotal, order.Currency = 1200, "eur"
	a.Orders["o_ann"] = order
	sub := a.Subscriptions["sub_ann"]
	sub.Items = slices.Clone(sub.Items)
	sub.Items[0].Product, sub.Items[1].Quantity, sub.Items[1].PeriodEnd = "prod_1", 0, time.Time{}
	sub.CustomerAccount, sub.Pause, sub.LatestInvoice = "acct_1", domain.PauseVoid, "in_ann"
	a.Subscriptions["sub_ann"] = sub
	invoice := a.Invoices["in_ann"]
	invoice.Lines = []domain.Line{{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_1", Quantity: 3, Amount: 1200, From: march(8), Until: march(15)}}
	invoice.Complete, invoice.SeenAt = true, march(9)
	a.Invoices["in_ann"] = invoice
	a.CreditNotes["cn_1"] = domain.CreditNote{ID: "cn_1", Invoice: "in_ann", Status: domain.CreditNoteIssued, Amount: 100}
	want.Account = a

	first := want.Entitlements[0]
	second, other := first, first
	second.Part, second.Plan, second.Since, second.Until = 1, "basic", march(16), march(20)
	other.Feature, other.Part = "seats", 1
	want.Entitlements = []domain.Entitlement{first, second, other}
	update(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(ports.Found) ports.Kept {
		return ports.Kept{States: []ports.State{want}, Expected: []domain.Expectation{
			{Subject: domain.Ref{Kind: domain.RefRenewal, ID: "sub_ann"}, Due: march(15)},
		}}
	})
	return want
}

// wantExpectedStays lets the program before take what it does not know how to ask.
func wantExpectedStays(t *testing.T, s *bunstore.Store, url string) {
	t.Helper()
	if columns := schemaOf(t, url)["questions"].Columns; len(columns) != 5 {
		t.Errorf("questions have columns %v: the program before takes all of them, and knows five", columns)
	}
	exec(t, url, "UPDATE questions SET attempts = attempts + 1 WHERE kind = 'renewal'")
	exec(t, url, "DELETE FROM questions WHERE kind = 'renewal' AND id = 'sub_ann' AND (since IS NULL OR since < NULL)")
	taken, err := s.TakeQuestions(t.Context(), march(16), time.Minute, 9)
	if err != nil || len(taken) != 1 || taken[0].Attempts != 2 {
		t.Errorf("taken %+v, %v, want the renewal", taken, err)
	}
}

// wantQuestionStays lets it take a question about an invoice: it asks for a charge of that
// id, hears that there is none, and forgets the question.
func wantQuestionStays(t *testing.T, s *bunstore.Store, url string) {
	t.Helper()
	doubt := domain.Doubt{Subject: domain.Ref{Kind: domain.RefInvoice, ID: "in_9"}}
	keep := func(kept ports.Kept) { update(t, s, ports.Touch{}, func(ports.Found) ports.Kept { return kept }) }
	keep(ports.Kept{Questions: []ports.Question{{Doubt: doubt, Due: march(1)}}})
	exec(t, url, "UPDATE questions SET attempts = attempts + 1 WHERE kind = 'invoice'")
	exec(t, url, `INSERT INTO questions AS t (kind, id, since, due, attempts) VALUES ('invoice', 'in_9', NULL, `+at(2)+`, 0)
		ON CONFLICT (kind, id) DO UPDATE SET since = CASE WHEN t.since IS NULL OR t.since < EXCLUDED.since THEN EXCLUDED.since ELSE t.since END`)
	exec(t, url, "DELETE FROM questions WHERE kind = 'invoice' AND id = 'in_9' AND (since IS NULL OR since < NULL)")
	taken, err := s.TakeQuestions(t.Context(), march(2), time.Minute, 9)
	if err != nil || len(taken) != 1 || taken[0].Attempts != 2 || taken[0].Doubt != doubt {
		t.Errorf("taken %+v, %v, want the question about the invoice", taken, err)
	}
	keep(ports.Kept{Answered: []domain.Doubt{doubt}})
	if left, err := s.TakeQuestions(t.Context(), march(3), time.Minute, 9); err != nil || slices.ContainsFunc(left, func(q ports.Question) bool { return q.Doubt == doubt }) {
		t.Errorf("left %+v, %v, after it was answered", left, err)
	}
}

// What this program was told of invoices, the program before finds among its payments.
func TestMigrate_InvoicesDown(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s, old := open(t, url), before{t, url}
		old.account("ann")
		keepOfToday(t, s)
		update(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(f ports.Found) ports.Kept {
			state := f.States["ann"]
			state.Account.Invoices["in_new"] = domain.Invoice{
				ID: "in_new", Subscription: "sub_ann", Status: domain.InvoicePaid, Total: 1500, AmountDue: 1300, AmountPaid: 1300, Currency: "eur",
				Lines: []domain.Line{
					{ID: "il_1", Kind: domain.LineCredit, Quantity: 1, Amount: -500, From: march(1), Until: march(30)},
					{ID: "il_2", Kind: domain.LineCycle, Quantity: 1, Amount: 2000, From: march(15), Until: march(22)},
					{ID: "il_3", Kind: domain.LineChange, Quantity: 1, Amount: 0, From: march(17), Until: march(22)},
					{ID: "il_4", Kind: domain.LineOneOff, Quantity: 1, Amount: 0},
				},
			}
			state.Account.Invoices["in_draft"] = domain.Invoice{ID: "in_draft", Subscription: "sub_ann", Status: domain.InvoiceDraft}
			invoice := state.Account.Invoices["in_ann"]
			invoice.Status, invoice.AmountPaid = domain.InvoicePaid, 1200
			state.Account.Invoices["in_ann"] = invoice
			change := domain.Change{User: "ann", Kind: domain.ChangeGranted, Entitlement: state.Entitlements[1], Cause: domain.CauseCatalog, At: march(9)}
			return ports.Kept{States: []ports.State{state}, Changes: []domain.Change{change}}
		})
		downTo(t, url, 4)
		var got []string
		for _, row := range old.payments("ann") {
			row[5], row[6] = strings.TrimSuffix(row[5], ":00"), strings.TrimSuffix(row[6], ":00") // as SQLite has it
			got = append(got, strings.Join(row, " "))
		}
		if diff := cmp.Diff([]string{
			"in_ann sub_ann paid 1200 1200 2026-03-08 12:00:00+00 2026-03-15 12:00:00+00",
			"in_new sub_ann paid 1300 1500 2026-03-15 12:00:00+00 2026-03-22 12:00:00+00",
			"in_odd_ann sub_ann paid 100 0  ",
			"in_old_ann sub_ann paid 900 1200 2026-03-01 12:00:00+00 2026-03-08 12:00:00+00",
			"pi_once_ann  paid 900 0  ",
		}, got); diff != "" {
			t.Errorf("payments (-want +got):\n%s", diff)
		}
		for _, gone := range []string{
			"SELECT kind FROM questions", "SELECT kind FROM refs WHERE kind = 'customer_account'",
			"SELECT kind FROM entitlement_changes WHERE plan = 'basic'", // of a stretch that it does not know
		} {
			if left := query(t, database(t, url), gone); len(left) > 0 {
				t.Errorf("%s: %v, want none", gone, left)
			}
		}
		old.account("ann") // it works as before
		steps(t, url, bunstore.Up)
		want := asOfMoney("ann")
		state, err := s.State(t.Context(), "ann")
		if err != nil || state.Account.Invoices["in_new"].Total != 1500 {
			t.Errorf("state %+v, %v", state, err)
		}
		if diff := cmp.Diff(want.Account.Subscriptions, state.Account.Subscriptions); diff != "" {
			t.Errorf("subscriptions up again (-want +got):\n%s", diff)
		}
	})
}
