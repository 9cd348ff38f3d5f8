package bunstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/domain"
)

// Entitlements implements [ports.Store].
//
// It is what every request of a product asks, so on Postgres it goes past Bun and
// database/sql: a prepared statement on the pool, scanned by hand, takes half of
// the server's processor time and three quarters of ours.
func (s *Store) Entitlements(ctx context.Context, users []domain.UserID) (map[domain.UserID][]domain.Entitlement, error) {
	all := map[domain.UserID][]domain.Entitlement{}
	ids := storables(users)
	if len(ids) == 0 {
		return all, ctx.Err()
	}
	err := s.try(ctx, "read entitlements", func(ctx context.Context) error {
		clear(all)
		if s.onPostgres() {
			return s.entitlementsPostgres(ctx, ids, all)
		}
		return s.entitlementsSQLite(ctx, ids, all)
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

const selectEntitlements = `SELECT user_id, feature, source_kind, source_id, plan, value_type, value_limit, value_choice, since, until, renews, ends_at, in_grace, later
FROM entitlements WHERE user_id = ANY ($1) ORDER BY user_id, feature, source_kind, source_id`

func (s *Store) entitlementsPostgres(ctx context.Context, ids []string, into map[domain.UserID][]domain.Entitlement) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	each := func(rows pgx.Rows) error { return scanEntitlement(rows, into) }
	_, err = s.pipeline(ctx, conn.Conn(), []statement{{sql: selectEntitlements, args: []any{ids}, each: each}})
	return err
}

func scanEntitlement(rows pgx.Rows, into map[domain.UserID][]domain.Entitlement) error {
	var user domain.UserID
	var e domain.Entitlement
	var value valueRow
	var since, until, endsAt *time.Time
	var later string
	err := rows.Scan(&user, &e.Feature, &e.Source.Kind, &e.Source.ID, &e.Plan, &value.ValueType, &value.ValueLimit, &value.ValueChoice,
		&since, &until, &e.Renews, &endsAt, &e.InGrace, &later)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	e.Value = value.toDomain()
	if since != nil {
		e.Since = stamp(*since)
	}
	if until != nil {
		e.Until = stamp(*until)
	}
	if endsAt != nil {
		e.EndsAt = stamp(*endsAt)
	}
	if later == "" { // as of nearly all: there is nothing to parse
		into[user] = append(into[user], e)
		return nil
	}
	stretches, err := withLater(e, later)
	if err != nil {
		return err
	}
	into[user] = append(into[user], stretches...)
	return nil
}

func (s *Store) entitlementsSQLite(ctx context.Context, ids []string, into map[domain.UserID][]domain.Entitlement) error {
	var rows []entitlementRow
	query := s.db.NewSelect().Model(&rows).Order("user_id", "feature", "source_kind", "source_id")
	st := s.among(query, "user_id", ids, &rows)
	found, err := s.db.DB.QueryContext(ctx, st.sql)
	if err != nil {
		return err
	}
	if err := s.db.ScanRows(ctx, found, st.rows); err != nil {
		return err
	}
	for _, row := range rows {
		user := domain.UserID(row.UserID)
		stretches, err := row.stretches()
		if err != nil {
			return err
		}
		into[user] = append(into[user], stretches...)
	}
	return nil
}
