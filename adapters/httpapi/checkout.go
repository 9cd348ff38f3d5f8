package httpapi

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// StartCheckout implements POST /api/checkout/{plan}.
func (s *Server) StartCheckout(ctx context.Context, r StartCheckoutRequestObject) (StartCheckoutResponseObject, error) {
	wish := orZero(r.Body)
	user, err := forUser(ctx, wish.UserID)
	if err != nil {
		return nil, err
	}
	key, err := clientKey(r.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	if err := s.limit.take(limitKey(ctx, string(user))); err != nil {
		return nil, err
	}
	order, err := s.deps.StartCheckout.Do(ctx, app.CheckoutRequest{
		User:       user,
		Plan:       domain.PlanKey(r.Plan),
		Price:      domain.PriceKey(orZero(wish.Price)),
		Quantity:   orZero(wish.Quantity),
		SuccessURL: orZero(wish.SuccessURL),
		CancelURL:  orZero(wish.CancelURL),
		Locale:     orZero(wish.Locale),
		ClientKey:  key,
	})
	if err != nil {
		return nil, err
	}
	note(ctx, slog.String("order", string(order.ID)))
	if order.SessionURL == "" {
		// Only a webhook told us of the session, and that does not carry the page.
		return nil, fmt.Errorf("%w: see order %s, or use a new key", errCheckoutOver, order.ID)
	}
	return StartCheckout201JSONResponse{
		Headers: StartCheckout201ResponseHeaders{Location: order.SessionURL},
		Body: Checkout{
			Action: Redirect, URL: order.SessionURL, OrderID: string(order.ID),
			SessionID: string(order.Session), ExpiresAt: order.ExpiresAt.UTC(),
		},
	}, nil
}
