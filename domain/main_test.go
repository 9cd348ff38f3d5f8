package domain_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain asks the properties for more than rapid's usual hundred checks, which
// are cheap here; -rapid.checks still says how many.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "400"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}
