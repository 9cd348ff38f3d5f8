package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/migrations"
)

type migrateDown struct {
	Yes bool
}

func newMigrateDown(c console) *cobra.Command {
	var d migrateDown
	cmd := leaf("down", "Take the last migration back, with the data that only it has a place for.", c, &d)
	cmd.Flags().BoolVar(&d.Yes, "yes", false, "Do it though data goes with it: without, that is only said.")
	return cmd
}

// Run takes the last migration back, if nothing is lost with it or that is meant.
func (d migrateDown) Run(ctx context.Context, c console) error {
	if !d.Yes {
		if err := d.refuseLoss(ctx); err != nil {
			return err
		}
	}
	return migrateCommand(bunstore.Down).Run(ctx, c)
}

func (migrateDown) refuseLoss(ctx context.Context) error {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return err
	}
	steps, err := bunstore.Migrate(ctx, cfg.DatabaseURL, bunstore.Status)
	if err != nil {
		return settingNames.opening(err)
	}
	for _, step := range slices.Backward(steps) {
		if step.AppliedAt.IsZero() {
			continue
		}
		lost, err := migrations.Lost(step.Name)
		if err != nil || len(lost) == 0 {
			return err
		}
		return misusedf("this takes %s back, and with it what is in: %s\nit cannot be undone, so take a backup first: say --yes to do it", step.Name, strings.Join(lost, ", "))
	}
	return nil // there is nothing to take back
}

// migrateCommand is the way that it goes.
type migrateCommand bunstore.Direction

// Run goes it, and lists the migrations.
func (m migrateCommand) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return err
	}
	steps, err := bunstore.Migrate(ctx, cfg.DatabaseURL, bunstore.Direction(m))
	if err != nil {
		return settingNames.opening(err)
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tNAME\tAPPLIED")
	for _, step := range steps {
		applied := "no"
		if !step.AppliedAt.IsZero() {
			applied = step.AppliedAt.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", step.Version, step.Name, applied)
	}
	return table.Flush()
}
