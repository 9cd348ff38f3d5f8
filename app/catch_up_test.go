package app_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// watchedStore tells whose accounts an update is about, and lets it fail.
type watchedStore struct {
	ports.Store
	mu      sync.Mutex
	derived map[domain.UserID]int
	before  func(derived int) error
}

func (s *watchedStore) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	s.mu.Lock()
	n := 0
	for _, times := range s.derived {
		n += times
	}
	var err error
	if s.before != nil {
		err = s.before(n)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	err = s.Store.Update(ctx, touch, fn)
	if err == nil {
		s.mu.Lock()
		for _, user := range touch.Users {
			s.derived[user]++
		}
		s.mu.Unlock()
	}
	return err
}

// manyHolders are users of whom each third has plan pro, and the others basic.
func manyHolders(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t)
	for i := range n {
		plan := domain.PlanKey("basic")
		if i%3 == 0 {
			plan = "pro"
		}
		order := w.start(t, app.CheckoutRequest{User: domain.UserID(fmt.Sprintf("u%03d", i)), Plan: plan})
		w.deliver(t, w.stripe.Pay(order.Session)...)
	}
	return w
}

// withProjects is the catalog with another number of projects in one plan.
func withProjects(plan domain.PlanKey, projects int64) domain.Catalog {
	c := catalog
	c.Plans = maps.Clone(catalog.Plans)
	p := c.Plans[plan]
	p.Grants = maps.Clone(p.Grants)
	p.Grants["projects"] = domain.Limit(projects)
	c.Plans[plan] = p
	return c
}

// starts is a program that starts with a catalog.
func (w *world) starts(store ports.Store, c domain.Catalog, timer ports.Timer) *app.AdoptDatabase {
	return app.NewAdoptDatabase(store, c, app.Settings{}, app.NewDeriveAgain(store, c, w.clock.now), timer)
}

func (w *world) catchesUp(t *testing.T, store ports.Store, c domain.Catalog) int {
	t.Helper()
	changes, err := w.starts(store, c, w.clock.after).CatchUp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func watch(w *world) *watchedStore {
	return &watchedStore{Store: w.store, derived: map[domain.UserID]int{}}
}

func TestCatchUp_DerivesThoseOnlyWhoDependOnWhatChanged(t *testing.T) {
	t.Parallel()
	w := manyHolders(t, 30)
	store := watch(w)
	w.catchesUp(t, store, catalog)
	if len(store.derived) != 30 {
		t.Errorf("at the first start %d users were derived, want all", len(store.derived))
	}
	for _, step := range []struct {
		name     string
		catalog  domain.Catalog
		derived  int
		changes  int
		projects string // of u000, who has pro
	}{
		{"another limit of pro", withProjects("pro", 101), 10, 10, "101"},
		{"and of basic, and back of pro", withProjects("basic", 11), 30, 30, "100"},
		{"the same", withProjects("basic", 11), 0, 0, "100"},
		{"back", catalog, 20, 20, "100"},
		{"words for buyers", func() domain.Catalog {
			c := withProjects("pro", 100)
			p := c.Plans["pro"]
			p.Name = "Professional"
			c.Plans["pro"] = p
			return c
		}(), 0, 0, "100"},
	} {
		clear(store.derived)
		changes := w.catchesUp(t, store, step.catalog)
		if len(store.derived) != step.derived || changes != step.changes {
			t.Errorf("%s: %d users were derived and %d rights changed, want %d and %d", step.name, len(store.derived), changes, step.derived, step.changes)
		}
		for user, times := range store.derived {
			if times != 2 {
				t.Errorf("%s: %s was derived %d times, want 2: replicas with the old catalog may have been at it", step.name, user, times)
			}
		}
		held, err := w.store.Entitlements(t.Context(), []domain.UserID{"u000"})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range held["u000"].Entitlements {
			if e.Feature == "projects" && fmt.Sprint(e.Value.Limit) != step.projects {
				t.Errorf("%s: %d projects, want %s", step.name, e.Value.Limit, step.projects)
			}
		}
	}
}

// A program that is killed leaves all to be done by the next one but what it has done.
func TestCatchUp_GoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	w := manyHolders(t, 200)
	w.catchesUp(t, w.store, catalog)
	store := watch(w)
	killed := errors.New("killed")
	for _, at := range []int{64, 128, 200, 264} { // in the first pass, and in the second
		store.before = func(derived int) error {
			if derived >= at {
				return killed
			}
			return nil
		}
		_, err := w.starts(store, richer(), w.clock.after).CatchUp(t.Context())
		if !errors.Is(err, killed) {
			t.Fatalf("killed after %d: %v", at, err)
		}
	}
	store.before = nil
	w.catchesUp(t, store, richer())
	for user, times := range store.derived {
		if times != 2 {
			t.Errorf("%s was derived %d times, want once in each pass", user, times)
		}
	}
	if len(store.derived) != 200 {
		t.Errorf("%d users were derived, want 200", len(store.derived))
	}
}

// richer is the catalog with more of all.
func richer() domain.Catalog {
	c := withProjects("pro", 101)
	c.Plans["basic"] = withProjects("basic", 11).Plans["basic"]
	return c
}

