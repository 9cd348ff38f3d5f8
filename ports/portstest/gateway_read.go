package portstest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

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

func gatewayRereadEvent(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	payload, signature := s.Completed(t, id)
	want, err := s.Gateway.ReadEvent(payload, signature)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Gateway.RereadEvent(payload)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the event differs from the one that came (-read +reread):\n%s", diff)
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
	for _, payload := range []string{
		"", "nonsense", "null", "17", `"evt_1"`, "[]", "{}", `{"id":"evt_1","object":"event"`,
		`{"id":"evt_1","object":"event","type":"charge.refunded","data":{"object":{"id":"ch_1","object":"charge"}}}`,
	} {
		if got, err := f.Gateway.ReadEvent([]byte(payload), f.Sign([]byte(payload))); !errors.Is(err, ports.ErrUnreadable) {
			t.Errorf("%q: got %+v, %v, want %v", payload, got, err, ports.ErrUnreadable)
		}
		if got, err := f.Gateway.RereadEvent([]byte(payload)); !errors.Is(err, ports.ErrUnreadable) {
			t.Errorf("%q, again: got %+v, %v, want %v", payload, got, err, ports.ErrUnreadable)
		}
	}
}
