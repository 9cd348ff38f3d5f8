package main

import (
	"os"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

func TestMain(m *testing.M) {
	if serve, is := benchHandlers[os.Getenv("BENCH_HANDLER")]; is {
		serve(os.Getenv("BENCH_ADDRESS"))
		return
	}
	os.Exit(programtest.Main(m))
}

// program is a built program, and what the tests of this room ask of it.
type program struct{ *programtest.Program }

func startProgram(tb testing.TB, binary, database string, more ...string) *program {
	tb.Helper()
	return &program{programtest.Start(tb, binary, database, more...)}
}
