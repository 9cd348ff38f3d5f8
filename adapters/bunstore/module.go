package bunstore

import (
	"context"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/ports"
)

// Config is what the module needs to be told.
type Config struct {
	URL     string
	Migrate bool // apply what is missing of the schema on opening
}

// Module provides the store and closes it at the end.
var Module = fx.Module("bunstore", fx.Provide(func(lc fx.Lifecycle, c Config) (*Store, ports.Store, error) {
	var options []Option
	if c.Migrate {
		options = append(options, WithMigration())
	}
	store, err := Open(context.Background(), c.URL, options...)
	if err != nil {
		return nil, nil, err
	}
	lc.Append(fx.StopHook(store.Close))
	return store, store, nil
}))
