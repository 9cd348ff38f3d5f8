package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// expire ends another open checkout, so that it cannot be paid as well. One that
// turns out to be completed stops everything: the user has just bought.
func (s *StartCheckout) expire(ctx context.Context, user domain.UserID, rival domain.Order) error {
	if rival.Session == "" {
		// Its session may exist although we were not told: ask for it again, with
		// the same key, so that there is something to end.
		made, err := s.open(ctx, user, rival, ports.Buyer{})
		if errors.Is(err, ports.ErrGatewayRefused) {
			return nil
		}
		if err != nil {
			return err
		}
		rival = made
	}
	session, err := s.gateway.ExpireSession(ctx, rival.Session)
	if errors.Is(err, ports.ErrNotFound) {
		// Stripe keeps sessions for good: our key is another account's, and the page may
		// still be open there.
		return fmt.Errorf("the earlier checkout of order %s: %w", rival.ID, ErrProviderMismatch)
	}
	if err != nil {
		return fmt.Errorf("end the earlier checkout of order %s: %w", rival.ID, err)
	}
	if session.Status == "complete" {
		if err := syncSession(ctx, s.gateway, s.fulfill, rival.Session); err != nil {
			return err
		}
		return fmt.Errorf("%w: order %s", ErrCheckoutCompleted, rival.ID)
	}
	return s.fulfill.Facts(ctx, session)
}

// open sees to the customer and the session of an order.
func (s *StartCheckout) open(ctx context.Context, user domain.UserID, order domain.Order, buyer ports.Buyer) (domain.Order, error) {
	opened, customer, err := s.tryOpen(ctx, user, order, buyer)
	if !errors.Is(err, ports.ErrCustomerGone) {
		return opened, err
	}
	if err := s.makeRoom(ctx, user, customer, err); err != nil {
		return domain.Order{}, err
	}
	order.Attempt++ // as kept
	opened, _, err = s.tryOpen(ctx, user, order, buyer)
	return opened, err
}

func (s *StartCheckout) tryOpen(ctx context.Context, user domain.UserID, order domain.Order, buyer ports.Buyer) (domain.Order, domain.CustomerID, error) {
	price, err := s.prices.byID(ctx, order.PriceID)
	if err != nil {
		return domain.Order{}, "", fmt.Errorf("price of order %s: %w", order.ID, err)
	}
	customer, err := s.customer(ctx, user, buyer)
	if err != nil {
		return domain.Order{}, "", err
	}
	deployment, err := s.name.ID(ctx)
	if err != nil {
		return domain.Order{}, "", err
	}
	plan, _ := s.catalog.PlanOf(order.Plan) // one that left the catalog has no options
	session, err := s.gateway.CreateSession(ctx, ports.SessionRequest{
		User: user, Deployment: deployment, Customer: customer, Order: order, Metered: price.Metered,
		Options:        plan.Checkout,
		IdempotencyKey: fmt.Sprintf("entitled-session-%s-%d", order.ID, order.Attempt),
	})
	if errors.Is(err, ports.ErrPriceRefused) {
		s.prices.forget() // what we know of prices is older than what Stripe just said
	}
	if errors.Is(err, ports.ErrGatewayRefused) {
		err = errors.Join(err, s.countRefusal(ctx, user, order))
	}
	if err != nil {
		return domain.Order{}, customer, fmt.Errorf("open a session for order %s: %w", order.ID, err)
	}
	opened, err := s.keepSession(ctx, user, order.ID, session)
	return opened, customer, err
}

// countRefusal makes the next try another one for Stripe, which repeats a refusal
// to the same key for a day.
func (s *StartCheckout) countRefusal(ctx context.Context, user domain.UserID, order domain.Order) error {
	_, err := s.change(ctx, user, order.ID, func(a domain.Account, o domain.Order) domain.Account {
		o.Attempt = max(o.Attempt, order.Attempt+1)
		return a.WithOrder(o)
	})
	return err
}

func (s *StartCheckout) keepSession(ctx context.Context, user domain.UserID, id domain.OrderID, session domain.SessionFact) (domain.Order, error) {
	return s.change(ctx, user, id, func(a domain.Account, o domain.Order) domain.Account {
		after, _ := domain.Record(a.WithOrder(o.WithSession(session)), session, s.catalog)
		return after
	})
}

// change edits one kept order through its account and returns it.
func (s *StartCheckout) change(ctx context.Context, user domain.UserID, id domain.OrderID,
	edit func(domain.Account, domain.Order) domain.Account,
) (domain.Order, error) {
	var order domain.Order
	err := s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
		a = edit(a, a.Orders[id])
		order = a.Orders[id]
		return a
	})
	if err != nil {
		return domain.Order{}, fmt.Errorf("keep order %s: %w", id, err)
	}
	return order, nil
}

// changeAccount edits one kept account, and keeps what then follows from it: a
// session that was asked for again may be paid by now.
func (s *StartCheckout) changeAccount(ctx context.Context, user domain.UserID, edit func(domain.Account) domain.Account) error {
	return s.store.Update(ctx, ports.Touch{Users: []domain.UserID{user}}, func(found ports.Found) (ports.Kept, error) {
		work := newJoining(found, s.catalog, s.clock())
		work.settle(user, edit(found.States[user].Account), "", domain.CauseCheckout)
		return work.kept(), nil
	})
}
