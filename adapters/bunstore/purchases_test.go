package bunstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// factTables are those whose rows are kept with a purchase.
var factTables = []string{
	"orders", "subscriptions", "payments", "invoices", "invoice_payments", "charges", "refunds", "disputes", "credit_notes", "grants",
}

// once is a paid one-time order and its payment.
func once(name string) (domain.Order, domain.Payment) {
	o := domain.Order{
		ID: domain.OrderID("o_" + name), Plan: "life", Price: "once", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPaid,
		Session: domain.SessionID("cs_" + name), PaymentIntent: domain.PaymentIntentID("pi_" + name), CreatedAt: march(1), PaidAt: march(1),
	}
	return o, domain.Payment{ID: o.PaymentIntent, Order: o.ID, Amount: 900, Currency: "eur"}
}

// buy keeps so many one-time orders of ann's, and the right that each gives.
func buy(t *testing.T, s *bunstore.Store, orders int) {
	t.Helper()
	change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
		for n := range orders {
			o, p := once(fmt.Sprintf("%04d", n))
			state.Account.Orders[o.ID], state.Account.Payments[p.ID] = o, p
			state.Entitlements = append(state.Entitlements, domain.Entitlement{
				Feature: "exports", Source: domain.Source{Kind: domain.SourceOrder, ID: string(o.ID)}, Plan: "life", Value: domain.Flag(), Since: march(1),
			})
		}
	})
}

// change keeps what becomes of what is found of ann.
func change(t *testing.T, s *bunstore.Store, touch ports.Touch, edit func(*ports.State)) {
	t.Helper()
	update(t, s, touch, func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		edit(&state)
		return ports.Kept{States: []ports.State{state}}
	})
}

func byNames(names ...domain.Ref) ports.Touch { return ports.Touch{Refs: names} }

// found are the facts that some names find of ann.
func found(t *testing.T, s *bunstore.Store, names ...domain.Ref) domain.Account {
	t.Helper()
	var a domain.Account
	change(t, s, byNames(names...), func(state *ports.State) { a = state.Account.Clone() })
	return a
}

// withoutKey counts the facts and rights that are kept with no purchase.
func withoutKey(t *testing.T, url string) (n int) {
	t.Helper()
	for _, table := range append(factTables, "entitlements") {
		n += len(query(t, database(t, url), fmt.Sprintf("SELECT user_id FROM %s WHERE purchase = ''", table)))
	}
	return n
}

// forgetKeys is what a database of the program before is like.
func forgetKeys(t *testing.T, url string) {
	t.Helper()
	for _, table := range append(factTables, "entitlements", "refs") {
		exec(t, url, fmt.Sprintf("UPDATE %s SET purchase = ''", table))
	}
}

func TestPurchases_OneIsReadAloneAmongMany(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 300)
		if n := withoutKey(t, url); n > 0 {
			t.Errorf("%d rows have no purchase", n)
		}
		change(t, s, byNames(domain.Ref{Kind: domain.RefSession, ID: "cs_0007"}), func(state *ports.State) {
			if a := state.Account; len(a.Orders) != 1 || len(a.Payments) != 1 || len(state.Entitlements) != 1 {
				t.Errorf("found %d orders, %d payments and %d rights, want one of each", len(a.Orders), len(a.Payments), len(state.Entitlements))
			}
		})
	})
}

// What is kept with the name is in what is read of the whole account, too.
func TestPurchases_NamedOneOfAWholeAccountIsFoundOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 3)
		name := domain.Ref{Kind: domain.RefSession, ID: "cs_0001"}
		for what, touch := range map[string]ports.Touch{
			"by name and by user": {Refs: []domain.Ref{name}, Users: []domain.UserID{"ann"}},
			"by name":             {Refs: []domain.Ref{name}, Whole: []domain.Ref{name}},
		} {
			change(t, s, touch, func(state *ports.State) {
				if a := state.Account; len(a.Orders) != 3 || len(state.Entitlements) != 3 {
					t.Errorf("%s: found %d orders and %d rights, want three of each", what, len(a.Orders), len(state.Entitlements))
				}
			})
		}
	})
}

func TestPurchases_WhatHasNoneIsReadWithAllAndGetsOne(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 3)
		before, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		forgetKeys(t, url)
		name := domain.Ref{Kind: domain.RefSession, ID: "cs_0001"}
		if a := found(t, s, name); len(a.Orders) != 3 {
			t.Errorf("found %d orders, want all of the account", len(a.Orders))
		}
		if n := withoutKey(t, url); n > 0 {
			t.Errorf("%d rows have no purchase after that", n)
		}
		if a := found(t, s, name); len(a.Orders) != 1 {
			t.Errorf("found %d orders, want one", len(a.Orders))
		}
		wantState(t, s, "after all", before)
	})
}

func TestPurchases_LargeAccountGetsThemInSlices(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 75)
		forgetKeys(t, url)
		name := domain.Ref{Kind: domain.RefSession, ID: "cs_0001"}
		for left, slices := 225, 0; left > 0; slices++ {
			found(t, s, name)
			n := withoutKey(t, url)
			if n >= left || left-n > 155 || slices > 3 {
				t.Fatalf("slice %d: %d rows without a purchase, %d before", slices, n, left)
			}
			left = n
		}
	})
}

