package memory

import (
	"context"
	"slices"

	"github.com/entitled-dev/entitled/ports"
)

// LogAdmin implements [ports.Store].
func (s *Store) LogAdmin(ctx context.Context, a ports.AdminAction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	a.Seq = int64(len(s.adminLog)) + 1
	s.adminLog = append(s.adminLog, a)
	return nil
}

// AdminLog implements [ports.Store].
func (s *Store) AdminLog(ctx context.Context, q ports.AdminLogQuery) ([]ports.AdminAction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	var found []ports.AdminAction
	for _, a := range slices.Backward(s.adminLog) {
		if (q.User == "" || a.User == q.User) && (q.Before == 0 || a.Seq < q.Before) && len(found) < limit {
			found = append(found, a)
		}
	}
	return found, nil
}
