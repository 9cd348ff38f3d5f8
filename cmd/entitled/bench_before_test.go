package main

import (
	"os"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// BenchmarkBefore measures webhooks beside another build of the program, the one that
// BENCH_BEFORE names: what a change is worth, in processor time. Each has a database of its
// own, on one server.
func BenchmarkBefore(b *testing.B) {
	const users = 300_000
	before := programBefore(b)
	server := pgtest.Start(b, pgtest.Durable())
	ours, theirs := newContender(b, "webhooks", "", benchBinary(b), server.URL(), users), newContender(b, "before", "before-", before, server.URL(), users)
	inTurns(b, ours.contender, theirs.contender)
	ours.program.reportMemory(b)
	theirs.program.reportMemory(b)
}

// BenchmarkReadsBefore measures reads beside another build.
func BenchmarkReadsBefore(b *testing.B) {
	const users = 100_000
	before := programBefore(b)
	server := pgtest.Start(b, pgtest.Durable())
	reader := func(name, unit, binary, database string) contender {
		p := startProgram(b, binary, database)
		seedHolders(b, database, users)
		return contender{
			name:   name,
			meters: map[string]meter{unit + "cpu-s/1k": cpuOf(p.PID()), unit + "postgres-cpu-s/1k": cpuOfPostgres(b, database)},
			run: func(b *testing.B, connections int) measured {
				return readLoad(b, p.Address, connections, benchTime, rightsOfSome(users))
			},
		}
	}
	inTurns(b, reader("reads", "", benchBinary(b), server.URL()), reader("before", "before-", before, server.URL()))
}

// programBefore is the other build of the program.
func programBefore(b *testing.B) string {
	b.Helper()
	before := os.Getenv("BENCH_BEFORE")
	if before == "" {
		b.Skip("set BENCH_BEFORE to the program to measure beside: make build of the commit before, kept elsewhere")
	}
	return before
}

// programUnderLoad is a build of the program with buyers whose checkouts it is told of.
type programUnderLoad struct {
	contender
	program *program
}

func newContender(b *testing.B, name, unit, binary, database string, users int64) programUnderLoad {
	b.Helper()
	p := startProgram(b, binary, database) // first: it would look through whomever it finds
	paid := seedBuyers(b, database, users)
	return programUnderLoad{program: p, contender: contender{
		name:   name,
		meters: map[string]meter{unit + "cpu-s/1k": cpuOf(p.PID()), unit + "postgres-cpu-s/1k": cpuOfPostgres(b, database)},
		run: func(b *testing.B, connections int) measured {
			return paid.load(b, p.Address, connections, benchTime)
		},
	}}
}
