package app_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/adapters/stripe/stripetest"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
	"github.com/entitled-dev/entitled/ports"
)

// True histories of two users, written in any API version, delivered in any order,
// several at once, as often as anybody likes, read by the real readers and kept in
// each store: both users end with the truth, and their changes lead there.
func TestConvergence_OfTrueHistoriesOnEachStore(t *testing.T) {
	t.Parallel()
	stores := checksByStore(t)
	for name, open := range map[string]func(*testing.T) ports.Store{
		"memory":   func(*testing.T) ports.Store { return memory.NewStore() },
		"sqlite":   func(t *testing.T) ports.Store { return database(t, sqlitetest.URL(t)) },
		"postgres": func(t *testing.T) ports.Store { return database(t, pgtest.URL(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range stores {
				t.Run(fmt.Sprint("store ", n), func(t *testing.T) {
					w := newDelivery(t, open(t))
					for batch := range 2 {
						t.Run(fmt.Sprint("batch ", batch), func(t *testing.T) {
							t.Parallel()
							rapid.Check(t, w.converges)
						})
					}
				})
			}
		})
	}
}

// checksByStore shares the checks of a batch, as many as -rapid.checks says, out among
// stores: what is due of all users before is asked for first, so that each check on a
// store takes longer than the one before. (To reproduce a failure, give the same
// -rapid.checks as well.)
func checksByStore(t *testing.T) (stores int) {
	t.Helper()
	const most = 25
	checks := flag.Lookup("rapid.checks")
	given := checks.Value.String()
	total, err := strconv.Atoi(given)
	if err != nil {
		t.Fatal(err)
	}
	stores = max(1, (total+most-1)/most)
	set := func(n string) {
		if err := checks.Value.Set(n); err != nil {
			t.Error(err)
		}
	}
	set(strconv.Itoa((total + stores - 1) / stores))
	t.Cleanup(func() { set(given) })
	return stores
}

func database(t *testing.T, url string) ports.Store {
	t.Helper()
	s, err := bunstore.Open(t.Context(), url, bunstore.WithMigration())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// delivery is a service on one store, and the Stripe that its histories are told by.
type delivery struct {
	store   ports.Store
	stripe  *toldStripe
	fulfill *app.Fulfill
	tell    *app.TellChanges
	verify  *app.Verify
	users   atomic.Int64
	events  atomic.Int64

	bodies, unproven atomic.Int64 // that were verified, and fields that no body tells of
}

func newDelivery(t *testing.T, store ports.Store) *delivery {
	t.Helper()
	reader, err := stripe.New(stripe.Config{
		SecretKey: "sk_test_nobody", WebhookSecrets: []string{"whsec_nobody"},
		Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &delivery{stripe: &toldStripe{Gateway: reader, told: map[string]*telling{}}}
	// Ten minutes: what Stripe did not answer is asked again, later and later.
	d.store = &drained{Store: store, then: func() { d.events.Add(600) }}
	// As soon as an invoice has ended, it need not be found again.
	closing := domain.Closing{Latest: 1, For: time.Nanosecond, Least: 1}
	soon := func(d time.Duration) <-chan time.Time { return time.After(min(d, 20*time.Millisecond)) }
	// A clock that runs so fast that what has to wait is due again at once.
	clock := func() time.Time {
		return domaintest.Noon.Add(5000*domaintest.Day + time.Duration(d.events.Load())*time.Second)
	}
	d.fulfill = app.NewFulfill(d.store, d.stripe, domaintest.Shop, app.Settings{Closing: closing}, clock, soon, memory.NewMeter())
	d.tell = app.NewTellChanges(d.store, domaintest.Shop, clock, soon)
	d.verify = app.NewVerify(d.store, d.stripe, domaintest.Shop, app.Settings{}, clock, soon, memory.NewMeter())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		d.fulfill.AskOn(ctx, func(err error) {
			if !errors.Is(err, ports.ErrGatewayBusy) { // as Stripe is now and then
				t.Error(err)
			}
		})
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		d.fulfill.Close()
		t.Logf("%d bodies verified, and %d fields that none of them tells of", d.bodies.Load(), d.unproven.Load())
	})
	return d
}

// drained does something whenever no question is due any more: did the clock go on before
// that, questions of users before would be due again faster than they can be asked.
type drained struct {
	ports.Store
	then func()
}

func (s *drained) TakeQuestions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]ports.Question, error) {
	taken, err := s.Store.TakeQuestions(ctx, now, lease, limit)
	if err == nil && len(taken) < limit {
		s.then()
	}
	return taken, err
}

// telling is a history while it is delivered.
type telling struct {
	domaintest.History
	mu     sync.Mutex
	latest time.Time // of what was delivered: Stripe is at least as far
	down   bool      // Stripe cannot be asked
}

