package bunstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// openRow is of questions of one kind that were taken equally often.
type openRow struct {
	bun.BaseModel `bun:"table:questions,alias:t"`

	Kind     string    `bun:"kind"`
	Attempts int64     `bun:"attempts"`
	Count    int64     `bun:"count"`
	Due      time.Time `bun:"due"`
}

// OpenQuestions implements [ports.Store]. What was taken is due again within the longest
// lease, so that the index of what is due leads to all of it, past the news that are
// expected later than that.
func (s *Store) OpenQuestions(ctx context.Context, now time.Time, lease time.Duration) ([]ports.OpenQuestions, error) {
	var rows []openRow
	err := s.try(ctx, "count open questions", func(ctx context.Context) error {
		rows = nil
		return s.db.NewSelect().Model(&rows).Column("kind", "attempts").
			ColumnExpr("count(*) AS count").ColumnExpr("min(due) AS due").
			Where("due <= ?", stamp(now.Add(ports.LeaseOf(lease, ports.MostDoublings)))).
			Where("attempts > 0 OR due <= ?", stamp(now)).
			Group("kind", "attempts").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	var open []ports.OpenQuestions
	slices.SortFunc(rows, func(a, b openRow) int { return cmp.Compare(a.Kind, b.Kind) })
	for _, r := range rows {
		about, since := domain.RefKind(r.Kind), ports.DueFirst(stamp(r.Due), lease, int(r.Attempts))
		if len(open) == 0 || open[len(open)-1].About != about {
			open = append(open, ports.OpenQuestions{About: about, Oldest: since})
		}
		of := &open[len(open)-1]
		of.Count += int(r.Count)
		if since.Before(of.Oldest) {
			of.Oldest = since
		}
	}
	return open, nil
}
