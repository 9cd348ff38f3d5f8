package app_test

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/ports/portstest"
)

func TestMain(m *testing.M) {
	portstest.Checks(25)
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	// The tests' Postgres is reaped by one of our goroutines and ends with us.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/entitled-dev/entitled/adapters/bunstore/pgtest.(*Server).spawn.func1"))
}
