package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// OpenPortal implements POST /api/portal.
func (s *Server) OpenPortal(ctx context.Context, r OpenPortalRequestObject) (OpenPortalResponseObject, error) {
	wish := orZero(r.Body)
	user, err := s.limitedUser(ctx, wish.UserID)
	if err != nil {
		return nil, err
	}
	url, err := s.deps.OpenPortal.Do(ctx, app.PortalWish{
		User:      user,
		Flow:      ports.PortalFlow(orZero(wish.Flow)),
		Plan:      domain.PlanKey(orZero(wish.Plan)),
		Price:     domain.PriceKey(orZero(wish.Price)),
		Quantity:  orZero(wish.Quantity),
		ReturnURL: orZero(wish.ReturnURL),
	})
	if err != nil {
		return nil, err
	}
	return OpenPortal200JSONResponse{URL: url}, nil
}

// limitedUser is whom the caller asks for, as often as it may: each such request asks
// Stripe.
func (s *Server) limitedUser(ctx context.Context, named *string) (domain.UserID, error) {
	user, err := forUser(ctx, named)
	if err != nil {
		return "", err
	}
	return user, s.limit.take(limitKey(ctx, string(user)))
}
