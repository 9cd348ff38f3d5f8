package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

var silentSubscribers = flag.Int("subscribers", 16, "how many subscribers hear of nothing for a day")

// A day on which no webhook comes at all, while subscriptions renew, fail to, end, grow, are
// refunded and disputed: after one run everybody has what the webhooks give when they come
// after all.
func TestReconcile_ADayWithoutWebhooks(t *testing.T) {
	t.Parallel()
	s := newSilentShop(t)
	var users []domain.UserID
	for n := range *silentSubscribers {
		users = append(users, domain.UserID(fmt.Sprint("user_", n)))
		plan := domain.PlanKey("pro")
		if n%8 == 7 {
			plan = "basic"
		}
		s.buys(t, users[n], plan)
	}
	s.deliver(t)
	if err := s.box.Advance(40 * time.Minute); err != nil { // away from the purchases
		t.Fatal(err)
	}
	before := s.rights(t, users)
	for n, user := range users {
		s.lives(t, user, n)
	}
	if err := s.box.Advance(24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	asked, settled := len(s.box.Requests()), s.meter.Questions()
	run, err := s.reconcile.Do(t.Context(), app.ReconcileQuery{})
	if err != nil || run.Drifted() == 0 {
		t.Fatalf("got %+v, %v", run, err)
	}
	calls := map[string]int{}
	for _, r := range s.box.Requests()[asked:] {
		path, _, _ := strings.Cut(r.Path, "?")
		calls[r.Method+" "+strings.TrimRight(path[:strings.LastIndex(path, "/")+1], "/")]++
	}
	t.Logf("%d subscribers: %d events and objects, %d calls by path %v, drift %v (questions %v, before %v)",
		len(users), run.Listed, len(s.box.Requests())-asked, calls, run.Drift, s.meter.Questions(), settled)
	got := s.rights(t, users)
	if cmp.Equal(before, got) {
		t.Error("nothing changed on that day: the test tests nothing")
	}
	s.deliver(t)
	if diff := cmp.Diff(s.rights(t, users), got); diff != "" {
		t.Errorf("rights differ (-with webhooks +reconciled):\n%s", diff)
	}
	if again, err := s.reconcile.Do(t.Context(), app.ReconcileQuery{}); err != nil || again.Drifted() != 0 {
		t.Errorf("once more: %+v, %v, want no drift", again, err)
	}
}

// A day on which every webhook comes reads 0, in whatever version events are written.
func TestReconcile_AHealthyDayOfTheSandbox(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2023-10-16", "2024-04-10", "2025-03-31.basil", "2026-08-26.dahlia"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSilentShop(t)
			s.listens(t, version)
			for n := range 8 {
				user := domain.UserID(fmt.Sprint("user_", n))
				s.buys(t, user, "pro")
				s.lives(t, user, n)
			}
			if err := s.box.Advance(time.Hour); err != nil {
				t.Fatal(err)
			}
			if err := s.box.WaitDelivered(t.Context()); err != nil {
				t.Fatal(err)
			}
			run, err := s.reconcile.Do(t.Context(), app.ReconcileQuery{})
			if err != nil || run.Missing != 0 || run.Drifted() != 0 || run.Listed == 0 || len(s.meter.Drifted()) != 0 {
				t.Errorf("got %+v, %v, drift %v", run, err, s.meter.Drifted())
			}
		})
	}
}

// silentShop is the service in this process, on a Stripe in a box that sends no webhooks: the
// test delivers them, or does not.
type silentShop struct {
	box       *sandbox.Sandbox
	gateway   *stripe.Gateway
	store     ports.Store
	meter     *memory.Meter
	checkout  *app.StartCheckout
	webhook   *app.ReceiveWebhook
	reconcile *app.Reconcile
	sold      domain.Catalog
	delivered int // of the box's events
}

