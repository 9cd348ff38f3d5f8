package app_test

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// world is the use cases over the in-memory adapters.
type world struct {
	store    ports.Store
	stripe   *memory.Gateway
	fulfill  *app.Fulfill
	checkout *app.StartCheckout
	upgrade  *app.Upgrade
	portal   *app.OpenPortal
	change   *app.ChangeSubscription
	offers   *app.OfferPlans
	check    *app.CheckEntitlement
	show     *app.ShowOrder
	sync     *app.SyncOrder
	syncUser *app.SyncUser
	webhook  *app.ReceiveWebhook
	replay   *app.Replay
	meter    *memory.Meter
	clock    *clock
	events   atomic.Int64
}

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// after is a timer that lets its time pass at once.
func (c *clock) after(d time.Duration) <-chan time.Time {
	c.advance(d)
	passed := make(chan time.Time, 1)
	passed <- c.now()
	return passed
}

var catalog = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{
		"sso":       {Key: "sso", Type: domain.FeatureFlag},
		"projects":  {Key: "projects", Type: domain.FeatureLimit},
		"seats":     {Key: "seats", Type: domain.FeatureLimit, PerUnit: true},
		"gigabytes": {Key: "gigabytes", Type: domain.FeatureLimit, PerUnit: true},
	},
	Plans: map[domain.PlanKey]domain.Plan{
		"free": {Key: "free", Name: "Free", Default: true},
		"basic": {
			Key: "basic", Name: "Basic", Mode: domain.ModePayment, ValidFor: 365 * 24 * time.Hour,
			Prices: []domain.Price{{Key: "once", ID: "price_basic"}},
			Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10)},
		},
		"pro": {
			Key: "pro", Name: "Pro", Mode: domain.ModeSubscription, Group: "main", TrialDays: 14,
			Policy: domain.Policy{Access: []domain.AccessOption{domain.SuspendWhileVoid}}, // as team's group
			Grace:  domain.DefaultGrace, Leeway: domain.DefaultLeeway,
			Prices: []domain.Price{{Key: "monthly", LookupKey: "pro_monthly"}, {Key: "yearly", LookupKey: "pro_yearly"}},
			Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(100)},
		},
		"team": {
			Key: "team", Name: "Team", Mode: domain.ModeSubscription, Group: "main", Pausable: true,
			Policy: domain.Policy{Access: []domain.AccessOption{domain.SuspendWhileVoid}},
			Grace:  domain.DefaultGrace, Leeway: domain.DefaultLeeway,
			Prices:   []domain.Price{{Key: "monthly", LookupKey: "team_monthly"}},
			Grants:   map[domain.FeatureKey]domain.Value{"seats": domain.Limit(5)},
			Checkout: domain.CheckoutOptions{MaxQuantity: 20},
		},
		"storage": {
			Key: "storage", Name: "Storage", Mode: domain.ModeSubscription, AddonTo: []domain.PlanKey{"pro", "max"},
			Policy: domain.Policy{Access: []domain.AccessOption{domain.SuspendWhileVoid}},
			Grace:  domain.DefaultGrace, Leeway: domain.DefaultLeeway, Place: 9,
			Prices:   []domain.Price{{Key: "yearly", LookupKey: "storage_yearly"}, {Key: "monthly", LookupKey: "storage_monthly"}},
			Grants:   map[domain.FeatureKey]domain.Value{"gigabytes": domain.Limit(10)},
			Checkout: domain.CheckoutOptions{MaxQuantity: 5},
		},
		"max": {
			Key: "max", Name: "Max", Mode: domain.ModeSubscription, Group: "main", Place: 8,
			Policy: domain.Policy{Access: []domain.AccessOption{domain.SuspendWhileVoid}},
			Grace:  domain.DefaultGrace, Leeway: domain.DefaultLeeway,
			Prices: []domain.Price{{Key: "monthly", LookupKey: "max_monthly"}},
			Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(1000)},
		},
	},
}

func stripePrices() []ports.StripePrice {
	return []ports.StripePrice{
		{ID: "price_basic", Active: true, Amount: 1900, Currency: "usd"},
		{ID: "price_pro_m", LookupKey: "pro_monthly", Product: "prod_pro", Active: true, Amount: 2900, Currency: "usd", Interval: "month"},
		{ID: "price_storage_m", LookupKey: "storage_monthly", Product: "prod_storage", Active: true, Amount: 500, Currency: "usd", Interval: "month"},
		{ID: "price_storage_y", LookupKey: "storage_yearly", Product: "prod_storage", Active: true, Amount: 5000, Currency: "usd", Interval: "year"},
		{ID: "price_max_m", LookupKey: "max_monthly", Product: "prod_max", Active: true, Amount: 19900, Currency: "usd", Interval: "month"},
		{ID: "price_team_m", LookupKey: "team_monthly", Product: "prod_team", Active: true, Amount: 9900, Currency: "usd", Interval: "month"},
	}
}

