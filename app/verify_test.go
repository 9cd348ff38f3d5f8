package app_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// buggyStore keeps what a program would keep that derives wrongly: the changes are those that
// lead to it.
type buggyStore struct {
	ports.Store
	bug func(had, derived []domain.Entitlement) []domain.Entitlement
}

func (s *buggyStore) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	return s.Store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		had := map[domain.UserID][]domain.Entitlement{}
		for user, state := range found.States {
			had[user] = slices.Clone(state.Entitlements)
		}
		kept, err := fn(found)
		if err != nil || len(kept.Changes) == 0 {
			return kept, err
		}
		first := kept.Changes[0]
		kept.Changes = nil
		for n, state := range kept.States {
			user := state.Account.User
			kept.States[n].Entitlements = s.bug(had[user], state.Entitlements)
			for _, change := range domain.Diff(had[user], kept.States[n].Entitlements) {
				change.User, change.Event, change.Cause, change.At = user, first.Event, first.Cause, first.At
				kept.Changes = append(kept.Changes, change)
			}
		}
		return kept, nil
	})
}

func TestVerify_FindsABugInWhatDerives(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bug  func(had, derived []domain.Entitlement) []domain.Entitlement
		want string

		refunded bool
	}{
		"an end is forgotten": {func(_, derived []domain.Entitlement) []domain.Entitlement {
			for n := range derived {
				derived[n].Until = time.Time{}
			}
			return derived
		}, "until", false},
		"a right is given twice as much of": {func(_, derived []domain.Entitlement) []domain.Entitlement {
			for n := range derived {
				derived[n].Value.Limit *= 2
			}
			return derived
		}, "value.limit: got 20, want 10", false},
		"nothing is ever taken back": {func(had, derived []domain.Entitlement) []domain.Entitlement {
			if len(derived) < len(had) {
				return had
			}
			return derived
		}, "part 0: got a row, want nothing", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			sound := w.store
			w = newWorldOn(t, &buggyStore{sound, tt.bug})
			_, told := w.sold(t, "u", "basic")
			w.deliver(t, told["session"], told["charge"])
			if tt.refunded {
				refund := told["refund"].(domain.RefundFact)
				refund.Amount = told["session"].(domain.SessionFact).Amount
				w.deliver(t, refund)
			}
			differences, _ := findings(t, w.verify(sound, catalog))
			if !slices.ContainsFunc(differences, func(d domain.Difference) bool {
				return d.Table == "entitlements" && strings.Contains(d.String(), tt.want)
			}) {
				t.Errorf("got %v, want one of entitlements that says %q", differences, tt.want)
			}
		})
	}
}

func TestVerify_SaysWhatNoBodyTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order, told := w.sold(t, "u", "basic")
	w.deliver(t, told["session"])
	if err := w.fulfill.Facts(t.Context(), told["charge"]); err != nil { // as an answer of Stripe
		t.Fatal(err)
	}
	unproven := func() app.UserVerified {
		var found app.UserVerified
		err := w.verify(w.store, catalog).Do(t.Context(), app.VerifyQuery{User: "u", Bodies: true}, func(f app.UserVerified) error { found = f; return nil })
		if err != nil || len(found.Differences) > 0 {
			t.Fatalf("got %v, %v", found.Differences, err)
		}
		return found
	}
	found := unproven()
	if len(found.Unproven) != 1 || found.Unproven[0].Table != "charges" || len(found.Why) != 1 || !strings.Contains(found.Why[0], "answers are not kept") {
		t.Errorf("got %v since %q, want the charge that Stripe was asked for", found.Unproven, found.Why)
	}
	if _, err := w.store.Redact(t.Context(), w.clock.now().Add(time.Hour), 100); err != nil {
		t.Fatal(err)
	}
	found = unproven()
	if len(found.Why) != 2 || !strings.Contains(found.Why[1], "of 1 events the body is no longer kept") || found.Bodies != 0 {
		t.Errorf("got %q and %d bodies, want that the body is no longer kept", found.Why, found.Bodies)
	}
	if !slices.ContainsFunc(found.Unproven, func(d domain.Difference) bool {
		return d.Table == "orders" && d.ID == string(order.ID) && d.Field == "status"
	}) {
		t.Errorf("got %v, want that nothing tells that the order was paid", found.Unproven)
	}
}

