package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/entitled-dev/entitled/migrations"
)

// Direction says which way [Migrate] goes.
type Direction int

const (
	Up     Direction = iota // apply everything that is missing
	Down                    // take the last one back
	Status                  // only look
)

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // UTC; zero: it is not applied
}

// Migrate changes the schema of a database and returns its steps as they are
// afterwards. On Postgres several programs may do so at once: one works, the
// others wait for it.
func Migrate(ctx context.Context, databaseURL string, direction Direction) ([]Migration, error) {
	t, err := parseURL(databaseURL)
	if err != nil {
		return nil, err
	}
	if t.dialect == dialectSQLite {
		if direction != Up {
			if err := t.exists(); err != nil {
				return nil, err
			}
		}
		s := &Store{}
		if err := s.openSQLite(ctx, t); err != nil {
			return nil, err
		}
		defer s.Close()
		return migrate(ctx, t.dialect, s.db.DB, direction)
	}
	// Not the pool of [Open]: a migration may take longer than any statement of ours.
	config, err := readDSN(t.dsn)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	if params := config.ConnConfig.RuntimeParams; params["lock_timeout"] == "" {
		params["lock_timeout"] = migrationLockWait
	}
	if err := refusePooler(ctx, config.ConnConfig); err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer db.Close()
	return migrate(ctx, t.dialect, db, direction)
}

func migrate(ctx context.Context, d dialect, db *sql.DB, direction Direction) ([]Migration, error) {
	provider, err := d.provider(db)
	if err != nil {
		return nil, err
	}
	switch direction {
	case Up:
		err = whenUnlocked(ctx, func() error { _, err := provider.Up(ctx); return err })
	case Down:
		err = whenUnlocked(ctx, func() error { _, err := provider.Down(ctx); return err })
		if errors.Is(err, goose.ErrNoNextVersion) {
			err = nil // nothing to take back
		}
	case Status:
	}
	switch {
	case isLocked(err):
		return nil, fmt.Errorf("%w (another transaction, such as a backup, holds a table: run it again when that is over; what is applied stays)", translate("migrate the database", err))
	case err != nil:
		return nil, translate("migrate the database", err)
	}
	steps, err := provider.Status(ctx)
	if err != nil {
		return nil, translate("read the database's migrations", err)
	}
	all := make([]Migration, len(steps))
	for i, step := range steps {
		all[i] = Migration{Version: step.Source.Version, Name: step.Source.Path, AppliedAt: step.AppliedAt.UTC()}
	}
	return all, nil
}

const (
	// migrationLockWait is how long a migration waits for a table: whoever comes to the
	// table after it waits too.
	migrationLockWait = "1s"
	migrationPause    = 2 * time.Second // in which the others go on
	migrationTries    = 200             // some ten minutes, as for the turn to migrate
)

// whenUnlocked tries again for as long as another holds what the migration needs.
func whenUnlocked(ctx context.Context, migrate func() error) error {
	for try := 1; ; try++ {
		err := migrate()
		if !isLocked(err) || try == migrationTries {
			return err
		}
		select {
		case <-time.After(migrationPause):
		case <-ctx.Done():
			return err
		}
	}
}

func isLocked(err error) bool { return err != nil && natureOf(err) == natureLocked }

func (d dialect) provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations.FS, string(d))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	gooseDialect, opts := database.DialectSQLite3, []goose.ProviderOption(nil)
	if d == dialectPostgres {
		const second, tenMinutes = 1, 600
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(second, tenMinutes))
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		gooseDialect, opts = database.DialectPostgres, append(opts, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(gooseDialect, db, files, opts...)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return provider, nil
}

// newest is the highest version among the embedded migrations.
func (d dialect) newest() (int64, error) {
	names, err := fs.Glob(migrations.FS, string(d)+"/*.sql")
	if err != nil {
		return 0, fmt.Errorf("migrations: %w", err)
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("migrations: %w", err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}