func newWorld(t *testing.T) *world { return newWorldOn(t, memory.NewStore()) }

func newWorldOn(t *testing.T, store ports.Store) *world {
	t.Helper()
	w := &world{store: store, clock: &clock{}, meter: memory.NewMeter()}
	w.clock.at.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano())
	w.stripe = memory.NewGateway(w.clock.now, stripePrices()...)
	urls, err := app.NewReturnURLs("https://app.example/done?o={ORDER_ID}&s={CHECKOUT_SESSION_ID}", "https://app.example/", []string{"https://www.example"})
	if err != nil {
		t.Fatal(err)
	}
	settings := app.Settings{URLs: urls}
	ids := atomic.Int64{}
	newID := func() string { return fmt.Sprintf("%08d", ids.Add(1)) }

	w.fulfill = app.NewFulfill(store, w.stripe, catalog, settings, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(w.fulfill.Close)
	w.replay = app.NewReplay(store, w.fulfill)
	prices := app.NewPrices(w.stripe, catalog, w.clock.now)
	w.checkout = app.NewStartCheckout(store, w.stripe, catalog, prices, w.fulfill, settings, w.clock.now, newID)
	w.portal = app.NewOpenPortal(store, w.stripe, catalog, prices, w.fulfill, settings, newID)
	w.upgrade = app.NewUpgrade(w.checkout, w.portal)
	w.change = app.NewChangeSubscription(w.portal, w.fulfill, w.clock.now, newID)
	w.offers = app.NewOfferPlans(app.NewListPlans(catalog, prices), store, catalog, w.clock.now)
	w.check = app.NewCheckEntitlement(store, catalog, w.clock.now, time.After)
	t.Cleanup(w.check.Close)
	w.show = app.NewShowOrder(store, w.clock.now, time.After)
	w.fulfill.OnKept(w.show.Wake)
	w.sync = app.NewSyncOrder(w.stripe, w.fulfill, w.show)
	w.syncUser = app.NewSyncUser(store, w.stripe, w.fulfill)
	w.webhook = app.NewReceiveWebhook(w.stripe, w.fulfill)
	return w
}

func (w *world) verify(store ports.Store, c domain.Catalog) *app.Verify {
	return app.NewVerify(store, w.stripe, c, app.Settings{VerifyEvery: time.Hour}, w.clock.now, w.clock.after, w.meter)
}

// start opens a checkout or fails the test.
func (w *world) start(t *testing.T, r app.CheckoutRequest) domain.Order {
	t.Helper()
	order, err := w.checkout.Do(t.Context(), r)
	if err != nil {
		t.Fatalf("start checkout %+v: %v", r, err)
	}
	return order
}

// event wraps a fact as Stripe would send it.
func (w *world) event(f domain.Fact) domain.Event {
	return domain.Event{
		ID: domain.EventID(fmt.Sprintf("evt_%04d", w.events.Add(1))), Created: w.clock.now(), Fact: f,
		Type: typeOf(f),
	}
}

func typeOf(f domain.Fact) domain.EventType {
	return reflect.ValueOf(f).FieldByName("Type").Interface().(domain.EventType)
}

// deliver sends facts through the webhook's door.
func (w *world) deliver(t *testing.T, facts ...domain.Fact) {
	t.Helper()
	for _, f := range facts {
		w.send(t, w.event(f))
	}
}

// send sends an event through the webhook's door.
func (w *world) send(t *testing.T, e domain.Event) domain.Verdict {
	t.Helper()
	payload, signature := w.stripe.Message(e)
	event, err := w.webhook.Read(payload, signature)
	if err != nil {
		t.Fatalf("read %+v: %v", e, err)
	}
	verdict, err := w.webhook.Do(t.Context(), event)
	if err != nil {
		t.Fatalf("deliver %+v: %v", e, err)
	}
	return verdict
}

// features are what the user has now, as feature=limit, flags as feature=true.
func (w *world) features(t *testing.T, user domain.UserID) map[domain.FeatureKey]string {
	t.Helper()
	all, err := w.check.All(t.Context(), user, 0)
	if err != nil {
		t.Fatal(err)
	}
	held := map[domain.FeatureKey]string{}
	for _, r := range all.Rights {
		held[r.Feature] = "true"
		if r.Value.Type == domain.FeatureLimit {
			held[r.Feature] = fmt.Sprint(r.Value.Limit)
		}
	}
	return held
}
