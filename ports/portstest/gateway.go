package portstest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// GatewayFixture is a gateway, whose clock is the system's, and the hands that
// move what is behind it.
type GatewayFixture struct {
	Gateway ports.Gateway

	// OneTime and Recurring are active prices of more than nothing, each with an
	// id and a lookup key.
	OneTime, Recurring domain.Price

	// Pay completes an open session, as a buyer does whose card is good.
	Pay func(t *testing.T, session domain.SessionID)
	// Expire ends an open session, as time does.
	Expire func(t *testing.T, session domain.SessionID)
	// Completed is the message which says that a paid session was completed.
	Completed func(t *testing.T, session domain.SessionID) (payload []byte, signature string)
	// Sign is the signature that would come with any payload now.
	Sign func(payload []byte) string
}

// TestGateway is the contract of [ports.Gateway]. Each test opens a gateway of
// its own.
func TestGateway(t *testing.T, open func(t *testing.T) GatewayFixture) {
	t.Helper()
	for _, c := range []struct {
		what string
		test func(*testing.T, GatewayFixture)
	}{
		{"a customer is made once for a key", gatewayCustomerOnce},
		{"a session is made once for a key", gatewaySessionOnce},
		{"a session is made once for callers at the same time", gatewaySessionRace},
		{"a new session is open and carries our ids", gatewayNewSession},
		{"a session with an unknown price is refused", gatewayUnknownPrice},
		{"a session for a customer that is gone is refused as such", gatewayCustomerGone},
		{"expiring ends an open session", gatewayExpireOpen},
		{"expiring leaves a session that is not open", gatewayExpireSettled},
		{"an unknown session is not found", gatewayUnknownSession},
		{"a session is fetched as it is now", gatewayFetchStates},
		{"a paid order has a payment", gatewayFetchPayment},
		{"a paid subscription comes with its session", gatewayFetchSubscription},
		{"a trial comes with its session", gatewayFetchTrial},
		{"prices are found by id and by lookup key", gatewayPrices},
		{"a caller who has left gets no answer", gatewayCanceled},
		{"a signed message is read", gatewayReadEvent},
		{"a message without our signature is not read", gatewayBadSignature},
		{"a signed message that is no event is unreadable", gatewayUnreadable},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// shopper is one user with a customer, and the orders that the user makes.
type shopper struct {
	GatewayFixture
	user     domain.UserID
	customer domain.CustomerID
}

func newShopper(t *testing.T, f GatewayFixture) shopper {
	t.Helper()
	s := shopper{GatewayFixture: f, user: "user_1"}
	var err error
	s.customer, err = f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: s.user, IdempotencyKey: "customer-1"})
	if err != nil {
		t.Fatalf("create customer: %v", err)
	}
	if s.customer == "" {
		t.Fatal("created a customer without an id")
	}
	return s
}

// request is for an order whose id is also its idempotency key.
func (s shopper) request(order domain.OrderID, mode domain.Mode) ports.SessionRequest {
	price := s.OneTime
	if mode == domain.ModeSubscription {
		price = s.Recurring
	}
	return ports.SessionRequest{
		User: s.user, Customer: s.customer, IdempotencyKey: string(order),
		Options: domain.CheckoutOptions{MaxQuantity: 10},
		Order: domain.Order{
			ID: order, Plan: "pro", Price: "default", Mode: mode, Quantity: 2, PriceID: price.ID,
			SuccessURL: "https://app.example/done?session={CHECKOUT_SESSION_ID}",
			CancelURL:  "https://app.example/pricing",
			ExpiresAt:  time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		},
	}
}

func (s shopper) create(t *testing.T, r ports.SessionRequest) domain.SessionFact {
	t.Helper()
	session, err := s.Gateway.CreateSession(t.Context(), r)
	if err != nil {
		t.Fatalf("create session: %v", err)
	}
	return session
}

func (s shopper) fetch(t *testing.T, id domain.SessionID) (domain.SessionFact, []domain.Fact) {
	t.Helper()
	facts, err := s.Gateway.FetchSession(t.Context(), id)
	if err != nil {
		t.Fatalf("fetch session: %v", err)
	}
	if len(facts) == 0 {
		t.Fatal("fetched a session and got no fact")
	}
	session, ok := facts[0].(domain.SessionFact)
	if !ok {
		t.Fatalf("the first fact is a %T, want a session", facts[0])
	}
	return session, facts[1:]
}

func gatewayCustomerOnce(t *testing.T, f GatewayFixture) {
	first := newShopper(t, f).customer
	again, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer-1"})
	if err != nil || again != first {
		t.Errorf("the same key: got %q, %v, want %q", again, err, first)
	}
	other, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_2", IdempotencyKey: "customer-2"})
	if err != nil || other == first {
		t.Errorf("another key: got %q, %v, want another than %q", other, err, first)
	}
}

func gatewaySessionOnce(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModePayment)
	first, again := s.create(t, r), s.create(t, r)
	if first.ID != again.ID {
		t.Errorf("the same key: got sessions %s and %s", first.ID, again.ID)
	}
	if other := s.create(t, s.request("order2", domain.ModePayment)); other.ID == first.ID {
		t.Errorf("another key: got session %s again", other.ID)
	}
}

