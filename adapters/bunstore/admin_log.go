package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type adminActionRow struct {
	bun.BaseModel `bun:"table:admin_log,alias:t"`

	Seq     int64     `bun:"seq,pk,autoincrement"`
	At      time.Time `bun:"at"`
	KeyName string    `bun:"key_name"`
	By      string    `bun:"decided_by"`
	Action  string    `bun:"action"`
	UserID  string    `bun:"user_id"`
	About   string    `bun:"about"`
}

func (r adminActionRow) toPort() ports.AdminAction {
	return ports.AdminAction{
		Seq: r.Seq, At: stamp(r.At), Key: r.KeyName, By: r.By, Action: r.Action, User: domain.UserID(r.UserID), About: r.About,
	}
}

// LogAdmin implements [ports.Store]. If an answer is lost on the way, one action may be
// kept twice.
func (s *Store) LogAdmin(ctx context.Context, a ports.AdminAction) error {
	row := adminActionRow{
		At: stamp(a.At), KeyName: clean(a.Key), By: clean(a.By), Action: clean(a.Action), UserID: clean(a.User), About: clean(a.About),
	}
	return s.try(ctx, "keep what an operator asked for", func(ctx context.Context) error {
		_, err := s.db.NewInsert().Model(&row).ExcludeColumn("seq").Returning("NULL").Exec(ctx)
		return err
	})
}

// AdminLog implements [ports.Store].
func (s *Store) AdminLog(ctx context.Context, q ports.AdminLogQuery) ([]ports.AdminAction, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	var rows []adminActionRow
	err := s.try(ctx, "list what operators asked for", func(ctx context.Context) error {
		rows = nil
		query := s.db.NewSelect().Model(&rows).Order("seq DESC").Limit(int64(limit))
		if q.User != "" { // the second condition, for SQLite to see that the index will do
			query = query.Where("user_id = ? AND user_id <> ''", clean(q.User))
		}
		if q.Before != 0 {
			query = query.Where("seq < ?", q.Before)
		}
		return query.Scan(ctx)
	})
	return domainOf(rows, adminActionRow.toPort), err
}
