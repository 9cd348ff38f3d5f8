package app_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// feedWorld is a service whose grants are given by hand, and whose feed is told by a process
// that ends and begins as a test likes.
type feedWorld struct {
	store  *memory.Store
	clock  *clock
	grants *app.ManualGrants
	leads  []time.Duration
}

func newFeedWorld() *feedWorld {
	w := &feedWorld{store: memory.NewStore(), clock: &clock{}}
	w.clock.at.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	n := 0
	w.grants = app.NewManualGrants(w.store, catalog, w.clock.now, func() string { n++; return fmt.Sprint(n) })
	return w
}

// restart is a process that has just begun.
func (w *feedWorld) restart() *app.TellChanges {
	c := catalog
	c.AnnounceEnds = w.leads
	return app.NewTellChanges(w.store, c, w.clock.now, w.clock.after)
}

func (w *feedWorld) give(t *testing.T, user domain.UserID, projects int64, since, until time.Time) domain.GrantID {
	t.Helper()
	g, err := w.grants.Give(t.Context(), app.GrantRequest{User: user, Feature: "projects", Limit: &projects, Since: since, Until: until, Reason: "a test", By: "eve"})
	if err != nil {
		t.Fatal(err)
	}
	return g.ID
}

func (w *feedWorld) to(moment time.Time) { w.clock.at.Store(moment.UnixNano()) }