// The program before goes on while this one is deployed: what it writes says nothing of
// purchases, and may link two that were apart.
func TestPurchases_ProgramBeforeWritesToo(t *testing.T) {
	t.Parallel()
	order, subscription := domain.Ref{Kind: domain.RefOrder, ID: "o_0001"}, domain.Ref{Kind: domain.RefSubscription, ID: "sub_1"}
	for what, write := range map[string]string{
		"an order that is linked": "UPDATE orders SET subscription_id = 'sub_1' WHERE id = 'o_0001'",
		"an invoice of another":   "INSERT INTO invoice_payments (id, user_id, invoice_id) VALUES ('pi_0001', 'ann', 'in_1')",
		"as it always writes": `INSERT INTO charges (id, user_id, payment_intent_id, invoice_id, amount, refunded, currency) VALUES ('ch_1', 'ann', 'pi_0001', '', 1, 0, '')
			ON CONFLICT (id) DO UPDATE SET payment_intent_id = EXCLUDED.payment_intent_id`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, url string) {
				if sqlite := strings.HasPrefix(url, "sqlite:"); sqlite && what != "an invoice of another" {
					return // a file has one program at a time: nothing there tells who updates a row
				}
				s := open(t, url)
				buy(t, s, 3)
				change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
					state.Account.Subscriptions["sub_1"] = domain.Subscription{ID: "sub_1", Status: "active"}
					state.Account.Invoices["in_1"] = domain.Invoice{ID: "in_1", Subscription: "sub_1", Status: "paid"}
					state.Account.Charges["ch_1"] = domain.Charge{ID: "ch_1", Invoice: "in_1"}
				})
				if a := found(t, s, subscription); len(a.Orders) > 0 {
					t.Fatalf("%d orders are of the subscription already", len(a.Orders))
				}
				exec(t, url, write)
				if a := found(t, s, subscription); len(a.Orders) != 3 {
					t.Errorf("found %d orders, want all of the account", len(a.Orders))
				}
				for _, name := range []domain.Ref{subscription, order} {
					a := found(t, s, name)
					if _, with := a.Orders["o_0001"]; !with || len(a.Orders) != 1 || len(a.Subscriptions)+len(a.Invoices)+len(a.Charges) != 3 {
						t.Errorf("%v finds %+v, want all that is linked and nothing else", name, a)
					}
				}
			})
		})
	}
}

// A fact that is there and was not found would be lost if it were written over.
func TestPurchases_WhatWasNotFoundIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 2)
		before, err := s.State(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), byNames(domain.Ref{Kind: domain.RefOrder, ID: "o_0000"}), func(f ports.Found) (ports.Kept, error) {
			state := f.States["ann"]
			o, _ := once("0001")
			o.Status = domain.OrderExpired
			state.Account.Orders[o.ID] = o
			return ports.Kept{States: []ports.State{state}}, nil
		})
		if err == nil {
			t.Error("an order that was not found is written over")
		}
		wantState(t, s, "after that", before)
	})
}

// A payment and the invoice that it pays are kept under one name, the payment intent's.
// That the one has a purchase does not say that the other has.
func TestPurchases_PaymentAndInvoicePaymentOfOneIntent(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"payments", "invoice_payments"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, url string) {
				s := open(t, url)
				buy(t, s, 3)
				change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
					state.Account.InvoicePayments["pi_0001"] = "in_1"
				})
				exec(t, url, fmt.Sprintf("UPDATE %s SET purchase = '' WHERE id = 'pi_0001'", table))
				if a := found(t, s, domain.Ref{Kind: domain.RefOrder, ID: "o_0001"}); len(a.Orders) != 3 {
					t.Errorf("found %d orders, want all of the account", len(a.Orders))
				}
				if n := withoutKey(t, url); n > 0 {
					t.Errorf("%d rows have no purchase after that", n)
				}
				if a := found(t, s, domain.Ref{Kind: domain.RefOrder, ID: "o_0002"}); len(a.Orders) != 1 {
					t.Errorf("found %d orders, want one", len(a.Orders))
				}
			})
		})
	}
}

// A part that is larger than what is given keys at a time gets its key at last, too: else
// every update of its account would read all of it for good.
func TestPurchases_LargePartGetsItsKey(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		buy(t, s, 2)
		change(t, s, ports.Touch{Users: []domain.UserID{"ann"}}, func(state *ports.State) {
			for n := range 110 {
				id := domain.InvoiceID(fmt.Sprintf("in_%04d", n))
				state.Account.Invoices[id] = domain.Invoice{ID: id, Subscription: "sub_1", Status: "paid"}
			}
		})
		forgetKeys(t, url)
		name := domain.Ref{Kind: domain.RefOrder, ID: "o_0001"}
		for range 3 {
			found(t, s, name)
		}
		if n := withoutKey(t, url); n > 0 {
			t.Errorf("%d rows have no purchase", n)
		}
		if a := found(t, s, name); len(a.Orders) != 1 || len(a.Invoices) > 0 {
			t.Errorf("found %d orders and %d invoices, want one order", len(a.Orders), len(a.Invoices))
		}
	})
}
