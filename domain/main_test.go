package domain_test

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

// TestMain asks the properties for more than rapid's usual hundred checks, which
// are cheap here; -rapid.checks still says how many.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "400"); err != nil {
		panic(err)
	}
	flag.Parse()
	debug.SetGCPercent(400) // there is little to keep, and collecting it takes a third of the time
	os.Exit(m.Run())
}
