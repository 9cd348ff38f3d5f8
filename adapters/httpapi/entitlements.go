package httpapi

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
)

// ListEntitlements implements GET /api/entitlements.
func (s *Server) ListEntitlements(ctx context.Context, r ListEntitlementsRequestObject) (ListEntitlementsResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	atLeast, err := versionIn(r.Params.AtLeast)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.CheckEntitlement.All(ctx, user, atLeast)
	if err != nil {
		return nil, err
	}
	listed := make([]Entitlement, len(all.Rights))
	for i, right := range all.Rights {
		listed[i] = rightJSON(right)
	}
	return ListEntitlements200JSONResponse{UserID: string(user), Version: all.Version, AsOf: all.AsOf.UTC(), Entitlements: listed}, nil
}

// CheckEntitlement implements GET /api/entitlements/{feature}.
func (s *Server) CheckEntitlement(ctx context.Context, r CheckEntitlementRequestObject) (CheckEntitlementResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	atLeast, err := versionIn(r.Params.AtLeast)
	if err != nil {
		return nil, err
	}
	right, enough, all, err := s.deps.CheckEntitlement.Enough(ctx, user, domain.FeatureKey(r.Feature), orZero(r.Params.Min), atLeast)
	if err != nil {
		return nil, err
	}
	told := CheckEntitlement200JSONResponse{Feature: r.Feature, Entitled: enough, Version: all.Version, AsOf: all.AsOf.UTC()}
	if right.Value.Type != "" {
		value := featureValue(right.Value)
		told.Value, told.Until = &value, moment(right.Until)
		told.Renews, told.EndsAt, told.InGrace = right.Renews, moment(right.EndsAt), right.InGrace
	}
	return told, nil
}

// versionIn is what an answer has to be as new as; 0 is any.
func versionIn(atLeast *int64) (int64, error) {
	if atLeast != nil && *atLeast < 0 {
		return 0, fmt.Errorf("%w: at_least is a version, a whole number from 0", errMalformed)
	}
	return orZero(atLeast), nil
}

// reach waits until the user's rights are of a version that a request asks for.
func (s *Server) reach(ctx context.Context, user domain.UserID, atLeast *int64) error {
	version, err := versionIn(atLeast)
	if err != nil {
		return err
	}
	return s.deps.CheckEntitlement.Reach(ctx, user, version)
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
