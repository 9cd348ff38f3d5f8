package portstest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// TestStore checks that a store keeps the promises of [ports.Store]. Every call
// of open returns a store that is empty, ready and closed with its test.
func TestStore(t *testing.T, open func(t *testing.T) ports.Store) {
	for _, c := range []struct {
		what string
		test func(*testing.T, ports.Store)
	}{
		{"an error keeps nothing and is returned", testErrorKeepsNothing},
		{"a panic keeps nothing and goes on", testPanicKeepsNothing},
		{"nothing kept leaves no trace", testNothingKept},
		{"a receipt alone leaves no account", testReceiptAlone},
		{"a canceled context keeps nothing", testCanceled},
		{"what is saved is what is read", testRoundTrip},
		{"what differs replaces what was kept", testReplace},
		{"any text and any bytes can be kept", testOddText},
		{"stored values cannot be changed from outside", testIsolation},
		{"only a state that was found can be kept", testForeignState},
		{"20 deliveries of one event apply it once", testOneEvent},
		{"20 deliveries of an event about nobody keep one receipt", testEventAboutNobody},
		{"updates of one account serialize", testSerialize},
		{"updates of one new account serialize", testSerializeNew},
		{"updates that meet in opposite orders do not deadlock", testOppositeOrders},
		{"unknown names find nothing", testUnknownNames},
		{"every name of an account finds it", testRefs},
		{"a name that an account once had finds it still", testOldRefs},
		{"a name of another user is a conflict", testRefConflict},
		{"a customer of two users is a conflict", testCustomerConflict},
		{"one name for two users in one update is a conflict", testConflictWithin},
		{"receipts are kept and replaced, their payload stays", testReceipts},
		{"a failure is counted", testFail},
		{"a failure does not overwrite a final outcome", testFailFinal},
		{"receipts are listed by what is asked", testListing},
		{"changes are read in order", testChanges},
		{"users are paged in order", testUsers},
		{"what is not there is not found", testNotFound},
		{"entitlements of many users are read at once", testEntitlements},
		{"an update of 64 users at once", testBatch},
		{"a setting is kept and replaced", testSettings},
		{"the store is ready", testReady},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

var errOurs = errors.New("no")

func testErrorKeepsNothing(t *testing.T, s ports.Store) {
	err := s.Update(t.Context(), touchOf("ann"), func(f ports.Found) (ports.Kept, error) {
		return everythingOf(f, "ann"), errOurs
	})
	if !errors.Is(err, errOurs) || errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("Update: %v, want %v alone", err, errOurs)
	}
	wantNoTrace(t, s)
}

func testPanicKeepsNothing(t *testing.T, s ports.Store) {
	func() {
		defer func() {
			if got := recover(); got != errOurs {
				t.Errorf("recovered %v, want %v", got, errOurs)
			}
		}()
		_ = s.Update(t.Context(), touchOf("ann"), func(ports.Found) (ports.Kept, error) { panic(errOurs) })
	}()
	wantNoTrace(t, s)
	// Whatever was locked is free again.
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept { return everythingOf(f, "ann") })
}

func testNothingKept(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		want := ports.State{Account: domain.NewAccount("ann")}
		wantEqual(t, "state of an unknown user", f.States["ann"], want)
		return ports.Kept{}
	})
	wantNoTrace(t, s)
}

func testReceiptAlone(t *testing.T, s ports.Store) {
	r := receipt("evt_1", domain.OutcomeIgnored)
	update(t, s, touchOf("ann"), func(ports.Found) ports.Kept {
		return ports.Kept{Receipts: []domain.ProcessedEvent{r}}
	})
	if users := usersOf(t, s); len(users) > 0 {
		t.Errorf("users %v, want none", users)
	}
	wantEqual(t, "receipt", receiptOf(t, s, "evt_1"), r)
}

func testCanceled(t *testing.T, s ports.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, touchOf("ann"), func(f ports.Found) (ports.Kept, error) {
		cancel()
		return everythingOf(f, "ann"), nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update canceled under way: %v, want %v", err, context.Canceled)
	}
	wantNoTrace(t, s)

	for what, call := range map[string]func() error{
		"Update": func() error {
			return s.Update(ctx, touchOf("ann"), func(f ports.Found) (ports.Kept, error) { return everythingOf(f, "ann"), nil })
		},
		"Fail":         func() error { return s.Fail(ctx, receipt("evt_1", domain.OutcomeFailed)) },
		"State":        func() error { _, err := s.State(ctx, "ann"); return err },
		"Entitlements": func() error { _, err := s.Entitlements(ctx, []domain.UserID{"ann"}); return err },
		"Order":        func() error { _, _, err := s.Order(ctx, "o_ann"); return err },
		"Receipt":      func() error { _, err := s.Receipt(ctx, "evt_1"); return err },
		"Receipts":     func() error { _, err := s.Receipts(ctx, ports.ReceiptQuery{}); return err },
		"Changes":      func() error { _, err := s.Changes(ctx, "ann"); return err },
		"Users":        func() error { _, err := s.Users(ctx, "", 10); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %v", what, err, context.Canceled)
		}
	}
	wantNoTrace(t, s)
}

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
		}
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
		change.Seq = changes[0].Seq
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
		for id, o := range had.Account.Orders {
			if _, still := want.Account.Orders[id]; !still {
				want.Account.Orders[id] = o
			}
		}
		for id, sub := range had.Account.Subscriptions {
			if _, still := want.Account.Subscriptions[id]; !still {
				want.Account.Subscriptions[id] = sub
			}
		}
		for id, p := range had.Account.Payments {
			if _, still := want.Account.Payments[id]; !still {
				want.Account.Payments[id] = p
			}
		}
		wantEqual(rt, "State", stateOf(rt, s, "ann"), want)
	})
}

