package bunstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Entitlements implements [ports.Store].
//
// It is what every request of a product asks, so on Postgres it goes past Bun and
// database/sql: a prepared statement on the pool, scanned by hand, takes half of
// the server's processor time and three quarters of ours.
func (s *Store) Entitlements(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.Rights, error) {
	all := map[domain.UserID]ports.Rights{}
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

// selectEntitlements reads the version with them, so that both are of one moment. Of a user
// with a version and nothing else there is one row without a feature.
const selectEntitlements = `SELECT a.user_id, a.version, COALESCE(e.feature, ''), COALESCE(e.source_kind, ''), COALESCE(e.source_id, ''), COALESCE(e.plan, ''),
	COALESCE(e.value_type, ''), COALESCE(e.value_limit, 0), COALESCE(e.value_choice, ''), e.since, e.until, COALESCE(e.renews, false), e.ends_at, COALESCE(e.in_grace, false), COALESCE(e.later, '')
FROM accounts AS a LEFT JOIN LATERAL (SELECT * FROM entitlements WHERE user_id = a.user_id OFFSET 0) AS e ON true
WHERE a.user_id = ANY ($1) ORDER BY a.user_id, e.feature, e.source_kind, e.source_id`

func (s *Store) entitlementsPostgres(ctx context.Context, ids []string, into map[domain.UserID]ports.Rights) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	each := func(rows pgx.Rows) error { return scanEntitlement(rows, into) }
	_, err = s.pipeline(ctx, conn.Conn(), []statement{{sql: selectEntitlements, args: []any{ids}, each: each}})
	return err
}

func scanEntitlement(rows pgx.Rows, into map[domain.UserID]ports.Rights) error {
	var user domain.UserID
	var e domain.Entitlement
	var value valueRow
	var since, until, endsAt *time.Time
	var later string
	var version int64
	err := rows.Scan(&user, &version, &e.Feature, &e.Source.Kind, &e.Source.ID, &e.Plan, &value.ValueType, &value.ValueLimit, &value.ValueChoice,
		&since, &until, &e.Renews, &endsAt, &e.InGrace, &later)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	rights := into[user]
	rights.Version = version
	if e.Feature == "" {
		if version > 0 {
			into[user] = rights
		}
		return nil
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
		rights.Entitlements = append(rights.Entitlements, e)
		into[user] = rights
		return nil
	}
	stretches, err := withLater(e, later)
	if err != nil {
		return err
	}
	rights.Entitlements = append(rights.Entitlements, stretches...)
	into[user] = rights
	return nil
}

func (s *Store) entitlementsSQLite(ctx context.Context, ids []string, into map[domain.UserID]ports.Rights) error {
	tx, err := s.begin(ctx, txOptions{readOnly: true})
	if err != nil {
		return err
	}
	defer tx.rollback()
	var accounts []accountRow
	var rows []entitlementRow
	err = tx.commit(ctx,
		s.among(s.db.NewSelect().Model(&accounts).Column("user_id", "version").Where("version > 0"), "user_id", ids, &accounts),
		s.among(s.db.NewSelect().Model(&rows).Order("user_id", "feature", "source_kind", "source_id"), "user_id", ids, &rows),
	)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		into[domain.UserID(account.UserID)] = ports.Rights{Version: account.Version}
	}
	for _, row := range rows {
		user := domain.UserID(row.UserID)
		stretches, err := row.stretches()
		if err != nil {
			return err
		}
		rights := into[user]
		rights.Entitlements = append(rights.Entitlements, stretches...)
		into[user] = rights
	}
	return nil
}
