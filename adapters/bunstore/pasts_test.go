package bunstore_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// subscribe keeps a subscription of ann's that was paid for so many months.
func subscribe(t *testing.T, s *bunstore.Store, months int) {
	t.Helper()
	change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
		a := &state.Account
		a.Customer = "cus_ann"
		a.Subscriptions["sub_1"] = domain.Subscription{
			ID: "sub_1", Customer: "cus_ann", Status: "active", StartedAt: march(1), SeenAt: march(1).AddDate(0, months, 0),
			Items: []domain.Item{{ID: "si_1", Price: "price_1", Quantity: 1, PeriodStart: march(1).AddDate(0, months-1, 0), PeriodEnd: march(1).AddDate(0, months, 0)}},
		}
		for n := range months {
			from, until := march(1).AddDate(0, n, 0), march(1).AddDate(0, n+1, 0)
			i := domain.Invoice{
				ID: domain.InvoiceID(fmt.Sprintf("in_%02d", n)), Subscription: "sub_1", Status: "paid", Currency: "eur",
				Total: 900, AmountDue: 900, AmountPaid: 900, FinalizedAt: from, PaidAt: from, SeenAt: from, Complete: true,
				Lines: []domain.Line{{ID: fmt.Sprintf("il_%02d", n), Kind: domain.LineCycle, Item: "si_1", Price: "price_1", Quantity: 1, Amount: 900, From: from, Until: until}},
			}
			intent, charge := domain.PaymentIntentID(fmt.Sprintf("pi_%02d", n)), domain.ChargeID(fmt.Sprintf("ch_%02d", n))
			a.Invoices[i.ID], a.InvoicePayments[intent] = i, i.ID
			a.Charges[charge] = domain.Charge{ID: charge, PaymentIntent: intent, Invoice: i.ID, Amount: 900, Currency: "eur"}
		}
	})
}

// usual is so that what ends at a time can be seen.
var usual = domain.Closing{Latest: domain.UsualClosing.Latest, For: domain.UsualClosing.For, Least: domain.UsualClosing.Least, Most: 100}

// end says which of what names find has ended long ago.
func end(t *testing.T, s *bunstore.Store, touch ports.Touch, edit func(*domain.Account)) {
	t.Helper()
	update(t, s, touch, func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		edit(&state.Account)
		invoices, past := state.Account.LongEnded(domain.Catalog{}, usual, f.Apart["ann"])
		return ports.Kept{
			States: []ports.State{state},
			Ended:  map[domain.UserID]ports.Ended{"ann": {Invoices: invoices, Past: past}},
		}
	})
}

// wantFound wants so many invoices, intents and charges to be found of ann by names.
func wantFound(t *testing.T, s *bunstore.Store, when string, want int, names ...domain.Ref) domain.Account {
	t.Helper()
	a := found(t, s, names...)
	if len(a.Invoices) != want || len(a.InvoicePayments) != want || len(a.Charges) != want {
		t.Errorf("%s: found %d invoices, %d of their payments and %d charges, want %d of each", when, len(a.Invoices), len(a.InvoicePayments), len(a.Charges), want)
	}
	if summed := len(a.Past) > 0; summed != (want < 40) {
		t.Errorf("%s: found %d invoices, and the sum of others: %v", when, want, summed)
	}
	return a
}

func nothing(*domain.Account) {}

func TestPasts_AreFoundWhereTheyAreNamed(t *testing.T) {
	t.Parallel()
	subscription := domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		subscribe(t, s, 40)
		whole, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		wantFound(t, s, "before", 40, subscription)
		end(t, s, byNames(subscription), nothing)

		short := wantFound(t, s, "once most have ended", 12, subscription)
		if diff := cmp.Diff(domain.Standings(whole.Account, domain.Catalog{}), domain.Standings(short, domain.Catalog{})); diff != "" {
			t.Errorf("how it stands (-of all, +of what is found):\n%s", diff)
		}
		wantState(t, s, "all of it", whole)
		for kind, id := range map[domain.RefKind]string{domain.RefInvoice: "in_07", domain.RefPaymentIntent: "pi_07", domain.RefCharge: "ch_07"} {
			wantFound(t, s, string(kind)+" that has ended", 40, domain.Ref{Kind: kind, ID: id})
		}
		wantFound(t, s, "after it was found", 12, subscription)
		wantFound(t, s, "an invoice that has not", 12, domain.Ref{Kind: domain.RefInvoice, ID: "in_39"})

		end(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, nothing)
		wantFound(t, s, "found whole", 12, subscription)
		wantState(t, s, "found whole", whole)
	})
}

