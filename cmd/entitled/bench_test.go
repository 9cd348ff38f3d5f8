package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// What is measured is the built program as its own process, on a Postgres with
// the durability of production, beside pgbench and the obvious handler on the same server.
// All share the machine with the load: compare the ratios, which are taken in turns.
var (
	benchRounds = setting("BENCH_ROUNDS", 3, strconv.Atoi)
	benchTime   = setting("BENCH_TIME", 4*time.Second, time.ParseDuration) // of a load; a second at least
)

// setting is what the environment says, for a quick look; or else what the results in
// docs/speed.md were taken with.
func setting[T any](name string, otherwise T, parse func(string) (T, error)) T {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := parse(text)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return value
}

func BenchmarkWebhooks(b *testing.B) {
	const users = 300_000
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	bare := newPgbench(b, database)
	p := startProgram(b, benchBinary(b), database) // first: it would look through whomever it finds
	paid, paidObvious := seedBuyers(b, database, users), seedObvious(b, database, users)
	obvious := startHandler(b, "obvious", "BENCH_DATABASE="+database)
	postgres := cpuOfPostgres(b, database)
	inTurns(b,
		contender{name: "webhooks", meters: map[string]meter{"cpu-s/1k": cpuOf(p.PID()), "postgres-cpu-s/1k": postgres},
			run: func(b *testing.B, connections int) measured {
				return paid.load(b, p.Address, connections, benchTime)
			}},
		contender{name: "pgbench", run: bare.run},
		contender{name: "obvious", meters: map[string]meter{"obvious-cpu-s/1k": cpuOf(obvious.pid), "obvious-postgres-cpu-s/1k": postgres},
			run: func(b *testing.B, connections int) measured {
				return paidObvious.load(b, obvious.address, connections, benchTime)
			}})
	p.reportMemory(b)
	checkNothingLost(b, database, paid.sent.Load())
	checkObvious(b, database, paidObvious.sent.Load())
}

func BenchmarkReads(b *testing.B) {
	const users = 100_000
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	p := startProgram(b, benchBinary(b), database)
	seedHolders(b, database, users)
	empty := startHandler(b, "empty")
	inTurns(b,
		contender{name: "reads", meters: map[string]meter{"cpu-s/1k": cpuOf(p.PID()), "postgres-cpu-s/1k": cpuOfPostgres(b, database)},
			run: func(b *testing.B, connections int) measured {
				return readLoad(b, p.Address, connections, benchTime, rightsOfSome(users))
			}},
		contender{name: "empty-echo", run: func(b *testing.B, connections int) measured {
			return readLoad(b, empty.address, connections, benchTime, func(int64) string { return "/" })
		}})
	p.reportMemory(b)
}

// contender is what is measured in turns with others.
type contender struct {
	name   string
	run    func(b *testing.B, connections int) measured
	meters map[string]meter // by the unit of what they count per 1,000 answers
}

// meter counts something: what it has come to so far.
type meter func(testing.TB) float64

// inTurns measures ours and others, one after the other, and reports medians; and of the
// ratios of ours to each other in the same round, too. Each round begins with the next, so
// that none is always behind the same one.
func inTurns(b *testing.B, ours contender, others ...contender) {
	all := append([]contender{ours}, others...)
	for _, connections := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("c=%d", connections), func(b *testing.B) {
			for b.Loop() {
				figures := map[string][]float64{}
				for round := range benchRounds {
					rates := map[string]float64{}
					for turn := range all {
						c := all[(round+turn)%len(all)]
						m := c.measure(b, connections, figures)
						rates[c.name] = m.rate
						figures[c.name+"/s"] = append(figures[c.name+"/s"], m.rate)
						if c.name == ours.name {
							figures["p99-ms"] = append(figures["p99-ms"], milliseconds(m.p99))
						}
					}
					for _, other := range others {
						figures["over-"+other.name] = append(figures["over-"+other.name], rates[ours.name]/rates[other.name])
					}
				}
				reportMedians(b, figures)
			}
		})
	}
}

