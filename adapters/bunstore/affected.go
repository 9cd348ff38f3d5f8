package bunstore

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type affectedRow struct {
	bun.BaseModel `bun:"table:accounts,alias:t"`

	UserID   string `bun:"user_id"`
	Affected bool   `bun:"affected"`
}

// Affected implements [ports.Store]. What is kept as JSON is looked into as text, for what
// a name looks like there: that finds more than is meant now and then, and never less.
// Each table is read by its index on users, and only until something is found.
func (s *Store) Affected(ctx context.Context, change domain.CatalogChange, after domain.UserID, limit int) (ports.Affected, error) {
	if limit <= 0 {
		return ports.Affected{}, ctx.Err()
	}
	var rows []affectedRow
	err := s.try(ctx, "look who is affected by another catalog", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{readOnly: true})
		if err != nil {
			return err
		}
		defer tx.rollback()
		rows = nil
		return tx.commit(ctx, s.affected(change, clean(after), limit, &rows))
	})
	found := ports.Affected{Looked: len(rows)}
	for _, row := range rows {
		found.Last = domain.UserID(row.UserID)
		if row.Affected || change.All {
			found.Users = append(found.Users, found.Last)
		}
	}
	return found, err
}

func (s *Store) affected(change domain.CatalogChange, after string, limit int, rows *[]affectedRow) statement {
	plans, prices := storables(change.Plans), storables(change.Prices)
	// As they are within JSON: of a lookup key, and of a price, whoever has it.
	planTexts, priceTexts := jsonTexts(plans), jsonTexts(prices)
	itemTexts := append(jsonTexts(storables(change.LookupKeys)), priceTexts...)
	meaningTexts := append(planTexts[:len(planTexts):len(planTexts)], priceTexts...)
	if s.onPostgres() {
		return statement{rows: rows, args: []any{after, limit, plans, prices, planTexts, meaningTexts, itemTexts, priceTexts}, sql: `
			WITH page AS MATERIALIZED (
				SELECT user_id, meanings FROM accounts WHERE user_id > $1 ORDER BY user_id LIMIT $2
			)
			SELECT user_id, (
				EXISTS (SELECT FROM unnest($6::text[]) AS name WHERE strpos(page.meanings, name) > 0)
				OR EXISTS (SELECT FROM orders AS o WHERE o.user_id = page.user_id AND (o.plan = ANY ($3) OR o.price_id = ANY ($4)))
				OR EXISTS (SELECT FROM entitlements AS e WHERE e.user_id = page.user_id AND (e.plan = ANY ($3)
					OR e.later <> '' AND EXISTS (SELECT FROM unnest($5::text[]) AS name WHERE strpos(e.later, name) > 0)))
				OR EXISTS (SELECT FROM subscriptions AS s, unnest($7::text[]) AS name WHERE s.user_id = page.user_id AND strpos(s.items, name) > 0)
				OR EXISTS (SELECT FROM invoices AS i, unnest($8::text[]) AS name WHERE i.user_id = page.user_id AND strpos(i.lines, name) > 0)
			) AS affected FROM page ORDER BY user_id`}
	}
	query := `WITH page AS MATERIALIZED (
			SELECT user_id, meanings FROM accounts WHERE user_id > ? ORDER BY user_id LIMIT ?
		)
		SELECT user_id, (
			EXISTS (SELECT 1 FROM (?) AS name WHERE instr(page.meanings, name.text) > 0)
			OR EXISTS (SELECT 1 FROM orders AS o WHERE o.user_id = page.user_id AND (o.plan IN (?) OR o.price_id IN (?)))
			OR EXISTS (SELECT 1 FROM entitlements AS e WHERE e.user_id = page.user_id AND (e.plan IN (?)
				OR e.later <> '' AND EXISTS (SELECT 1 FROM (?) AS name WHERE instr(e.later, name.text) > 0)))
			OR EXISTS (SELECT 1 FROM subscriptions AS s, (?) AS name WHERE s.user_id = page.user_id AND instr(s.items, name.text) > 0)
			OR EXISTS (SELECT 1 FROM invoices AS i, (?) AS name WHERE i.user_id = page.user_id AND instr(i.lines, name.text) > 0)
		) AS affected FROM page ORDER BY user_id`
	return statement{rows: rows, sql: s.db.QueryGen().FormatQuery(query, after, limit, s.texts(meaningTexts), bun.List(orNobody(plans)), bun.List(orNobody(prices)),
		bun.List(orNobody(plans)), s.texts(planTexts), s.texts(itemTexts), s.texts(priceTexts))}
}

// orNobody is a list that SQL can be asked for: nothing has a name with a control
// character.
func orNobody(names []string) []string {
	if len(names) == 0 {
		return []string{"\x01"}
	}
	return names
}

// jsonTexts are names as they are within JSON that this package writes.
func jsonTexts(names []string) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = jsonText(name)
	}
	return texts
}

// texts are rows of one column for SQLite, which has no arrays.
func (s *Store) texts(all []string) bun.Safe {
	if len(all) == 0 {
		return bun.Safe("SELECT '' AS text WHERE 0")
	}
	rows := make([]string, len(all))
	for i, text := range all {
		rows[i] = s.db.QueryGen().FormatQuery("SELECT ? AS text", text)
	}
	return bun.Safe(strings.Join(rows, " UNION ALL "))
}