func TestPasts_GrowAndAreOpenedAgain(t *testing.T) {
	t.Parallel()
	subscription := domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		subscribe(t, s, 40)
		end(t, s, byNames(subscription), nothing)

		// What comes goes the same way, so many at a time.
		whole, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		for n := 40; n < 52; n++ {
			end(t, s, byNames(subscription), func(a *domain.Account) {
				i := whole.Account.Invoices["in_39"]
				from, until := march(1).AddDate(0, n, 0), march(1).AddDate(0, n+1, 0)
				i.ID, i.FinalizedAt, i.PaidAt, i.SeenAt = domain.InvoiceID(fmt.Sprintf("in_%02d", n)), from, from, from
				i.Lines = []domain.Line{{ID: "il", Kind: domain.LineCycle, Item: "si_1", Price: "price_1", Quantity: 1, Amount: 900, From: from, Until: until}}
				a.Invoices[i.ID] = i
				sub := a.Subscriptions["sub_1"]
				sub.Items = []domain.Item{{ID: "si_1", Price: "price_1", Quantity: 1, PeriodStart: from, PeriodEnd: until}}
				sub.SeenAt = from
				a.Subscriptions[sub.ID] = sub
			})
		}
		if a := found(t, s, subscription); len(a.Invoices) != 16 || a.Past["sub_1"].Items[0].Times != 36 {
			t.Errorf("found %d invoices and the sum %v, want 16 and a sum of 36", len(a.Invoices), a.Past)
		}

		// Who writes what has ended, and says nothing of that, has all of it found again.
		wrong := domain.InvoiceID("in_07")
		change(t, s, byNames(domain.Ref{Kind: domain.RefInvoice, ID: string(wrong)}), func(state *ports.State) {
			i := state.Account.Invoices[wrong]
			i.AmountPaid = 901
			state.Account.Invoices[wrong] = i
		})
		if a := found(t, s, subscription); len(a.Invoices) != 52 || len(a.Past) != 1 || a.Past["sub_1"].Items != nil {
			t.Errorf("found %d invoices and the sum %v, want all, and nothing", len(a.Invoices), a.Past)
		}

		// Of what went back nothing is left out, and the rest is.
		end(t, s, byNames(subscription), func(a *domain.Account) {
			a.Refunds["re_1"] = domain.Refund{ID: "re_1", Charge: "ch_07", Amount: 100, Currency: "eur", Status: "succeeded", CreatedAt: march(9)}
		})
		a := found(t, s, subscription)
		if _, left := a.Invoices[wrong]; !left || len(a.Invoices) != 13 || len(a.Refunds) != 1 {
			t.Errorf("found %d invoices and %d refunds, want 13, one of them refunded", len(a.Invoices), len(a.Refunds))
		}
		state, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		if len(state.Account.Invoices) != 52 || len(state.Account.Past) != 0 {
			t.Errorf("all of it has %d invoices and %d sums", len(state.Account.Invoices), len(state.Account.Past))
		}
	})
}

// What the program before writes is not left out by mistake; and it reads accounts whole of
// which something is kept apart, because of a fact that has no key whatever it writes.
func TestPasts_ProgramBeforeMayServeBesideThem(t *testing.T) {
	t.Parallel()
	subscription := domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}
	url := pgtest.URL(t) // a file has one program
	s := open(t, url)
	subscribe(t, s, 40)
	end(t, s, byNames(subscription), nothing)
	wantFound(t, s, "before", 12, subscription)
	const before = "SET entitled.purchases = 'kept'; "
	exec(t, url, before+"UPDATE invoice_payments SET purchase = 'given' WHERE purchase = ''")
	if rows := query(t, database(t, url), "SELECT id FROM invoice_payments WHERE purchase = ''"); len(rows) != 1 {
		t.Errorf("%d facts have no key, want one", len(rows))
	}
	wantFound(t, s, "in spite of that", 12, subscription)
	exec(t, url, before+`INSERT INTO refunds (id, user_id, purchase, charge_id, payment_intent_id, status, amount, currency, created_at)
			VALUES ('re_1', 'ann', 'sub_1/apart', 'ch_07', '', 'succeeded', 900, 'eur', '2026-03-09')`)
	a := found(t, s, subscription)
	if len(a.Refunds) != 1 || len(a.Invoices) != 40 || len(a.InvoicePayments) != 40 {
		t.Errorf("found %d refunds, %d invoices and %d of their payments, want all", len(a.Refunds), len(a.Invoices), len(a.InvoicePayments))
	}
}

// Who adds a fact and says nothing of what has ended has all of it found again.
func TestPasts_AFactIsAddedByWhoKnowsOfNone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		subscribe(t, s, 40)
		subscription := domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}
		end(t, s, byNames(subscription), nothing)
		change(t, s, byNames(domain.Ref{Kind: domain.RefCharge, ID: "ch_07"}), func(state *ports.State) {
			state.Account.Refunds["re_1"] = domain.Refund{ID: "re_1", Charge: "ch_07", Amount: 900, Currency: "eur", Status: "succeeded", CreatedAt: march(9)}
		})
		if a := found(t, s, subscription); len(a.Invoices) != 40 || len(a.Refunds) != 1 {
			t.Errorf("found %d invoices and %d refunds, want all", len(a.Invoices), len(a.Refunds))
		}
	})
}

