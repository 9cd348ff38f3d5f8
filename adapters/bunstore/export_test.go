package bunstore

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/entitled-dev/entitled/ports"
)

// Pool is a pool of connections that are set as those of a store are.
func Pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := poolConfig(url, 2)
	if err != nil {
		return nil, err
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// ReceiptsSQL is how receipts are listed.
func (s *Store) ReceiptsSQL(q ports.ReceiptQuery) string {
	var rows []receiptRow
	return s.statement(s.listReceipts(q, &rows), &rows).sql
}
