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

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// What is measured is the built program as its own process, on a Postgres with
// the durability of production, beside pgbench on the same server. Both share the
// machine with the load: compare the ratios, which are taken in turns.
const (
	benchRounds = 3
	benchTime   = 4 * time.Second
)

func BenchmarkWebhooks(b *testing.B) {
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	bare := newPgbench(b, server.URL())
	p := startProgram(b, benchBinary(b), database) // first: it would look through whomever it finds
	buyers := seedBuyers(b, database, 300_000)
	beside(b, "webhooks/s", func(b *testing.B, connections int) measured {
		return webhookLoad(b, p, connections, benchTime, buyers)
	}, "pgbench-tx/s", bare.run)
	p.reportMemory(b)
	checkNothingLost(b, database, buyers)
}

func BenchmarkReads(b *testing.B) {
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	p := startProgram(b, benchBinary(b), database)
	readers := seedHolders(b, database, 100_000)
	empty := emptyEcho(b)
	beside(b, "reads/s", func(b *testing.B, connections int) measured {
		return readLoad(b, p.address, connections, benchTime, readers)
	}, "empty-echo/s", func(b *testing.B, connections int) float64 {
		return readLoad(b, empty, connections, benchTime, []string{"/"}).rate
	})
	p.reportMemory(b)
}

// beside measures ours and theirs in turns, and reports medians.
func beside(b *testing.B, unit string, ours func(*testing.B, int) measured, theirUnit string, theirs func(*testing.B, int) float64) {
	for _, connections := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("c=%d", connections), func(b *testing.B) {
			for b.Loop() {
				var rates, theirRates, ratios, p99s []float64
				for range benchRounds {
					their := theirs(b, connections)
					our := ours(b, connections)
					theirRates, rates = append(theirRates, their), append(rates, our.rate)
					ratios, p99s = append(ratios, our.rate/their), append(p99s, our.p99.Seconds()*1000)
				}
				b.ReportMetric(median(rates), unit)
				b.ReportMetric(median(p99s), "p99-ms")
				b.ReportMetric(median(theirRates), theirUnit)
				b.ReportMetric(median(ratios), "ratio")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

func BenchmarkStart(b *testing.B) {
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	binary := benchBinary(b)
	for b.Loop() {
		var ready []float64
		for range 5 {
			p := startProgram(b, binary, database)
			ready = append(ready, p.readyAfter.Seconds()*1000)
			p.stop(b)
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
	return buildProgram(b, "-tags=nodev", "-trimpath", "-ldflags=-s -w")
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

func (p pgbench) run(b *testing.B, connections int) float64 {
	b.Helper()
	out, err := exec.CommandContext(b.Context(), p.binary, "-n", "-M", "prepared", "-f", p.script,
		"-c", strconv.Itoa(connections), "-j", strconv.Itoa(min(connections, 2)),
		"-T", strconv.Itoa(int(benchTime.Seconds())), p.url).CombinedOutput()
	found := pgbenchRate.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
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
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
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
