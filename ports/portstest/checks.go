package portstest

import (
	"flag"
	"strconv"
)

// Checks sets how many cases each property is tried with where -rapid.checks does not
// say, for a TestMain to call before it parses flags. Under the race detector, which has
// something to find only where things run at once, a fifth is enough: a case takes it
// five times as long.
func Checks(n int) {
	if raced {
		n = (n + 4) / 5
	}
	if err := flag.Set("rapid.checks", strconv.Itoa(n)); err != nil {
		panic(err)
	}
}
