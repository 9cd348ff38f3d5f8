package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ShowOrder answers how far an order has come.
type ShowOrder struct {
	store ports.Store
}

// NewShowOrder returns the use case.
func NewShowOrder(store ports.Store) *ShowOrder { return &ShowOrder{store} }

// Between two looks at an order that somebody waits for. The webhook may be taken
// by another process, so the store is the only one to ask.
const (
	firstLook   = 50 * time.Millisecond
	slowestLook = time.Second
)

// MaxWait is how long an answer is held back at most.
const MaxWait = 30 * time.Second

// Do reads an order, and waits up to the given time until it is settled. Its status
// says what became of its money, too. Only its owner sees it: to another user it
// does not exist ([ports.ErrNotFound]). The empty user is the product's own back
// end, which sees all.
func (s *ShowOrder) Do(ctx context.Context, id domain.OrderID, as domain.UserID, wait time.Duration) (domain.Order, domain.UserID, error) {
	ctx, cancel := context.WithTimeout(ctx, min(wait, MaxWait)+readTime)
	defer cancel()
	deadline := time.NewTimer(min(wait, MaxWait))
	defer deadline.Stop()
	for pause := firstLook; ; pause = min(2*pause, slowestLook) {
		order, user, err := s.store.Order(ctx, id)
		switch {
		case err != nil:
			return domain.Order{}, "", fmt.Errorf("order %s: %w", id, err)
		case as != "" && as != user:
			return domain.Order{}, "", fmt.Errorf("order %s of another user: %w", id, ports.ErrNotFound)
		case order.Status.Settled():
			return s.withMoney(ctx, order, user)
		}
		select {
		case <-time.After(pause):
		case <-deadline.C:
			return order, user, nil
		case <-ctx.Done():
			return domain.Order{}, "", ctx.Err()
		}
	}
}

// withMoney is an order with what became of its money, which is not kept but follows
// from what is known of the user's payments.
func (s *ShowOrder) withMoney(ctx context.Context, order domain.Order, user domain.UserID) (domain.Order, domain.UserID, error) {
	if order.Status != domain.OrderPaid || order.Mode != domain.ModePayment {
		return order, user, nil
	}
	state, err := s.store.State(ctx, user)
	if err != nil {
		return domain.Order{}, "", fmt.Errorf("what became of the money of order %s: %w", order.ID, err)
	}
	order.Status = state.Account.StatusOf(order)
	return order, user, nil
}
