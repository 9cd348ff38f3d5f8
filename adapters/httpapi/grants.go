package httpapi

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// ListGrants implements GET /api/admin/users/{user_id}/grants.
func (s *Server) ListGrants(ctx context.Context, r ListGrantsRequestObject) (ListGrantsResponseObject, error) {
	user, err := userInPath(r.UserID)
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, user, "", ""); err != nil {
		return nil, err
	}
	given, err := s.deps.ManualGrants.List(ctx, user)
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, len(given))
	for i, g := range given {
		grants[i] = grantJSON(g, user)
	}
	return ListGrants200JSONResponse{Grants: grants}, nil
}

// GiveGrant implements POST /api/admin/users/{user_id}/grants.
func (s *Server) GiveGrant(ctx context.Context, r GiveGrantRequestObject) (GiveGrantResponseObject, error) {
	user, err := userInPath(r.UserID)
	if err != nil {
		return nil, err
	}
	key, err := clientKey(r.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	wish := app.GrantRequest{
		User: user, Feature: domain.FeatureKey(r.Body.Feature),
		Since: orZero(r.Body.Since), Until: orZero(r.Body.Until),
		Reason: r.Body.Reason, By: decider(ctx, r.Body.By), ClientKey: key,
	}
	if value := r.Body.Value; value != nil && value.Type == domain.FeatureLimit {
		wish.Limit = &value.Limit
	} else if value != nil {
		wish.Choice = value.Choice
	}
	if err := s.keepAct(ctx, user, r.Body.Feature, orZero(r.Body.By)); err != nil {
		return nil, err
	}
	grant, err := s.deps.ManualGrants.Give(ctx, wish)
	if err != nil {
		return nil, err
	}
	note(ctx, slog.String("grant", string(grant.ID)))
	return GiveGrant201JSONResponse(grantJSON(grant, user)), nil
}

// RevokeGrant implements POST /api/admin/grants/{id}/revoke.
func (s *Server) RevokeGrant(ctx context.Context, r RevokeGrantRequestObject) (RevokeGrantResponseObject, error) {
	id, err := plainID(r.ID, "grant")
	if err != nil {
		return nil, err
	}
	owner, err := s.deps.ManualGrants.Owner(ctx, domain.GrantID(id))
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, owner, id, orZero(r.Body.By)); err != nil {
		return nil, err
	}
	grant, user, err := s.deps.ManualGrants.Revoke(ctx, domain.GrantID(id), r.Body.Reason, decider(ctx, r.Body.By))
	if err != nil {
		return nil, err
	}
	note(ctx, slog.String("grant", string(grant.ID)))
	return RevokeGrant200JSONResponse(grantJSON(grant, user)), nil
}

// decider is who is written down: whom the request names, or else whose key it is.
func decider(ctx context.Context, named *string) string {
	return cmp.Or(orZero(named), exchangeOf(ctx).caller.Name)
}

func grantJSON(g domain.Grant, user domain.UserID) Grant {
	return Grant{
		ID: string(g.ID), UserID: string(user), Feature: string(g.Feature), Value: featureValue(g.Value),
		Since: g.Since.UTC(), Until: moment(g.Until), Reason: g.Reason, By: g.By, CreatedAt: g.CreatedAt.UTC(),
		RevokedAt: moment(g.RevokedAt), RevokedBy: orNull(g.RevokedBy), RevokedReason: orNull(g.RevokedReason),
	}
}
