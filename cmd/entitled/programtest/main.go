package programtest

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"testing"
)

// Main runs the tests of a package, and then what ends that all of them share. It returns
// the code to exit with.
func Main(m *testing.M, atEnd ...func() error) int {
	dir, err := os.MkdirTemp("", "entitled")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	// Most of a test here is waiting, so more go together than there are processors.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	answers, err := newDocumented(http.DefaultTransport)
	if err != nil {
		panic(err)
	}
	// A benchmark measures the program, and not who reads its answers.
	if flag.Parse(); flag.Lookup("test.bench").Value.String() == "" {
		http.DefaultClient.Transport = answers // not the default transport, which the program itself takes
	}
	code := m.Run()
	for _, end := range atEnd {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return answers.verdict(code, os.Stderr)
}
