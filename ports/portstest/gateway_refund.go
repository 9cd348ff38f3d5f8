package portstest

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// paid is a one-time order that was paid.
func paid(t *testing.T, f GatewayFixture) (shopper, domain.PaymentIntentID, int64) {
	t.Helper()
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	session, _ := s.fetch(t, id)
	return s, session.PaymentIntent, session.Amount
}

func (s shopper) refund(t *testing.T, payment domain.PaymentIntentID, key string) (domain.RefundFact, error) {
	t.Helper()
	return s.Gateway.RefundDuplicate(t.Context(), ports.RefundRequest{PaymentIntent: payment, Deployment: deployment, IdempotencyKey: key})
}

func (s shopper) returned(t *testing.T, payment domain.PaymentIntentID) []domain.Fact {
	t.Helper()
	facts, err := s.Gateway.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefPaymentIntent, ID: string(payment)})
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func gatewayRefund(t *testing.T, f GatewayFixture) {
	s, payment, amount := paid(t, f)
	var first domain.RefundFact
	for _, try := range []string{"the first time", "the same again"} {
		got, err := s.refund(t, payment, "refund-1")
		if err != nil || got.Type != domain.TypeFetched || got.Status != "succeeded" || got.Amount != amount || got.PaymentIntent != payment {
			t.Fatalf("%s: got %+v, %v", try, got, err)
		}
		if first.ID != "" && got.ID != first.ID {
			t.Errorf("%s: another refund: %s", try, got.ID)
		}
		first = got
		if all := s.returned(t, payment); len(all) != 1 {
			t.Errorf("%s: there are %d refunds, want one", try, len(all))
		}
	}
	if _, err := s.refund(t, payment, "refund-2"); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("with another key: got %v, want %v", err, ports.ErrGatewayRefused)
	}
	for _, unknown := range []domain.PaymentIntentID{"pi_unknown", ""} {
		if _, err := s.refund(t, unknown, "refund of "+string(unknown)); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%q: got %v, want %v", unknown, err, ports.ErrNotFound)
		}
	}
}

func gatewayRefundRest(t *testing.T, f GatewayFixture) {
	s, payment, amount := paid(t, f)
	s.Refund(t, payment, 100)
	if got, err := s.refund(t, payment, "refund-1"); err != nil || got.Amount != amount-100 {
		t.Errorf("got %+v, %v, want %d", got, err, amount-100)
	}
}
