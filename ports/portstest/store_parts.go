package portstest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// onceOrder is a paid one-time order with a right.
func onceOrder(name string) (domain.Order, domain.Payment, domain.Entitlement) {
	o := domain.Order{
		ID: domain.OrderID("once_" + name), Plan: "life", Price: "once", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPaid,
		Session: domain.SessionID("cs_once_" + name), PaymentIntent: domain.PaymentIntentID("pi_once_" + name), CreatedAt: noon, PaidAt: noon,
	}
	return o, domain.Payment{ID: o.PaymentIntent, Order: o.ID, Amount: 900, Currency: "eur"}, domain.Entitlement{
		Feature: "exports", Source: domain.Source{Kind: domain.SourceOrder, ID: string(o.ID)}, Plan: "life", Value: domain.Flag(), Since: noon,
	}
}

// buyOnce keeps one-time orders.
func buyOnce(t tb, s ports.Store, user domain.UserID, names ...string) {
	t.Helper()
	update(t, s, touchOf(user), func(f ports.Found) ports.Kept {
		state := f.States[user]
		for _, name := range names {
			o, p, e := onceOrder(name)
			state.Account.Orders[o.ID], state.Account.Payments[p.ID] = o, p
			state.Entitlements = append(state.Entitlements, e)
		}
		slices.SortFunc(state.Entitlements, domain.CompareEntitlements)
		return ports.Kept{States: []ports.State{state}}
	})
}

func named(refs ...domain.Ref) ports.Touch { return ports.Touch{Refs: refs} }

func testPart(t *testing.T, s ports.Store) {
	buyOnce(t, s, "ann", "a", "b")
	before := stateOf(t, s, "ann")
	o, p, e := onceOrder("a")
	update(t, s, named(domain.Ref{Kind: domain.RefSession, ID: string(o.Session)}), func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		wantEqual(t, "the order", state.Account.Orders[o.ID], o)
		wantEqual(t, "its payment", state.Account.Payments[p.ID], p)
		if !slices.Contains(state.Entitlements, e) {
			t.Errorf("entitlements %v, want %v among them", state.Entitlements, e)
		}
		o.Status = domain.OrderExpired
		state.Account.Orders[o.ID] = o
		state.Entitlements = slices.DeleteFunc(state.Entitlements, func(held domain.Entitlement) bool { return held.Source == e.Source })
		return ports.Kept{States: []ports.State{state}}
	})
	want := before.Clone()
	want.Account.Orders[o.ID] = o
	want.Entitlements = slices.DeleteFunc(want.Entitlements, func(held domain.Entitlement) bool { return held.Source == e.Source })
	wantEqual(t, "state", stateOf(t, s, "ann"), want)
}

func testLinked(t *testing.T, s ports.Store) {
	charge := domain.Charge{ID: "ch_1", PaymentIntent: "pi_1", Amount: 900, Currency: "eur", SeenAt: noon}
	refund := domain.Refund{ID: "re_1", PaymentIntent: "pi_1", Status: "succeeded", Amount: 900, CreatedAt: noon}
	invoice := domain.Invoice{ID: "in_1", Subscription: "sub_1", Status: domain.InvoicePaid}
	keep := func(touch ports.Touch, change func(domain.Account)) {
		update(t, s, touch, func(f ports.Found) ports.Kept {
			state := f.States["ann"]
			change(state.Account)
			return ports.Kept{States: []ports.State{state}}
		})
	}
	customer := domain.Ref{Kind: domain.RefCustomer, ID: "cus_ann"}
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		state.Account.Customer = "cus_ann"
		return ports.Kept{States: []ports.State{state}}
	})
	intent, ofInvoice := domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}, domain.Ref{Kind: domain.RefInvoice, ID: "in_1"}
	keep(named(customer, intent), func(a domain.Account) { a.Charges[charge.ID] = charge })
	keep(named(customer, ofInvoice), func(a domain.Account) { a.Invoices[invoice.ID] = invoice })
	keep(named(customer, intent), func(a domain.Account) { a.Refunds[refund.ID] = refund })
	keep(named(customer, intent, ofInvoice), func(a domain.Account) { a.InvoicePayments["pi_1"] = "in_1" })
	for _, name := range []domain.Ref{intent, ofInvoice, {Kind: domain.RefSubscription, ID: "sub_1"}, {Kind: domain.RefRefund, ID: "re_1"}, {Kind: domain.RefCharge, ID: "ch_1"}} {
		update(t, s, named(name), func(f ports.Found) ports.Kept {
			a := f.States["ann"].Account
			_, linked := a.InvoicePayments["pi_1"]
			if len(a.Charges)+len(a.Refunds)+len(a.Invoices) != 3 || !linked {
				t.Errorf("%v finds %+v, want all that is linked", name, a)
			}
			return ports.Kept{}
		})
	}
}

func testWhole(t *testing.T, s ports.Store) {
	keepEverything(t, s, "ann")
	buyOnce(t, s, "ann", "a", "b")
	before := stateOf(t, s, "ann")
	customer := domain.Ref{Kind: domain.RefCustomer, ID: "cus_ann"}
	stranger := domain.Ref{Kind: domain.RefCustomer, ID: "cus_stranger"}
	update(t, s, ports.Touch{Refs: []domain.Ref{customer, stranger}, Whole: []domain.Ref{customer, stranger}}, func(f ports.Found) ports.Kept {
		wantEqual(t, "found", f.States["ann"], before)
		return ports.Kept{}
	})
}

// Random facts that are told to an account purchase by purchase are all kept, and change
// no others.
func testParts(t *testing.T, s ports.Store) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		user := domain.UserID(fmt.Sprintf("user%d", n))
		want := drawState(rt, user)
		update(rt, s, touchOf(user), func(ports.Found) ports.Kept { return ports.Kept{States: []ports.State{want}} })
		for range rapid.IntRange(1, 4).Draw(rt, "updates") {
			refs := want.Account.Refs()
			if len(refs) == 0 {
				return
			}
			slices.SortFunc(refs, func(a, b domain.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
			name := rapid.SampledFrom(refs).Draw(rt, "name")
			fresh := drawState(rt, user).Account
			update(rt, s, named(append(fresh.Refs(), name)...), func(f ports.Found) ports.Kept {
				state := f.States[user]
				about := want.Account.Part([]domain.Ref{name})
				wantEqual(rt, "what is found of it", state.Account.Part([]domain.Ref{name}), about)
				state.Account = withFactsOf(fresh, state.Account)
				return ports.Kept{States: []ports.State{state}}
			})
			want.Account = withFactsOf(fresh, want.Account)
			wantEqual(rt, "State", stateOf(rt, s, user), want)
		}
	})
}
