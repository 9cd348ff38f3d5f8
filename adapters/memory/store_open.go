package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// OpenQuestions implements [ports.Store].
func (s *Store) OpenQuestions(ctx context.Context, now time.Time, lease time.Duration) ([]ports.OpenQuestions, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	open := map[domain.RefKind]ports.OpenQuestions{}
	for _, q := range s.questions {
		if q.Attempts == 0 && q.Due.After(now) {
			continue
		}
		of, since := open[q.Subject.Kind], ports.DueFirst(q.Due, lease, q.Attempts)
		if of.Count == 0 || since.Before(of.Oldest) {
			of.Oldest = since
		}
		of.About, of.Count = q.Subject.Kind, of.Count+1
		open[q.Subject.Kind] = of
	}
	return slices.SortedFunc(maps.Values(open), func(a, b ports.OpenQuestions) int { return cmp.Compare(a.About, b.About) }), nil
}
