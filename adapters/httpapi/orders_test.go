package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func sessionID(s string) domain.SessionID { return domain.SessionID(s) }

func TestOrders_WaitEndsWhenTheOrderIsPaid(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, session := s.buy("ada", "basic")
	looked := make(chan struct{}, 100)
	notice := func(context.Context) { looked <- struct{}{} }
	s.store.notice.Store(&notice)

	answered := make(chan reply)
	began := time.Now()
	go func() { answered <- s.call("GET", "/api/orders/"+order+"?wait=20s", "", as("user:ada")) }()
	<-looked
	s.pay(session)
	got := <-answered
	if got.json["status"] != "paid" || time.Since(began) > 10*time.Second {
		t.Errorf("got %s after %s", got.text, time.Since(began))
	}
}

func TestOrders_WaitEndsWithItsTime(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{RequestTime: 5 * time.Second}})
	order, _ := s.buy("ada", "basic")
	got := s.call("GET", "/api/orders/"+order+"?wait=100ms", "", as("user:ada"))
	if got.json["status"] != "open" {
		t.Errorf("got %s", got.text)
	}
}

func TestOrders_BadWait(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, _ := s.buy("ada", "basic")
	for _, wait := range []string{"", "20", "-1s", "31s", "1h", "soon", "9999999999999s", "%00", "20s&wait=20s"} {
		got := s.call("GET", "/api/orders/"+order+"?wait="+wait, "", as("user:ada"))
		if got.StatusCode != 400 || got.code() != "bad_request" {
			t.Errorf("wait=%s: got %d %s", wait, got.StatusCode, got.text)
		}
	}
}

func TestOrders_OddIdsAreNotFound(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, id := range []string{
		"%00", "%0a", "%7f", "%ff", "..%2f..%2fetc", "..%5c", "%252e%252e%252f", "a%20b", "'%20or%201=1--", "*", "ord_1%3bdrop",
		"%F0%9F%98%80", strings.Repeat("a", 65), strings.Repeat("a", 8000), "", ".", "%2e%2e", "x/y/z",
	} {
		for _, call := range []string{"GET /api/orders/" + id, "POST /api/orders/" + id + "/sync", "GET /api/orders/" + id + "?wait=1s"} {
			method, path, _ := strings.Cut(call, " ")
			if got := s.call(method, path, "", as("user:ada")); got.StatusCode < 400 || got.StatusCode >= 500 {
				t.Errorf("%s: got %d %s", call, got.StatusCode, got.text)
			}
		}
	}
}

func TestOrders_Sync(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, session := s.buy("ada", "pro")
	open := s.call("POST", "/api/orders/"+order+"/sync", "", as("user:ada"))
	if open.json["status"] != "open" {
		t.Errorf("before paying: %s", open.text)
	}
	s.gateway.Pay(sessionID(session)) // and the webhook is lost
	paid := s.call("POST", "/api/orders/"+order+"/sync", "", as("user:ada"))
	if paid.json["status"] != "paid" {
		t.Errorf("after paying: %s", paid.text)
	}
	if got := s.call("GET", "/api/entitlements/sso", "", as("user:ada")); got.json["entitled"] != true {
		t.Errorf("after paying: %s", got.text)
	}
	other, _ := s.buy("bob", "basic")
	s.gateway.FailNext(ports.ErrGatewayBusy)
	s.want(s.call("POST", "/api/orders/"+other+"/sync", "", as("user:bob")), 503, "payment_provider_busy")
}

func TestOrders_PageIsShownOnlyWhileItCanBePaid(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, _ := s.buy("ada", "basic")
	if got := s.call("GET", "/api/orders/"+order, "", as("user:ada")); got.json["url"] == nil {
		t.Errorf("open: %s", got.text)
	}
	s.clock.pass(24 * time.Hour)
	if got := s.call("GET", "/api/orders/"+order, "", as("user:ada")); got.json["url"] != nil {
		t.Errorf("a day later: %s", got.text)
	}
}

func TestOrders_ShowWhatBecameOfTheMoney(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, session := s.buy("ada", "basic")
	s.pay(session)
	intent := domain.PaymentIntentID("pi_" + session)
	shown := func(want string) {
		t.Helper()
		for _, call := range []string{"GET /api/orders/" + order + "?wait=20s", "POST /api/orders/" + order + "/sync"} {
			method, path, _ := strings.Cut(call, " ")
			got := s.call(method, path, "", as("user:ada"))
			if got.json["status"] != want || got.json["url"] != nil || got.json["paid_at"] == nil {
				t.Errorf("%s: got %s, want %s", call, got.text, want)
			}
		}
	}
	dispute := domain.DisputeFact{Type: "charge.dispute.created", ID: "dp_1", PaymentIntent: intent, Status: "needs_response", Amount: 900, Currency: "eur"}
	s.want(s.deliver(domain.Event{ID: "evt_1", Type: dispute.Type, Created: s.clock.Now(), Fact: dispute}), 200, "")
	shown("disputed")
	dispute.Type, dispute.Status = "charge.dispute.closed", "lost"
	s.want(s.deliver(domain.Event{ID: "evt_2", Type: dispute.Type, Created: s.clock.Now(), Fact: dispute}), 200, "")
	shown("charged_back")
	dispute.Status = "won"
	s.want(s.deliver(domain.Event{ID: "evt_3", Type: dispute.Type, Created: s.clock.Now(), Fact: dispute}), 200, "")
	shown("paid")
	refund := domain.RefundFact{Type: "refund.created", ID: "re_1", PaymentIntent: intent, Status: "succeeded", Amount: 900, Currency: "eur"}
	s.want(s.deliver(domain.Event{ID: "evt_4", Type: refund.Type, Created: s.clock.Now(), Fact: refund}), 200, "")
	shown("refunded")
}

func TestOrders_SlowStoreIsATimeout(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{RequestTime: time.Second}})
	order, session := s.buy("ada", "basic")
	s.pay(session)
	slow := func(ctx context.Context) { <-ctx.Done() }
	s.store.notice.Store(&slow)
	got := s.call("POST", "/api/orders/"+order+"/sync", "", as("user:ada"))
	s.want(got, http.StatusServiceUnavailable, "timeout")
	if got.Header.Get("Retry-After") != "2" {
		t.Errorf("got Retry-After %q", got.Header.Get("Retry-After"))
	}
}
