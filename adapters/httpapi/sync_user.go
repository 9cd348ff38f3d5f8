package httpapi

import (
	"context"
	"log/slog"
)

// SyncUser implements POST /api/admin/users/{user_id}/sync.
func (s *Server) SyncUser(ctx context.Context, r SyncUserRequestObject) (SyncUserResponseObject, error) {
	user, err := userInPath(r.UserID)
	if err != nil {
		return nil, err
	}
	if err := s.limit.take(limitKey(ctx, string(user))); err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, user, "", ""); err != nil {
		return nil, err
	}
	done, err := s.deps.SyncUser.Do(ctx, user)
	if err != nil {
		return nil, err
	}
	note(ctx, slog.Int("changed", len(done.Changed)))
	return SyncUser200JSONResponse{
		UserID: string(user), Orders: done.Orders, Subscriptions: done.Subscriptions, Invoices: done.Invoices,
		Changed: len(done.Changed),
	}, nil
}
