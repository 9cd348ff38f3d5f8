// Command entitled turns Stripe Checkout payments into entitlements.
//
// This package is the command line and the fx composition, nothing else: which
// adapter stands behind which port is decided here.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Dev        devCommand        `cmd:"" help:"Run on a local database with a Stripe in a box: no account, key or network needed."`
	Serve      serveCommand      `cmd:"" help:"Run the service, configured by the environment."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the database schema up to date, or back."`
	Catalog    catalogCommand    `cmd:"" help:"Work with the catalog of plans and features."`
	Explain    explainCommand    `cmd:"" help:"Say why a user has, or lacks, a feature: now or at another moment."`
	Sync       syncCommand       `cmd:"" help:"Ask Stripe how everything of a user stands, and mend what was lost on the way."`
	Grant      grantCommand      `cmd:"" help:"Give a user a feature by hand."`
	Grants     grantsCommand     `cmd:"" help:"List what a user was given by hand."`
	Revoke     revokeCommand     `cmd:"" help:"Take back what was given by hand."`
	Events     eventsCommand     `cmd:"" help:"Look at the events that came from Stripe, and process them again."`
	Quarantine quarantineCommand `cmd:"" help:"Look at the events that are ours and do not fit."`
	AdminLog   adminLogCommand   `cmd:"" help:"List what was asked for with the rights of an operator: by whom, with which key, about whom, when."`
	Database   databaseCommand   `cmd:"" help:"Look at what the database is for, and what its deployment is called."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

func main() {
	// What lives on is small beside what passes through: collecting half as often
	// costs some MiB and saves a tenth of the work of a webhook (make bench).
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	if err := run(untilSignaled(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "entitled:", err)
		os.Exit(exitCode(err))
	}
}

// console is where a command writes: answers to out, everything else to err.
type console struct {
	out, err io.Writer
}

// run is the program: it returns when the command is done or ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var cli commands
	exited := false
	parser, err := kong.New(&cli,
		kong.Name("entitled"),
		kong.Description("Turns Stripe Checkout payments into entitlements."),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Help(helpWithExits),
		kong.Exit(func(int) { exited = true }), // --help has printed all there is to say
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(console{stdout, stderr}),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if exited {
		return nil
	}
	if err != nil {
		return misusedf("%w (see entitled --help)", err)
	}
	return settingNames.naming(parsed.Run())
}
