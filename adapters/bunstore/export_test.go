package bunstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"modernc.org/sqlite"

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

// Restore makes a SQLite database in memory a copy of a file.
func (s *Store) Restore(ctx context.Context, file string) error {
	conn, err := s.db.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		from, can := driver.(interface {
			NewRestore(file string) (*sqlite.Backup, error)
		})
		if !can {
			return fmt.Errorf("%T cannot be restored", driver)
		}
		backup, err := from.NewRestore(file)
		if err != nil {
			return err
		}
		if _, err := backup.Step(-1); err != nil {
			return err
		}
		return backup.Finish()
	})
}

// Tests need no large accounts to see that what is done at a time is bounded.
func init() { keysAtOnce = 100 }

// Prepared counts the statements that a store on SQLite has prepared.
func (s *Store) Prepared() int {
	s.prepared.mu.Lock()
	defer s.prepared.mu.Unlock()
	return len(s.prepared.statements)
}

// Hold takes a connection of the store, until release.
func (s *Store) Hold(ctx context.Context) (release func() error, err error) {
	conn, err := s.db.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return conn.Close, conn.PingContext(ctx)
}
