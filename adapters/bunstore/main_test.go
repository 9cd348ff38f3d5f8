package bunstore_test

import (
	"flag"
	"log"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/ports/portstest"
)

func TestMain(m *testing.M) {
	portstest.Checks(100)
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	// Most of them wait for databases to be made: more can wait than there are processors.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		log.Fatal(err)
	}
	// The tests' Postgres is reaped by one of our goroutines and ends with us.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/entitled-dev/entitled/adapters/bunstore/pgtest.(*Server).spawn.func1"))
}
