package bunstore

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// Fail implements [ports.Store]. One statement is a transaction of its own.
func (s *Store) Fail(ctx context.Context, receipt domain.ProcessedEvent) error {
	receipt.Outcome, receipt.Attempts = domain.OutcomeFailed, 1
	row := receiptRowOf(receipt)
	if err := checkIDs([]string{row.ID}); err != nil {
		return err
	}
	return s.try(ctx, "keep the receipt of a failure", func(ctx context.Context) error {
		query := s.db.NewInsert().Model(&row).On("CONFLICT (id) DO UPDATE").Set("attempts = t.attempts + 1").
			Set("user_id = CASE WHEN EXCLUDED.user_id = '' THEN t.user_id ELSE EXCLUDED.user_id END") // what fails names nobody
		for _, column := range []string{"type", "object", "created_at", "processed_at", "api_version", "livemode", "outcome", "reason", "waits_for_kind", "waits_for_id"} {
			query = query.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
		}
		_, err := query.Where("t.outcome NOT IN (?)", bun.List(finalOutcomes)).Exec(ctx)
		if err != nil {
			return unknownOutcome{err} // it may have been counted
		}
		return nil
	})
}

// finalOutcomes are those that a failure does not replace.
var finalOutcomes = slices.DeleteFunc(slices.Clone(domain.Outcomes), func(o domain.Outcome) bool { return !o.Final() })
