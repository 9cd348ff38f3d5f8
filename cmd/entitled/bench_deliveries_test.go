package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// benchDelivered is how many messages are delivered, each about another user.
const benchDelivered = 10_000

// BenchmarkDeliveries is how many messages the built program delivers to receivers on this
// machine, which share its processors: to one endpoint, and to ten at a time. BENCH_BEFORE names
// another build, which is measured in turns with it.
func BenchmarkDeliveries(b *testing.B) {
	binaries := map[string]string{"": benchBinary(b)}
	if before := os.Getenv("BENCH_BEFORE"); before != "" {
		binaries["before-"] = before
	}
	server := pgtest.Start(b, pgtest.Durable())
	for name, open := range map[string]func(testing.TB) string{
		"Postgres": func(testing.TB) string { return server.URL() },
		"SQLite":   func(tb testing.TB) string { return sqlitetest.URL(tb) },
	} {
		for _, endpoints := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/%d", name, endpoints), func(b *testing.B) {
				database := open(b)
				openWithChanges(b, database, benchDelivered/endpoints)
				figures := map[string][]float64{}
				for b.Loop() {
					for range benchRounds {
						for unit, binary := range binaries {
							deliverAll(b, binary, database, endpoints, func(unitOf string, value float64) {
								figures[unit+unitOf] = append(figures[unit+unitOf], value)
							})
						}
					}
				}
				reportMedians(b, figures)
			})
		}
	}
}

var benchCatalog = domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{"sso": {Key: "sso", Type: domain.FeatureFlag}}}

// openWithChanges has the feed of a new database say a change of each of so many users.
func openWithChanges(b *testing.B, database string, users int) {
	b.Helper()
	store, err := bunstore.Open(b.Context(), database)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	grants := app.NewManualGrants(store, benchCatalog, now, newID)
	var giving sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		giving.Go(func() {
			for n := next.Add(1); n <= int64(users); n = next.Add(1) {
				if _, err := grants.Give(b.Context(), app.GrantRequest{User: domain.UserID(fmt.Sprint("user_", n)), Feature: "sso", Reason: "a benchmark", By: "eve"}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	giving.Wait()
	tell := app.NewTellChanges(store, benchCatalog, now, time.After)
	for more := true; more; {
		result, err := tell.Once(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		more = result.More
	}
}

// deliverAll has the program deliver the whole feed to so many new endpoints, and says how fast
// that went and what it cost.
func deliverAll(b *testing.B, binary, database string, endpoints int, say func(unit string, value float64)) {
	b.Helper()
	var taken sync.WaitGroup
	taken.Add(benchDelivered)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		taken.Done()
	}))
	defer receiver.Close()
	p := startProgram(b, binary, database, "WEBHOOKS_ALLOW_PRIVATE=true")
	defer p.Stop(b)
	meters := map[string]meter{"cpu-s/1k": cpuOf(p.PID())}
	if strings.HasPrefix(database, "postgres") {
		meters["postgres-cpu-s/1k"] = cpuOfPostgres(b, database)
	}
	before := map[string]float64{}
	for unit, count := range meters {
		before[unit] = count(b)
	}
	began := time.Now()
	var made []string
	for n := range endpoints {
		made = append(made, p.Call(b, "POST", "/api/admin/endpoints", fmt.Sprintf(`{"url": "%s/%d", "after": 0}`, receiver.URL, n), 201)["endpoint"].(map[string]any)["id"].(string))
	}
	taken.Wait()
	say("deliveries/s", benchDelivered/time.Since(began).Seconds())
	for unit, count := range meters {
		say(unit, (count(b)-before[unit])*1000/benchDelivered)
	}
	for _, id := range made {
		p.Call(b, "DELETE", "/api/admin/endpoints/"+id, "", 200)
	}
}
