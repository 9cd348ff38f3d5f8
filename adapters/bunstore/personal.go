package bunstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Redact implements [ports.Store]. On Postgres what another is redacting is passed over.
func (s *Store) Redact(ctx context.Context, before time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	over := s.db.NewSelect().Model((*receiptRow)(nil)).Column("id").
		Where("NOT redacted AND received_at < ?", stamp(before)).Where("outcome IN (?)", bun.List(finalOutcomes)).
		Order("received_at").Limit(int64(limit))
	if s.onPostgres() {
		over = over.For("UPDATE SKIP LOCKED")
	}
	var redacted int64
	err := s.try(ctx, "redact receipts", func(ctx context.Context) error {
		result, err := s.db.NewUpdate().Model((*receiptRow)(nil)).
			Set("payload = ?", bun.Safe(s.noBytes())).Set("redacted = true").Set("waits_for_kind = ''").Set("waits_for_id = ''").
			Where("id IN (?)", over).Exec(ctx)
		if err != nil {
			return err
		}
		redacted, err = result.RowsAffected()
		return err
	})
	return int(redacted), err
}

// ofUsers are the tables whose rows belong to a user, the one that is locked first.
var ofUsers = []string{
	"accounts", "refs", "orders", "subscriptions", "payments", "invoices", "invoice_payments", "charges", "refunds", "disputes",
	"credit_notes", "subscription_pasts", "grants", "entitlements", "entitlement_changes", "right_changes", "rights_told", "processed_events", "admin_log",
}

// forgottenText is in the place of what may say something of a person.
const forgottenText = "(forgotten)"

// Forget implements [ports.Store]. The feed is told before it or after it: what was read under
// one id is not written under it any more.
func (s *Store) Forget(ctx context.Context, user, as domain.UserID) error {
	if !storable(user) {
		return fmt.Errorf("user %.60q: %w", user, ports.ErrNotFound)
	}
	if err := checkIDs([]string{string(as)}); err != nil {
		return err
	}
	return s.try(ctx, "forget a user", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{})
		if err != nil {
			return err
		}
		defer tx.rollback()
		var kept []accountRow
		if err := tx.trip(ctx, append(s.awaitFeed(), s.statement(s.keptOf(string(user)), &kept))...); err != nil {
			return err
		}
		if len(kept) == 0 {
			return callersError{fmt.Errorf("user: %w", ports.ErrNotFound)}
		}
		return tx.commit(ctx, s.forget(string(user), string(as))...)
	})
}

// keptOf finds a row if anything of a user is kept.
func (s *Store) keptOf(user string) *bun.SelectQuery {
	any := make([]string, len(ofUsers))
	for i, table := range ofUsers {
		any[i] = s.db.QueryGen().FormatQuery("EXISTS (SELECT 1 FROM ? WHERE user_id = ?)", bun.Ident(table), user)
	}
	return s.db.NewSelect().ColumnExpr("? AS user_id", user).Where("?", bun.Safe(strings.Join(any, " OR ")))
}

func (s *Store) forget(user, as string) []statement {
	var all []statement
	add := func(query string, args ...any) {
		all = append(all, statement{sql: s.db.QueryGen().FormatQuery(query, args...)})
	}
	for _, table := range ofUsers {
		add("UPDATE ? SET user_id = ? WHERE user_id = ?", bun.Ident(table), as, user)
	}
	contains := "strpos(?, ?) > 0"
	if !s.onPostgres() {
		contains = "instr(?, ?) > 0"
	}
	if s.onPostgres() { // who is keeping answers has kept them by then, or finds the user forgotten
		add("SELECT id FROM webhook_endpoints ORDER BY id FOR UPDATE")
	}
	add("UPDATE processed_events SET payload = ?, redacted = true WHERE user_id = ?", bun.Safe(s.noBytes()), as)
	add("UPDATE processed_events SET reason = ? WHERE user_id = ? AND "+contains, forgottenText, as, bun.Ident("reason"), user)
	// Of two users who claim one name, the other's receipt says whose it is, too.
	add("UPDATE processed_events SET reason = replace(replace(reason, ?, ?), ?, ?) WHERE outcome = ? AND "+contains,
		"user "+user+",", "user "+as+",", "user "+user+":", "user "+as+":", clean(domain.OutcomeQuarantined), bun.Ident("reason"), "user "+user)
	// What a receiver answered to a message about the user, or in the user's words; and to those
	// of which the feed does not know any more whom they were about.
	add("UPDATE webhook_deliveries SET answer = ? WHERE answer <> '' AND ("+contains+" OR first_position IN (SELECT position FROM right_changes WHERE user_id = ?)"+
		" OR first_position > 0 AND first_position < (SELECT MIN(position) FROM right_changes))",
		forgottenText, bun.Ident("answer"), user, as)
	add("UPDATE admin_log SET about = ? WHERE user_id = ? AND "+contains, forgottenText, as, bun.Ident("about"), user)
	add("UPDATE admin_log SET decided_by = ? WHERE user_id = ? AND decided_by = ?", as, as, user)
	return all
}
