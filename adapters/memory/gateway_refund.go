package memory

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// RefundDuplicate implements [ports.Gateway].
func (g *Gateway) RefundDuplicate(ctx context.Context, r ports.RefundRequest) (domain.RefundFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, r.IdempotencyKey); err != nil {
		return domain.RefundFact{}, err
	}
	if _, err := g.firstTime(r.IdempotencyKey, fmt.Sprint("refund", r.PaymentIntent)); err != nil {
		return domain.RefundFact{}, err
	}
	charge, err := g.chargeOf(r.PaymentIntent)
	if err != nil {
		return domain.RefundFact{}, err
	}
	id, isNew := g.once(r.IdempotencyKey, "re")
	refund := domain.RefundFact{
		Type: domain.TypeFetched, At: g.now(), ID: domain.RefundID(id), Charge: charge.ID, PaymentIntent: charge.PaymentIntent,
		Status: "succeeded", Amount: charge.Amount, Currency: charge.Currency, CreatedAt: g.now(),
	}
	for _, fact := range g.returned {
		switch f, is := fact.(domain.RefundFact); {
		case is && f.ID == refund.ID && !isNew:
			return f, nil
		case is && f.Charge == charge.ID:
			refund.Amount -= f.Amount
		}
	}
	if refund.Amount <= 0 {
		g.refused[r.IdempotencyKey] = fmt.Errorf("all of %s was refunded: %w", r.PaymentIntent, ports.ErrGatewayRefused)
		return domain.RefundFact{}, g.refused[r.IdempotencyKey]
	}
	g.returned = append(g.returned, refund)
	return refund, nil
}

// chargeOf is the charge of a payment, under the lock.
func (g *Gateway) chargeOf(payment domain.PaymentIntentID) (domain.ChargeFact, error) {
	for _, charge := range g.charges {
		if charge.PaymentIntent == payment && payment != "" {
			return charge, nil
		}
	}
	return domain.ChargeFact{}, ports.ErrNotFound
}
