package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	endpointsPath = "/api/admin/endpoints"
	endpointPath  = endpointsPath + "/:id"
	// endpointTestTime is how long a receiver has for a test, and some more.
	endpointTestTime = 20 * time.Second
)

// ListEndpoints implements GET /api/admin/endpoints.
func (s *Server) ListEndpoints(ctx context.Context, _ ListEndpointsRequestObject) (ListEndpointsResponseObject, error) {
	if err := s.keepAct(ctx, "", "", ""); err != nil {
		return nil, err
	}
	all, err := s.deps.Endpoints.List(ctx)
	if err != nil {
		return nil, err
	}
	listed := make([]Endpoint, len(all))
	for i, e := range all {
		listed[i] = endpointJSON(e)
	}
	return ListEndpoints200JSONResponse{Endpoints: listed}, nil
}

// AddEndpoint implements POST /api/admin/endpoints.
func (s *Server) AddEndpoint(ctx context.Context, r AddEndpointRequestObject) (AddEndpointResponseObject, error) {
	wish := app.EndpointChange{
		URL: &r.Body.URL, Features: typed[domain.FeatureKey](r.Body.Features), Causes: typed[domain.Cause](r.Body.Causes),
		After: r.Body.After, Enabled: r.Body.Enabled, Secret: r.Body.Secret,
	}
	if err := s.keepAct(ctx, "", wish.About(), ""); err != nil {
		return nil, err
	}
	e, err := s.deps.Endpoints.Add(ctx, wish)
	if err != nil {
		return nil, err
	}
	return AddEndpoint201JSONResponse{Endpoint: endpointJSON(e), Secret: e.Secret}, nil
}

// ShowEndpoint implements GET /api/admin/endpoints/{id}.
func (s *Server) ShowEndpoint(ctx context.Context, r ShowEndpointRequestObject) (ShowEndpointResponseObject, error) {
	id, err := s.endpointAct(ctx, r.ID, "")
	if err != nil {
		return nil, err
	}
	e, err := s.deps.Endpoints.Show(ctx, id)
	if err != nil {
		return nil, err
	}
	return ShowEndpoint200JSONResponse(endpointJSON(e)), nil
}

// ChangeEndpoint implements PATCH /api/admin/endpoints/{id}.
func (s *Server) ChangeEndpoint(ctx context.Context, r ChangeEndpointRequestObject) (ChangeEndpointResponseObject, error) {
	wish := app.EndpointChange{
		URL: r.Body.URL, Features: typed[domain.FeatureKey](r.Body.Features), Causes: typed[domain.Cause](r.Body.Causes),
		After: r.Body.After, Enabled: r.Body.Enabled,
	}
	id, err := s.endpointAct(ctx, r.ID, wish.About())
	if err != nil {
		return nil, err
	}
	e, err := s.deps.Endpoints.Change(ctx, id, wish)
	if err != nil {
		return nil, err
	}
	return ChangeEndpoint200JSONResponse(endpointJSON(e)), nil
}

// DeleteEndpoint implements DELETE /api/admin/endpoints/{id}.
func (s *Server) DeleteEndpoint(ctx context.Context, r DeleteEndpointRequestObject) (DeleteEndpointResponseObject, error) {
	id, err := s.endpointAct(ctx, r.ID, "")
	if err != nil {
		return nil, err
	}
	e, err := s.deps.Endpoints.Show(ctx, id)
	if err == nil {
		err = s.deps.Endpoints.Delete(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	return DeleteEndpoint200JSONResponse(endpointJSON(e)), nil
}

// RotateEndpoint implements POST /api/admin/endpoints/{id}/rotate.
func (s *Server) RotateEndpoint(ctx context.Context, r RotateEndpointRequestObject) (RotateEndpointResponseObject, error) {
	id, err := s.endpointAct(ctx, r.ID, "")
	if err != nil {
		return nil, err
	}
	var secret *string
	if r.Body != nil {
		secret = r.Body.Secret
	}
	e, err := s.deps.Endpoints.Rotate(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	return RotateEndpoint200JSONResponse{Endpoint: endpointJSON(e), Secret: e.Secret}, nil
}

// TestEndpoint implements POST /api/admin/endpoints/{id}/test.
func (s *Server) TestEndpoint(ctx context.Context, r TestEndpointRequestObject) (TestEndpointResponseObject, error) {
	id, err := s.endpointAct(ctx, r.ID, "")
	if err != nil {
		return nil, err
	}
	delivery, err := s.deps.Endpoints.Test(ctx, id)
	if err != nil {
		return nil, err
	}
	return TestEndpoint200JSONResponse(deliveryJSON(delivery)), nil
}

// ListDeliveries implements GET /api/admin/endpoints/{id}/deliveries.
func (s *Server) ListDeliveries(ctx context.Context, r ListDeliveriesRequestObject) (ListDeliveriesResponseObject, error) {
	id, err := s.endpointAct(ctx, r.ID, "")
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Endpoints.Deliveries(ctx, id)
	if err != nil {
		return nil, err
	}
	listed := make([]Delivery, len(all))
	for i, d := range all {
		listed[i] = deliveryJSON(d)
	}
	return ListDeliveries200JSONResponse{Deliveries: listed}, nil
}

// endpointAct keeps what is about to be done about an endpoint.
func (s *Server) endpointAct(ctx context.Context, raw, about string) (ports.EndpointID, error) {
	id, err := plainID(raw, "endpoint")
	if err != nil {
		return "", err
	}
	return ports.EndpointID(id), s.keepAct(ctx, "", strings.TrimSpace(id+" "+about), "")
}

// typed gives texts of a body their type; nil stays nil.
func typed[T ~string](texts *[]string) *[]T {
	if texts == nil {
		return nil
	}
	all := make([]T, len(*texts))
	for i, text := range *texts {
		all[i] = T(text)
	}
	return &all
}

func endpointJSON(e ports.Endpoint) Endpoint {
	shown := Endpoint{
		ID: string(e.ID), URL: e.URL, Features: texts(e.Features), Causes: texts(e.Causes), CreatedAt: e.CreatedAt.UTC(),
		Enabled: e.Disabled == "", DisabledReason: orNull(e.Disabled), DisabledAt: moment(e.DisabledAt),
		After: e.Cursor, Failures: e.Failures, FailingSince: moment(e.FailingSince), LastError: orNull(e.LastError),
	}
	if e.FormerSecret != "" {
		shown.FormerSecretUntil = moment(e.FormerUntil)
	}
	if e.Failures > 0 && shown.Enabled {
		shown.NextAttemptAt = moment(e.NextAttempt)
	}
	return shown
}

func texts[T ~string](all []T) []string {
	shown := make([]string, len(all))
	for i, one := range all {
		shown[i] = string(one)
	}
	return shown
}

func deliveryJSON(d ports.Delivery) Delivery {
	shown := Delivery{
		WebhookID: d.Message, Delivered: d.Error == "", Attempt: d.Attempt, At: d.At.UTC(), Milliseconds: d.Duration.Milliseconds(),
		Answer: d.Answer, Error: orNull(d.Error),
	}
	if d.First > 0 {
		shown.FirstPosition, shown.LastPosition = &d.First, &d.Last
	}
	if d.Status > 0 {
		shown.Status = &d.Status
	}
	return shown
}
