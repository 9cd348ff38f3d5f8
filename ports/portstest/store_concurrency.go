package portstest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// patiently bounds a test that would hang if a store did not keep its promise.
func patiently(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// more adds one to the quantity of the user's order, making it first if need be.
func more(f ports.Found, user domain.UserID) ports.State {
	state := f.States[user]
	o, have := state.Account.Orders[order(user).ID]
	if !have {
		o = order(user)
		o.Quantity = 0
	}
	o.Quantity++
	state.Account = state.Account.WithOrder(o)
	return state
}

func quantityOf(t *testing.T, s ports.Store, user domain.UserID) int64 {
	t.Helper()
	return stateOf(t, s, user).Account.Orders[order(user).ID].Quantity
}

func testOneEvent(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept { return ports.Kept{States: []ports.State{more(f, "ann")}} })
	ctx := patiently(t)
	touch := ports.Touch{
		Refs:   []domain.Ref{{Kind: domain.RefSession, ID: "cs_ann"}},
		Events: []domain.EventID{"evt_1"},
	}
	together(20, func(int) {
		err := s.Update(ctx, touch, func(f ports.Found) (ports.Kept, error) {
			if _, again := f.Receipts["evt_1"]; again {
				return ports.Kept{}, nil
			}
			user := f.Owners[touch.Refs[0]]
			return ports.Kept{
				States:   []ports.State{more(f, user)},
				Receipts: []domain.ProcessedEvent{receipt("evt_1", domain.OutcomeApplied)},
				Changes:  everythingOf(f, user).Changes[:1],
			}, nil
		})
		if err != nil {
			t.Errorf("Update: %v", err)
		}
	})
	if got := quantityOf(t, s, "ann"); got != 2 {
		t.Errorf("applied %d times, want once", got-1)
	}
	if changes, err := s.Changes(ctx, "ann"); err != nil || len(changes) != 1 {
		t.Errorf("changes %v, %v, want one", changes, err)
	}
}

func testEventAboutNobody(t *testing.T, s ports.Store) {
	ctx := patiently(t)
	touch := ports.Touch{
		Refs:   []domain.Ref{{Kind: domain.RefSession, ID: "cs_stranger"}},
		Events: []domain.EventID{"evt_1", "evt_2"},
	}
	together(20, func(i int) {
		err := s.Update(ctx, touch, func(f ports.Found) (ports.Kept, error) {
			first, second := receipt("evt_1", domain.OutcomeIgnored), receipt("evt_2", domain.OutcomeIgnored)
			if i%2 == 0 {
				first, second = second, first
			}
			return ports.Kept{Receipts: []domain.ProcessedEvent{first, second}}, nil
		})
		if err != nil {
			t.Errorf("Update: %v", err)
		}
	})
	receipts, err := s.Receipts(ctx, ports.ReceiptQuery{})
	if err != nil || len(receipts) != 2 {
		t.Errorf("receipts %v, %v, want two", receipts, err)
	}
}

func testSerialize(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept { return ports.Kept{States: []ports.State{more(f, "ann")}} })
	race(t, s, 21)
}

func testSerializeNew(t *testing.T, s ports.Store) { race(t, s, 20) }

// race counts up 20 times at once, half of them under the user's name and, once
// there is an order, half by the order's.
func race(t *testing.T, s ports.Store, want int64) {
	ctx := patiently(t)
	together(20, func(i int) {
		touch := touchOf("ann")
		if want > 20 && i%2 == 0 {
			touch = ports.Touch{Refs: []domain.Ref{{Kind: domain.RefOrder, ID: "o_ann"}}}
		}
		err := s.Update(ctx, touch, func(f ports.Found) (ports.Kept, error) {
			return ports.Kept{States: []ports.State{more(f, "ann")}}, nil
		})
		if err != nil {
			t.Errorf("Update: %v", err)
		}
	})
	if got := quantityOf(t, s, "ann"); got != want {
		t.Errorf("counted to %d, want %d: updates were lost", got, want)
	}
}

func testOppositeOrders(t *testing.T, s ports.Store) {
	ctx := patiently(t)
	users := []domain.UserID{"ann", "bob", "cyd", "dan"}
	refs := make([]domain.Ref, len(users))
	for i, user := range users {
		refs[i] = domain.Ref{Kind: domain.RefOrder, ID: "o_" + string(user)}
	}
	const rounds = 5
	together(12, func(i int) {
		for round := range rounds {
			// One way round and the other, by user and by name, some of both.
			touch := ports.Touch{}
			for j := range users {
				at := j
				if i%2 == 0 {
					at = len(users) - 1 - j
				}
				if (i+j+round)%3 == 0 && round > 0 {
					touch.Refs = append(touch.Refs, refs[at])
				} else {
					touch.Users = append(touch.Users, users[at])
				}
			}
			err := s.Update(ctx, touch, func(f ports.Found) (ports.Kept, error) {
				var kept ports.Kept
				for user := range f.States {
					kept.States = append(kept.States, more(f, user))
				}
				if len(kept.States) != len(users) {
					return kept, fmt.Errorf("found %d of %d users", len(kept.States), len(users))
				}
				return kept, nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		}
	})
	for _, user := range users {
		if got := quantityOf(t, s, user); got != 12*rounds {
			t.Errorf("%s counted to %d, want %d", user, got, 12*rounds)
		}
	}
}

func testLockWait(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept { return ports.Kept{States: []ports.State{more(f, "ann")}} })
	holding, free, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.Update(t.Context(), touchOf("ann"), func(f ports.Found) (ports.Kept, error) {
			close(holding)
			<-free
			return ports.Kept{States: []ports.State{more(f, "ann")}}, nil
		})
	}()
	<-holding
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // for a store that has but one lock
	defer cancel()
	impatient := ports.Touch{Refs: []domain.Ref{{Kind: domain.RefOrder, ID: "o_ann"}}, LockWait: 20 * time.Millisecond}
	err := s.Update(ctx, impatient, func(ports.Found) (ports.Kept, error) {
		t.Error("an account was found that another holds")
		return ports.Kept{}, nil
	})
	if !errors.Is(err, ports.ErrLocked) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update: %v, want %v, or the context's", err, ports.ErrLocked)
	}
	close(free)
	if err := <-done; err != nil {
		t.Fatalf("Update that held: %v", err)
	}
	update(t, s, impatient, func(f ports.Found) ports.Kept { return ports.Kept{States: []ports.State{more(f, "ann")}} })
	if got := quantityOf(t, s, "ann"); got != 3 {
		t.Errorf("counted to %d, want 3", got)
	}
}
