package bunstore

import (
	"context"

	"github.com/entitled-dev/entitled/ports"
)

// Feed implements [ports.Feed]. All is read as of one moment: up to the last position that is
// seen nothing is missing, and nothing will come.
func (s *Store) Feed(ctx context.Context, q ports.FeedQuery) (ports.FeedPage, error) {
	var ends []endRow
	var rows []rightChangeRow
	err := s.try(ctx, "read the feed", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{readOnly: true})
		if err != nil {
			return err
		}
		defer tx.rollback()
		ends, rows = nil, nil
		trip := []statement{s.feedEnds(&ends)}
		if q.Limit > 0 {
			trip = append(trip, s.feedAfter(q, &rows))
		}
		return tx.commit(ctx, trip...)
	})
	if err != nil {
		return ports.FeedPage{}, err
	}
	page := ports.FeedPage{First: ends[0].First, Last: ends[0].Last}
	for _, row := range rows {
		change, err := row.toDomain()
		if err != nil {
			return ports.FeedPage{}, err
		}
		page.Changes = append(page.Changes, change)
	}
	return page, nil
}

func (s *Store) feedAfter(q ports.FeedQuery, rows *[]rightChangeRow) statement {
	query := s.db.NewSelect().Model(rows).Where("position > ?", q.After).Order("position").Limit(int64(q.Limit))
	if q.User != "" {
		query = query.Where("user_id = ?", clean(q.User))
	}
	if q.Feature != "" {
		query = query.Where("feature = ?", clean(q.Feature))
	}
	return s.statement(query, rows)
}
