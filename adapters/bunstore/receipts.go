package bunstore

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Receipts implements [ports.Store].
func (s *Store) Receipts(ctx context.Context, q ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	var rows []receiptRow
	err := s.try(ctx, "list receipts", func(ctx context.Context) error {
		rows = nil
		return s.listReceipts(q, &rows).Scan(ctx)
	})
	return domainOf(rows, receiptRow.toDomain), err
}

// listReceipts takes time for what it lists, not for what it passes over: every way to
// ask has an index that ends in the time of receipt. Those of all, and of a type, have the
// outcome before that, so without an outcome each of them is listed, and the lists are merged.
func (s *Store) listReceipts(q ports.ReceiptQuery, rows *[]receiptRow) *bun.SelectQuery {
	if q.Outcome != "" || q.User != "" || q.WaitsFor != (domain.Ref{}) {
		return s.filterReceipts(q, rows)
	}
	lists := make([]string, len(domain.Outcomes))
	for i, outcome := range domain.Outcomes {
		q.Outcome = outcome
		lists[i] = "SELECT * FROM (" + s.statement(s.filterReceipts(q, rows), rows).sql + ") AS list"
	}
	return newestFirst(s.db.NewSelect().Model(rows).ModelTableExpr("(?) AS t", bun.Safe(strings.Join(lists, " UNION ALL "))), q)
}

func (s *Store) filterReceipts(q ports.ReceiptQuery, rows *[]receiptRow) *bun.SelectQuery {
	query := newestFirst(s.db.NewSelect().Model(rows), q)
	if q.Outcome != "" {
		query = query.Where("outcome = ?", clean(q.Outcome))
	}
	if q.Type != "" {
		query = query.Where("type = ?", clean(q.Type))
	}
	// What follows from the condition before it is said for SQLite, which else does
	// not see that the index on such rows will do.
	if q.User != "" {
		query = query.Where("user_id = ? AND user_id <> ''", clean(q.User))
	}
	if q.WaitsFor != (domain.Ref{}) {
		query = query.Where("waits_for_kind = ? AND waits_for_id = ? AND waits_for_id <> ''", clean(q.WaitsFor.Kind), clean(q.WaitsFor.ID))
	}
	if !q.Before.IsZero() {
		query = query.Where("(received_at, id) < (?, ?)", stamp(q.Before), clean(q.BeforeID))
	}
	return query
}

// newestFirst is the order and the length of a list.
func newestFirst(query *bun.SelectQuery, q ports.ReceiptQuery) *bun.SelectQuery {
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	return query.ExcludeColumn("payload").Order("received_at DESC", "id DESC").Limit(int64(limit))
}
