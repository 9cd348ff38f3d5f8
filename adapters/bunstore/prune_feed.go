package bunstore

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// PruneFeed implements [ports.Feed]. Only what nothing is kept before goes, so that the feed
// has no gap, whoever else prunes it: the first lines are looked at, up to the first of them
// that stays. The last line always does.
func (s *Store) PruneFeed(ctx context.Context, before time.Time, limit int) (int, error) {
	var pruned int64
	err := s.try(ctx, "prune the feed", func(ctx context.Context) error {
		result, err := s.db.NewRaw(`WITH slice AS (SELECT position, COALESCE(told_at, at) AS told_at FROM right_changes ORDER BY position LIMIT ?)
			DELETE FROM right_changes WHERE position IN (SELECT position FROM slice)
				AND position < (SELECT position FROM right_changes ORDER BY position DESC LIMIT 1)
				AND position < COALESCE((SELECT min(position) FROM slice WHERE told_at >= ?), 9223372036854775807)`,
			limit, stamp(before)).Exec(ctx)
		if err != nil {
			return err
		}
		pruned, err = result.RowsAffected()
		return err
	})
	return int(pruned), err
}

// LookAgain implements [ports.Feed]. It waits for whoever tells, who would keep that these
// users are due as it has read them.
func (s *Store) LookAgain(ctx context.Context, after domain.UserID, limit int) (last domain.UserID, err error) {
	err = s.try(ctx, "look again at what is told", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{})
		if err != nil {
			return err
		}
		defer tx.rollback()
		if err := tx.trip(ctx, s.awaitFeed()...); err != nil {
			return err
		}
		var found []toldRow
		of := s.db.NewSelect().Model((*toldRow)(nil)).Column("user_id").Where("due IS NOT NULL AND user_id > ?", string(after)).Order("user_id").Limit(int64(limit))
		if err := tx.trip(ctx, s.statement(of, &found)); err != nil || len(found) == 0 {
			last = ""
			return err
		}
		last = domain.UserID(found[len(found)-1].UserID)
		return tx.commit(ctx, s.statement(s.db.NewUpdate().Model((*toldRow)(nil)).Set("due = as_of").
			Where("due IS NOT NULL AND user_id > ? AND user_id <= ?", string(after), string(last)), nil))
	})
	return last, err
}