// now is the time at Stripe, or an error while it cannot be asked.
func (h *telling) now() (time.Time, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return time.Time{}, ports.ErrGatewayBusy
	}
	return h.latest.Add(time.Second), nil
}

// toldStripe reads as the real gateway does and answers from the histories.
type toldStripe struct {
	*stripe.Gateway
	mu   sync.RWMutex
	told map[string]*telling // by the ids of subscriptions, charges and intents
}

func (s *toldStripe) add(h *telling) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range h.Money() { // an answer names some that nothing else does
		s.told[ref.ID] = h
	}
	for _, f := range h.Facts {
		for _, ref := range f.Refs() {
			s.told[ref.ID] = h
			// Of some invoices nothing is told but that their money went back.
			for _, invoice := range h.Invoices(domain.SubscriptionID(ref.ID), h.End) {
				s.told[string(invoice.Invoice.ID)] = h
			}
		}
	}
}

func (s *toldStripe) of(id string) (*telling, time.Time, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	h := s.told[id]
	if h == nil {
		return nil, time.Time{}, ports.ErrNotFound
	}
	now, err := h.now()
	return h, now, err
}

func (s *toldStripe) FetchSubscription(_ context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	h, now, err := s.of(string(id))
	if err != nil {
		return domain.SubscriptionFact{}, err
	}
	fact, found := h.Subscription(id, now)
	if !found {
		return fact, ports.ErrNotFound
	}
	return fact, nil
}

func (s *toldStripe) FetchCharge(_ context.Context, subject domain.Ref) (domain.ChargeFact, error) {
	h, now, err := s.of(subject.ID)
	if err != nil {
		return domain.ChargeFact{}, err
	}
	fact, found := h.Charge(subject, now)
	if !found {
		return fact, ports.ErrNotFound
	}
	return fact, nil
}

func (s *toldStripe) FetchInvoice(_ context.Context, id domain.InvoiceID) (domain.InvoiceFact, error) {
	h, now, err := s.of(string(id))
	if err != nil {
		return domain.InvoiceFact{}, err
	}
	fact, found := h.Invoice(id, now)
	if !found {
		return fact, ports.ErrNotFound
	}
	return fact, nil
}

func (s *toldStripe) FetchInvoices(_ context.Context, subscription domain.SubscriptionID) ([]domain.InvoiceFact, error) {
	h, now, err := s.of(string(subscription))
	if err != nil {
		return nil, err
	}
	return h.Invoices(subscription, now), nil
}

// FetchSession cannot be answered: of what is expected of an order these histories tell
// everything.
func (*toldStripe) FetchSession(context.Context, domain.SessionID) ([]domain.Fact, error) {
	return nil, ports.ErrGatewayBusy
}

// converges is the property.
func (d *delivery) converges(t *rapid.T) {
	var tellings []*telling
	var messages []func() error
	for n := range 2 {
		user := domain.UserID(fmt.Sprintf("u%d", d.users.Add(1)))
		histories := domaintest.Histories(user)
		if rapid.IntRange(0, 3).Draw(t, "long") == 0 {
			histories = domaintest.LongHistories(user)
		}
		h := &telling{History: histories.Draw(t, fmt.Sprint("history ", n))}
		h.down = rapid.IntRange(0, 3).Draw(t, "Stripe is down") == 0
		d.stripe.add(h)
		d.begin(t, h)
		tellings = append(tellings, h)
		for _, fact := range h.Facts {
			messages = append(messages, d.message(t, h, fact))
		}
	}
	again := rapid.SliceOfN(rapid.SampledFrom(messages), 0, len(messages)/2).Draw(t, "delivered again")
	d.send(t, rapid.Permutation(append(again, messages...)).Draw(t, "delivery"))
	for _, h := range tellings {
		h.mu.Lock()
		h.down, h.latest = false, h.End
		h.mu.Unlock()
	}
	d.send(t, messages[:1]) // the clock goes on, so that open questions are due
	for _, h := range tellings {
		d.wantTruth(t, h)
	}
}

