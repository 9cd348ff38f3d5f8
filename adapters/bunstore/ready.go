package bunstore

import (
	"context"
	"errors"
	"fmt"
)

// Ready implements [ports.Store]. A newer schema is good: every migration leaves
// the program before it working, so that replicas can be replaced one by one.
func (s *Store) Ready(ctx context.Context) error {
	var version int64
	err := s.try(ctx, "ask the database for its schema", func(ctx context.Context) error {
		if err := s.writable(ctx); err != nil {
			return err
		}
		found, err := s.hasTable(ctx, "goose_db_version")
		if err != nil || !found {
			return err
		}
		return s.db.NewSelect().Table("goose_db_version").ColumnExpr("coalesce(max(version_id), 0)").
			Where("is_applied").Scan(ctx, &version)
	})
	switch {
	case errors.Is(err, errReadOnly):
		return errReadOnly // for anybody to read: what is around it names hosts
	case err != nil:
		return err
	case version < s.schema:
		return fmt.Errorf(`database has schema version %d, this program needs %d: run "entitled migrate up"`, version, s.schema)
	default:
		return nil
	}
}

// writable asks of every connection, whatever the URL wanted of it.
func (s *Store) writable(ctx context.Context) error {
	if !s.onPostgres() {
		return nil
	}
	var setting string
	err := s.db.NewSelect().ColumnExpr("current_setting('transaction_read_only')").Scan(ctx, &setting)
	if err == nil && setting == "on" {
		err = errReadOnly
	}
	return err
}

// hasTable keeps an empty database from looking like a broken one.
func (s *Store) hasTable(ctx context.Context, name string) (bool, error) {
	query := s.db.NewSelect().Table("sqlite_master").Where("type = 'table'").Where("name = ?", name)
	if s.onPostgres() {
		query = s.db.NewSelect().TableExpr("(SELECT to_regclass(?) AS found) AS t", name).Where("found IS NOT NULL")
	}
	count, err := query.Count(ctx)
	return count > 0, err
}
