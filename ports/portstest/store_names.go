package portstest

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func keepEverything(t *testing.T, s ports.Store, user domain.UserID) {
	t.Helper()
	update(t, s, touchOf(user), func(f ports.Found) ports.Kept { return everythingOf(f, user) })
}

func wantOwner(t *testing.T, s ports.Store, ref domain.Ref, want domain.UserID) {
	t.Helper()
	update(t, s, ports.Touch{Refs: []domain.Ref{ref}}, func(f ports.Found) ports.Kept {
		if f.Owners[ref] != want {
			t.Errorf("%v finds %q, want %q", ref, f.Owners[ref], want)
		}
		if got := f.States[want].Account.User; got != want {
			t.Errorf("%v finds the state of %q, want %q", ref, got, want)
		}
		if len(f.States) != 1 || len(f.Owners) != 1 {
			t.Errorf("%v finds %d states and %d owners, want one", ref, len(f.States), len(f.Owners))
		}
		return ports.Kept{}
	})
}

func testRefs(t *testing.T, s ports.Store) {
	keepEverything(t, s, "ann")
	keepEverything(t, s, "bob")
	refs := fullAccount("ann").Refs()
	kinds := map[domain.RefKind]bool{}
	for _, ref := range refs {
		kinds[ref.Kind] = true
		wantOwner(t, s, ref, "ann")
	}
	if len(kinds) != 12 {
		t.Fatalf("refs %v, want one of every kind but the user", refs)
	}
	both := ports.Touch{Users: []domain.UserID{"bob"}, Refs: refs}
	update(t, s, both, func(f ports.Found) ports.Kept {
		if len(f.States) != 2 {
			t.Errorf("found %d states, want two", len(f.States))
		}
		wantEqual(t, "ann", f.States["ann"].Account, fullAccount("ann"))
		wantEqual(t, "bob", f.States["bob"].Account, fullAccount("bob"))
		return ports.Kept{}
	})
}

func testOldRefs(t *testing.T, s ports.Store) {
	for _, session := range []domain.SessionID{"cs_1", "cs_2", "cs_1"} {
		update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
			o := order("ann")
			o.Session = session
			state := f.States["ann"]
			state.Account = state.Account.WithOrder(o)
			return ports.Kept{States: []ports.State{state}}
		})
	}
	wantOwner(t, s, domain.Ref{Kind: domain.RefSession, ID: "cs_1"}, "ann")
	wantOwner(t, s, domain.Ref{Kind: domain.RefSession, ID: "cs_2"}, "ann")
}

// wantConflict keeps an account for bob, which must fail and leave no trace.
func wantConflict(t *testing.T, s ports.Store, account func(domain.Account) domain.Account) {
	t.Helper()
	err := s.Update(t.Context(), touchOf("bob"), func(f ports.Found) (ports.Kept, error) {
		kept := everythingOf(f, "bob")
		kept.States[0].Account = account(kept.States[0].Account)
		kept.Receipts = []domain.ProcessedEvent{receipt("evt_bob", domain.OutcomeApplied)}
		return kept, nil
	})
	if !errors.Is(err, ports.ErrConflict) {
		t.Errorf("Update: %v, want %v", err, ports.ErrConflict)
	}
	wantEqual(t, "state of bob", stateOf(t, s, "bob"), ports.State{Account: domain.NewAccount("bob")})
	wantEqual(t, "state of ann", stateOf(t, s, "ann").Account, fullAccount("ann"))
	if users := usersOf(t, s); len(users) != 1 {
		t.Errorf("users %v, want ann alone", users)
	}
	if _, err := s.Receipt(t.Context(), "evt_bob"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("Receipt: %v, want %v", err, ports.ErrNotFound)
	}
	if changes, err := s.Changes(t.Context(), "bob"); err != nil || len(changes) > 0 {
		t.Errorf("changes of bob %v, %v, want none", changes, err)
	}
}

