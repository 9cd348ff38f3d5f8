package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ListOrders answers what a user ordered.
type ListOrders struct {
	states *sharedReads[domain.UserID, ports.State]
}

// NewListOrders returns the use case.
func NewListOrders(store ports.Store) *ListOrders {
	return &ListOrders{newSharedReads(store.State)}
}

// OrderPage is a part of a user's orders, the last begun first.
type OrderPage struct {
	Customer domain.CustomerID // at Stripe; empty: there is none
	Orders   []domain.Order    // with what became of their money
	More     bool
}

// Do lists the orders that stand after one in the list, at most limit; the empty id stands
// before the first. [ErrBadRequest] if that order is not one of the user's.
func (l *ListOrders) Do(ctx context.Context, user domain.UserID, after domain.OrderID, limit int) (OrderPage, error) {
	state, err := l.states.do(ctx, user)
	if err != nil {
		return OrderPage{}, fmt.Errorf("read what is known of the user: %w", err)
	}
	account := state.Account
	from, known := account.Orders[after]
	if after != "" && !known {
		return OrderPage{}, fmt.Errorf("%w: after is the id of an order of this user", ErrBadRequest)
	}
	page := OrderPage{Customer: account.Customer}
	for _, order := range account.Orders {
		if after == "" || lastBegunFirst(order, from) > 0 {
			page.Orders = append(page.Orders, order)
		}
	}
	slices.SortFunc(page.Orders, lastBegunFirst)
	if page.More = len(page.Orders) > limit; page.More {
		page.Orders = page.Orders[:limit]
	}
	for n, order := range page.Orders {
		page.Orders[n].Status = account.StatusOf(order)
	}
	return page, nil
}

func lastBegunFirst(a, b domain.Order) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}