// begin keeps what is known of a user before Stripe says anything.
func (d *delivery) begin(t *rapid.T, h *telling) {
	user := h.Account.User
	err := d.store.Update(t.Context(), ports.Touch{Users: []domain.UserID{user}}, func(ports.Found) (ports.Kept, error) {
		state := ports.State{Account: h.Account, Entitlements: domain.Entitlements(h.Account, domaintest.Shop)}
		kept := ports.Kept{States: []ports.State{state}, Expected: h.Account.Expectations()}
		for _, change := range domain.Diff(nil, state.Entitlements) {
			change.User, change.At, change.Cause = user, domaintest.Noon, domain.CauseByHand
			kept.Changes = append(kept.Changes, change)
		}
		return kept, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// message is a fact as it comes in: written in some version, in one event or two.
func (d *delivery) message(t *rapid.T, h *telling, fact domain.Fact) func() error {
	at := reflect.ValueOf(fact).FieldByName("At").Interface().(time.Time)
	arrive := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if at.After(h.latest) {
			h.latest = at
		}
	}
	if typeOf(fact) == domain.TypeFetched {
		return func() error { arrive(); return d.fulfill.Facts(context.Background(), fact) }
	}
	var bodies [][]byte
	for range rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "events") {
		style := stripetest.Style{
			Version:  rapid.SampledFrom(stripetest.Versions).Draw(t, "version"),
			Expanded: rapid.Bool().Draw(t, "expanded"), Noise: rapid.Int64Range(0, 1000).Draw(t, "noise"),
		}
		if !style.Tells(fact) {
			style.Version = stripetest.Versions[len(stripetest.Versions)-1]
		}
		id := domain.EventID(fmt.Sprintf("evt_%d", d.events.Add(1)))
		bodies = append(bodies, stripetest.Body(domain.Event{ID: id, Fact: fact}, style))
	}
	return func() error {
		arrive()
		for _, body := range bodies {
			event, err := d.stripe.RereadEvent(body)
			if err != nil {
				return fmt.Errorf("%w: %s", err, body)
			}
			if _, err := d.fulfill.Event(context.Background(), event); err != nil {
				return err
			}
		}
		return nil
	}
}

// send delivers messages, some at a time.
func (d *delivery) send(t *rapid.T, messages []func() error) {
	var wait sync.WaitGroup
	places, failed := make(chan struct{}, 8), make(chan error, len(messages))
	for _, message := range messages {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			if err := message(); err != nil {
				failed <- err
			}
		})
	}
	wait.Wait()
	close(failed)
	for err := range failed {
		t.Fatal(err)
	}
	d.events.Add(120) // two minutes of the clock
}

// wantTruth waits until a user has what is true: questions may be under way.
func (d *delivery) wantTruth(t *rapid.T, h *telling) {
	user, diff := h.Account.User, ""
	for tries := 0; tries < 12_000; tries++ { // a minute: what is due of users before is asked for first
		state, err := d.store.State(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := d.store.Changes(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		diff = untruth(h, state.Entitlements)
		if kept := domain.EntitlementsAt(changes, h.End.Add(1e6*time.Hour)); diff == "" {
			diff = cmp.Diff(state.Entitlements, kept, cmpopts.EquateEmpty()) // the changes lead there
		}
		if diff == "" {
			d.wantVerified(t, h)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("user %s does not end with the truth: %s\n%s", user, diff, h.History)
}

// wantVerified holds what is kept of a user against what it follows from: at any moment,
// whatever is under way.
func (d *delivery) wantVerified(t *rapid.T, h *telling) {
	if _, err := d.tell.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	query := app.VerifyQuery{User: h.Account.User, Bodies: true}
	err := d.verify.Do(t.Context(), query, func(found app.UserVerified) error {
		for _, difference := range found.Differences {
			t.Errorf("user %s: %s", found.User, difference)
		}
		d.unproven.Add(int64(len(found.Unproven)))
		d.bodies.Add(int64(found.Bodies))
		return nil
	})
	if err != nil || t.Failed() {
		t.Fatalf("verify: %v\n%s", err, h.History)
	}
}

// begins tells whether a clock that is behind would count what begins soon.
func begins(entitlements []domain.Entitlement, feature domain.FeatureKey, at time.Time) bool {
	return slices.ContainsFunc(entitlements, func(e domain.Entitlement) bool {
		return e.Feature == feature && e.Since.After(at) && !e.Since.After(at.Add(domain.ClockTolerance))
	})
}

// untruth tells of the first moment at which entitlements are not what is true.
func untruth(h *telling, entitlements []domain.Entitlement) string {
	for _, at := range h.Moments() {
		if at.Before(h.End.Add(time.Second)) {
			continue // an answer is from the second after: what was over then is no longer kept
		}
		rights := map[domain.FeatureKey]domain.Right{}
		for _, r := range domain.Rights(entitlements, domaintest.Shop, at) {
			rights[r.Feature] = r
		}
		for feature := range domaintest.Shop.Features {
			if begins(entitlements, feature, at) {
				continue
			}
			right, has := rights[feature]
			entitled, limit := h.ValueAt(feature, at)
			ifAsked, askedLimit := h.ValueIfAsked(feature, at)
			if (has != entitled || right.Value.Limit != limit) && (has != ifAsked || right.Value.Limit != askedLimit) {
				return fmt.Sprintf("%s at %s: got %t, %d, want %t, %d", feature, at, has, right.Value.Limit, entitled, limit)
			}
		}
	}
	return ""
}