func (w *feedWorld) said(t *testing.T) []string {
	t.Helper()
	page, err := w.store.Feed(t.Context(), ports.FeedQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, c := range page.Changes {
		value := func(r *domain.Right) string {
			if r == nil {
				return "none"
			}
			return fmt.Sprint(r.Value.Limit)
		}
		said = append(said, fmt.Sprintf("%d: %s v%d %s %s -> %s by %s", c.Position, c.User, c.Version, c.At.Format("Jan 2 15:04:05"), value(c.Before), value(c.After), c.Cause))
	}
	return said
}

// A year in which the process ends and begins anew at each moment at which a right changes:
// shortly before, at it, and after. Each is told once, and none of a right that goes on.
func TestTellChanges_AYearOfRestarts(t *testing.T) {
	t.Parallel()
	w := newFeedWorld()
	month := func(n int) time.Time { return time.Date(2026, time.Month(1+n), 1, 0, 0, 0, 0, time.UTC) }
	w.give(t, "trial", 1, time.Time{}, month(0).AddDate(0, 0, 14))
	w.give(t, "later", 2, month(3), month(5))
	w.give(t, "chain", 3, time.Time{}, month(1)) // goes on for as long as it is given again
	w.give(t, "ended", 4, time.Time{}, month(6))
	w.give(t, "steps", 9, time.Time{}, month(4))
	w.give(t, "steps", 5, time.Time{}, month(8))
	moments := []time.Time{month(0).AddDate(0, 0, 14)}
	for n := 1; n <= 12; n++ {
		moments = append(moments, month(n))
	}
	taken := w.give(t, "taken", 6, time.Time{}, month(2))
	for n, moment := range moments {
		for _, at := range []time.Time{moment.Add(-time.Second), moment.Add(-time.Microsecond), moment, moment.Add(time.Microsecond), moment.Add(time.Hour)} {
			w.to(at)
			if n > 0 && n < 12 && at.Equal(moment.Add(-time.Second)) {
				w.give(t, "chain", 3, month(n-1), month(n+1)) // it is renewed just in time
			}
			if n == 1 && at.Equal(moment) {
				if _, _, err := w.grants.Revoke(t.Context(), taken, "a mistake", "eve"); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if _, err := w.restart().Once(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	byTime, ofChain := []string{}, 0
	page, err := w.store.Feed(t.Context(), ports.FeedQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range page.Changes {
		switch {
		case c.Cause == domain.CauseTime:
			byTime = append(byTime, w.said(t)[i][len(fmt.Sprint(c.Position))+2:])
		case c.User == "chain":
			ofChain++
			if c.After == nil {
				t.Errorf("change %d takes a right that goes on", c.Position)
			}
		}
	}
	want := []string{
		"trial v2 Jan 15 00:00:00 1 -> none by time",
		"later v2 Apr 1 00:00:00 none -> 2 by time",
		"steps v3 May 1 00:00:00 9 -> 5 by time",
		"later v3 Jun 1 00:00:00 2 -> none by time",
		"ended v2 Jul 1 00:00:00 4 -> none by time",
		"steps v4 Sep 1 00:00:00 5 -> none by time",
		"chain v13 Jan 1 00:00:00 3 -> none by time",
	}
	if diff := cmp.Diff(want, byTime); diff != "" {
		t.Errorf("told by time (-want +got):\n%s", diff)
	}
	if ofChain != 12 {
		t.Errorf("%d changes of what goes on, want the first and 11 renewals", ofChain)
	}
}

// A year in which the process ends and begins anew around each moment at which an end is
// announced, and around each end. Each is announced once for each lead time, and what goes on
// is withdrawn.
func TestTellChanges_AYearOfAnnouncements(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newFeedWorld()
	w.leads = []time.Duration{7 * day, day}
	month := func(n int) time.Time { return time.Date(2026, time.Month(1+n), 1, 0, 0, 0, 0, time.UTC) }
	w.give(t, "pass", 1, time.Time{}, month(0).Add(3*day)) // shorter than the first lead time
	w.give(t, "later", 2, month(3), month(5))
	w.give(t, "ended", 4, time.Time{}, month(6))
	w.give(t, "steps", 9, time.Time{}, month(4))
	w.give(t, "steps", 5, time.Time{}, month(8))
	w.give(t, "chain", 3, time.Time{}, month(1)) // goes on for as long as it is given again
	moments := []time.Time{month(0).Add(2 * day), month(0).Add(3 * day)}
	for n := 1; n <= 12; n++ {
		moments = append(moments, month(n).Add(-7*day), month(n).Add(-day), month(n))
	}
	for i, moment := range moments {
		for _, at := range []time.Time{moment.Add(-time.Second), moment.Add(-time.Microsecond), moment, moment.Add(time.Microsecond), moment.Add(time.Hour)} {
			w.to(at)
			if n := i/3 + 1; i%3 == 1 && i > 1 && n <= 12 && at.Equal(moment.Add(-time.Second)) {
				w.give(t, "chain", 3, month(n-2), month(n)) // it is renewed just in time
			}
			for range 2 {
				if _, err := w.restart().Once(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	page, err := w.store.Feed(t.Context(), ports.FeedQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	ofChain := map[domain.RightChangeKind]int{}
	for _, c := range page.Changes {
		switch {
		case c.User == "chain":
			ofChain[c.Kind]++
		case c.Kind != domain.RightChanged:
			said = append(said, fmt.Sprintf("%s v%d %s %s %d ends %s by %s", c.User, c.Version, c.At.Format("Jan 2 15:04:05"), c.Kind, c.After.Value.Limit, c.EndsAt.Format("Jan 2"), c.Cause))
		}
	}
	want := []string{
		"pass v1 Jan 3 00:00:00 ending 1 ends Jan 4 by time",
		"steps v2 Apr 24 00:00:00 ending 9 ends May 1 by time",
		"steps v2 Apr 30 00:00:00 ending 9 ends May 1 by time",
		"later v2 May 25 00:00:00 ending 2 ends Jun 1 by time",
		"later v2 May 31 00:00:00 ending 2 ends Jun 1 by time",
		"ended v1 Jun 24 00:00:00 ending 4 ends Jul 1 by time",
		"ended v1 Jun 30 00:00:00 ending 4 ends Jul 1 by time",
		"steps v3 Aug 25 00:00:00 ending 5 ends Sep 1 by time",
		"steps v3 Aug 31 00:00:00 ending 5 ends Sep 1 by time",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
	wantOfChain := map[domain.RightChangeKind]int{domain.RightChanged: 13, domain.RightEnding: 24, domain.RightEndingWithdrawn: 11}
	if diff := cmp.Diff(wantOfChain, ofChain); diff != "" {
		t.Errorf("of what goes on until the year is over (-want +got):\n%s", diff)
	}
}

// A catalog with other lead times than before has everybody looked at again, and once more
// when programs with the one before should be gone; the next start has nothing to do.
func TestTellChanges_OtherLeadTimesAreHeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		w := newFeedWorld()
		w.to(time.Now())
		end := time.Now().Add(8 * day).UTC()
		one := int64(1)
		if _, err := w.grants.Give(t.Context(), app.GrantRequest{User: "u", Feature: "projects", Limit: &one, Until: end, Reason: "a test", By: "eve"}); err != nil {
			t.Fatal(err)
		}
		run := func(d time.Duration, leads ...time.Duration) {
			c := catalog
			c.AnnounceEnds = leads
			tell := app.NewTellChanges(w.store, c, time.Now, time.After)
			ctx, stop := context.WithTimeout(t.Context(), d)
			defer stop()
			tell.Run(ctx, func(err error) { t.Error(err) })
		}
		lines := func(want int64, when string) {
			t.Helper()
			if page, err := w.store.Feed(t.Context(), ports.FeedQuery{}); err != nil || page.Last != want {
				t.Errorf("%s the feed ends at %d, %v, want %d", when, page.Last, err, want)
			}
		}
		run(time.Minute)
		lines(1, "at first")
		run(2*day, 7*day)
		lines(2, "seven days before")
		run(time.Minute, 7*day, 6*day+time.Hour)
		lines(3, "with a lead time that is past")
		run(time.Minute) // a program of before finds out anew when somebody is due
		lines(3, "with the catalog before")
		run(10*time.Minute, 5*day)
		if kept, err := w.store.Setting(t.Context(), "announce_ends"); err != nil || kept != "120h0m0s" {
			t.Errorf("kept %q, %v", kept, err)
		}
		run(2*day, 5*day)
		lines(4, "five days before")
	})
}

// What changes is told soon, whoever made it, and so is a moment that passes.
func TestTellChanges_IsSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.NewStore()
		n := 0
		grants := app.NewManualGrants(store, catalog, time.Now, func() string { n++; return fmt.Sprint(n) })
		tell := app.NewTellChanges(store, catalog, time.Now, time.After)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); tell.Run(ctx, func(err error) { t.Error(err) }) }()
		one := int64(1)
		until := time.Now().Add(10 * time.Second).UTC()
		if _, err := grants.Give(ctx, app.GrantRequest{User: "u", Feature: "projects", Limit: &one, Until: until, Reason: "a test", By: "eve"}); err != nil {
			t.Fatal(err)
		}
		wantLast := func(after time.Duration, want int64) {
			t.Helper()
			time.Sleep(after)
			if page, err := store.Feed(ctx, ports.FeedQuery{}); err != nil || page.Last != want {
				t.Errorf("the feed ends at %d, %v, want %d", page.Last, err, want)
			}
		}
		wantLast(time.Second, 1)
		wantLast(time.Until(until)-time.Millisecond, 1)
		wantLast(100*time.Millisecond, 2)
		if lag := tell.Lag(); lag > time.Second {
			t.Errorf("lags %s behind", lag)
		}
		stop()
		<-ended
	})
}

// countingFeed counts the transactions in which something was told.
type countingFeed struct {
	ports.Store
	told atomic.Int64
}

func (f *countingFeed) Tell(ctx context.Context, now time.Time, limit int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	return f.Store.Tell(ctx, now, limit, func(untold []ports.Untold) []ports.Telling {
		f.told.Add(1)
		return fn(untold)
	})
}

// One change is told at once. Where one follows the other they are told together, and none of
// them late: a transaction for each would cost more than the changes do.
func TestTellChanges_TellsTogetherWhatKeepsComing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &countingFeed{Store: memory.NewStore()}
		n := 0
		grants := app.NewManualGrants(store, catalog, time.Now, func() string { n++; return fmt.Sprint(n) })
		tell := app.NewTellChanges(store, catalog, time.Now, time.After)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); tell.Run(ctx, func(err error) { t.Error(err) }) }()
		one := int64(1)
		give := func() {
			user := domain.UserID(fmt.Sprint("user", n))
			if _, err := grants.Give(ctx, app.GrantRequest{User: user, Feature: "projects", Limit: &one, Reason: "a test", By: "eve"}); err != nil {
				t.Fatal(err)
			}
			tell.Wake([]domain.UserID{user})
		}
		wantTold := func(after time.Duration, want int64) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if page, err := store.Feed(ctx, ports.FeedQuery{}); err != nil || page.Last != want {
				t.Errorf("the feed ends at %d, %v, want %d", page.Last, err, want)
			}
		}
		time.Sleep(10 * time.Millisecond)
		give()
		wantTold(25*time.Millisecond, 1)
		for range 200 { // for two seconds
			time.Sleep(10 * time.Millisecond)
			give()
		}
		wantTold(100*time.Millisecond, 201)
		if told := store.told.Load(); told > 22 {
			t.Errorf("201 changes within two seconds were told in %d transactions, want one each 100 ms", told)
		}
		stop()
		<-ended
	})
}

// failingFeed cannot tell for a while.
type failingFeed struct {
	ports.Store
	fail bool
}

func (f *failingFeed) Tell(ctx context.Context, now time.Time, limit int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	if f.fail {
		return ports.TellResult{}, errors.New("away")
	}
	return f.Store.Tell(ctx, now, limit, fn)
}

func TestTellChanges_SaysHowFarItIsBehind(t *testing.T) {
	t.Parallel()
	w := newFeedWorld()
	store := &failingFeed{Store: w.store, fail: true}
	tell := app.NewTellChanges(store, catalog, w.clock.now, w.clock.after)
	w.clock.advance(time.Minute)
	if _, err := tell.Once(t.Context()); err == nil || tell.Lag() != time.Minute {
		t.Errorf("%v, and it lags %s behind", err, tell.Lag())
	}
	store.fail = false
	if _, err := tell.Once(t.Context()); err != nil || tell.Lag() != 0 {
		t.Errorf("%v, and it lags %s behind", err, tell.Lag())
	}
}
