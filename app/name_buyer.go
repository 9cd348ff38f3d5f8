package app

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// mostRemembered is of how many users it is remembered what they were last called.
const mostRemembered = 10_000

// namedBuyers remembers what users were last called at Stripe, so that Stripe is asked when
// that changes, and not with each request. Another process, or this one started again, asks
// once more. Nothing can be read out of it.
type namedBuyers struct {
	mu   sync.Mutex
	seed maphash.Seed
	last map[domain.UserID]uint64
}

func newNamedBuyers() *namedBuyers {
	return &namedBuyers{seed: maphash.MakeSeed(), last: map[domain.UserID]uint64{}}
}

func (n *namedBuyers) has(user domain.UserID, b ports.Buyer) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	sum, named := n.last[user]
	return named && sum == maphash.Comparable(n.seed, b)
}

func (n *namedBuyers) keep(user domain.UserID, b ports.Buyer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.last) >= mostRemembered {
		clear(n.last)
	}
	n.last[user] = maphash.Comparable(n.seed, b)
}

// nameBuyer has the user's customer called as the buyer is. Who has none yet is named when
// it is made.
func (s *StartCheckout) nameBuyer(ctx context.Context, user domain.UserID, b ports.Buyer) error {
	if b == (ports.Buyer{}) || s.named.has(user, b) {
		return nil
	}
	state, err := s.store.State(ctx, user)
	if err != nil {
		return fmt.Errorf("find the customer of a user: %w", err)
	}
	if state.Account.Customer == "" {
		return nil
	}
	return s.nameCustomer(ctx, user, state.Account.Customer, b)
}

func (s *StartCheckout) nameCustomer(ctx context.Context, user domain.UserID, customer domain.CustomerID, b ports.Buyer) error {
	if b == (ports.Buyer{}) {
		return nil
	}
	deployment, err := s.name.ID(ctx)
	if err != nil {
		return err
	}
	err = s.gateway.NameBuyer(ctx, ports.BuyerRequest{Customer: customer, User: user, Deployment: deployment, Buyer: b})
	switch {
	case errors.Is(err, ports.ErrNotFound):
		return nil // what is to be done about that the checkout finds out
	case err != nil:
		return fmt.Errorf("name the buyer: %w", err)
	}
	s.named.keep(user, b)
	return nil
}
