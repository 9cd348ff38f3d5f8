package portstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

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
			Type: domain.TypeFetched, At: got.At, ID: got.ID, URL: got.URL, Amount: got.Amount, Subtotal: got.Subtotal, Currency: got.Currency,
			Mode: mode, Status: "open", PaymentStatus: "unpaid", Order: order, Customer: s.customer, Claim: s.claim(order),
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
	got, err := s.Gateway.CreateSession(t.Context(), r)
	if !errors.Is(err, ports.ErrPriceRefused) || !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("got %+v, %v, want %v", got, err, ports.ErrPriceRefused)
	}
}

func gatewayLocales(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for i, locale := range []string{"", "auto", "de", "de-DE", "en-US", "zh-Hans-CN", "zh-Hant", "no", "de-DE-u-co-phonebk", "tlh", "posix"} {
		r := s.request(domain.OrderID(fmt.Sprint("order", i)), domain.ModePayment)
		r.Order.Locale = locale
		if _, err := s.Gateway.CreateSession(t.Context(), r); err != nil {
			t.Errorf("%q: %v", locale, err)
		}
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
