package httpapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// ShowHealth implements GET /healthz.
func (s *Server) ShowHealth(context.Context, ShowHealthRequestObject) (ShowHealthResponseObject, error) {
	return ShowHealth200JSONResponse{Status: Ok}, nil
}

// ShowReadiness implements GET /readyz. The reason is for operators, and anybody
// can read it: it does not name hosts.
func (s *Server) ShowReadiness(ctx context.Context, _ ShowReadinessRequestObject) (ShowReadinessResponseObject, error) {
	if s.stopping.Err() != nil {
		return nil, app.ErrClosing
	}
	err := s.ready.check(ctx)
	switch {
	case err == nil:
		return ShowReadiness200JSONResponse{Status: Ok}, nil
	case errors.Is(err, ports.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: %s", errNotReady, redact(err.Error()))
	}
}