func TestPasts_WayDownPutsThemBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		subscribe(t, s, 40)
		end(t, s, byNames(domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}), nothing)
		whole, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		downTo(t, url, 9)
		for _, table := range append(factTables, "refs") {
			if rows := query(t, database(t, url), fmt.Sprintf("SELECT user_id FROM %s WHERE purchase LIKE '%%/apart'", table)); len(rows) > 0 {
				t.Errorf("%d rows of %s are still kept apart", len(rows), table)
			}
		}
		again := open(t, url)
		wantState(t, again, "down and up again", whole)
		if a := found(t, again, domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}); len(a.Invoices) != 40 || len(a.Past) != 0 {
			t.Errorf("found %d invoices and %d sums, want all", len(a.Invoices), len(a.Past))
		}
	})
}

// A subscription that is older than this program gets its past in slices.
func TestPasts_LongOneIsKeptApartInSlices(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		subscribe(t, s, 340)
		names := byNames(domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"})
		for want := 240; want > 40; want -= 100 {
			end(t, s, names, nothing)
			if a := found(t, s, names.Refs...); len(a.Invoices) != want {
				t.Errorf("found %d invoices, want %d", len(a.Invoices), want)
			}
			end(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, nothing) // which finds those that are apart, too
			want -= 100
			if a := found(t, s, names.Refs...); len(a.Invoices) != max(want, 12) {
				t.Errorf("found %d invoices after all was found, want %d", len(a.Invoices), max(want, 12))
			}
		}
	})
}

// pair is a second subscription of ann's, as long as the first; and an order of neither.
func pair(t *testing.T, s *bunstore.Store) {
	t.Helper()
	subscribe(t, s, 40)
	change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
		a := &state.Account
		second := a.Subscriptions["sub_1"]
		second.ID, second.Items = "sub_2", []domain.Item{{ID: "si_2", Price: "price_1", Quantity: 1, PeriodStart: second.Items[0].PeriodStart, PeriodEnd: second.Items[0].PeriodEnd}}
		a.Subscriptions[second.ID] = second
		for id, i := range maps.Clone(a.Invoices) {
			i.ID, i.Subscription = "second_"+id, second.ID
			i.Lines = slices.Clone(i.Lines)
			i.Lines[0].Item = "si_2"
			a.Invoices[i.ID] = i
		}
		order, _ := once("0")
		order.Mode, order.PaymentIntent = domain.ModeSubscription, ""
		a.Orders[order.ID] = order
	})
	end(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, nothing)
}

func TestPasts_OfPartsThatBecomeOne(t *testing.T) {
	t.Parallel()
	order, first, second := domain.Ref{Kind: domain.RefOrder, ID: "o_0"}, domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}, domain.Ref{Kind: domain.RefSubscription, ID: "sub_2"}
	link := func(t *testing.T, s *bunstore.Store, id domain.SubscriptionID, names ...domain.Ref) {
		end(t, s, byNames(names...), func(a *domain.Account) {
			if id == "sub_1" {
				o := a.Orders["o_0"]
				o.Subscription = id
				a.Orders[o.ID] = o
				return
			}
			sub := a.Subscriptions[id]
			sub.Order = "o_0"
			a.Subscriptions[id] = sub
		})
	}
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		pair(t, s)
		link(t, s, "sub_1", order, first)
		for _, name := range []domain.Ref{order, first} {
			if a := found(t, s, name); len(a.Invoices) != 12 || len(a.Orders) != 1 || len(a.Past) != 1 {
				t.Errorf("by %v: found %d invoices, %d orders and %d sums, want 12, one and one", name, len(a.Invoices), len(a.Orders), len(a.Past))
			}
		}
		if a := found(t, s, domain.Ref{Kind: domain.RefInvoice, ID: "in_07"}); len(a.Invoices) != 40 || len(a.Orders) != 1 {
			t.Errorf("found %d invoices and %d orders, want 40 and one", len(a.Invoices), len(a.Orders))
		}
		state, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		link(t, s, "sub_2", order, second)
		state.Account.Subscriptions["sub_2"] = with(state.Account.Subscriptions["sub_2"], "o_0")
		wantState(t, s, "once all are one", state)
		for _, name := range []domain.Ref{order, {Kind: domain.RefInvoice, ID: "in_07"}, {Kind: domain.RefInvoice, ID: "second_in_07"}} {
			if a := found(t, s, name); len(a.Invoices) != 80 || len(a.Orders) != 1 {
				t.Errorf("by %v: found %d invoices and %d orders, want all", name, len(a.Invoices), len(a.Orders))
			}
		}
		end(t, s, byNames(order), nothing)
		if a := found(t, s, order); len(a.Invoices) != 24 || len(a.Past) != 2 {
			t.Errorf("after all, found %d invoices and %d sums, want 24 and both", len(a.Invoices), len(a.Past))
		}
		wantState(t, s, "after all", state)
	})
}

func with(s domain.Subscription, order domain.OrderID) domain.Subscription {
	s.Order = order
	return s
}
