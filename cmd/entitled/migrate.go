package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply every migration that is missing."`
	Status migrateStatus `cmd:"" help:"List the migrations and which are applied."`
	Down   migrateDown   `cmd:"" help:"Take the last migration back, with the data that only it has a place for."`
}

type migrateUp struct{}

// Run applies what is missing.
func (migrateUp) Run(ctx context.Context, c console) error { return migrate(ctx, c, bunstore.Up) }

type migrateStatus struct{}

// Run lists the migrations.
func (migrateStatus) Run(ctx context.Context, c console) error {
	return migrate(ctx, c, bunstore.Status)
}

type migrateDown struct{}

// Run takes one back.
func (migrateDown) Run(ctx context.Context, c console) error { return migrate(ctx, c, bunstore.Down) }

func migrate(ctx context.Context, c console, direction bunstore.Direction) error {
	cfg, err := readConfig(os.Environ(), os.ReadFile)
	if err != nil {
		return err
	}
	steps, err := bunstore.Migrate(ctx, cfg.DatabaseURL, direction)
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
