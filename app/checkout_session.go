package app

import (
	"cmp"
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
		made, err := s.open(ctx, user, rival)
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
		return nil // nobody can pay what is not there
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
func (s *StartCheckout) open(ctx context.Context, user domain.UserID, order domain.Order) (domain.Order, error) {
	opened, err := s.tryOpen(ctx, user, order)
	if errors.Is(err, ports.ErrCustomerGone) {
		order.Attempt++ // as kept: the customer's place is free for a new one
		opened, err = s.tryOpen(ctx, user, order)
	}
	return opened, err
}

func (s *StartCheckout) tryOpen(ctx context.Context, user domain.UserID, order domain.Order) (domain.Order, error) {
	customer, err := s.customer(ctx, user)
	if err != nil {
		return domain.Order{}, err
	}
	session, err := s.gateway.CreateSession(ctx, ports.SessionRequest{
		User: user, Customer: customer, Order: order,
		Options:        s.catalog.Plans[order.Plan].Checkout,
		IdempotencyKey: fmt.Sprintf("entitled-session-%s-%d", order.ID, order.Attempt),
	})
	if errors.Is(err, ports.ErrGatewayRefused) {
		err = errors.Join(err, s.countRefusal(ctx, user, order, customer, errors.Is(err, ports.ErrCustomerGone)))
	}
	if err != nil {
		return domain.Order{}, fmt.Errorf("open a session for order %s: %w", order.ID, err)
	}
	return s.keepSession(ctx, user, order.ID, session)
}

// countRefusal makes the next try another one for Stripe, which repeats a refusal
// to the same key for a day.
func (s *StartCheckout) countRefusal(ctx context.Context, user domain.UserID, order domain.Order, customer domain.CustomerID, gone bool) error {
	_, err := s.change(ctx, user, order.ID, func(a domain.Account, o domain.Order) domain.Account {
		o.Attempt = max(o.Attempt, order.Attempt+1)
		if gone && a.Customer == customer {
			a = a.WithoutCustomer(s.newID())
		}
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

// customer returns the user's Stripe customer and makes one for a user without:
// by a key that is kept first, never by looking for an e-mail address, which
// anybody may claim.
func (s *StartCheckout) customer(ctx context.Context, user domain.UserID) (domain.CustomerID, error) {
	state, err := s.store.State(ctx, user)
	if err != nil {
		return "", fmt.Errorf("find the customer of a user: %w", err)
	}
	if state.Account.Customer != "" {
		return state.Account.Customer, nil
	}
	made, err := s.gateway.CreateCustomer(ctx, ports.CustomerRequest{
		User: user, IdempotencyKey: "entitled-customer-" + state.Account.CustomerKey,
	})
	if errors.Is(err, ports.ErrGatewayRefused) {
		// Stripe repeats a refusal to the same key for a day.
		err = errors.Join(err, s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
			if a.CustomerKey == state.Account.CustomerKey {
				a.CustomerKey = s.newID()
			}
			return a
		}))
	}
	if err != nil {
		return "", fmt.Errorf("make a customer: %w", err)
	}
	err = s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
		a.Customer = cmp.Or(a.Customer, made) // another process may have been first
		made = a.Customer
		return a
	})
	if err != nil {
		return "", fmt.Errorf("keep the customer of a user: %w", err)
	}
	return made, nil
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