func testRefConflict(t *testing.T, s ports.Store) {
	keepEverything(t, s, "ann")
	for what, account := range map[string]func(domain.Account) domain.Account{
		"order":   func(a domain.Account) domain.Account { return a.WithOrder(order("ann")) },
		"session": func(a domain.Account) domain.Account { o := order("bob"); o.Session = "cs_ann"; return a.WithOrder(o) },
		"subscription": func(a domain.Account) domain.Account {
			a.Subscriptions["sub_ann"] = subscription("ann")
			return a
		},
		"payment": func(a domain.Account) domain.Account {
			a.Payments["pi_once_ann"] = fullAccount("ann").Payments["pi_once_ann"]
			return a
		},
		"invoice": func(a domain.Account) domain.Account {
			a.Invoices["in_ann"] = fullAccount("ann").Invoices["in_ann"]
			return a
		},
		"customer account": func(a domain.Account) domain.Account {
			a.CustomerAccounts = append(a.CustomerAccounts, "acct_ann")
			return a
		},
		"customer that was replaced": func(a domain.Account) domain.Account {
			a.FormerCustomers = append(a.FormerCustomers, "cus_former_ann")
			return a
		},
		"payment intent of an invoice": func(a domain.Account) domain.Account {
			a.InvoicePayments["pi_in_ann"] = "in_bob"
			return a
		},
		"invoice of a payment intent": func(a domain.Account) domain.Account {
			a.InvoicePayments["pi_in_bob"] = "in_ann"
			return a
		},
		"charge": func(a domain.Account) domain.Account {
			a.Charges["ch_ann"] = domain.Charge{ID: "ch_ann"}
			return a
		},
		"payment intent of a charge": func(a domain.Account) domain.Account {
			a.Charges["ch_bob"] = domain.Charge{ID: "ch_bob", PaymentIntent: "pi_in_ann"}
			return a
		},
		"subscription of an invoice": func(a domain.Account) domain.Account {
			a.Invoices["in_bob"] = domain.Invoice{ID: "in_bob", Subscription: "sub_ann", Status: domain.InvoicePaid}
			return a
		},
		"refund": func(a domain.Account) domain.Account {
			a.Refunds["re_ann"] = domain.Refund{ID: "re_ann", Status: "succeeded"}
			return a
		},
		"charge of a refund": func(a domain.Account) domain.Account {
			a.Refunds["re_bob"] = domain.Refund{ID: "re_bob", Charge: "ch_ann", Status: "succeeded"}
			return a
		},
		"dispute": func(a domain.Account) domain.Account {
			a.Disputes["dp_ann"] = domain.Dispute{ID: "dp_ann", Status: "lost"}
			return a
		},
		"payment intent of a dispute": func(a domain.Account) domain.Account {
			a.Disputes["dp_bob"] = domain.Dispute{ID: "dp_bob", PaymentIntent: "pi_in_ann", Status: "lost"}
			return a
		},
		"credit note": func(a domain.Account) domain.Account {
			a.CreditNotes["cn_ann"] = domain.CreditNote{ID: "cn_ann", Status: "issued"}
			return a
		},
		"invoice of a credit note": func(a domain.Account) domain.Account {
			a.CreditNotes["cn_bob"] = domain.CreditNote{ID: "cn_bob", Invoice: "in_ann", Status: "issued"}
			return a
		},
		"grant": func(a domain.Account) domain.Account { return a.WithGrant(fullAccount("ann").Grants["g_ann"]) },
	} {
		t.Run(what, func(t *testing.T) { wantConflict(t, s, account) })
	}
}

func testCustomerConflict(t *testing.T, s ports.Store) {
	keepEverything(t, s, "ann")
	wantConflict(t, s, func(a domain.Account) domain.Account { a.Customer = "cus_ann"; return a })
}

func testConflictWithin(t *testing.T, s ports.Store) {
	err := s.Update(t.Context(), touchOf("ann", "bob"), func(f ports.Found) (ports.Kept, error) {
		ann, bob := everythingOf(f, "ann"), everythingOf(f, "bob")
		bob.States[0].Account.Customer = "cus_ann"
		return ports.Kept{States: append(ann.States, bob.States...)}, nil
	})
	if !errors.Is(err, ports.ErrConflict) {
		t.Errorf("Update: %v, want %v", err, ports.ErrConflict)
	}
	wantNoTrace(t, s)
}

func testNotFound(t *testing.T, s ports.Store) {
	keepEverything(t, s, "ann")
	if _, _, err := s.Order(t.Context(), "o_bob"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("Order: %v, want %v", err, ports.ErrNotFound)
	}
	if _, err := s.Receipt(t.Context(), "evt_1"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("Receipt: %v, want %v", err, ports.ErrNotFound)
	}
	got, owner, err := s.Order(t.Context(), "o_ann")
	if err != nil || owner != "ann" {
		t.Errorf("Order: owner %q, %v, want ann", owner, err)
	}
	wantEqual(t, "order", got, order("ann"))
}

func testUsers(t *testing.T, s ports.Store) {
	// In the order of their bytes, whatever a language makes of them.
	want := []domain.UserID{"B", "Z9", "a", "a-b", "aa", "z", "é"}
	for _, i := range []int{3, 0, 6, 2, 5, 1, 4} {
		keepEverything(t, s, want[i])
	}
	var got []domain.UserID
	var after domain.UserID
	for range len(want) {
		page, err := s.Users(t.Context(), after, 3)
		if err != nil || len(page) > 3 {
			t.Fatalf("Users after %q: %v, %v, want at most three", after, page, err)
		}
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1]
	}
	wantEqual(t, "users", got, want)
}
