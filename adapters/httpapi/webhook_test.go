package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestWebhook_IsStoredBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "basic")
	fact := s.gateway.Pay(sessionID(session))[0]
	event := domain.Event{ID: "evt_1", Type: "checkout.session.completed", Created: s.clock.Now(), Fact: fact}

	got := s.deliver(event)
	s.want(got, 200, "")
	if got.text != `{"received":true,"outcome":"applied"}`+"\n" {
		t.Errorf("got %s", got.text)
	}
	if receipt, err := s.store.Receipt(t.Context(), "evt_1"); err != nil || receipt.Outcome != domain.OutcomeApplied {
		t.Errorf("answered 200 with the receipt %v, %v", receipt, err)
	}
	if again := s.deliver(event); again.StatusCode != 200 || again.json["outcome"] != "unchanged" {
		t.Errorf("the repetition got %s", again.text)
	}
	unknown := s.deliver(domain.Event{ID: "evt_2", Type: "charge.refund.updated"})
	if unknown.StatusCode != 200 || unknown.json["outcome"] != "ignored" {
		t.Errorf("an event of an unknown type got %s", unknown.text)
	}
	for _, want := range []string{`"event":"evt_1"`, `"type":"checkout.session.completed"`, `"outcome":"applied"`, `"ms":`} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, s.log)
		}
	}
}

// refusing reads no event.
type refusing struct {
	ports.Gateway
	err error
}

func (r refusing) ReadEvent([]byte, string) (domain.Event, error) { return domain.Event{}, r.err }

func TestWebhook_MessagesThatAreNotToComeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code string
		says string
	}{
		"bad signature": {ports.ErrBadSignature, "bad_signature", "secret"},
		"unreadable":    {fmt.Errorf("%w: byte 7", ports.ErrUnreadable), "unreadable_event", ""},
		"thin":          {ports.ErrThinEvent, "thin_event", "snapshot events"},
	} {
		s := start(t, setup{})
		s.deps.ReceiveWebhook = app.NewReceiveWebhook(refusing{s.gateway, c.err}, nil)
		got := s.call("POST", webhookPath, "{}", map[string]string{"Stripe-Signature": forged})
		s.want(got, 400, c.code)
		if !strings.Contains(got.detail(), c.says) {
			t.Errorf("%s: the detail is %q", name, got.detail())
		}
	}
}

func TestWebhook_SaysThatTheSignatureIsMissing(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	got := s.call("POST", webhookPath, "{}")
	if s.want(got, 400, "bad_signature"); !strings.Contains(got.detail(), "Stripe-Signature header is missing") {
		t.Errorf("the detail is %q", got.detail())
	}
}

func TestWebhook_TroubleOfOursIs5xx(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "basic")
	fact := s.gateway.Pay(sessionID(session))[0]
	for i, c := range []struct {
		err    error
		status int
	}{
		{ports.ErrUnavailable, 503},
		{ports.ErrConflict, 500},
		{ports.ErrNotFound, 500},
		{context.Canceled, 500},
		{context.DeadlineExceeded, 503},
		{errors.New("a bug"), 500},
	} {
		s.store.fail(c.err)
		got := s.deliver(domain.Event{ID: domain.EventID(fmt.Sprint("evt_", i)), Type: "checkout.session.completed", Fact: fact})
		if got.StatusCode != c.status {
			t.Errorf("%v: got %d, want %d", c.err, got.StatusCode, c.status)
		}
		s.store.fail(nil)
		if again := s.deliver(domain.Event{ID: domain.EventID(fmt.Sprint("evt_", i)), Type: "checkout.session.completed", Fact: fact}); again.StatusCode != 200 {
			t.Errorf("%v: the repetition got %d %s", c.err, again.StatusCode, again.text)
		}
	}
}

func TestWebhook_Quarantine(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "pro")
	sub := s.gateway.Pay(sessionID(session))[1].(domain.SubscriptionFact)
	sub.Snapshot.Items[0].Price, sub.Snapshot.Items[0].LookupKey = "price_unmapped", ""
	got := s.deliver(domain.Event{ID: "evt_1", Type: sub.Type, Fact: sub})
	s.want(got, 200, "")
	if got.json["outcome"] != "quarantined" || !strings.Contains(s.log.String(), `"level":"WARN"`) {
		t.Errorf("got %s and logged %s", got.text, s.log)
	}
}

func TestWebhook_IsNotBehindTheRateLimit(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{CheckoutRate: 0.001, CheckoutBurst: 1, AllowedOrigins: []string{"https://app.example"}}})
	for i := range 50 {
		got := s.deliver(domain.Event{ID: domain.EventID(fmt.Sprint("evt_", i)), Type: "x"})
		if got.StatusCode != 200 || got.Header.Get("Vary") != "" {
			t.Fatalf("got %d %v", got.StatusCode, got.Header)
		}
	}
}

// counting counts what is read of an endless body.
type counting struct{ read atomic.Int64 }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	c.read.Add(int64(len(p)))
	return len(p), nil
}

func TestBody_TooLarge(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for path, limit := range map[string]int64{webhookPath: maxWebhook, "/api/checkout/pro": maxBody, "/api/orders/ord_1/sync": maxBody} {
		declared, _ := http.NewRequest("POST", s.url+path, io.LimitReader(&counting{}, limit+1))
		declared.ContentLength = limit + 1
		declared.Header = http.Header{"Authorization": {"Bearer user:ada"}, "Content-Type": {"application/json"}}
		s.want(s.send(declared), 413, "too_large")
	}
	for path, limit := range map[string]int64{webhookPath: maxWebhook, "/api/checkout/pro": maxBody} {
		body := &counting{}
		chunked, _ := http.NewRequest("POST", s.url+path, io.LimitReader(body, 64<<20))
		chunked.Header = http.Header{"Authorization": {"Bearer user:ada"}, "Content-Type": {"application/json"}, "Stripe-Signature": {forged}}
		got := s.send(chunked)
		s.want(got, 413, "too_large")
		if !got.Close {
			t.Errorf("%s: the connection stays open for the rest of the body", path)
		}
		if read := body.read.Load(); read > limit+16<<20 {
			t.Errorf("%s: %d bytes of a body without end were taken", path, read)
		}
	}
	whole := strings.Repeat("x", maxWebhook)
	s.want(s.call("POST", webhookPath, whole, map[string]string{"Stripe-Signature": s.gateway.Sign([]byte(whole))}), 400, "unreadable_event")
}

// Stripe is told that the event is stored, while it is asked whose it is.
func TestWebhook_AnEventMayWait(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.gateway.FailNext(ports.ErrGatewayBusy)
	refund := domain.RefundFact{Type: "refund.created", ID: "re_1", PaymentIntent: "pi_unheard_of", Status: "succeeded", Amount: 900, Currency: "eur"}
	got := s.deliver(domain.Event{ID: "evt_1", Type: refund.Type, Created: s.clock.Now(), Fact: refund})
	if s.want(got, 200, ""); got.json["outcome"] != "waiting" {
		t.Errorf("got %s", got.text)
	}
	if waiting := s.events("outcome=waiting"); len(waiting) != 1 {
		t.Errorf("waiting are %v", waiting)
	}
}
