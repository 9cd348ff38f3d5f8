package portstest

import (
	"context"
	"errors"
	"fmt"
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
	for name, test := range map[string]func(t *testing.T, f GatewayFixture){
		"a customer is made once for a key":                   gatewayCustomerOnce,
		"a session is made once for a key":                    gatewaySessionOnce,
		"a session is made once for callers at the same time": gatewaySessionRace,
		"a new session is open and carries our ids":           gatewayNewSession,
		"a session with an unknown price is refused":          gatewayUnknownPrice,
		"expiring ends an open session":                       gatewayExpireOpen,
		"expiring leaves a session that is not open":          gatewayExpireSettled,
		"an unknown session is not found":                     gatewayUnknownSession,
		"a session is fetched as it is now":                   gatewayFetchStates,
		"a paid order has a payment":                          gatewayFetchPayment,
		"a paid subscription comes with its session":          gatewayFetchSubscription,
		"a trial comes with its session":                      gatewayFetchTrial,
		"prices are found by id and by lookup key":            gatewayPrices,
		"a caller who has left gets no answer":                gatewayCanceled,
		"a signed message is read":                            gatewayReadEvent,
		"a message without our signature is not read":         gatewayBadSignature,
		"a signed message that is no event is unreadable":     gatewayUnreadable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
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
		before := time.Now().Truncate(time.Second)
		got := s.create(t, s.request(order, mode))
		if got.ID == "" || got.URL == "" {
			t.Errorf("%s: got id %q and URL %q, want both", mode, got.ID, got.URL)
		}
		if got.At.Before(before) || got.At.After(time.Now()) || !got.At.Equal(got.At.Truncate(time.Second)) {
			t.Errorf("%s: got At %s, want a whole second since %s", mode, got.At, before)
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
	}
}

func gatewayFetchStates(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for want, end := range map[string]func(*testing.T, domain.SessionID){
		"open":     func(*testing.T, domain.SessionID) {},
		"complete": s.Pay,
		"expired":  s.Expire,
	} {
		order := domain.OrderID("order" + want)
		id := s.create(t, s.request(order, domain.ModePayment)).ID
		end(t, id)
		got, more := s.fetch(t, id)
		if got.Status != want || got.ID != id || got.Order != order || got.Type != domain.TypeFetched {
			t.Errorf("got %+v, want session %s of %s, fetched and %s", got, id, order, want)
		}
		if len(more) != 0 {
			t.Errorf("%s: got the facts %+v too", want, more)
		}
	}
}

func gatewayFetchPayment(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	got, _ := s.fetch(t, id)
	if got.PaymentStatus != "paid" || got.PaymentIntent == "" || got.Subscription != "" {
		t.Errorf("got %+v, want paid with a payment intent and no subscription", got)
	}
	if got.Amount <= 0 || len(got.Currency) != 3 {
		t.Errorf("got %d %q, want an amount and a currency", got.Amount, got.Currency)
	}
}

// fetchSubscription pays an order for a subscription and fetches it.
func (s shopper) fetchSubscription(t *testing.T, r ports.SessionRequest) domain.SubscriptionFact {
	t.Helper()
	id := s.create(t, r).ID
	s.Pay(t, id)
	session, more := s.fetch(t, id)
	if len(more) != 1 {
		t.Fatalf("got %d facts beside the session, want one", len(more))
	}
	got, ok := more[0].(domain.SubscriptionFact)
	if !ok {
		t.Fatalf("the second fact is a %T, want a subscription", more[0])
	}
	if got.Snapshot.ID == "" || got.Snapshot.ID != session.Subscription {
		t.Errorf("got subscription %q, the session says %q", got.Snapshot.ID, session.Subscription)
	}
	if got.Type != domain.TypeFetched || !got.At.Equal(session.At) {
		t.Errorf("got %s at %s, want fetched with the session at %s", got.Type, got.At, session.At)
	}
	if now := got.Snapshot; now.Order != r.Order.ID || now.Customer != s.customer {
		t.Errorf("got order %q and customer %q, want %q and %q", now.Order, now.Customer, r.Order.ID, s.customer)
	}
	return got
}

func gatewayFetchSubscription(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	got := s.fetchSubscription(t, r).Snapshot
	if got.Status != domain.StatusActive || got.StartedAt.IsZero() || !got.PeriodEnd.After(got.PeriodStart) {
		t.Errorf("got %+v, want an active subscription with a period", got)
	}
	if !got.TrialEnd.IsZero() || !got.CancelAt.IsZero() || got.CancelAtPeriodEnd || !got.EndedAt.IsZero() {
		t.Errorf("got %+v, want neither trial nor end", got)
	}
	want := []domain.Item{{Price: s.Recurring.ID, LookupKey: s.Recurring.LookupKey, Quantity: r.Order.Quantity}}
	for i := range min(len(got.Items), 1) {
		want[i].ID = got.Items[i].ID
	}
	if diff := cmp.Diff(want, got.Items); diff != "" {
		t.Errorf("the items differ (-want +got):\n%s", diff)
	}
}

func gatewayFetchTrial(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	r.Order.TrialDays = 14
	got := s.fetchSubscription(t, r).Snapshot
	if got.Status != domain.StatusTrialing || !got.TrialEnd.After(got.StartedAt) {
		t.Errorf("got status %s and trial end %s, want trialing until some day", got.Status, got.TrialEnd)
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

func gatewayReadEvent(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for _, mode := range domain.Modes {
		order := domain.OrderID("order" + string(mode))
		id := s.create(t, s.request(order, mode)).ID
		s.Pay(t, id)
		payload, signature := s.Completed(t, id)
		got, err := s.Gateway.ReadEvent(payload, signature)
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		if got.ID == "" || got.Type != "checkout.session.completed" || got.Created.IsZero() || got.Object != string(id) {
			t.Errorf("%s: got event %q %q of %s about %q", mode, got.ID, got.Type, got.Created, got.Object)
		}
		if string(got.Payload) != string(payload) {
			t.Errorf("%s: the payload is not the one that came", mode)
		}
		fact, ok := got.Fact.(domain.SessionFact)
		if !ok {
			t.Fatalf("%s: got the fact %T, want a session", mode, got.Fact)
		}
		// Fetching says the same, at another time.
		want, _ := s.fetch(t, id)
		want.Type, want.At = got.Type, got.Created
		if diff := cmp.Diff(want, fact); diff != "" {
			t.Errorf("%s: the fact differs from the fetched one (-fetched +read):\n%s", mode, diff)
		}
	}
}

func gatewayBadSignature(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	payload, signature := s.Completed(t, id)
	for name, message := range map[string]struct{ payload, signature string }{
		"no signature":           {string(payload), ""},
		"nonsense":               {string(payload), "nonsense"},
		"another's signature":    {string(payload), s.Sign([]byte("another"))},
		"a byte more":            {string(payload) + " ", signature},
		"a byte less":            {string(payload[:len(payload)-1]), signature},
		"nothing, signed before": {"", signature},
	} {
		if got, err := s.Gateway.ReadEvent([]byte(message.payload), message.signature); !errors.Is(err, ports.ErrBadSignature) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, ports.ErrBadSignature)
		}
	}
}

func gatewayUnreadable(t *testing.T, f GatewayFixture) {
	for _, payload := range []string{"", "nonsense", "null", "17", `"evt_1"`, "[]", "{}", `{"id":"evt_1","object":"event"`} {
		if got, err := f.Gateway.ReadEvent([]byte(payload), f.Sign([]byte(payload))); !errors.Is(err, ports.ErrUnreadable) {
			t.Errorf("%s: got %+v, %v, want %v", fmt.Sprintf("%q", payload), got, err, ports.ErrUnreadable)
		}
	}
}
