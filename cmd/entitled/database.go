package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type databaseDeployment struct {
	Set   string
	Renew bool // Set, with a name that nobody has
}

func newDatabaseDeployment(c console) *cobra.Command {
	var d databaseDeployment
	cmd := leaf("deployment", "Say what this deployment is called in what it makes at Stripe, or give it another name. Stop the service before.", c, &d)
	cmd.Flags().StringVar(&d.Set, "set", "", "The name to have: of a backup from before there were names, the one in the metadata of what was sold since; of a copy that is to be a deployment of its own, a new one (--renew makes one up).")
	cmd.Flags().BoolVar(&d.Renew, "renew", false, "Take a new name: for a copy of another deployment's database.")
	return cmd
}

// Run shows, or sets.
func (d databaseDeployment) Run(ctx context.Context, c console) error {
	if d.Set != "" && d.Renew {
		return misusedf("say --set or --renew, not both: --renew makes a name up")
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	deployment := app.NewDeployment(store, newID)
	if d.Renew {
		d.Set = newID()
	}
	if d.Set != "" {
		if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActDatabaseDeployment, About: d.Set}); err != nil {
			return err
		}
		if err := deployment.Rename(ctx, domain.DeploymentID(d.Set)); err != nil {
			return err
		}
	}
	id, err := deployment.Show(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "deployment  %s\n", cmp.Or(string(id), "not named yet: it is at the first start"))
	return err
}

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
