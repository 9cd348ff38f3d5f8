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
	orders *sharedReads[domain.OrderID, ownedOrder]
	states *sharedReads[domain.UserID, ports.State]
	rights *sharedReads[domain.UserID, ports.Rights]
	waits  *orderWaits
	gives  *userWakes
	clock  ports.Clock
}

// NewShowOrder returns the use case.
func NewShowOrder(store ports.Store, clock ports.Clock, timer ports.Timer) *ShowOrder {
	s := &ShowOrder{
		orders: newSharedReads(func(ctx context.Context, id domain.OrderID) (ownedOrder, error) {
			order, user, err := store.Order(ctx, id)
			return ownedOrder{order, user}, err
		}),
		states: newSharedReads(store.State),
		rights: newSharedReads(func(ctx context.Context, user domain.UserID) (ports.Rights, error) {
			all, err := store.Entitlements(ctx, []domain.UserID{user})
			return all[user], err
		}),
		gives: newUserWakes(timer),
		clock: clock,
	}
	s.waits = newOrderWaits(s.orders.do, timer)
	return s
}

// Wake has a look at the orders of these users that somebody waits for: see
// [Fulfill.OnKept].
func (s *ShowOrder) Wake(users []domain.UserID) {
	s.waits.wake(users)
	s.gives.wake(users)
}

// MaxWait is how long an answer is held back at most.
const MaxWait = 30 * time.Second

const (
	// givesWait is for how long it is waited until an order that was just paid gives something.
	givesWait = 3 * time.Second
	justPaid  = time.Minute
)

// Do reads an order, and waits up to the given time until it is settled; not at all
// where too many of its user's, or of all, wait already. Of a subscription that is paid it
// waits a moment longer, for what it gives: a buyer who is back is to find it. Its status says what became of
// its money, too. Only its owner sees it: to another user it does not exist
// ([ports.ErrNotFound]). The empty user is the product's own back end, which sees all.
func (s *ShowOrder) Do(ctx context.Context, id domain.OrderID, as domain.UserID, wait time.Duration) (domain.Order, domain.UserID, error) {
	wait = min(wait, MaxWait)
	ctx, cancel := context.WithTimeout(ctx, wait+readTime)
	defer cancel()
	kept, err := s.orders.do(ctx, id)
	switch {
	case err != nil:
		return domain.Order{}, "", fmt.Errorf("order %s: %w", id, err)
	case as != "" && as != kept.user:
		return domain.Order{}, "", fmt.Errorf("order %s of another user: %w", id, ports.ErrNotFound)
	}
	if wait > 0 && !kept.order.Status.Settled() {
		if kept, err = s.waits.settled(ctx, kept, wait); err != nil {
			return domain.Order{}, "", fmt.Errorf("wait for order %s: %w", id, err)
		}
	}
	if wait > 0 {
		if err := s.untilItGives(ctx, kept, min(wait, givesWait)); err != nil {
			return domain.Order{}, "", err
		}
	}
	return s.withMoney(ctx, kept.order, kept.user)
}

// untilItGives waits for what Stripe tells in messages of their own, which may come after that
// of the payment.
func (s *ShowOrder) untilItGives(ctx context.Context, kept ownedOrder, wait time.Duration) error {
	if kept.order.Status != domain.OrderPaid || kept.order.Mode != domain.ModeSubscription || s.clock().Sub(kept.order.PaidAt) > justPaid {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err := s.gives.until(ctx, kept.user, func() (bool, error) {
		version, err := s.Fulfilled(ctx, kept.order, kept.user)
		return version > 0, err
	})
	return err
}

// Fulfilled is a version of the user's rights that what an order bought is in, or 0 as long as
// the order gives nothing: a subscription may come a moment after the payment.
func (s *ShowOrder) Fulfilled(ctx context.Context, order domain.Order, user domain.UserID) (int64, error) {
	if order.Status != domain.OrderPaid {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	rights, err := s.rights.do(ctx, user)
	if err != nil {
		return 0, fmt.Errorf("version of what order %s gives: %w", order.ID, err)
	}
	for _, e := range rights.Entitlements {
		if e.Source == order.Source() {
			return rights.Version, nil
		}
	}
	return 0, nil
}

// withMoney is an order with what became of its money, which is not kept but follows
// from what is known of the user's payments.
func (s *ShowOrder) withMoney(ctx context.Context, order domain.Order, user domain.UserID) (domain.Order, domain.UserID, error) {
	if order.Status != domain.OrderPaid || order.Mode != domain.ModePayment {
		return order, user, nil
	}
	state, err := s.states.do(ctx, user)
	if err != nil {
		return domain.Order{}, "", fmt.Errorf("what became of the money of order %s: %w", order.ID, err)
	}
	order.Status = state.Account.StatusOf(order)
	return order, user, nil
}