func testOddText(t *testing.T, s ports.Store) {
	const odd = "a\x00b\xff\xed\xa0\x80c"
	r := receipt("evt_1", domain.OutcomeQuarantined)
	r.Reason, r.Object, r.Payload = odd, odd, []byte(`{"name":"\u0000\ud800`+odd+`"}`)
	sub := subscription("ann")
	sub.Order = odd // metadata claims what it likes
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		state.Account.Subscriptions[sub.ID] = sub
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
		for id, sub := range state.Account.Subscriptions {
			for i := range sub.Items {
				sub.Items[i].Quantity = 99
			}
			sub.Status = "spoilt"
			state.Account.Subscriptions[id] = sub
		}
		clear(state.Account.Orders)
		clear(state.Account.Payments)
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
	for i := range all["ann"] {
		all["ann"][i].Plan = "spoilt"
	}
	wantEqual(t, "state after what was read was changed", stateOf(t, s, "ann"), want)

	receiptOf(t, s, "evt_1").Payload[0] = 'X'
	if got := receiptOf(t, s, "evt_1").Payload; got[0] == 'X' {
		t.Errorf("payload %q was changed from outside", got)
	}
}

func testForeignState(t *testing.T, s ports.Store) {
	err := s.Update(t.Context(), touchOf("ann"), func(ports.Found) (ports.Kept, error) {
		return ports.Kept{States: []ports.State{{Account: fullAccount("bob")}}}, nil
	})
	if err == nil {
		t.Error("Update kept the state of a user that it had not found")
	}
	wantNoTrace(t, s)
}

func testSettings(t *testing.T, s ports.Store) {
	if _, err := s.Setting(t.Context(), "mode"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("Setting: %v, want %v", err, ports.ErrNotFound)
	}
	for _, want := range []string{"test", "", "it's"} {
		if err := s.SetSetting(t.Context(), "mode", want); err != nil {
			t.Fatalf("SetSetting: %v", err)
		}
		if got, err := s.Setting(t.Context(), "mode"); err != nil || got != want {
			t.Errorf("Setting: %q, %v, want %q", got, err, want)
		}
	}
}

func testReady(t *testing.T, s ports.Store) {
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

func testEntitlements(t *testing.T, s ports.Store) {
	users := []domain.UserID{"ann", "bob", "cyd"}
	want := map[domain.UserID][]domain.Entitlement{}
	update(t, s, touchOf(users...), func(f ports.Found) ports.Kept {
		var kept ports.Kept
		for _, user := range users[:2] {
			kept.States = append(kept.States, everythingOf(f, user).States...)
		}
		return kept
	})
	for _, user := range users[:2] {
		want[user] = stateOf(t, s, user).Entitlements
	}
	if !slices.IsSortedFunc(want["ann"], func(a, b domain.Entitlement) int {
		return slices.Compare([]string{string(a.Feature), a.Source.ID}, []string{string(b.Feature), b.Source.ID})
	}) || len(want["ann"]) < 2 {
		t.Fatalf("entitlements %v, want several, sorted", want["ann"])
	}
	got, err := s.Entitlements(t.Context(), append(users, "nobody", "ann"))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "Entitlements", got, want)
	if got, err := s.Entitlements(t.Context(), nil); err != nil || len(got) > 0 {
		t.Errorf("Entitlements of nobody: %v, %v", got, err)
	}
}

func testBatch(t *testing.T, s ports.Store) {
	var touch ports.Touch
	for i := range 64 {
		touch.Users = append(touch.Users, domain.UserID(fmt.Sprintf("user%02d", i)))
		touch.Events = append(touch.Events, domain.EventID(fmt.Sprintf("evt_%02d", i)))
	}
	for range 2 { // new, then known
		update(t, s, touch, func(f ports.Found) ports.Kept {
			var kept ports.Kept
			for i, user := range touch.Users {
				one := everythingOf(f, user)
				kept.States = append(kept.States, one.States...)
				kept.Changes = append(kept.Changes, one.Changes...)
				kept.Receipts = append(kept.Receipts, receipt(touch.Events[i], domain.OutcomeApplied))
			}
			return kept
		})
	}
	if got := usersOf(t, s); !slices.Equal(got, touch.Users) {
		t.Errorf("users %v, want %v", got, touch.Users)
	}
	wantEqual(t, "state of the last", stateOf(t, s, "user63").Account, fullAccount("user63"))
	changes, err := s.Changes(t.Context(), "user40")
	if err != nil || len(changes) != 4 {
		t.Errorf("changes %v, %v, want 4", changes, err)
	}
}

func testUnknownNames(t *testing.T, s ports.Store) {
	touch := ports.Touch{
		Refs:   []domain.Ref{{Kind: domain.RefOrder, ID: "o_1"}, {Kind: domain.RefUser, ID: "ann"}},
		Events: []domain.EventID{"evt_1"},
	}
	update(t, s, touch, func(f ports.Found) ports.Kept {
		if len(f.States)+len(f.Owners)+len(f.Receipts) > 0 {
			t.Errorf("found %+v, want nothing", f)
		}
		return ports.Kept{}
	})
	wantEqual(t, "state", stateOf(t, s, "ann"), ports.State{Account: domain.NewAccount("ann")})
	wantNoTrace(t, s)
}

// together runs n calls at the same time and waits for all of them.
func together(n int, call func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { call(i) })
	}
	wg.Wait()
}

func wantEqual(t tb, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(sameTime)); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// sameTime asks for more than the same moment: what is read is in UTC.
func sameTime(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }
