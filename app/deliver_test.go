package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// receivers are products' servers: what they answer is the test's to say, and what they took
// is kept.
type receivers struct {
	mu     sync.Mutex
	answer func(context.Context, ports.Letter) (ports.LetterAnswer, error) // nil: 200
	sent   []ports.Letter                                                  // every attempt
	took   []ports.Letter                                                  // those that were answered 200
}

func (r *receivers) Check(address string) error {
	if !strings.HasPrefix(address, "https://") {
		return ports.ErrAddressRefused
	}
	return nil
}

func (r *receivers) Send(ctx context.Context, l ports.Letter) (ports.LetterAnswer, error) {
	r.mu.Lock()
	answer := r.answer
	r.sent = append(r.sent, l)
	r.mu.Unlock()
	said := ports.LetterAnswer{Status: http.StatusOK}
	if answer != nil {
		var err error
		if said, err = answer(ctx, l); err != nil {
			return said, err
		}
	}
	if said.Status == http.StatusOK {
		r.mu.Lock()
		r.took = append(r.took, l)
		r.mu.Unlock()
	}
	return said, nil
}

func (r *receivers) NewSecret() string { return "whsec_made" }
func (r *receivers) CheckSecret(text string) error {
	if !strings.HasPrefix(text, "whsec_") {
		return errors.New("it is whsec_ and more")
	}
	return nil
}

