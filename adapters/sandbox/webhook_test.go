package sandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestWebhook_EnvelopeIsStripes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := s.api.Customers.New(customerParams("cust:u1", "Ada")); err != nil {
		t.Fatal(err)
	}
	s.idle()
	e := s.endpoint.accepted()[0]
	if e.Type != "customer.created" || e.APIVersion != "2023-10-16" || e.Livemode || e.PendingWebhooks != 1 || e.Object != "event" ||
		!strings.HasPrefix(e.ID, "evt_1") || e.Request.IdempotencyKey != "cust:u1" || e.Request.ID != s.Requests()[0].ID {
		t.Errorf("got %+v, request %+v", e, e.Request)
	}
	got, err := s.api.Events.Get(e.ID, nil)
	if err != nil || got.PendingWebhooks != 0 || got.ID != e.ID || got.Data.Object["name"] != "Ada" {
		t.Errorf("from the API: got %+v, %v", got, err)
	}
	cs := s.open(params("payment", s.once))
	if err := s.Pay(cs.ID); err != nil {
		t.Fatal(err)
	}
	if e := s.event("checkout.session.completed"); e.Request.ID != "" {
		t.Errorf("an event of the hosted page names request %s", e.Request.ID)
	}
}

func TestWebhook_RepeatsUntilAccepted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.endpoint.answerNext(500, 302, 404) // a redirect is no success either
	s.customer()
	s.idle()
	d := s.Deliveries()
	if len(d) != 1 || d[0].State != sandbox.DeliverySucceeded {
		t.Fatalf("got %+v", d)
	}
	var statuses []int
	for _, a := range d[0].Attempts {
		statuses = append(statuses, a.Status)
	}
	if !slices.Equal(statuses, []int{500, 302, 404, 200}) {
		t.Errorf("got answers %v", statuses)
	}
}

func TestWebhook_GivesUpAfterTheLastAttempt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.endpoint.answerNext(500, 500, 500, 500, 500)
	s.customer()
	s.idle()
	if d := s.Deliveries()[0]; d.State != sandbox.DeliveryFailed || len(d.Attempts) != 5 {
		t.Errorf("got %+v", d)
	}
	// A resend is a delivery of its own.
	if err := s.Resend(s.Events()[0].ID); err != nil {
		t.Fatal(err)
	}
	s.idle()
	if d := s.Deliveries(); len(d) != 2 || d[1].State != sandbox.DeliverySucceeded || d[0].EventID != d[1].EventID {
		t.Errorf("after the resend: got %+v", d)
	}
	if err := s.Resend("evt_none"); err == nil {
		t.Errorf("an unknown event was resent")
	}
}

func TestWebhook_SignsEveryAttemptAnew(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	start := time.Now()
	signatures := func() time.Time { return start.Add(time.Duration(ticks.Add(1)) * time.Second) }
	s := newShop(t, sandbox.WithSignatureClock(signatures))
	s.endpoint.answerNext(500, 200)
	s.customer()
	s.idle()
	if h := s.endpoint.headers; len(h) != 2 || h[0] == h[1] {
		t.Errorf("got signatures %v", h)
	}
}

func TestWebhook_RepeatsWhileNobodyListens(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	s := newShop(t, sandbox.WithWebhookEndpoint(gone.URL, "whsec_gone"))
	s.customer()
	s.idle()
	for _, d := range s.Deliveries() {
		if d.URL != gone.URL {
			continue
		}
		if d.State != sandbox.DeliveryFailed || len(d.Attempts) != 5 || !strings.Contains(d.Attempts[0].Error, "refused") {
			t.Errorf("got %+v", d)
		}
	}
}

