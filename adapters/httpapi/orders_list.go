package httpapi

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
)

const (
	listedAtOnce = 20
	listedMost   = 100
)

// ListOrders implements GET /api/orders.
func (s *Server) ListOrders(ctx context.Context, r ListOrdersRequestObject) (ListOrdersResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	after, err := shortText("after", r.Params.After)
	if err != nil {
		return nil, err
	}
	if err := s.reach(ctx, user, r.Params.AtLeast); err != nil {
		return nil, err
	}
	page, err := s.deps.ListOrders.Do(ctx, user, domain.OrderID(after), limit)
	if err != nil {
		return nil, err
	}
	told := ListOrders200JSONResponse{
		UserID: string(user), CustomerID: unlessUser(ctx, page.Customer), Orders: make([]Order, len(page.Orders)),
	}
	for n, order := range page.Orders {
		told.Orders[n] = s.orderJSON(order, user)
	}
	if page.More {
		told.Next = orNull(page.Orders[len(page.Orders)-1].ID)
	}
	return told, nil
}

// limitOf is how much of a list is asked for.
func limitOf(given *int) (int, error) {
	if given == nil {
		return listedAtOnce, nil
	}
	if *given < 1 || *given > listedMost {
		return 0, fmt.Errorf("%w: limit is a number from 1 to %d", errMalformed, listedMost)
	}
	return *given, nil
}
