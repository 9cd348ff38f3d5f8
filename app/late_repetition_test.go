package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// wishes are what user u asks for, each with a key.
type wishes struct {
	*testing.T
	*world
}

func (w wishes) cancel(plan domain.PlanKey, when app.When, key string) error {
	_, err := w.change.Cancel(w.Context(), app.EndWish{User: "u", Plan: plan, When: when, ClientKey: key})
	return err
}

func (w wishes) resume(plan domain.PlanKey, key string) error {
	_, err := w.change.Resume(w.Context(), app.EndWish{User: "u", Plan: plan, ClientKey: key})
	return err
}

func (w wishes) to(plan domain.PlanKey, key string) error {
	_, err := w.change.Do(w.Context(), app.ChangeWish{User: "u", Plan: plan, When: app.WhenNow, ClientKey: key})
	return err
}

func (w wishes) pauses(key string) error {
	_, err := w.change.Pause(w.Context(), app.PauseWish{User: "u", ClientKey: key})
	return err
}

// live is what goes on at Stripe: prices, what is to end or paused, and what is planned.
func (w wishes) live() string {
	w.Helper()
	state, err := w.store.State(w.Context(), "u")
	if err != nil {
		w.Fatal(err)
	}
	var all []string
	for id := range state.Account.Subscriptions {
		fact, err := w.stripe.FetchSubscription(w.Context(), id)
		if err != nil {
			w.Fatal(err)
		}
		details, err := w.stripe.FetchBilling(w.Context(), id)
		if err != nil {
			w.Fatal(err)
		}
		if sub := fact.Snapshot; !sub.Status.Ended() {
			all = append(all, fmt.Sprint(w.prices(w.T, id), " ends=", sub.CancelAtPeriodEnd, " pause=", sub.Pause, " planned=", details.Planned != nil))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// What two ask at the same time is done for one, and is answered to the other, too. The other's
// repetition, that comes when its user has thought better of it, does nothing any more.
func TestLateRepetition_OfWhatFoundNothingToDoUndoesNothing(t *testing.T) {
	t.Parallel()
	nothing := func(wishes) error { return nil }
	for name, c := range map[string]struct {
		before func(wishes) error
		wish   func(w wishes, key string) error
		since  func(wishes) error
	}{
		"an end at once": {
			nothing,
			func(w wishes, key string) error { return w.cancel("", app.WhenNow, key) },
			func(w wishes) error { w.subscribe(w.T, app.CheckoutRequest{User: "u", Plan: "team"}); return nil },
		},
		"an add-on's end at once": {
			nothing,
			func(w wishes, key string) error { return w.cancel("storage", app.WhenNow, key) },
			func(w wishes) error { return w.to("storage", "again") },
		},
		"an add-on's end with the period": {
			nothing,
			func(w wishes, key string) error { return w.cancel("storage", app.WhenPeriodEnd, key) },
			func(w wishes) error { return w.resume("storage", "stay") },
		},
		"the end of an add-on that ends with its plan": {
			func(w wishes) error { return w.cancel("pro", app.WhenPeriodEnd, "all") },
			func(w wishes, key string) error { return w.cancel("storage", app.WhenPeriodEnd, key) },
			func(w wishes) error { return w.resume("pro", "stay") },
		},
		"an add-on's resumption": {
			nothing,
			func(w wishes, key string) error { return w.resume("storage", key) },
			func(w wishes) error { return w.cancel("storage", app.WhenPeriodEnd, "off") },
		},
		"a resumption": {
			nothing,
			func(w wishes, key string) error { return w.resume("pro", key) },
			func(w wishes) error { return w.cancel("pro", app.WhenPeriodEnd, "off") },
		},
		"a change": {
			func(w wishes) error { return w.cancel("storage", app.WhenNow, "alone") },
			func(w wishes, key string) error { return w.to("team", key) },
			func(w wishes) error { return w.to("pro", "back") },
		},
		"a pause": {
			func(w wishes) error {
				return errors.Join(w.cancel("storage", app.WhenNow, "alone"), w.to("team", "pausable"))
			},
			func(w wishes, key string) error { return w.pauses(key) },
			func(w wishes) error { return w.resume("team", "on") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, _ := withStorage(t, 1)
			w := wishes{t, world}
			if err := c.before(w); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"one", "other", "other"} {
				if err := c.wish(w, key); err != nil {
					t.Fatalf("by key %q: %v", key, err)
				}
			}
			done := w.live()
			if err := c.since(w); err != nil {
				t.Fatal(err)
			}
			want := w.live()
			if want == done {
				t.Fatalf("what was asked since changed nothing: %s", done)
			}
			for _, key := range []string{"other", "one"} {
				if err := c.wish(w, key); err != nil && !errors.Is(err, app.ErrKeyReused) {
					t.Errorf("late, by key %q: got %v, want %v at most", key, err, app.ErrKeyReused)
				}
				if got := w.live(); got != want {
					t.Errorf("after a late repetition by key %q: %s, want it as it was: %s", key, got, want)
				}
			}
		})
	}
}