func TestWebhook_TimesOut(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	s := sandbox.NewTest(t, sandbox.WithWebhookTimeout(20*time.Millisecond), sandbox.WithWebhookEndpoint(slow.URL, secret),
		sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Millisecond, Attempts: 2}))
	if _, err := apiClient(s.URL(), "sk_test_1", 0).Customers.New(&stripe.CustomerParams{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.WaitDelivered(ctx); err != nil {
		t.Fatal(err)
	}
	if d := s.Deliveries()[0]; d.State != sandbox.DeliveryFailed || d.Attempts[0].Status != 0 {
		t.Errorf("got %+v", d)
	}
}

func TestWebhook_EndpointsComeAndGoAndChoose(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	chosen := newEndpoint(t, "whsec_chosen")
	added := s.AddWebhookEndpoint(chosen.URL, "whsec_chosen", "checkout.session.*", "charge.succeeded")
	s.paid(params("payment", s.once))
	s.idle()
	if got := chosen.types(); !slices.Equal(got, []string{"charge.succeeded", "checkout.session.completed"}) {
		t.Errorf("got %v", got)
	}
	s.RemoveWebhookEndpoint(added.ID)
	s.paid(params("payment", s.once))
	s.idle()
	if got := chosen.types(); len(got) != 2 {
		t.Errorf("after its removal: got %v", got)
	}
	if made := s.AddWebhookEndpoint(chosen.URL, ""); !strings.HasPrefix(made.Secrets[0], "whsec_") {
		t.Errorf("without a secret: got %v, want one made", made.Secrets)
	}
}

func TestWebhook_SignsWithEverySecretWhileRolled(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, "whsec_old")
	s := sandbox.NewTest(t, fast)
	added := s.AddWebhookEndpoint(e.URL, "whsec_old")
	if err := s.SetWebhookSecrets(added.ID, "whsec_new", "whsec_old"); err != nil {
		t.Fatal(err)
	}
	if _, err := apiClient(s.URL(), "sk_test_1", 0).Customers.New(&stripe.CustomerParams{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.WaitDelivered(ctx); err != nil {
		t.Fatal(err)
	}
	if h := e.headers[0]; strings.Count(h, "v1=") != 2 {
		t.Errorf("got %s, want two signatures", h)
	}
	if s.SetWebhookSecrets(added.ID) == nil || s.SetWebhookSecrets(added.ID, "") == nil || s.SetWebhookSecrets("we_none", "x") == nil {
		t.Errorf("no secret, an empty secret or an unknown endpoint was accepted")
	}
}

func TestWebhook_ForgedSecretsAreNoticed(t *testing.T) {
	t.Parallel()
	refused := make(chan error, 1)
	e := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(b)
		refused <- webhook.ValidatePayload(b, r.Header.Get("Stripe-Signature"), "whsec_other")
	}))
	defer e.Close()
	s := sandbox.NewTest(t, fast, sandbox.WithWebhookEndpoint(e.URL, secret))
	if _, err := apiClient(s.URL(), "sk_test_1", 0).Customers.New(&stripe.CustomerParams{}); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; err == nil {
		t.Errorf("the signature fits any secret")
	}
}

func TestEvents_ListNewestFirstWithFilters(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	s.endpoint.answerNext(500, 500, 500, 500, 500)
	s.customer() // never delivered
	s.idle()
	now.advance(time.Hour)
	s.paid(params("subscription", s.monthly))
	s.idle()
	list := func(change func(*stripe.EventListParams)) []string {
		t.Helper()
		p := &stripe.EventListParams{}
		p.Limit = stripe.Int64(5)
		change(p)
		var out []string
		it := s.api.Events.List(p)
		for it.Next() {
			out = append(out, string(it.Event().Type))
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
		return out
	}
	all := list(func(*stripe.EventListParams) {})
	if len(all) != 14 || all[0] != "checkout.session.completed" || all[13] != "customer.created" {
		t.Errorf("all: got %v", all)
	}
	for name, tt := range map[string]struct {
		change func(*stripe.EventListParams)
		want   string
	}{
		"types": {func(p *stripe.EventListParams) {
			p.Types = stripe.StringSlice([]string{"invoice.paid", "customer.subscription.created"})
		}, "invoice.paid customer.subscription.created"},
		"a type":        {func(p *stripe.EventListParams) { p.Type = stripe.String("invoice.created") }, "invoice.created"},
		"not delivered": {func(p *stripe.EventListParams) { p.DeliverySuccess = stripe.Bool(false) }, "customer.created"},
		"by time": {func(p *stripe.EventListParams) {
			p.CreatedRange = &stripe.RangeQueryParams{LesserThan: now.Now().Unix()}
		}, "customer.created"},
	} {
		if got := strings.Join(list(tt.change), " "); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestClose_EndsDeliveriesUnderWay(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	s := sandbox.New(sandbox.WithWebhookEndpoint(gone.URL, secret)) // retries for two hours
	price, err := s.AddPrice(sandbox.PriceSpec{Product: "Basic", UnitAmount: 100})
	if err != nil {
		t.Fatal(err)
	}
	url, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cs, err := apiClient(url, "sk_test_1", 0).CheckoutSessions.New(params("payment", price.ID))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Pay(cs.ID); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	if err := s.WaitDelivered(context.Background()); err == nil {
		t.Errorf("waiting for what will not come returns no error")
	}
}

// An endpoint that does not answer holds up nobody else, however much there is to be sent to it.
func TestWebhook_AnEndpointThatHangsHoldsUpItselfAlone(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hanging.Close()
	s := newShop(t, sandbox.WithWebhookTimeout(time.Hour))
	defer close(release)
	s.AddWebhookEndpoint(hanging.URL, "whsec_hangs")
	s.customer()
	id := s.Events()[0].ID
	for range 200 { // more than are sent to one endpoint at a time
		s.ok(s.Resend(id))
	}
	for deadline := time.Now().Add(10 * time.Second); len(s.endpoint.accepted()) < 201; {
		if time.Now().After(deadline) {
			t.Fatalf("the other one was sent %d of 201", len(s.endpoint.accepted()))
		}
		time.Sleep(5 * time.Millisecond)
	}
}
