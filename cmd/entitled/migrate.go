package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
)

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
