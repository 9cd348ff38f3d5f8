package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// customer returns the user's Stripe customer and makes one for a user without:
// by a key that is kept first, never by looking for an e-mail address, which
// anybody may claim.
func (s *StartCheckout) customer(ctx context.Context, user domain.UserID, buyer ports.Buyer) (domain.CustomerID, error) {
	state, err := s.store.State(ctx, user)
	if err != nil {
		return "", fmt.Errorf("find the customer of a user: %w", err)
	}
	if state.Account.Customer != "" {
		return state.Account.Customer, nil
	}
	deployment, err := s.name.ID(ctx)
	if err != nil {
		return "", err
	}
	made, err := s.gateway.CreateCustomer(ctx, ports.CustomerRequest{
		User: user, Deployment: deployment, IdempotencyKey: "entitled-customer-" + state.Account.CustomerKey,
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
	return made, s.nameCustomer(ctx, user, made, buyer)
}

// makeRoom lets go of a customer that a session was refused for, so that another is
// made. That Stripe does not know a customer is no fact about the customer: the key
// of another account hears the same, and believing it would end all that the user
// has. Only what Stripe itself calls deleted has ended. And a user who has bought
// something keeps the customer that it was bought with.
func (s *StartCheckout) makeRoom(ctx context.Context, user domain.UserID, customer domain.CustomerID, refusal error) error {
	deleted, err := s.gateway.FetchCustomer(ctx, customer)
	unknown := errors.Is(err, ports.ErrNotFound)
	switch {
	case err != nil && !unknown:
		return fmt.Errorf("ask whether customer %s was deleted: %w", customer, err)
	case !unknown && !deleted:
		return refusal // Stripe contradicts itself
	}
	mismatch := false
	err = s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
		mismatch = false
		switch {
		case a.Customer != customer: // another process was first
			return a
		case deleted:
			return a.WithoutCustomer(s.newID())
		case hasBought(a):
			mismatch = true
			return a
		default:
			return a.ReplaceCustomer(s.newID())
		}
	})
	if err != nil {
		return fmt.Errorf("let go of customer %s: %w", customer, err)
	}
	if mismatch {
		return fmt.Errorf("customer %s: %w", customer, ErrProviderMismatch)
	}
	return nil
}

// hasBought tells whether a user has something at Stripe to lose: a subscription
// that is alive, or an order whose money came or is on its way.
func hasBought(a domain.Account) bool {
	for _, sub := range a.Subscriptions {
		if a.Live(sub) {
			return true
		}
	}
	for _, o := range a.Orders {
		if o.Status == domain.OrderPaid || o.Status == domain.OrderAwaitingPayment {
			return true
		}
	}
	return false
}