func (r *receivers) answers(with func(context.Context, ports.Letter) (ports.LetterAnswer, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = with
}

func status(code int) func(context.Context, ports.Letter) (ports.LetterAnswer, error) {
	return func(context.Context, ports.Letter) (ports.LetterAnswer, error) {
		return ports.LetterAnswer{Status: code}, nil
	}
}

// told is what a letter of these tests says.
type told struct {
	User     domain.UserID
	Version  int64   // of the rights
	Projects int64   // that the user has
	Changes  []int64 // versions of them
}

func writeTold(m app.Message) ([]byte, error) {
	t := told{User: m.User, Version: m.Rights.Version}
	for _, c := range m.Changes {
		t.Changes = append(t.Changes, c.Version)
	}
	for _, right := range m.Rights.Rights {
		if right.Feature == "projects" {
			t.Projects = right.Value.Limit
		}
	}
	return json.Marshal(t)
}

func toldBy(t *testing.T, l ports.Letter) told {
	t.Helper()
	var said told
	if err := json.Unmarshal(l.Body, &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// versions are what of each user a receiver was told, in order; each message once.
func (r *receivers) versions(t *testing.T, url string) map[domain.UserID][]int64 {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	all, seen := map[domain.UserID][]int64{}, map[string]bool{}
	for _, l := range r.took {
		if l.URL != url {
			continue
		}
		if seen[l.ID] {
			t.Errorf("%s was taken twice", l.ID)
		}
		seen[l.ID] = true
		said := toldBy(t, l)
		all[said.User] = append(all[said.User], said.Changes...)
	}
	return all
}

type deliverWorld struct {
	*feedWorld
	receivers *receivers
	deliver   *app.Deliver
	endpoints *app.Endpoints
}

func newDeliverWorld() *deliverWorld {
	w := &deliverWorld{feedWorld: newFeedWorld(), receivers: &receivers{}}
	w.deliver = w.process(w.store)
	n := 0
	w.endpoints = app.NewEndpoints(w.store, catalog, w.receivers, w.deliver, w.clock.now, func() string { n++; return fmt.Sprint(n) })
	return w
}

// process is one that delivers.
func (w *deliverWorld) process(store ports.Store) *app.Deliver {
	return app.NewDeliver(store, catalog, w.receivers, writeTold, w.clock.now, w.clock.after, memory.NewMeter())
}

func (w *deliverWorld) add(t *testing.T, wish app.EndpointChange) ports.Endpoint {
	t.Helper()
	if wish.URL == nil {
		url := "https://hooks.example.com"
		wish.URL = &url
	}
	e, err := w.endpoints.Add(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (w *deliverWorld) endpoint(t *testing.T, id ports.EndpointID) ports.Endpoint {
	t.Helper()
	e, err := w.endpoints.Show(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// gives has each of the users be given something more, and the feed told.
func (w *deliverWorld) gives(t *testing.T, limit int64, users ...domain.UserID) {
	t.Helper()
	for _, user := range users {
		w.give(t, user, limit, time.Time{}, time.Time{})
	}
	for {
		if result, err := w.restart().Once(t.Context()); err != nil {
			t.Fatal(err)
		} else if !result.More {
			return
		}
	}
}

// delivers has one look of the process, and waits for what it began.
func (w *deliverWorld) delivers(t *testing.T) {
	t.Helper()
	if err := w.deliver.Once(t.Context(), func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
}

func TestDeliver_AReceiverThatWasDownHasEverythingOnceAndInOrder(t *testing.T) {
	t.Parallel()
	for what, broken := range map[string]func(context.Context, ports.Letter) (ports.LetterAnswer, error){
		"away": func(context.Context, ports.Letter) (ports.LetterAnswer, error) {
			return ports.LetterAnswer{}, errors.New("connection refused")
		},
		"failing":     status(http.StatusInternalServerError),
		"redirecting": status(http.StatusFound),
		"informal":    status(http.StatusSwitchingProtocols),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newDeliverWorld()
			e := w.add(t, app.EndpointChange{})
			w.receivers.answers(broken)
			want := map[domain.UserID][]int64{}
			end := w.clock.now().Add(time.Hour)
			for n := int64(1); w.clock.now().Before(end); n++ {
				for _, user := range []domain.UserID{"ann", "bob", "cid"} {
					w.gives(t, 10+n, user)
					want[user] = append(want[user], n)
				}
				w.delivers(t)
				w.clock.advance(3 * time.Minute)
			}
			failing := w.endpoint(t, e.ID)
			if failing.Failures < 8 || failing.Failures > 25 || failing.Cursor != 0 || failing.LastError == "" || failing.Disabled != "" {
				t.Errorf("after an hour: %+v", failing)
			}
			w.receivers.answers(nil)
			w.clock.advance(time.Hour)
			w.delivers(t)
			if diff := cmp.Diff(want, w.receivers.versions(t, e.URL)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			well := w.endpoint(t, e.ID)
			if well.Failures != 0 || well.LastError != "" || well.Cursor != 3*int64(len(want["ann"])) || len(well.Delivered) > 0 {
				t.Errorf("after it came back: %+v", well)
			}
			for _, l := range w.receivers.took {
				if said := toldBy(t, l); said.Version < said.Changes[0] || said.Projects != 10+said.Version {
					t.Errorf("%s says %+v: not the whole state of that version or a later one", l.ID, said)
				}
			}
		})
	}
}

// Ensure that one message that a receiver never takes keeps back the same user's alone.
func TestDeliver_OneRefusedMessageKeepsBackItsUser(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	w.receivers.answers(func(_ context.Context, l ports.Letter) (ports.LetterAnswer, error) {
		if toldBy(t, l).User == "bob" {
			return ports.LetterAnswer{Status: http.StatusBadRequest, Body: "who is bob?"}, nil
		}
		return ports.LetterAnswer{Status: http.StatusOK}, nil
	})
	for n := range int64(3) {
		w.gives(t, 10+n, "ann", "bob", "cid")
		w.delivers(t)
		w.clock.advance(2 * time.Hour)
	}
	if diff := cmp.Diff(map[domain.UserID][]int64{"ann": {1, 2, 3}, "cid": {1, 2, 3}}, w.receivers.versions(t, e.URL)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if at := w.endpoint(t, e.ID); at.Cursor != 1 || !slices.Equal(at.Delivered, []int64{3, 4, 6, 7, 9}) || at.Failures != 3 {
		t.Errorf("the cursor is before the message that is refused: %+v", at)
	}
	deliveries, err := w.endpoints.Deliveries(t.Context(), e.ID)
	if err != nil || len(deliveries) != 9 || !slices.ContainsFunc(deliveries, func(d ports.Delivery) bool {
		return d.Status == http.StatusBadRequest && d.Answer == "who is bob?" && d.Attempt == 3 && d.First == 2
	}) {
		t.Errorf("deliveries: %+v, %v", deliveries, err)
	}
	past := int64(2)
	if _, err := w.endpoints.Change(t.Context(), e.ID, app.EndpointChange{After: &past}); err != nil {
		t.Fatal(err)
	}
	w.receivers.answers(nil)
	w.delivers(t)
	if got := w.receivers.versions(t, e.URL)["bob"]; !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("bob's after the one that was passed over: %v, want 2 and 3", got)
	}
}

func TestDeliver_DisabledLosesNothing(t *testing.T) {
	t.Parallel()
	enable := true
	for what, c := range map[string]struct {
		answer int
		after  time.Duration
		why    string
	}{
		"a receiver that is gone":           {http.StatusGone, 0, "410"},
		"one that fails for more than days": {http.StatusInternalServerError, app.GiveUpAfter, "nothing could be delivered since"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newDeliverWorld()
			e := w.add(t, app.EndpointChange{})
			w.receivers.answers(status(c.answer))
			w.gives(t, 11, "ann")
			w.delivers(t)
			for end := w.clock.now().Add(c.after); w.endpoint(t, e.ID).Disabled == "" && !w.clock.now().After(end); w.clock.advance(time.Hour) {
				w.delivers(t)
			}
			if off := w.endpoint(t, e.ID); !strings.Contains(off.Disabled, c.why) || off.DisabledAt.IsZero() || off.Cursor != 0 {
				t.Fatalf("not disabled, or moved: %+v", off)
			}
			w.receivers.answers(nil)
			w.gives(t, 12, "ann")
			w.clock.advance(24 * time.Hour)
			w.delivers(t)
			if len(w.receivers.took) > 0 {
				t.Error("something is sent to an endpoint that is disabled")
			}
			if _, err := w.endpoints.Change(t.Context(), e.ID, app.EndpointChange{Enabled: &enable}); err != nil {
				t.Fatal(err)
			}
			w.delivers(t)
			if got := w.receivers.versions(t, e.URL)["ann"]; !slices.Equal(got, []int64{1, 2}) {
				t.Errorf("once enabled: %v, want versions 1 and 2", got)
			}
		})
	}
}

func TestDeliver_RetryAfterIsHeededWithinBounds(t *testing.T) {
	t.Parallel()
	for asked, want := range map[time.Duration]time.Duration{
		10 * time.Minute: 10 * time.Minute, 90 * 24 * time.Hour: 6 * time.Hour, time.Millisecond: time.Second,
	} {
		w := newDeliverWorld()
		e := w.add(t, app.EndpointChange{})
		w.receivers.answers(func(context.Context, ports.Letter) (ports.LetterAnswer, error) {
			return ports.LetterAnswer{Status: http.StatusTooManyRequests, RetryAfter: asked}, nil
		})
		w.gives(t, 11, "ann")
		w.delivers(t)
		if got := w.endpoint(t, e.ID).NextAttempt.Sub(w.clock.now()); got != want {
			t.Errorf("asked for %s, the next attempt is in %s, want %s", asked, got, want)
		}
		w.delivers(t)
		if len(w.receivers.sent) != 1 {
			t.Error("it is sent before that")
		}
	}
}

// keepless is a store that loses what was delivered, as one whose program was killed.
type keepless struct {
	ports.Store
	mu   sync.Mutex
	lose bool
}

func (s *keepless) ChangeEndpoint(ctx context.Context, id ports.EndpointID, fn func(*ports.Endpoint) ([]ports.Delivery, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lose {
		return ports.ErrUnavailable
	}
	return s.Store.ChangeEndpoint(ctx, id, fn)
}

func TestDeliver_WhatWasSentAndNotKeptIsSentAgainByTheSameID(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	w.gives(t, 11, "ann", "bob")
	store := &keepless{Store: w.store, lose: true}
	killed := w.process(store)
	if err := killed.Once(t.Context(), func(error) {}); err != nil {
		t.Fatal(err)
	}
	w.gives(t, 12, "ann", "bob") // the feed has grown meanwhile
	w.delivers(t)
	if len(w.receivers.sent) != 2 {
		t.Fatalf("%d attempts, want 2: the lease of who was killed still holds", len(w.receivers.sent))
	}
	w.clock.advance(time.Minute)
	w.delivers(t)
	var ids []string
	for _, l := range w.receivers.sent {
		ids = append(ids, l.ID)
	}
	first, again := ids[:2], ids[2:]
	slices.Sort(first)
	slices.Sort(again)
	if len(again) != 4 || !slices.Equal(first, again[:2]) {
		t.Errorf("sent as %v, and again as %v", first, again)
	}
	if at := w.endpoint(t, e.ID); at.Cursor != 4 {
		t.Errorf("the cursor is %d, want 4", at.Cursor)
	}
}

// Ensure that a change of an endpoint that is being delivered to sends nothing twice: not while
// the turn is under way, and not after it.
func TestDeliver_AChangeWhileItIsDeliveredToSendsNothingTwice(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	want := map[domain.UserID][]int64{}
	for n := range int64(5) {
		w.gives(t, 11+n, "ann", "bob")
		want["ann"], want["bob"] = append(want["ann"], n+1), append(want["bob"], n+1)
	}
	other, all := w.process(w.store), []domain.FeatureKey{}
	var changed atomic.Bool
	w.receivers.answers(func(ctx context.Context, _ ports.Letter) (ports.LetterAnswer, error) {
		if changed.CompareAndSwap(false, true) {
			if _, err := w.endpoints.Change(ctx, e.ID, app.EndpointChange{Features: &all}); err != nil {
				t.Error(err)
			}
			if err := other.Once(ctx, func(err error) { t.Error(err) }); err != nil {
				t.Error(err)
			}
		}
		return ports.LetterAnswer{Status: http.StatusOK}, nil
	})
	w.delivers(t)
	w.delivers(t)
	if diff := cmp.Diff(want, w.receivers.versions(t, e.URL)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if at := w.endpoint(t, e.ID); at.Cursor != 10 || len(at.Delivered) > 0 || !at.LeasedUntil.IsZero() {
		t.Errorf("in the end: %+v", at)
	}
}

// Ensure that of a user to whom a message could not be delivered nothing later is sent, though
// it was read already.
func TestDeliver_NothingIsSentBeyondASliceThatFailed(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	var users []domain.UserID
	for u := range 60 {
		users = append(users, domain.UserID(fmt.Sprintf("user_%02d", u)))
	}
	for n := range int64(5) { // 300 lines, of which a slice has 200
		w.gives(t, 11+n, users...)
	}
	first, bob := users[0], users[1]
	w.receivers.answers(func(_ context.Context, l ports.Letter) (ports.LetterAnswer, error) {
		if said := toldBy(t, l); said.User == bob && said.Changes[0] == 2 {
			return ports.LetterAnswer{Status: http.StatusBadRequest}, nil
		}
		return ports.LetterAnswer{Status: http.StatusOK}, nil
	})
	w.delivers(t)
	told := w.receivers.versions(t, e.URL)
	if !slices.Equal(told[bob], []int64{1}) || !slices.Equal(told[first], []int64{1, 2, 3, 4}) {
		t.Errorf("told of %v and %v, want what is before the message that was refused, and all of the slice", told[bob], told[first])
	}
	w.receivers.answers(nil)
	w.clock.advance(time.Hour)
	w.delivers(t)
	for user, got := range w.receivers.versions(t, e.URL) {
		if !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
			t.Errorf("in the end %s was told of %v", user, got)
		}
	}
}

// forgetful forgets a user before it says for the first time how users stand.
type forgetful struct {
	ports.Store
	forget func()
}

func (s *forgetful) States(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.State, error) {
	if s.forget != nil {
		s.forget()
		s.forget = nil
	}
	return s.Store.States(ctx, users)
}

// Ensure that no message names a user who was forgotten before it was read how the user stands,
// nor says that a user has lost everything who was.
func TestDeliver_WhoIsForgottenMeanwhileIsNotNamed(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	w.gives(t, 11, "ann", "bob")
	store := &forgetful{Store: w.store, forget: func() {
		if err := w.store.Forget(t.Context(), "ann", "forgotten:1"); err != nil {
			t.Error(err)
		}
	}}
	w.deliver = w.process(store)
	w.delivers(t)
	if diff := cmp.Diff(map[domain.UserID][]int64{"forgotten:1": {1}, "bob": {1}}, w.receivers.versions(t, e.URL)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, l := range w.receivers.took {
		if said := toldBy(t, l); said.Version != 1 || said.Projects != 11 {
			t.Errorf("%s says %+v", l.ID, said)
		}
	}
}

// Ensure that a process that has nothing to do looks seldom, and in time where it knows that
// something is to be tried again.
func TestDeliver_LooksWhenSomethingIsDue(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	w.receivers.answers(status(http.StatusInternalServerError))
	e := w.add(t, app.EndpointChange{})
	waits := func() time.Duration {
		ctx, cancel := context.WithCancel(t.Context())
		var waits []time.Duration
		w.deliver = app.NewDeliver(w.store, catalog, w.receivers, writeTold, w.clock.now, func(d time.Duration) <-chan time.Time {
			if waits = append(waits, d); d >= time.Second {
				cancel()
			}
			fired := make(chan time.Time, 1)
			fired <- w.clock.now()
			return fired
		}, memory.NewMeter())
		w.delivers(t)
		w.deliver.Run(ctx, func(err error) { t.Error(err) })
		return slices.Max(waits)
	}
	if wait := waits(); wait < 5*time.Second {
		t.Errorf("with nothing to do it looks again after %s", wait)
	}
	w.gives(t, 11, "ann")
	if wait := waits(); !w.clock.now().Add(wait).Equal(w.endpoint(t, e.ID).NextAttempt) {
		t.Errorf("it looks again after %s, want when the next attempt is due: %s", wait, w.endpoint(t, e.ID).NextAttempt.Sub(w.clock.now()))
	}
}

// Ensure that a receiver that does nothing twice by one id misses nothing after a backup was
// restored: other changes have the positions then that were lost.
func TestDeliver_AnIDMeansNothingElseAfterARestore(t *testing.T) {
	t.Parallel()
	lost, restored := newDeliverWorld(), newDeliverWorld() // of one backup, in which the endpoint is
	for _, w := range []*deliverWorld{lost, restored} {
		w.add(t, app.EndpointChange{})
	}
	lost.gives(t, 11, "ann")
	lost.delivers(t)
	restored.clock.advance(time.Hour)
	restored.gives(t, 12, "bob")
	restored.delivers(t)
	if before, after := lost.receivers.took[0], restored.receivers.took[0]; before.ID == after.ID {
		t.Errorf("%s is of %s, and of %s", before.ID, before.Body, after.Body)
	}
}

// Ensure that a replay is heard, though the endpoint of the configuration always has one name.
func TestDeliver_AnEndpointMadeAgainHasIDsOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	w.gives(t, 11, "ann")
	zero := int64(0)
	for range 2 {
		if err := w.endpoints.Configure(t.Context(), "https://a", "whsec_1"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.endpoints.Change(t.Context(), app.ConfiguredEndpoint, app.EndpointChange{After: &zero}); err != nil {
			t.Fatal(err)
		}
		w.delivers(t)
		if err := w.endpoints.Delete(t.Context(), app.ConfiguredEndpoint); err != nil {
			t.Fatal(err)
		}
		w.clock.advance(time.Hour)
	}
	if took := w.receivers.took; len(took) != 2 || took[0].ID == took[1].ID {
		t.Errorf("replayed to each: %d messages, want 2 of other ids", len(took))
	}
}

func TestDeliver_OneProcessDeliversToAnEndpoint(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	want := map[domain.UserID][]int64{}
	for n := range int64(12) {
		var users []domain.UserID
		for u := range 50 {
			user := domain.UserID(fmt.Sprintf("user_%02d", u))
			users, want[user] = append(users, user), append(want[user], n+1)
		}
		w.gives(t, 10+n, users...)
	}
	var processes sync.WaitGroup
	for range 4 {
		other := w.process(w.store)
		processes.Go(func() {
			for range 5 {
				if err := other.Once(t.Context(), func(err error) { t.Error(err) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	processes.Wait()
	if diff := cmp.Diff(want, w.receivers.versions(t, e.URL)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if at := w.endpoint(t, e.ID); at.Cursor != 600 || !at.LeasedUntil.IsZero() {
		t.Errorf("in the end: %+v", at)
	}
}

func TestDeliver_OneThatHangsSlowsNoOther(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	const many = 1000
	hanging := "https://hanging.example.com"
	for n := range many - 1 {
		url := fmt.Sprintf("https://hooks.example.com/%d", n)
		w.add(t, app.EndpointChange{URL: &url})
	}
	w.add(t, app.EndpointChange{URL: &hanging})
	w.gives(t, 11, "ann")
	var taken sync.WaitGroup
	taken.Add(many - 1)
	w.receivers.answers(func(ctx context.Context, l ports.Letter) (ports.LetterAnswer, error) {
		if l.URL == hanging {
			<-ctx.Done()
			return ports.LetterAnswer{}, ctx.Err()
		}
		taken.Done()
		return ports.LetterAnswer{Status: http.StatusOK}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	soon := func(time.Duration) <-chan time.Time { return time.After(time.Millisecond) } // time stands still, and so no lease is over
	deliver := app.NewDeliver(w.store, catalog, w.receivers, writeTold, w.clock.now, soon, memory.NewMeter())
	running.Go(func() { deliver.Run(ctx, func(err error) { t.Error(err) }) })
	taken.Wait() // while one hangs
	cancel()
	running.Wait()
	all, err := w.endpoints.List(t.Context())
	if err != nil || len(all) != many {
		t.Fatal(len(all), err)
	}
	for _, e := range all {
		if e.Failures != 0 || (e.Cursor == 1) == (e.URL == hanging) {
			t.Errorf("%s: cursor %d, %d failures; who was cut off has not failed", e.URL, e.Cursor, e.Failures)
		}
	}
}

func TestDeliver_EndpointsChooseWhatTheyHear(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	seats, projects, hand, event := []domain.FeatureKey{"seats"}, []domain.FeatureKey{"projects", "seats"}, []domain.Cause{domain.CauseByHand}, []domain.Cause{ports.CauseEvent}
	for url, c := range map[string]app.EndpointChange{
		"https://all": {}, "https://seats": {Features: &seats}, "https://projects": {Features: &projects, Causes: &hand}, "https://events": {Causes: &event},
	} {
		c.URL = &url
		w.add(t, c)
	}
	w.gives(t, 11, "ann")
	w.delivers(t)
	var got []string
	for _, l := range w.receivers.took {
		got = append(got, l.URL)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"https://all", "https://projects"}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	all, err := w.endpoints.List(t.Context())
	for _, e := range all {
		if e.Cursor != 1 || err != nil {
			t.Errorf("the cursor of %s is %d, %v: also where nothing is to be told it moves on", e.URL, e.Cursor, err)
		}
	}
}

// Ensure that who hears that an end is near hears, too, that it is not meant any more.
func TestDeliver_WhoHearsAnnouncementsHearsThemWithdrawn(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newDeliverWorld()
	w.leads = []time.Duration{day}
	for _, cause := range []domain.Cause{domain.CauseTime, domain.CauseByHand, domain.CauseCatalog} {
		url := "https://" + string(cause)
		w.add(t, app.EndpointChange{URL: &url, Causes: &[]domain.Cause{cause}})
	}
	w.give(t, "ann", 11, time.Time{}, w.clock.now().Add(2*day))
	w.gives(t, 11, "bob")
	w.clock.advance(day)
	w.gives(t, 12, "bob") // ann's end is announced
	w.give(t, "ann", 11, time.Time{}, w.clock.now().Add(9*day))
	w.gives(t, 13, "bob")
	w.delivers(t)
	for url, want := range map[string][]int64{"https://time": {1, 2}, "https://by_hand": {1, 2, 2}, "https://catalog": nil} {
		if got := w.receivers.versions(t, url)["ann"]; !slices.Equal(got, want) {
			t.Errorf("%s was told of ann's versions %v, want %v", url, got, want)
		}
	}
}

func TestEndpoints_AreReplayedRotatedAndTested(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	w.gives(t, 11, "ann")
	e := w.add(t, app.EndpointChange{})
	w.delivers(t)
	if len(w.receivers.sent) > 0 {
		t.Fatal("a new endpoint is told what was before it")
	}
	zero := int64(0)
	for range 2 {
		if _, err := w.endpoints.Change(t.Context(), e.ID, app.EndpointChange{After: &zero}); err != nil {
			t.Fatal(err)
		}
		w.delivers(t)
	}
	if len(w.receivers.took) != 2 || w.receivers.took[0].ID == w.receivers.took[1].ID {
		t.Errorf("replayed twice: %d messages, of other ids", len(w.receivers.took))
	}
	other := "whsec_other"
	for range 2 { // asked twice, the one before stays
		if _, err := w.endpoints.Rotate(t.Context(), e.ID, &other); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range [][]string{{other, "whsec_made"}, {other}} {
		delivery, err := w.endpoints.Test(t.Context(), e.ID)
		if err != nil || delivery.Status != http.StatusOK || delivery.First != 0 {
			t.Fatalf("Test: %+v, %v", delivery, err)
		}
		if got := w.receivers.took[len(w.receivers.took)-1].Secrets; !slices.Equal(got, want) {
			t.Errorf("signed by %v, want %v", got, want)
		}
		w.clock.advance(app.FormerSecretTime)
	}
	w.receivers.answers(status(http.StatusInternalServerError))
	delivery, err := w.endpoints.Test(t.Context(), e.ID)
	if err != nil || delivery.Error == "" || w.endpoint(t, e.ID).Failures != 0 {
		t.Errorf("a test that fails: %+v, %v; nothing follows from it", delivery, err)
	}
	deliveries, err := w.endpoints.Deliveries(t.Context(), e.ID)
	if err != nil || len(deliveries) != 5 || deliveries[0].Error == "" {
		t.Errorf("deliveries: %+v, %v", deliveries, err)
	}
}

// Ensure that the admin log, which is kept for good, has no password of an address, not even of
// one that is refused, and no token of its query.
func TestEndpointChange_AboutHasNoSecrets(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://eve:hidden@hooks.example.com/a?token=hidden#hidden": "url=https://hooks.example.com/a",
		"https://hooks.example.com:8443/a":                           "url=https://hooks.example.com:8443/a",
		"https://eve:hidden@hooks.example.com:port/":                 "url=(no address)",
		"eve:hidden@hooks.example.com":                               "url=(no address)",
	} {
		if got := (app.EndpointChange{URL: &url}).About(); got != want {
			t.Errorf("about %s: %q, want %q", url, got, want)
		}
	}
}

func TestEndpoints_SayWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	w.gives(t, 11, "ann")
	url, plain, long, ahead, behind := "https://a", "http://a", "https://"+strings.Repeat("a", 2000), int64(2), int64(-1)
	misspelled, unknown, short := []domain.FeatureKey{"sseats"}, []domain.Cause{"x"}, "x"
	for what, c := range map[string]struct {
		wish app.EndpointChange
		want error
	}{
		"no address":           {app.EndpointChange{}, app.ErrBadRequest},
		"a refused address":    {app.EndpointChange{URL: &plain}, ports.ErrAddressRefused},
		"a long address":       {app.EndpointChange{URL: &long}, app.ErrBadRequest},
		"an unknown feature":   {app.EndpointChange{URL: &url, Features: &misspelled}, app.ErrUnknownFeature},
		"an unknown cause":     {app.EndpointChange{URL: &url, Causes: &unknown}, app.ErrBadRequest},
		"beyond the feed":      {app.EndpointChange{URL: &url, After: &ahead}, app.ErrBadRequest},
		"before the feed":      {app.EndpointChange{URL: &url, After: &behind}, app.ErrBadRequest},
		"a secret of no shape": {app.EndpointChange{URL: &url, Secret: &short}, app.ErrBadRequest},
	} {
		if _, err := w.endpoints.Add(t.Context(), c.wish); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	for what, call := range map[string]func() error{
		"Change":     func() error { _, err := w.endpoints.Change(t.Context(), "ep_x", app.EndpointChange{}); return err },
		"Rotate":     func() error { _, err := w.endpoints.Rotate(t.Context(), "ep_x", nil); return err },
		"Show":       func() error { _, err := w.endpoints.Show(t.Context(), "ep_x"); return err },
		"Delete":     func() error { return w.endpoints.Delete(t.Context(), "ep_x") },
		"Test":       func() error { _, err := w.endpoints.Test(t.Context(), "ep_x"); return err },
		"Deliveries": func() error { _, err := w.endpoints.Deliveries(t.Context(), "ep_x"); return err },
	} {
		if err := call(); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%s of none: %v, want ErrNotFound", what, err)
		}
	}
}

func TestDeliver_ACursorThatTheFeedDoesNotHaveIsSaid(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	err := w.store.ChangeEndpoint(t.Context(), e.ID, func(e *ports.Endpoint) ([]ports.Delivery, error) { e.Cursor = 9; return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	w.gives(t, 11, "ann")
	w.delivers(t)
	if off := w.endpoint(t, e.ID); !strings.Contains(off.Disabled, "its cursor is 9 and the feed ends at 1") || len(w.receivers.sent) > 0 {
		t.Errorf("disabled: %q, %d sent", off.Disabled, len(w.receivers.sent))
	}
}

func TestEndpoints_TheConfigurationsFollowsIt(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	configure := func(url, secret string) ports.Endpoint {
		t.Helper()
		if err := w.endpoints.Configure(t.Context(), url, secret); err != nil {
			t.Fatal(err)
		}
		return w.endpoint(t, app.ConfiguredEndpoint)
	}
	if err := w.endpoints.Configure(t.Context(), "", ""); err != nil {
		t.Fatal(err)
	}
	first := configure("https://a", "whsec_1")
	if again := configure("https://a", "whsec_1"); !cmp.Equal(first, again) {
		t.Errorf("a second start changes it: %s", cmp.Diff(first, again))
	}
	if e := configure("https://b", "whsec_2"); e.URL != "https://b" || e.Secret != "whsec_2" || e.FormerSecret != "whsec_1" {
		t.Errorf("changed: %+v", e)
	}
	w.gives(t, 11, "ann")
	if e := configure("", ""); e.Disabled == "" || e.Cursor != 0 {
		t.Errorf("not named any more: %+v", e)
	}
	w.delivers(t)
	if e := configure("https://b", "whsec_2"); e.Disabled != "" {
		t.Errorf("named again: %+v", e)
	}
	w.delivers(t)
	if got := w.receivers.versions(t, "https://b")["ann"]; !slices.Equal(got, []int64{1}) {
		t.Errorf("what it has missed: %v, want version 1", got)
	}
	off := false
	if _, err := w.endpoints.Change(t.Context(), app.ConfiguredEndpoint, app.EndpointChange{Enabled: &off}); err != nil {
		t.Fatal(err)
	}
	if e := configure("https://b", "whsec_2"); e.Disabled == "" {
		t.Error("what an operator has disabled is enabled by a start")
	}
	if err := w.endpoints.Configure(t.Context(), "http://c", "whsec_2"); !errors.Is(err, ports.ErrAddressRefused) {
		t.Errorf("a refused address: %v", err)
	}
}
