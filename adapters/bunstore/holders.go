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

type holdingRow struct {
	bun.BaseModel `bun:"table:entitlements"`

	Plan    string `bun:"plan"`
	Feature string `bun:"feature"`
	Users   int64  `bun:"users"`
}

func (r holdingRow) toDomain() ports.Holding {
	return ports.Holding{Plan: domain.PlanKey(r.Plan), Feature: domain.FeatureKey(r.Feature), Users: int(r.Users)}
}

// Holders implements [ports.Store].
func (s *Store) Holders(ctx context.Context, at time.Time) ([]ports.Holding, error) {
	var rows []holdingRow
	err := s.try(ctx, "count who holds what", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{readOnly: true})
		if err != nil {
			return err
		}
		defer tx.rollback()
		rows = nil
		return tx.commit(ctx, s.countHolders(stamp(at), &rows)...)
	})
	slices.SortFunc(rows, func(a, b holdingRow) int {
		return cmp.Or(cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.Feature, b.Feature))
	})
	return domainOf(rows, holdingRow.toDomain), err
}

// countHolders counts the first stretches, which are in columns, and what of later ones
// goes on for longer or is of another plan; unless the columns say another first stretch
// than later does, see [withLater]. UNION counts a user once.
func (s *Store) countHolders(at time.Time, rows *[]holdingRow) []statement {
	if s.onPostgres() {
		const query = `SELECT plan, feature, count(*) AS users FROM (
				SELECT plan, feature, user_id FROM entitlements
				WHERE source_kind IN ('order', 'subscription') AND (until IS NULL OR until > $1)
				UNION
				SELECT s ->> 'plan', t.feature, t.user_id
				FROM (
					SELECT plan, feature, user_id, value_type, value_limit, since, until, later::json AS stretches FROM entitlements
					WHERE later <> '' AND source_kind IN ('order', 'subscription')
				) AS t, json_array_elements(t.stretches) AS s
				WHERE COALESCE(NULLIF(s ->> 'until', '')::timestamptz > $1, true)
					AND (t.plan, t.value_type, t.value_limit) = (t.stretches -> 0 ->> 'plan', t.stretches -> 0 ->> 'type', (t.stretches -> 0 ->> 'limit')::bigint)
					AND t.since IS NOT DISTINCT FROM NULLIF(t.stretches -> 0 ->> 'since', '')::timestamptz
					AND t.until IS NOT DISTINCT FROM NULLIF(t.stretches -> 0 ->> 'until', '')::timestamptz
			) AS held GROUP BY plan, feature`
		// All rows are read, once at the start: here an index is no help.
		return []statement{{sql: "SET LOCAL enable_seqscan = on"}, {sql: query, args: []any{at}, rows: rows}}
	}
	const query = `SELECT plan, feature, count(*) AS users FROM (
			SELECT plan, feature, user_id FROM entitlements
			WHERE source_kind IN ('order', 'subscription') AND (until IS NULL OR until > ?0)
			UNION
			SELECT s.value ->> 'plan', t.feature, t.user_id
			FROM (
				SELECT plan, feature, user_id, value_type, value_limit, since, until, NULLIF(later, '') AS stretches FROM entitlements
				WHERE source_kind IN ('order', 'subscription')
			) AS t, json_each(t.stretches) AS s
			WHERE (s.value ->> 'until' = '' OR s.value ->> 'until' > ?0)
				AND (t.plan, t.value_type, t.value_limit) = (t.stretches -> 0 ->> 'plan', t.stretches -> 0 ->> 'type', t.stretches -> 0 ->> 'limit')
				AND t.since IS NULLIF(t.stretches -> 0 ->> 'since', '')
				AND t.until IS NULLIF(t.stretches -> 0 ->> 'until', '')
		) AS held GROUP BY plan, feature`
	return []statement{{sql: s.db.QueryGen().FormatQuery(query, at), rows: rows}}
}
