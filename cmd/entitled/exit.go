package main

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// Exit codes, by what is to be done about it.
const (
	exitFailed      = 1
	exitMisused     = 2
	exitNotFound    = 3
	exitUnavailable = 4
)

type exit struct {
	code  int
	means string
}

// exits are in every --help, and in README.md.
var exits = []exit{
	{0, "done"},
	{exitFailed, "something else failed"},
	{exitMisused, "the command line, a setting or the catalog has to be mended first"},
	{exitNotFound, "there is no such user, feature, event, grant or endpoint"},
	{exitUnavailable, "the database or Stripe does not answer: the same may succeed later"},
}

// String is how --help says it.
func (e exit) String() string { return fmt.Sprintf("%d  %s", e.code, e.means) }

// row is how README.md says it.
func (e exit) row() string { return fmt.Sprintf("| %d | %s |", e.code, e.means) }

// coded is an error that knows its exit code.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// misused is an error that the command line, a setting or the catalog has to be mended
// for; nil stays nil.
func misused(err error) error {
	if err == nil {
		return nil
	}
	return coded{err, exitMisused}
}

// misusedf is [misused] of an error that it makes.
func misusedf(format string, args ...any) error { return misused(fmt.Errorf(format, args...)) }

// notFoundf is the error about a thing that is not there.
func notFoundf(format string, args ...any) error {
	return coded{fmt.Errorf(format, args...), exitNotFound}
}

func unavailablef(format string, args ...any) error {
	return coded{fmt.Errorf(format, args...), exitUnavailable}
}

// exitCodes are of errors that do not know theirs; the first that matches counts.
var exitCodes = []struct {
	is   error
	code int
}{
	{ports.ErrGatewayDenied, exitMisused},
	{app.ErrProviderMismatch, exitMisused},
	{app.ErrBadRequest, exitMisused},
	{ports.ErrAddressRefused, exitMisused},
	{app.ErrKeyReused, exitMisused},
	{ports.ErrUnavailable, exitUnavailable},
	{ports.ErrGatewayBusy, exitUnavailable},
	{ports.ErrNotFound, exitNotFound},
	{app.ErrUnknownFeature, exitNotFound},
	{app.ErrNobody, exitNotFound},
	{app.ErrReconciling, exitUnavailable},
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if own, is := errors.AsType[coded](err); is {
		return own.code
	}
	if _, is := errors.AsType[app.Misfit](err); is {
		return exitMisused
	}
	for _, row := range exitCodes {
		if errors.Is(err, row.is) {
			return row.code
		}
	}
	return exitFailed
}

// names are what the settings are called where an error has to name them.
type names struct{ database, host, port string }

var settingNames = names{database: "DATABASE_URL", host: "HOST", port: "PORT"}

// naming names the setting that mends an error of the world, which does not know them.
func (n names) naming(err error) error {
	listening, _ := errors.AsType[*net.OpError](err)
	refusal, refused := errors.AsType[bunstore.Refusal](err)
	_, named := errors.AsType[coded](err)
	switch {
	case err == nil || named:
		return err
	case refused: // whatever was being done: nothing of it was
		return misusedf("%s: %w", n.database, refusal)
	case listening != nil && listening.Op == "listen":
		return n.listening(listening)
	case bunstore.TakesNoWrites(err): // which says what to mend, and may pass by itself: a failover
		return coded{err, exitUnavailable}
	case errors.Is(err, ports.ErrUnavailable) && bunstore.OfFile(err):
		return unavailablef("the database file that %s names cannot be used now: see that this user may write the file and its folder, that the disk has room, and that no other program holds it\n%w", n.database, err)
	case errors.Is(err, ports.ErrUnavailable):
		return unavailablef("the database that %s names does not answer: see that it runs, and that host, port, name, user and password are right\n%w", n.database, err)
	case errors.Is(err, ports.ErrGatewayBusy):
		return unavailablef("Stripe does not answer: try again later, and see that STRIPE_API_BASE is right if it is set\n%w", err)
	case errors.Is(err, ports.ErrGatewayDenied) && !strings.Contains(err.Error(), "STRIPE_SECRET_KEY"):
		return misusedf("the key in STRIPE_SECRET_KEY may not do this: see which permissions it needs in README.md\n%w", err)
	default:
		return err
	}
}

// opening is [names.naming] for a database that could not be opened: whatever it is, its
// setting is at fault if the database answers.
func (n names) opening(err error) error {
	_, refused := errors.AsType[bunstore.Refusal](err)
	switch {
	case err == nil || refused || errors.Is(err, ports.ErrUnavailable) || bunstore.TakesNoWrites(err):
		return n.naming(err)
	case strings.Contains(err.Error(), n.database):
		return misused(err)
	case strings.HasPrefix(err.Error(), "migrate the database"): // it was opened, and a migration fails
		return fmt.Errorf("%s: %w", n.database, err)
	default:
		return misusedf("%s: %w", n.database, err)
	}
}
