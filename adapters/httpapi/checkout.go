package httpapi

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
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
	buyer, err := buyerOf(ctx, wish)
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
		Currency:   orZero(wish.Currency),
		SuccessURL: orZero(wish.SuccessURL),
		CancelURL:  orZero(wish.CancelURL),
		Locale:     orZero(wish.Locale),
		Buyer:      buyer,
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

// buyerOf is what the buyer is called: as a service key says, or a user's token. A body of a
// user's own says nothing of it: receipts would go to whomever it names.
func buyerOf(ctx context.Context, wish CheckoutRequest) (ports.Buyer, error) {
	caller := exchangeOf(ctx).caller
	if caller.Role != ports.RoleUser {
		return ports.Buyer{Email: orZero(wish.Email), Name: orZero(wish.Name)}, nil
	}
	if wish.Email != nil || wish.Name != nil {
		return ports.Buyer{}, errBuyerOfUser
	}
	return caller.Buyer, nil
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
