package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
)

// ListEntitlements implements GET /api/entitlements.
func (s *Server) ListEntitlements(ctx context.Context, r ListEntitlementsRequestObject) (ListEntitlementsResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	rights, asOf, err := s.deps.CheckEntitlement.All(ctx, user)
	if err != nil {
		return nil, err
	}
	listed := make([]Entitlement, len(rights))
	for i, right := range rights {
		listed[i] = rightJSON(right)
	}
	return ListEntitlements200JSONResponse{UserID: string(user), AsOf: asOf.UTC(), Entitlements: listed}, nil
}

// CheckEntitlement implements GET /api/entitlements/{feature}.
func (s *Server) CheckEntitlement(ctx context.Context, r CheckEntitlementRequestObject) (CheckEntitlementResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	right, entitled, asOf, err := s.deps.CheckEntitlement.AtLeast(ctx, user, domain.FeatureKey(r.Feature), orZero(r.Params.AtLeast))
	if err != nil {
		return nil, err
	}
	told := CheckEntitlement200JSONResponse{Feature: r.Feature, Entitled: entitled, AsOf: asOf.UTC()}
	if right.Value.Type != "" {
		value := featureValue(right.Value)
		told.Value, told.Until = &value, moment(right.Until)
		told.Renews, told.EndsAt, told.InGrace = right.Renews, moment(right.EndsAt), right.InGrace
	}
	return told, nil
}

func rightJSON(r domain.Right) Entitlement {
	sources := make([]Source, len(r.Sources))
	for i, e := range r.Sources {
		sources[i] = Source{Kind: SourceKind(e.Source.Kind), ID: e.Source.ID, Plan: orNull(e.Plan)}
	}
	return Entitlement{
		Feature: string(r.Feature), Value: featureValue(r.Value),
		Since: moment(r.Since), Until: moment(r.Until), Renews: r.Renews, EndsAt: moment(r.EndsAt), InGrace: r.InGrace,
		Sources: sources,
	}
}
