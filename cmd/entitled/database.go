package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type databaseCommand struct {
	Mode databaseMode `cmd:"" help:"Say which of Stripe's modes the database is for, or set it while nothing was sold. Stop the service before."`

	Deployment databaseDeployment `cmd:"" help:"Say what this deployment is called in what it makes at Stripe, or give it another name. Stop the service before."`
}

type databaseDeployment struct {
	Set string `help:"The name to have: of a backup from before there were names, the one in the metadata of what was sold since; of a copy that is to be a deployment of its own, a new one (--renew makes one up)." xor:"name"`
	// Renew is what Set is with a name that nobody has.
	Renew bool `help:"Take a new name: for a copy of another deployment's database." xor:"name"`
}

// Run shows, or sets.
func (d databaseDeployment) Run(ctx context.Context, c console) error {
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
	Set string `help:"Make it test or live, while nothing was sold: after a start with a key of the wrong mode, say." enum:"test,live," default:""`
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