func gatewaySessionRace(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	var (
		callers sync.WaitGroup
		mu      sync.Mutex
		ids     = map[domain.SessionID]bool{}
	)
	for range 8 {
		callers.Go(func() {
			session, err := s.Gateway.CreateSession(t.Context(), r)
			if err != nil {
				if !errors.Is(err, ports.ErrGatewayBusy) {
					t.Errorf("create session: %v", err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[session.ID] = true
		})
	}
	callers.Wait()
	if len(ids) != 1 {
		t.Errorf("8 callers with one key got sessions %v, want one", ids)
	}
}

func gatewayNewSession(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for _, mode := range domain.Modes {
		order := domain.OrderID("order" + string(mode))
		before := time.Now()
		got := s.create(t, s.request(order, mode))
		if got.ID == "" || got.URL == "" {
			t.Errorf("%s: got id %q and URL %q, want both", mode, got.ID, got.URL)
		}
		// The time of the question, in whole seconds, is as well known as the
		// answer was quick.
		earliest := before.Truncate(time.Second).Add(-time.Since(before) - time.Second)
		if got.At.Before(earliest) || got.At.After(time.Now()) || !got.At.Equal(got.At.Truncate(time.Second)) {
			t.Errorf("%s: got At %s, want a whole second since %s", mode, got.At, earliest)
		}
		want := domain.SessionFact{
			Type: domain.TypeFetched, At: got.At, ID: got.ID, URL: got.URL, Amount: got.Amount, Currency: got.Currency,
			Mode: mode, Status: "open", PaymentStatus: "unpaid", Order: order, Customer: s.customer,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the session differs (-want +got):\n%s", mode, diff)
		}
	}
}

func gatewayUnknownPrice(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModePayment)
	r.Order.PriceID = "price_unknown"
	if got, err := s.Gateway.CreateSession(t.Context(), r); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("got %+v, %v, want %v", got, err, ports.ErrGatewayRefused)
	}
}

func gatewayCustomerGone(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	s.customer = "cus_gone"
	for _, mode := range domain.Modes {
		got, err := s.Gateway.CreateSession(t.Context(), s.request(domain.OrderID("order"+string(mode)), mode))
		if !errors.Is(err, ports.ErrCustomerGone) || !errors.Is(err, ports.ErrGatewayRefused) {
			t.Errorf("%s: got %+v, %v, want %v", mode, got, err, ports.ErrCustomerGone)
		}
	}
}

func gatewayExpireOpen(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	got, err := s.Gateway.ExpireSession(t.Context(), id)
	if err != nil || got.ID != id || got.Status != "expired" || got.Type != domain.TypeFetched {
		t.Fatalf("got %+v, %v, want session %s, fetched and expired", got, err, id)
	}
	if now, _ := s.fetch(t, id); now.Status != "expired" {
		t.Errorf("then fetched status %q, want expired", now.Status)
	}
}

func gatewayExpireSettled(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for want, end := range map[string]func(*testing.T, domain.SessionID){"complete": s.Pay, "expired": s.Expire} {
		id := s.create(t, s.request(domain.OrderID("order"+want), domain.ModePayment)).ID
		end(t, id)
		got, err := s.Gateway.ExpireSession(t.Context(), id)
		if err != nil || got.ID != id || got.Status != want || got.Type != domain.TypeFetched {
			t.Errorf("got %+v, %v, want session %s, fetched and %s", got, err, id, want)
		}
	}
}

func gatewayUnknownSession(t *testing.T, f GatewayFixture) {
	newShopper(t, f)
	for _, id := range []domain.SessionID{"cs_test_unknown", ""} {
		if got, err := f.Gateway.FetchSession(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("fetch session %q: got %v, %v, want %v", id, got, err, ports.ErrNotFound)
		}
		if got, err := f.Gateway.ExpireSession(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("expire session %q: got %v, %v, want %v", id, got, err, ports.ErrNotFound)
		}
	}
}

func gatewayPrices(t *testing.T, f GatewayFixture) {
	got, err := f.Gateway.Prices(t.Context(), []domain.Price{
		{ID: f.OneTime.ID},
		{LookupKey: f.Recurring.LookupKey},
		{ID: "price_unknown"},
		{LookupKey: "unknown"},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[domain.PriceID]ports.StripePrice{}
	for _, p := range got {
		found[p.ID] = p
		if !p.Active || p.Amount <= 0 || len(p.Currency) != 3 {
			t.Errorf("got %+v, want an active price with an amount", p)
		}
	}
	if len(got) != 2 || len(found) != 2 {
		t.Fatalf("got %+v, want the two known prices", got)
	}
	if p := found[f.OneTime.ID]; p.LookupKey != f.OneTime.LookupKey || p.Interval != "" || p.IntervalCount != 0 {
		t.Errorf("got %+v, want the one-time price", p)
	}
	if p := found[f.Recurring.ID]; p.LookupKey != f.Recurring.LookupKey || p.Interval == "" || p.IntervalCount < 1 {
		t.Errorf("got %+v, want the recurring price", p)
	}
	if none, err := f.Gateway.Prices(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("asked for no price: got %+v, %v", none, err)
	}
}

func gatewayCanceled(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"create customer": func() error {
			_, err := s.Gateway.CreateCustomer(ctx, ports.CustomerRequest{User: "user_2", IdempotencyKey: "customer-2"})
			return err
		},
		"create session": func() error {
			_, err := s.Gateway.CreateSession(ctx, s.request("order2", domain.ModePayment))
			return err
		},
		"expire session": func() error { _, err := s.Gateway.ExpireSession(ctx, id); return err },
		"fetch session":  func() error { _, err := s.Gateway.FetchSession(ctx, id); return err },
		"prices":         func() error { _, err := s.Gateway.Prices(ctx, []domain.Price{s.OneTime}); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}