func TestCatchUp_OfManyServicesOneDoesTheWork(t *testing.T) {
	t.Parallel()
	w := manyHolders(t, 200)
	w.catchesUp(t, w.store, catalog)
	store := watch(w)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			// Time passes for all of them together: whoever waits, waits as long as it takes.
			timer := func(time.Duration) <-chan time.Time { return time.After(10 * time.Millisecond) }
			if _, err := w.starts(store, richer(), timer).CatchUp(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	twice := 0
	for _, times := range store.derived {
		twice += times
	}
	// At a change of hands 64 may be derived by both, and a wait of 10 ms is taken for
	// the end of a lease here.
	if twice < 400 || twice > 400+4*64 {
		t.Errorf("%d users were derived, want 200 in each of two passes", twice)
	}
	if n, err := w.starts(store, richer(), nil).CatchUp(t.Context()); n != 0 || err != nil {
		t.Errorf("afterwards: %d changes, %v", n, err)
	}
}

// dyingStore keeps no setting any more once its service is dead.
type dyingStore struct {
	ports.Store
	dead atomic.Bool
}

var errDead = errors.New("dead")

func (s *dyingStore) SwapSetting(ctx context.Context, name, from, to string) (bool, error) {
	if s.dead.Load() {
		return false, errDead
	}
	return s.Store.SwapSetting(ctx, name, from, to)
}

// A lease is written by one clock and read by another: the next service neither waits for
// as long as they differ, nor for ever.
func TestCatchUp_TakesOverFromTheDeadWhateverTheirClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{0, 10 * time.Second, -10 * time.Second, time.Hour, -time.Hour} {
		for name, c := range map[string]struct {
			dies   func(*watchedStore, *dyingStore) // while the first service works
			waits  bool                             // it dies while it waits for its second pass
			within time.Duration
		}{
			"at work": {func(w *watchedStore, d *dyingStore) {
				w.before = func(derived int) error {
					d.dead.Store(derived >= 64)
					return nil
				}
			}, false, 15 * time.Second},
			"waiting": {func(*watchedStore, *dyingStore) {}, true, 15*time.Second + 2*5*time.Minute},
		} {
			t.Run(fmt.Sprintf("%s, off by %s", name, off), func(t *testing.T) {
				t.Parallel()
				w := manyHolders(t, 200)
				w.catchesUp(t, w.store, catalog)
				dying := &dyingStore{Store: w.store}
				first := &watchedStore{Store: dying, derived: map[domain.UserID]int{}}
				c.dies(first, dying)
				derive := app.NewDeriveAgain(first, richer(), func() time.Time { return w.clock.now().Add(off) })
				timer := func(time.Duration) <-chan time.Time {
					dying.dead.Store(c.waits)
					return time.After(0)
				}
				if _, err := app.NewAdoptDatabase(first, richer(), app.Settings{}, derive, timer).CatchUp(t.Context()); !errors.Is(err, errDead) {
					t.Fatalf("the first service: %v, want it dead", err)
				}

				died, store := w.clock.now(), watch(w)
				var began time.Time
				store.before = func(int) error {
					if began.IsZero() {
						began = w.clock.now()
					}
					return nil
				}
				w.catchesUp(t, store, richer())
				if took := began.Sub(died); took > c.within {
					t.Errorf("the next one goes on %s later, want %s at most", took, c.within)
				}
				for i := range 200 {
					user := domain.UserID(fmt.Sprintf("u%03d", i))
					if times := first.derived[user] + store.derived[user]; times < 2 || times > 3 {
						t.Errorf("%s was derived %d times, want once in each pass, and once more at the change of hands at most", user, times)
					}
				}
			})
		}
	}
}

// One whose catalog is followed by another one's does not work against it.
func TestCatchUp_LeavesItToTheNewerCatalog(t *testing.T) {
	t.Parallel()
	w := manyHolders(t, 100)
	w.catchesUp(t, w.store, catalog)
	older, newer := watch(w), watch(w)
	older.before = func(derived int) error {
		if derived == 64 {
			older.before = nil
			w.catchesUp(t, newer, withProjects("pro", 7))
		}
		return nil
	}
	if _, err := w.starts(older, richer(), w.clock.after).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Who was derived by the older one until then is among those whom the newer affects.
	if len(newer.derived) != 100 {
		t.Errorf("the newer derived %d users, want all 100", len(newer.derived))
	}
	if n := len(older.derived); n > 128 {
		t.Errorf("the older derived %d users", n)
	}
	w.catchesUp(t, w.store, withProjects("pro", 7)) // it is done
	held, err := w.store.Entitlements(t.Context(), []domain.UserID{"u000"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range held["u000"].Entitlements {
		if e.Feature == "projects" && e.Value.Limit != 7 {
			t.Errorf("holds %d projects, want 7", e.Value.Limit)
		}
	}
}

// A plan that names a price which users pay already gives it to them.
func TestCatchUp_APriceThatIsNewInTheCatalogIsFoundAtItsHolders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.catchesUp(t, w.store, catalog)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	for _, fact := range w.stripe.Pay(order.Session) {
		if sub, is := fact.(domain.SubscriptionFact); is {
			sub.Snapshot.Items[0].Price, sub.Snapshot.Items[0].LookupKey = "price_new", ""
			fact = sub
		}
		w.deliver(t, fact)
	}
	if held := w.features(t, "u"); len(held) > 0 {
		t.Fatalf("holds %v by a price that is in no plan", held)
	}
	c := withProjects("pro", 100)
	pro := c.Plans["pro"]
	pro.Prices = append(pro.Prices[:len(pro.Prices):len(pro.Prices)], domain.Price{Key: "new", ID: "price_new"})
	c.Plans["pro"] = pro
	w.catchesUp(t, w.store, c)
	held, err := w.store.Entitlements(t.Context(), []domain.UserID{"u"})
	if err != nil || len(held["u"].Entitlements) == 0 {
		t.Errorf("holds %v, %v", held, err)
	}
}
