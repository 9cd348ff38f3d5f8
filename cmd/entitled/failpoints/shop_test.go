package failpoints

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	day         = 24 * time.Hour
	failingCard = "4000000000000341" // which can be kept, and fails whenever it is charged
)

// frailShop is a service whose calls fail, and that is started anew when it dies. What it
// kept, and Stripe, live on.
type frailShop struct {
	box     *sandbox.Sandbox
	client  *http.Client // of the box
	gateway *stripe.Gateway
	sold    domain.Catalog
	on      frailStore
	users   []domain.UserID
	random  *rand.Rand // nil: nothing fails
	ids     atomic.Int64

	process
	points *failpoints   // of the process
	closes func()        // its store
	pause  time.Duration // until the next one, after one has died: its leases are over

	delivered int             // of the box's events
	held      []sandbox.Event // that are late
	customers map[domain.UserID]string
	refunds   map[domain.UserID]string         // the last one
	grants    map[domain.UserID]domain.GrantID // the last one
	said      []string                         // what became of what was done at Stripe

	calls, failed, deaths, dropped, twice, late, flipped int
}

// process is one of the service.
type process struct {
	fulfill   *app.Fulfill
	checkout  *app.StartCheckout
	webhook   *app.ReceiveWebhook
	reconcile *app.Reconcile
	tell      *app.TellChanges
	change    *app.ChangeSubscription
	portal    *app.OpenPortal
	grant     *app.ManualGrants
	data      *app.UserData
}

