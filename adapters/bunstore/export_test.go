package bunstore

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Pool is a pool of connections that are set as those of a store are.
func Pool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := poolConfig(url, 2)
	if err != nil {
		return nil, err
	}
	return pgxpool.NewWithConfig(ctx, config)
}