// measure has a contender's turn, and adds what its meters counted.
func (c contender) measure(b *testing.B, connections int, figures map[string][]float64) measured {
	b.Helper()
	before := map[string]float64{}
	for unit, count := range c.meters {
		before[unit] = count(b)
	}
	m := c.run(b, connections)
	for unit, count := range c.meters {
		figures[unit] = append(figures[unit], (count(b)-before[unit])*1000/float64(m.answers))
	}
	return m
}

func reportMedians(b *testing.B, figures map[string][]float64) {
	for unit, values := range figures {
		b.ReportMetric(median(values), unit)
	}
	b.ReportMetric(0, "ns/op")
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

func BenchmarkStart(b *testing.B) {
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	binary := benchBinary(b)
	for b.Loop() {
		var ready []float64
		for range 5 {
			p := startProgram(b, binary, database)
			ready = append(ready, milliseconds(p.ReadyAfter))
			p.Stop(b)
		}
		b.ReportMetric(median(ready), "ms-to-ready")
		b.ReportMetric(0, "ns/op")
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// benchBinary builds the program as make build does.
func benchBinary(b *testing.B) string {
	b.Helper()
	return programtest.Build(b, "-tags=nodev", "-trimpath", "-ldflags=-s -w")
}

// pgbench runs the bare transaction: what any service of this kind must do for an
// event, and nothing else.
type pgbench struct{ binary, url, script string }

const bareSchema = `
CREATE SCHEMA bare;
CREATE TABLE bare.processed_events (id text PRIMARY KEY, type text NOT NULL, received_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE bare.orders (id text PRIMARY KEY, user_id text NOT NULL, status text NOT NULL, paid_at timestamptz);
CREATE TABLE bare.entitlements (user_id text, feature text, source text, until timestamptz, PRIMARY KEY (user_id, feature, source));`

const bareTransaction = `
\set n random(1, 1000000000)
\set u random(1, 100000)
BEGIN;
INSERT INTO bare.processed_events (id, type) VALUES ('evt_' || :n || '_' || :client_id, 'checkout.session.completed') ON CONFLICT DO NOTHING;
INSERT INTO bare.orders VALUES ('ord_' || :u, 'user_' || :u, 'paid', now()) ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, paid_at = EXCLUDED.paid_at;
INSERT INTO bare.entitlements VALUES ('user_' || :u, 'projects', 'ord_' || :u, now()) ON CONFLICT (user_id, feature, source) DO UPDATE SET until = EXCLUDED.until;
COMMIT;
`

func newPgbench(b *testing.B, url string) pgbench {
	b.Helper()
	binary, err := exec.LookPath("pgbench")
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench"); err != nil && len(found) > 0 {
		binary, err = found[len(found)-1], nil
	}
	if err != nil {
		b.Fatalf("pgbench is needed to compare with: install postgresql (%v)", err)
	}
	execSQL(b, url, bareSchema)
	script := filepath.Join(b.TempDir(), "bare.sql")
	if err := os.WriteFile(script, []byte(bareTransaction), 0o600); err != nil {
		b.Fatal(err)
	}
	return pgbench{binary, url, script}
}

var pgbenchRate = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

func (p pgbench) run(b *testing.B, connections int) measured {
	b.Helper()
	out, err := exec.CommandContext(b.Context(), p.binary, "-n", "-M", "prepared", "-f", p.script,
		"-c", strconv.Itoa(connections), "-j", strconv.Itoa(min(connections, 2)),
		"-T", strconv.Itoa(max(1, int(benchTime.Seconds()))), p.url).CombinedOutput()
	found := pgbenchRate.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return measured{rate: rate}
}

func (p *program) reportMemory(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(p.peakMiB(b), "MiB-peak")
			b.ReportMetric(0, "ns/op")
		}
	})
}

// peakMiB is the most resident memory that the program has had.
func (p *program) peakMiB(b testing.TB) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, is := strings.CutPrefix(line, "VmHWM:"); is {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kib / 1024
		}
	}
	b.Fatal("no VmHWM in /proc")
	return 0
}
