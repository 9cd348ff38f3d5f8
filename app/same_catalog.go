package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// SameCatalog returns an error if the service was last started with another catalog
// than this one. Whatever changes an account derives all that it gives: with the
// wrong file at hand, one command would take a user's plan away.
func SameCatalog(ctx context.Context, store ports.Store, c domain.Catalog) error {
	kept, err := store.Setting(ctx, settingInUse)
	if errors.Is(err, ports.ErrNotFound) {
		return nil // no service has run on it yet
	}
	if err != nil {
		return fmt.Errorf("read which catalog the service has: %w", err)
	}
	ours, err := catalogPrint(c)
	if err != nil {
		return err
	}
	if kept != ours {
		return Misfit("this catalog is another than the one that the service was started with: set CATALOG to the same file, with the same environment and the same version of entitled, or start the service with this one first")
	}
	return nil
}
