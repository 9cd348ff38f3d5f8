package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

type databaseMode struct {
	Set string
}

func newDatabaseMode(c console) *cobra.Command {
	var m databaseMode
	cmd := leaf("mode", "Say which of Stripe's modes the database is for, or set it while nothing was sold. Stop the service before.", c, &m)
	cmd.Flags().Var(oneOf{&m.Set, []string{"test", "live"}}, "set", "Make it test or live, while nothing was sold: after a start with a key of the wrong mode, say.")
	return cmd
}

// Run shows, or sets.
func (m databaseMode) Run(ctx context.Context, c console) error {
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	modes := app.NewDatabaseMode(store)
	var kept app.KeptMode
	if m.Set == "" {
		kept, err = modes.Show(ctx)
	} else {
		if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActDatabaseMode, About: m.Set}); err != nil {
			return err
		}
		kept, err = modes.Set(ctx, m.Set)
	}
	if err != nil {
		return err
	}
	account := "not known yet"
	if kept.AccountKnown {
		account = cmp.Or(kept.Account, "the key's own")
	}
	_, err = fmt.Fprintf(c.out, "mode     %s\naccount  %s\n", cmp.Or(kept.Mode, "not known yet: it is kept once Stripe takes the key"), account)
	return err
}
