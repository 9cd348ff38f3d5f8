package app_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/ports/portstest"
)

func TestMain(m *testing.M) {
	portstest.Checks(25)
	// The tests' Postgres is reaped by one of our goroutines and ends with us.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/entitled-dev/entitled/adapters/bunstore/pgtest.(*Server).spawn.func1"))
}
