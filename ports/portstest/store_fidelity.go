package portstest

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func testRoundTrip(t *testing.T, s ports.Store) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		user := domain.UserID(fmt.Sprintf("user%d", n))
		want := drawState(rt, user)
		r := drawReceipt(rt, domain.EventID(fmt.Sprintf("evt_%d", n)))
		change := domain.Change{
			User: user, Kind: rapid.SampledFrom(domain.ChangeKinds).Draw(rt, "kind"),
			Entitlement: drawEntitlement(rt, "changed", 0), Event: r.ID, At: drawTime(rt, "at"),
			Cause: rapid.SampledFrom(append([]domain.Cause{""}, domain.Causes...)).Draw(rt, "cause"),
		}
		change.Entitlement.Part = rapid.IntRange(0, 2).Draw(rt, "part")
		update(rt, s, touchOf(user), func(f ports.Found) ports.Kept {
			return ports.Kept{States: []ports.State{want}, Receipts: []domain.ProcessedEvent{r}, Changes: []domain.Change{change}}
		})

		wantEqual(rt, "State", stateOf(rt, s, user), want)
		update(rt, s, ports.Touch{Users: []domain.UserID{user}, Events: []domain.EventID{r.ID}}, func(f ports.Found) ports.Kept {
			wantEqual(rt, "Found.States", f.States, map[domain.UserID]ports.State{user: want})
			bare := r
			bare.Payload = nil
			wantEqual(rt, "Found.Receipts", f.Receipts, map[domain.EventID]domain.ProcessedEvent{r.ID: bare})
			return ports.Kept{}
		})
		wantEqual(rt, "Receipt", receiptOf(rt, s, r.ID), r)
		changes, err := s.Changes(t.Context(), user)
		if err != nil || len(changes) != 1 {
			rt.Fatalf("Changes: %v, %v, want one", changes, err)
		}
		change.Seq, change.Version = changes[0].Seq, changes[0].Version
		wantEqual(rt, "Changes", changes, []domain.Change{change})
		for id, want := range want.Account.Orders {
			got, owner, err := s.Order(t.Context(), id)
			if err != nil || owner != user {
				rt.Fatalf("Order %s: owner %q, %v, want %q", id, owner, err, user)
			}
			wantEqual(rt, "Order", got, want)
		}
	})
}

func testReplace(t *testing.T, s ports.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		var had ports.State
		want := drawState(rt, "ann")
		want.Account.Customer = "cus_ann"
		update(rt, s, touchOf("ann"), func(f ports.Found) ports.Kept {
			had = f.States["ann"]
			return ports.Kept{States: []ports.State{want}}
		})
		// Facts are never deleted; entitlements are what was last derived.
		want.Account = withFactsOf(want.Account, had.Account)
		wantEqual(rt, "State", stateOf(rt, s, "ann"), want)
	})
}

// withFactsOf adds the facts of another account, where there is none yet.
func withFactsOf(a, b domain.Account) domain.Account {
	b = b.Clone()
	maps.Copy(b.Orders, a.Orders)
	maps.Copy(b.Subscriptions, a.Subscriptions)
	maps.Copy(b.Payments, a.Payments)
	maps.Copy(b.Invoices, a.Invoices)
	maps.Copy(b.CreditNotes, a.CreditNotes)
	maps.Copy(b.InvoicePayments, a.InvoicePayments)
	maps.Copy(b.Charges, a.Charges)
	maps.Copy(b.Refunds, a.Refunds)
	maps.Copy(b.Disputes, a.Disputes)
	maps.Copy(b.Grants, a.Grants)
	b.Customer, b.CustomerKey, b.CustomerAccounts, b.Meanings = a.Customer, a.CustomerKey, a.CustomerAccounts, a.Meanings
	b.FormerCustomers, b.DeletedCustomers = a.FormerCustomers, a.DeletedCustomers
	return b
}

func testOddText(t *testing.T, s ports.Store) {
	const odd = "a\x00b\xff\xed\xa0\x80c"
	r := receipt("evt_1", domain.OutcomeQuarantined)
	r.Reason, r.Object, r.Payload = odd, odd, []byte(`{"name":"\u0000\ud800`+odd+`"}`)
	sub := subscription("ann")
	sub.Order = odd // metadata claims what it likes
	invoice := fullAccount("ann").Invoices["in_ann"]
	invoice.BillingReason, invoice.Lines[0].Product = odd, odd
	grant := fullAccount("ann").Grants["g_ann"]
	grant.Reason, grant.By = odd, odd
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		state.Account.Subscriptions[sub.ID] = sub
		state.Account.Invoices[invoice.ID] = invoice
		state.Account.Meanings[odd] = odd
		state.Account = state.Account.WithGrant(grant)
		return ports.Kept{States: []ports.State{state}, Receipts: []domain.ProcessedEvent{r}}
	})
	if got := receiptOf(t, s, "evt_1").Payload; string(got) != string(r.Payload) {
		t.Errorf("payload %q, want %q", got, r.Payload)
	}
	failed := r
	failed.ID = "evt_2"
	if err := s.Fail(t.Context(), failed); err != nil {
		t.Errorf("Fail: %v", err)
	}
	touch := ports.Touch{Users: []domain.UserID{odd}, Refs: []domain.Ref{{Kind: domain.RefOrder, ID: odd}}, Events: []domain.EventID{odd}}
	update(t, s, touch, func(f ports.Found) ports.Kept {
		if len(f.Owners)+len(f.Receipts) > 0 || len(f.States[odd].Account.Orders) > 0 {
			t.Errorf("found %+v by a name that nothing has", f)
		}
		return ports.Kept{}
	})
}

func testIsolation(t *testing.T, s ports.Store) {
	r := receipt("evt_1", domain.OutcomeApplied)
	var kept ports.Kept
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		kept = everythingOf(f, "ann")
		kept.Receipts = []domain.ProcessedEvent{r}
		return kept
	})
	want := stateOf(t, s, "ann")
	spoil := func(state ports.State) {
		spoilLists(state.Account)
		clear(state.Account.Meanings)
		clear(state.Account.Orders)
		clear(state.Account.Subscriptions)
		clear(state.Account.Invoices)
		clear(state.Account.CreditNotes)
		clear(state.Account.Payments)
		clear(state.Account.InvoicePayments)
		clear(state.Account.Charges)
		clear(state.Account.Refunds)
		clear(state.Account.Disputes)
		clear(state.Account.Grants)
		for i := range state.Entitlements {
			state.Entitlements[i].Plan = "spoilt"
		}
	}
	spoil(kept.States[0])
	kept.Receipts[0].Payload[0] = 'X'
	wantEqual(t, "state after its argument was changed", stateOf(t, s, "ann"), want)

	spoil(stateOf(t, s, "ann"))
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		spoil(f.States["ann"])
		return ports.Kept{}
	})
	all, err := s.Entitlements(t.Context(), []domain.UserID{"ann"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range all["ann"].Entitlements {
		all["ann"].Entitlements[i].Plan = "spoilt"
	}
	wantEqual(t, "state after what was read was changed", stateOf(t, s, "ann"), want)

	receiptOf(t, s, "evt_1").Payload[0] = 'X'
	if got := receiptOf(t, s, "evt_1").Payload; got[0] == 'X' {
		t.Errorf("payload %q was changed from outside", got)
	}
}