func newFrailShop(t *testing.T, sells string, on frailStore, random *rand.Rand) *frailShop {
	t.Helper()
	const base = "http://127.0.0.1:1" // nobody listens
	s := &frailShop{
		on: on, users: frailUsers, random: random, pause: 3 * time.Minute,
		customers: map[domain.UserID]string{}, refunds: map[domain.UserID]string{}, grants: map[domain.UserID]domain.GrantID{},
	}
	s.box = sandbox.New(sandbox.WithBaseURL(base))
	t.Cleanup(func() { _ = s.box.Close() })
	programtest.Stock(t, s.box)
	programtest.StockTeams(t, s.box)
	s.client = &http.Client{Transport: programtest.InProcess{Handler: s.box}}
	s.sold = programtest.ParseCatalog(t, sells)
	var err error
	s.gateway, err = stripe.New(stripe.Config{
		SecretKey: programtest.StripeKey, WebhookSecrets: []string{programtest.WebhookSecret}, APIBase: base, HTTPClient: s.client,
		Clock: s.box.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.looks(t, func() error { _, err := app.NewDeployment(on.behind, s.newID).ID(t.Context()); return err })
	return s
}

func (s *frailShop) newID() string { return fmt.Sprintf("%032x", s.ids.Add(1)) }

// soon is a timer for whom nobody has to wait.
func soon(time.Duration) <-chan time.Time { return time.After(time.Millisecond) }

// starts begins a process whose calls fail as is said.
func (s *frailShop) starts(t *testing.T, fails map[int]failure) {
	t.Helper()
	if s.random != nil {
		fails = s.failsLater(fails)
		if s.on.cutter != nil {
			s.on.cutter.Cut(1+s.random.IntN(1500), s.random.IntN(2) == 0)
		}
	}
	s.points = &failpoints{fails: fails}
	kept, closes := s.on.open(t)
	s.closes = closes
	s.process = s.newProcess(t, &failingStore{kept, s.points}, &failingGateway{s.gateway, s.points})
}

func (s *frailShop) newProcess(t *testing.T, store ports.Store, gateway ports.Gateway) process {
	t.Helper()
	urls, err := app.NewReturnURLs("https://app.example/done", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings, meter := app.Settings{URLs: urls}, memory.NewMeter()
	fulfill := app.NewFulfill(store, gateway, s.sold, settings, s.box.Now, soon, meter)
	prices := app.NewPrices(gateway, s.sold, s.box.Now)
	portal := app.NewOpenPortal(store, gateway, s.sold, prices, fulfill, settings, s.newID)
	return process{
		fulfill:   fulfill,
		checkout:  app.NewStartCheckout(store, gateway, s.sold, prices, fulfill, settings, s.box.Now, s.newID),
		change:    app.NewChangeSubscription(portal, fulfill, s.box.Now, s.newID),
		portal:    portal,
		grant:     app.NewManualGrants(store, s.sold, s.box.Now, s.newID),
		data:      app.NewUserData(store, s.newID),
		webhook:   app.NewReceiveWebhook(gateway, fulfill),
		reconcile: app.NewReconcile(store, gateway, s.sold, settings, fulfill, app.NewSyncUser(store, gateway, fulfill), s.box.Now, soon, meter),
		tell:      app.NewTellChanges(store, s.sold, s.box.Now, soon),
	}
}

// ends is the end of the process: what is under way ends, too.
func (s *frailShop) ends() {
	s.fulfill.Close()
	s.calls += s.points.calls
	s.closes()
}

// until does something until it succeeds, as who is answered with an error does. A process
// that has died is started anew.
func (s *frailShop) until(t *testing.T, what string, do func() error) {
	t.Helper()
	const tries = 20
	for try := 1; ; try++ {
		err := do()
		if s.points.isDead() {
			s.deaths++
			s.ends()
			s.awaitStore(t)
			s.starts(t, nil)
			s.passes(t, s.pause)
			continue
		}
		if err == nil {
			return
		}
		s.failed++
		if try == tries {
			t.Fatalf("%s, %d times, after %s: %v", what, try, s.points.where, err)
		}
		if errors.Is(err, ports.ErrUnavailable) {
			s.awaitStore(t)
		}
		s.passes(t, time.Minute) // until what just failed is tried again
	}
}

// awaitStore waits for a database that is starting.
func (s *frailShop) awaitStore(t *testing.T) {
	t.Helper()
	begun := time.Now()
	for err := s.on.behind.Ready(t.Context()); err != nil; err = s.on.behind.Ready(t.Context()) {
		if time.Since(begun) > time.Minute {
			t.Fatalf("the database does not come back: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// looks reads what is kept, again if the database has just gone.
func (s *frailShop) looks(t *testing.T, do func() error) {
	t.Helper()
	err := do()
	for begun := time.Now(); errors.Is(err, ports.ErrUnavailable) && time.Since(begun) < 2*time.Minute; {
		s.awaitStore(t)
		err = do()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// arrives delivers what has happened, and what is late.
func (s *frailShop) arrives(t *testing.T) {
	t.Helper()
	sent := s.box.EventsFrom(s.delivered)
	s.delivered += len(sent)
	if s.random != nil {
		now, later := shuffled(s, sent)
		sent, s.held = slices.Concat(now, s.held), later
	}
	s.receives(t, sent)
	s.until(t, "tell", func() error { _, err := s.tell.Once(t.Context()); return err })
}

func (s *frailShop) receives(t *testing.T, events []sandbox.Event) {
	t.Helper()
	for _, e := range events {
		s.until(t, "deliver "+e.Type, func() error { return s.receive(t, s.box.Now(), e) })
	}
}

// receive takes one webhook.
func (p *process) receive(t *testing.T, now time.Time, e sandbox.Event) error {
	t.Helper()
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: programtest.WebhookSecret, Timestamp: now})
	event, err := p.webhook.Read(e.Body, signed.Header)
	if err == nil {
		_, err = p.webhook.Do(t.Context(), event)
	}
	return err
}

// passes lets time pass at Stripe.
func (s *frailShop) passes(t *testing.T, d time.Duration) {
	t.Helper()
	if err := s.box.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// reconciles runs to its end.
func (s *frailShop) reconciles(t *testing.T) {
	t.Helper()
	s.until(t, "reconcile", func() error {
		_, err := s.reconcile.Do(t.Context(), app.ReconcileQuery{})
		if errors.Is(err, app.ErrReconciling) {
			s.passes(t, 3*time.Minute)
		}
		return err
	})
}

// post asks the box for a change, as somebody at the dashboard does.
func (s *frailShop) post(t *testing.T, method, path string, form url.Values) error {
	t.Helper()
	_, err := programtest.TryStripe(t.Context(), s.client, programtest.StripeKey, method, "http://127.0.0.1:1"+path, form)
	return err
}

// holds is what the users may do, now and later, and what became of what was done.
func (s *frailShop) holds(t *testing.T) map[string]string {
	t.Helper()
	held := map[string]string{"done": strings.Join(s.said, ", ")}
	var forgotten []string // who was whom is not known
	for user, all := range s.rights(t) {
		var then []string
		for _, in := range []time.Duration{0, 20 * day, 35 * day, 400 * day} {
			var rights []string
			for _, r := range domain.Rights(all, s.sold, s.box.Now().Add(in)) {
				rights = append(rights, fmt.Sprintf("%s=%d grace=%t renews=%t", r.Feature, r.Value.Limit, r.InGrace, r.Renews))
			}
			then = append(then, fmt.Sprintf("in %s: %s", in, strings.Join(rights, ", ")))
		}
		if user.Forgotten() {
			forgotten = append(forgotten, strings.Join(then, "; "))
		} else {
			held[string(user)] = strings.Join(then, "; ")
		}
	}
	slices.Sort(forgotten)
	held["forgotten"] = strings.Join(forgotten, " | ")
	return held
}

func (s *frailShop) rights(t *testing.T) map[domain.UserID][]domain.Entitlement {
	t.Helper()
	held := map[domain.UserID][]domain.Entitlement{}
	s.looks(t, func() error {
		known, err := s.on.behind.Users(t.Context(), "", 1000)
		if err != nil {
			return err
		}
		users := slices.Clone(s.users)
		for _, user := range known {
			if user.Forgotten() {
				users = append(users, user)
			}
		}
		kept, err := s.on.behind.Entitlements(t.Context(), users)
		for user, r := range kept {
			held[user] = r.Entitlements
		}
		return err
	})
	return held
}

// differences are what verifying finds, by user: of one, or of all.
func (s *frailShop) differences(t *testing.T, of app.VerifyQuery) map[domain.UserID][]domain.Difference {
	t.Helper()
	var found map[domain.UserID][]domain.Difference
	s.looks(t, func() error {
		found = map[domain.UserID][]domain.Difference{}
		return s.verify(t, of, found)
	})
	return found
}

func (s *frailShop) verify(t *testing.T, of app.VerifyQuery, found map[domain.UserID][]domain.Difference) error {
	t.Helper()
	verify := app.NewVerify(s.on.behind, s.gateway, s.sold, app.Settings{}, s.box.Now, soon, memory.NewMeter())
	return verify.Do(t.Context(), of, func(of app.UserVerified) error {
		if len(of.Differences) > 0 {
			found[of.User] = of.Differences
		}
		return nil
	})
}

// verified finds no difference.
func (s *frailShop) verified(t *testing.T) {
	t.Helper()
	for user, all := range s.differences(t, app.VerifyQuery{Bodies: true}) {
		for _, d := range all {
			t.Errorf("user %s: %s", user, d)
		}
	}
}

// told holds the feed against what is kept: its positions have no gap, each line goes on from
// the one before about the same right, versions only grow, and the last line about a right is
// what holds.
func (s *frailShop) told(t *testing.T) {
	t.Helper()
	var page ports.FeedPage
	s.looks(t, func() (err error) {
		page, err = s.on.behind.Feed(t.Context(), ports.FeedQuery{Limit: 1000})
		return err
	})
	type feature struct {
		user domain.UserID
		key  domain.FeatureKey
	}
	versions, values := map[domain.UserID]int64{}, map[feature]int64{}
	value := func(r *domain.Right) int64 {
		if r == nil {
			return -1
		}
		return r.Value.Limit
	}
	for n, c := range page.Changes {
		of := feature{c.User, c.Feature}
		before, known := values[of]
		if !known {
			before = -1
		}
		if c.Kind != domain.RightChanged {
			continue
		}
		if c.Position != int64(n)+1 || c.Version < versions[c.User] || value(c.Before) != before {
			t.Errorf("line %d of the feed: position %d, version %d after %d, %s of %s was %d and is said to have been %d",
				n+1, c.Position, c.Version, versions[c.User], c.Feature, c.User, before, value(c.Before))
		}
		versions[c.User], values[of] = c.Version, value(c.After)
	}
	held := map[feature]int64{}
	for user, all := range s.rights(t) {
		for _, r := range domain.Rights(all, s.sold, s.box.Now()) {
			held[feature{user, r.Feature}] = r.Value.Limit
		}
	}
	for of, last := range values {
		is, has := held[of]
		if delete(held, of); has != (last != -1) || has && is != last {
			t.Errorf("%s of %s: the feed says %d, and it is %d (held: %t)", of.key, of.user, last, is, has)
		}
	}
	for of := range held {
		t.Errorf("%s of %s: held, and the feed never said so", of.key, of.user)
	}
}

// flips has somebody change a row by hand, which verifying finds and names.
func (s *frailShop) flips(t *testing.T) {
	t.Helper()
	for user, all := range s.rights(t) {
		if len(all) == 0 {
			continue
		}
		var flipped domain.Entitlement
		s.looks(t, func() error {
			return s.on.behind.Update(t.Context(), ports.Touch{Users: []domain.UserID{user}}, func(f ports.Found) (ports.Kept, error) {
				state := f.States[user]
				state.Entitlements = slices.Clone(state.Entitlements)
				n := s.random.IntN(len(state.Entitlements))
				state.Entitlements[n].Since = all[0].Since.Add(-time.Hour)
				flipped = state.Entitlements[n]
				return ports.Kept{States: []ports.State{state}}, nil
			})
		})
		found := s.differences(t, app.VerifyQuery{User: user})
		named := slices.ContainsFunc(found[user], func(d domain.Difference) bool {
			return strings.Contains(d.String(), string(flipped.Feature)) && strings.Contains(d.String(), flipped.Source.ID)
		})
		if len(found) != 1 || !named {
			t.Errorf("%s of %s of %s is flipped, and is found as %v", flipped.Feature, flipped.Source.ID, user, found)
		}
		s.flipped++
		return
	}
}
