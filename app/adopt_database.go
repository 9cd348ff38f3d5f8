package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// AdoptDatabase makes sure at the start that program and database belong together.
type AdoptDatabase struct {
	store    ports.Store
	catalog  domain.Catalog
	settings Settings
	derive   *DeriveAgain
	after    ports.Timer
	progress func(Progress)
}

// NewAdoptDatabase returns the use case.
func NewAdoptDatabase(store ports.Store, catalog domain.Catalog, settings Settings, derive *DeriveAgain, timer ports.Timer) *AdoptDatabase {
	return &AdoptDatabase{
		store: store, catalog: catalog, settings: settings, derive: derive, after: timer,
		progress: func(Progress) {},
	}
}

const (
	settingMode    = "mode"
	settingAccount = "account"
	settingInUse   = "catalog_in_use" // of the program that started last, see SameCatalog
)

// Check returns an error if the schema is another than this program's, or if the
// database has seen the other mode or another account: live purchases and test
// purchases in one table would entitle testers for good.
func (a *AdoptDatabase) Check(ctx context.Context) error {
	if err := a.store.Ready(ctx); err != nil {
		return err
	}
	_, err := a.fit(ctx)
	return err
}

// fit returns what the database is for, which is a [Misfit] if it is not for this
// program.
func (a *AdoptDatabase) fit(ctx context.Context) (KeptMode, error) {
	kept, err := NewDatabaseMode(a.store).Show(ctx)
	if err != nil {
		return kept, err
	}
	mode := modeOf(a.settings.Livemode)
	wayBack := func(what string) string {
		return fmt.Sprintf("use a database for each %s (one in which nothing was sold yet is made this %s's by entitled database mode --set %s)", what, what, mode)
	}
	if kept.Mode != "" && kept.Mode != mode {
		return kept, Misfit(fmt.Sprintf("the database has seen %s mode, and STRIPE_SECRET_KEY is a %s key: %s", kept.Mode, mode, wayBack("mode")))
	}
	if kept.AccountKnown && kept.Account != a.settings.Account {
		return kept, Misfit(fmt.Sprintf("the database has seen the account %q, and STRIPE_ACCOUNT is %q: %s", kept.Account, a.settings.Account, wayBack("account")))
	}
	return kept, nil
}

// Accepted keeps mode and account once Stripe has named prices of ours, and so has
// taken the key: one that it refuses may be of the wrong mode. It is a [Misfit] if
// another program was faster with another key.
func (a *AdoptDatabase) Accepted(ctx context.Context, named []ports.StripePrice) error {
	if len(named) == 0 {
		return nil
	}
	kept, err := a.fit(ctx)
	if err != nil {
		return err
	}
	if !kept.AccountKnown {
		if err := a.store.SetSetting(ctx, settingAccount, a.settings.Account); err != nil {
			return err
		}
	}
	return a.store.SetSetting(ctx, settingMode, modeOf(a.settings.Livemode))
}

// Start is Check for a service, which also tells its catalog.
func (a *AdoptDatabase) Start(ctx context.Context) error {
	if err := a.Check(ctx); err != nil {
		return err
	}
	return a.tellCatalog(ctx)
}

// tellCatalog keeps which catalog the service has, for commands to compare.
func (a *AdoptDatabase) tellCatalog(ctx context.Context) error {
	current, err := catalogPrint(a.catalog)
	if err != nil {
		return err
	}
	kept, err := a.adopt(ctx, settingInUse, current)
	if err != nil || kept == current {
		return err
	}
	return a.store.SetSetting(ctx, settingInUse, current)
}

// adopt returns what the database has seen under a name, which is what it sees now
// if it is new.
func (a *AdoptDatabase) adopt(ctx context.Context, name, value string) (kept string, err error) {
	kept, err = a.store.Setting(ctx, name)
	if errors.Is(err, ports.ErrNotFound) {
		return value, a.store.SetSetting(ctx, name, value)
	}
	return kept, err
}

// catalogPrint is equal for equal catalogs under equal rules: JSON sorts the keys of
// maps. A rule that changes changes what everybody has, as a plan does, and so does the
// code that reads the rules.
func catalogPrint(c domain.Catalog) (string, error) {
	c.Known = nil // what earlier catalogs said grows by itself, and takes nothing
	text, err := json.Marshal([]any{
		c, domain.DerivationVersion, domain.OrderRules, domain.SubscriptionStatuses, domain.AccessRules, domain.MoneyRules,
		domain.RefundRules, domain.DisputeRules, domain.DefaultPolicy,
	})
	if err != nil {
		return "", fmt.Errorf("fingerprint of the catalog: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
