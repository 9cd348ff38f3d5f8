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
	step, err := s.deps.Upgrade.Do(ctx, app.CheckoutRequest{
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
	if step.Purpose != app.PurposeCheckout {
		note(ctx, slog.String("subscription", string(step.Subscription)))
		return StartCheckout200JSONResponse(stepJSON(step)), nil
	}
	order := step.Order
	note(ctx, slog.String("order", string(order.ID)))
	if order.SessionURL == "" {
		// Only a webhook told us of the session, and that does not carry the page.
		return nil, fmt.Errorf("%w: see order %s, or use a new key", errCheckoutOver, order.ID)
	}
	return StartCheckout201JSONResponse{
		Headers: StartCheckout201ResponseHeaders{Location: order.SessionURL},
		Body:    stepJSON(step),
	}, nil
}

func stepJSON(step app.NextStep) Checkout {
	shown := Checkout{
		Action: CheckoutActionRedirect, Purpose: Purpose(step.Purpose), URL: orNull(step.URL),
		OrderID: orNull(step.Order.ID), SessionID: orNull(step.Order.Session), ExpiresAt: moment(step.Order.ExpiresAt),
		SubscriptionID: orNull(step.Subscription),
	}
	if !step.Needed() {
		shown.Action = CheckoutActionNone
	}
	return shown
}
