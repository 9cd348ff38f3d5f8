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

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/app"
)

// newProgram makes all commands, in the order in which --help lists them.
func newProgram(c console) *cobra.Command {
	program := group("entitled", "Turns Stripe Checkout payments into entitlements.",
		newDev(c),
		newSandbox(c),
		newServe(c),
		group("migrate", "Bring the database schema up to date, or back.",
			leaf("up", "Apply every migration that is missing.", c, migrateCommand(bunstore.Up)),
			leaf("status", "List the migrations and which are applied.", c, migrateCommand(bunstore.Status)),
			newMigrateDown(c)),
		group("catalog", "Work with the catalog of plans and features.", newCatalogCheck(c)),
		newExplain(c),
		newSync(c),
		newReconcile(c),
		newVerify(c),
		newGrant(c),
		newGrants(c),
		newRevoke(c),
		group("events", "Look at the events that came from Stripe, and process them again.",
			newEventsList(c), newEventsShow(c), newEventsReplay(c)),
		group("quarantine", "Look at the events that are ours and do not fit.", newQuarantineList(c)),
		group("endpoints", "Have changes delivered to your product: outgoing webhooks.",
			newEndpointsList(c), newEndpointAdd(c), newEndpointChange(c),
			newEndpointCommand(c, "rotate", "Give an endpoint another secret, and print it. For a day the one before signs as well.", app.ActEndpointsRotate, rotateEndpoint),
			newEndpointCommand(c, "test", "Send a message that tells of nobody.", app.ActEndpointsTest, testEndpoint),
			newEndpointCommand(c, "deliveries", "List the last attempts, with what was answered.", app.ActEndpointsDeliveries, listDeliveries),
			newEndpointCommand(c, "delete", "Forget an endpoint and its deliveries.", app.ActEndpointsDelete, deleteEndpoint)),
		newAdminLog(c),
		group("database", "Look at what the database is for, and what its deployment is called.", newDatabaseMode(c), newDatabaseDeployment(c)),
		group("user", "Say what is kept of a user, and forget it.", newUserExport(c), newUserForget(c)),
		leaf("version", "Print the version.", c, versionCommand{}),
	)
	program.SilenceErrors, program.SilenceUsage = true, true // main prints errors, and --help the usage
	program.CompletionOptions.DisableDefaultCmd = true
	program.SetHelpFunc(printHelp)
	program.SetFlagErrorFunc(wrongFlag)
	program.SetOut(c.out)
	program.SetErr(c.err)
	return program
}

func init() { cobra.EnableCommandSorting = false }

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
	program := newProgram(console{stdout, stderr})
	program.SetArgs(args)
	return settingNames.naming(program.ExecuteContext(ctx))
}