func newSilentShop(t *testing.T) *silentShop {
	t.Helper()
	s := &silentShop{box: openBox(t), store: memory.NewStore(), meter: memory.NewMeter()}
	sold, err := catalog.Parse("catalog.yaml", []byte(programtest.Catalog), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	s.sold = sold.Catalog
	s.gateway, err = stripe.New(stripe.Config{
		SecretKey: programtest.StripeKey, WebhookSecrets: []string{programtest.WebhookSecret}, APIBase: s.box.URL(),
		Clock: s.box.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.gateway.Close)
	urls, err := app.NewReturnURLs("https://app.example/done", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	newID := func() string { return fmt.Sprintf("%032x", ids.Add(1)) }
	if _, err := app.NewDeployment(s.store, newID).ID(t.Context()); err != nil {
		t.Fatal(err)
	}
	settings := app.Settings{URLs: urls}
	fulfill := app.NewFulfill(s.store, s.gateway, sold.Catalog, settings, s.box.Now, time.After, s.meter)
	t.Cleanup(fulfill.Close)
	prices := app.NewPrices(s.gateway, sold.Catalog, s.box.Now)
	s.checkout = app.NewStartCheckout(s.store, s.gateway, sold.Catalog, prices, fulfill, settings, s.box.Now, newID)
	s.webhook = app.NewReceiveWebhook(s.gateway, fulfill)
	s.reconcile = app.NewReconcile(s.store, s.gateway, sold.Catalog, settings, fulfill, app.NewSyncUser(s.store, s.gateway, fulfill), s.box.Now, time.After, s.meter)
	return s
}

func (s *silentShop) buys(t *testing.T, user domain.UserID, plan domain.PlanKey) {
	t.Helper()
	order, err := s.checkout.Do(t.Context(), app.CheckoutRequest{User: user, Plan: plan})
	if err == nil {
		err = s.box.Pay(string(order.Session))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lives has something happen to what a user bought, another thing to each.
func (s *silentShop) lives(t *testing.T, user domain.UserID, n int) {
	t.Helper()
	var id string
	for _, sub := range s.box.Subscriptions() {
		if sub.Metadata["user_id"] == string(user) {
			id = sub.ID
		}
	}
	var payment string
	state, err := s.store.State(t.Context(), user)
	for _, p := range s.box.Payments() {
		if p.Customer == string(state.Account.Customer) {
			payment = p.ID
		}
	}
	if err != nil || payment == "" {
		t.Fatalf("%s has paid nothing: %v", user, err)
	}
	switch n % 8 {
	case 0:
		err = s.box.RenewSubscription(id, true)
	case 1:
		err = s.box.RenewSubscription(id, false)
	case 2:
		err = s.box.CancelSubscription(id)
	case 3:
		_, err = s.box.Refund(payment, 0)
	case 4:
		_, err = s.box.OpenDispute(payment, sandbox.DisputeOptions{})
	case 5:
		err = s.post(t, "/v1/subscriptions/"+id, url.Values{"cancel_at_period_end": {"true"}})
	case 6:
		err = s.post(t, "/v1/subscriptions/"+id, url.Values{"pause_collection[behavior]": {"void"}})
	case 7:
		_, err = s.box.Refund(payment, 0)
	}
	if err != nil {
		t.Fatalf("%s, case %d: %v", user, n%8, err)
	}
}

func (s *silentShop) post(t *testing.T, path string, form url.Values) error {
	t.Helper()
	_, err := programtest.TryStripe(t.Context(), http.DefaultClient, programtest.StripeKey, http.MethodPost, s.box.URL()+path, form)
	return err
}

// listens has all webhooks come from then on, in an API version.
func (s *silentShop) listens(t *testing.T, version string) {
	t.Helper()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = s.receive(r.Context(), body, r.Header.Get("Stripe-Signature"))
		}
		if err != nil {
			t.Errorf("webhook: %v", err)
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(endpoint.Close)
	if _, err := s.box.AddWebhookEndpointAt(version, endpoint.URL, programtest.WebhookSecret); err != nil {
		t.Fatal(err)
	}
}

func (s *silentShop) receive(ctx context.Context, body []byte, signature string) error {
	event, err := s.webhook.Read(body, signature)
	if err == nil {
		_, err = s.webhook.Do(ctx, event)
	}
	return err
}

// deliver has all webhooks come that did not.
func (s *silentShop) deliver(t *testing.T) {
	t.Helper()
	events := s.box.EventsFrom(s.delivered)
	for _, e := range events {
		signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: programtest.WebhookSecret, Timestamp: s.box.Now()})
		if err := s.receive(t.Context(), e.Body, signed.Header); err != nil {
			t.Fatalf("%s: %v", e.Type, err)
		}
	}
	s.delivered += len(events)
}

func (s *silentShop) rights(t *testing.T, users []domain.UserID) map[domain.UserID][]domain.Entitlement {
	t.Helper()
	rights, err := s.store.Entitlements(t.Context(), users)
	if err != nil {
		t.Fatal(err)
	}
	held := map[domain.UserID][]domain.Entitlement{}
	for user, r := range rights {
		held[user] = r.Entitlements
	}
	return held
}

// A database that was restored from yesterday's backup gets back by one command what was sold
// since, though no webhook comes again.
func TestReconcile_YesterdaysBackupIsMendedByOneCommand(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := open(t)
			s := openShop(t, database)
			s.buys(t, "known", "basic")
			s.Stop(t)
			backup := backups[name](t, database)

			s.program = nil
			s.moves(t, database)
			orders := map[string]string{}
			for user, plan := range map[string]string{"known": "pro", "once": "basic", "monthly": "pro"} {
				orders[user], _ = s.buys(t, user, plan)
			}
			s.moves(t, backup)
			s.says(t, "reconcile --dry-run --since 1d", "checkout.session.completed", "(objects are not looked at by a dry run)")
			if held := s.Holds(t, "once"); held != "" {
				t.Fatalf("a dry run has brought back %s", held)
			}
			s.says(t, "reconcile --since 1d", "mended: ", "checkout")
			for user, want := range map[string]string{"known": "projects=100 sso=true", "once": "projects=10", "monthly": "projects=100 sso=true"} {
				if held := s.Holds(t, user); held != want {
					t.Errorf("%s holds %q, want %q", user, held, want)
				}
				s.orderIs(t, orders[user], "paid")
			}
			s.says(t, "reconcile", "0 events had not come, or failed; mended: nothing")
			s.says(t, "quarantine list", "no events in quarantine")
		})
	}
}

// What cannot go on says so, and what is not done is not marked as done.
func TestReconcile_WhereStripeSaysNo(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	for _, r := range []struct {
		status, code int
		says         string
	}{{401, 2, "STRIPE_SECRET_KEY"}, {429, 4, "Stripe does not answer"}} {
		s.box.FailNext("GET /v1/events", sandbox.Fault{Status: r.status})
		if code, said := s.exit(t, []string{"reconcile"}); code != r.code || !strings.Contains(said, r.says) {
			t.Errorf("%d: exits with %d and says %s, want %d and %q", r.status, code, said, r.code, r.says)
		}
	}
	shown := s.Call(t, "GET", "/api/admin/reconcile", "", 200)
	if shown["ended_at"] != nil || shown["failure"] == nil {
		t.Errorf("shown: %v", shown)
	}
	if code, said := s.exit(t, []string{"reconcile"}); code != 0 {
		t.Errorf("then: exits with %d and says %s", code, said)
	}
	if shown := s.Call(t, "GET", "/api/admin/reconcile", "", 200); shown["ended_at"] == nil || shown["failure"] != nil {
		t.Errorf("shown: %v", shown)
	}
}