func TestVerify_GoesThroughAllUsersInSlicesAndOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const users = 45
	for n := range users {
		w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: domain.UserID("u" + strings.Repeat("x", n)), Plan: "basic"}).Session)...)
	}
	verify := app.NewVerify(w.store, w.stripe, richer(), app.Settings{VerifyEvery: time.Hour}, w.clock.now, w.clock.after, w.meter)
	ctx, cancel := context.WithCancel(t.Context())
	seen := map[domain.UserID]int{}
	verify.OnDifference(func(found app.UserVerified) {
		if seen[found.User]++; len(seen) == 30 {
			cancel() // the program ends
		}
	})
	verify.Run(ctx, 0, func(pass app.VerifyPass, err error) { t.Errorf("got %+v, %v: it was to be interrupted", pass, err) })

	next := app.NewVerify(w.store, w.stripe, richer(), app.Settings{VerifyEvery: time.Hour}, w.clock.now, w.clock.after, w.meter)
	next.OnDifference(func(found app.UserVerified) { seen[found.User]++ })
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	var ended app.VerifyPass
	next.Run(ctx, 0, func(pass app.VerifyPass, err error) {
		if err != nil {
			t.Error(err)
		}
		ended = pass
		cancel()
	})
	if ended.Looked != users || ended.Different != users || ended.Differences < users || len(seen) != users {
		t.Errorf("got %+v, and %d users: want all %d", ended, len(seen), users)
	}
	for user, times := range seen {
		if times != 1 {
			t.Errorf("user %s was looked at %d times", user, times)
		}
	}
	if n := w.meter.Different(); n != ended.Differences {
		t.Errorf("%d differences counted, want %d", n, ended.Differences)
	}
	if last, err := next.Last(t.Context()); err != nil || last.Looked != users || last.EndedAt.IsZero() {
		t.Errorf("the last pass is %+v, %v", last, err)
	}
}

func TestVerify_IsRefusedWhileTheCatalogIsBeingDerived(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.store.SetSetting(t.Context(), "catalog", "deriving another"); err != nil {
		t.Fatal(err)
	}
	err := w.verify(w.store, catalog).Do(t.Context(), app.VerifyQuery{}, func(app.UserVerified) error { return nil })
	if _, is := errors.AsType[app.Misfit](err); !is || !strings.Contains(err.Error(), "not everybody has what this catalog gives") {
		t.Errorf("got %v, want that not everybody has what this catalog gives", err)
	}
}

// When somebody is due next hangs on the lead times of announcements as well.
func TestVerify_IsRefusedUntilNewLeadTimesAreHeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	announcing := catalog
	announcing.AnnounceEnds = []time.Duration{24 * time.Hour}
	verify := func() error {
		return w.verify(w.store, announcing).Do(t.Context(), app.VerifyQuery{}, func(app.UserVerified) error { return nil })
	}
	if err := w.store.SetSetting(t.Context(), "announce_ends", "1h0m0s"); err != nil {
		t.Fatal(err)
	}
	err := verify()
	if _, is := errors.AsType[app.Misfit](err); !is || !strings.Contains(err.Error(), "not everybody has what this catalog gives") {
		t.Errorf("got %v, want that not everybody has what this catalog gives", err)
	}
	if err := w.store.SetSetting(t.Context(), "announce_ends", "24h0m0s"); err != nil {
		t.Fatal(err)
	}
	if err := verify(); err != nil {
		t.Errorf("when they are heeded: %v", err)
	}
}

// Verifying everybody takes hours, in which a service with another catalog may start.
func TestVerify_EndsWhenTheCatalogChangesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, user := range []domain.UserID{"ann", "bob"} {
		w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: user, Plan: "basic"}).Session)...)
	}
	var told []app.UserVerified
	err := w.verify(w.store, catalog).Do(t.Context(), app.VerifyQuery{}, func(found app.UserVerified) error {
		told = append(told, found)
		if err := w.store.SetSetting(t.Context(), "catalog", "deriving another"); err != nil {
			return err
		}
		_, err := app.NewDeriveAgain(w.store, richer(), w.clock.now).Users(t.Context(), []domain.UserID{"ann", "bob"})
		return err
	})
	if _, is := errors.AsType[app.Misfit](err); !is || len(told) != 1 || len(told[0].Differences) > 0 {
		t.Errorf("got %v and %v, want the first user without a difference, and that the catalog has changed", told, err)
	}
}
