package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Receipts implements [ports.Store].
func (s *Store) Receipts(ctx context.Context, q ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []domain.ProcessedEvent
	for _, r := range s.receipts {
		if fits(r, q) {
			r.Payload = nil
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b domain.ProcessedEvent) int {
		return cmp.Or(b.ReceivedAt.Compare(a.ReceivedAt), cmp.Compare(b.ID, a.ID))
	})
	limit := q.Limit
	if limit == 0 {
		limit = 50
	}
	return found[:min(limit, len(found))], nil
}

func fits(r domain.ProcessedEvent, q ports.ReceiptQuery) bool {
	return (q.Outcome == "" || r.Outcome == q.Outcome) &&
		(q.Type == "" || r.Type == q.Type) &&
		(q.User == "" || r.User == q.User) &&
		(q.WaitsFor == domain.Ref{} || r.WaitsFor == q.WaitsFor) &&
		(q.Before.IsZero() || r.ReceivedAt.Before(q.Before) || r.ReceivedAt.Equal(q.Before) && r.ID < q.BeforeID)
}
