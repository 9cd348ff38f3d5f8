package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// SyncOrder asks Stripe how an order stands, for a buyer who is back before the
// webhook, or whose webhook was lost. What Stripe says goes the webhook's way: that
// the buyer was redirected proves nothing.
type SyncOrder struct {
	gateway ports.Gateway
	fulfill *Fulfill
	show    *ShowOrder
	asking  keyLock[domain.OrderID]
}

// NewSyncOrder returns the use case.
func NewSyncOrder(gateway ports.Gateway, fulfill *Fulfill, show *ShowOrder) *SyncOrder {
	return &SyncOrder{gateway: gateway, fulfill: fulfill, show: show}
}

// Do returns the order as it stands after asking. An order without a session, or
// one that is paid already, is not asked about. Errors as of [ShowOrder.Do] and
// [ports.Gateway.FetchSession]; [ErrProviderMismatch] if Stripe does not know the session.
func (s *SyncOrder) Do(ctx context.Context, id domain.OrderID, as domain.UserID) (domain.Order, domain.UserID, error) {
	unlock, err := s.asking.lock(ctx, id)
	if err != nil {
		return domain.Order{}, "", err
	}
	defer unlock()
	order, user, err := s.show.Do(ctx, id, as, 0)
	if err != nil || order.Session == "" || nothingToAsk(order) {
		return order, user, err
	}
	if err := syncSession(ctx, s.gateway, s.fulfill, order.Session); err != nil {
		return domain.Order{}, "", fmt.Errorf("sync order %s: %w", id, err)
	}
	return s.show.Do(ctx, id, as, 0)
}

// syncSession takes in how a session stands at Stripe, with what it made.
func syncSession(ctx context.Context, gateway ports.Gateway, fulfill *Fulfill, id domain.SessionID) error {
	facts, err := sessionNow(ctx, gateway, id)
	if err != nil {
		return err
	}
	return fulfill.Facts(ctx, facts...)
}

func sessionNow(ctx context.Context, gateway ports.Gateway, id domain.SessionID) ([]domain.Fact, error) {
	facts, err := gateway.FetchSession(ctx, id)
	if errors.Is(err, ports.ErrNotFound) {
		// It was made, and Stripe keeps sessions for good: our key is another account's.
		err = ErrProviderMismatch
	}
	if err != nil {
		return nil, fmt.Errorf("fetch session %s: %w", id, err)
	}
	return facts, nil
}

// nothingToAsk: a session that was paid says nothing new, whatever became of the
// money. A paid subscription's order may still want its subscription, so that is
// asked about.
func nothingToAsk(o domain.Order) bool {
	return o.Status.Paid() && o.Mode == domain.ModePayment
}
