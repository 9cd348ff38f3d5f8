package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// benchDelivered is how many messages are delivered, each about another user.
const benchDelivered = 10_000

// BenchmarkDeliveries is how many messages one process delivers to receivers on this machine,
// which share its processors: to one endpoint, and to ten at a time.
func BenchmarkDeliveries(b *testing.B) {
	for name, open := range databases {
		for _, endpoints := range []int{1, 10} {
			b.Run(fmt.Sprintf("%s/%d", name, endpoints), func(b *testing.B) {
				store := openWithChanges(b, open(b), benchDelivered/endpoints)
				for b.Loop() {
					took := deliverAll(b, store, endpoints, benchDelivered/endpoints)
					b.ReportMetric(benchDelivered/took.Seconds(), "deliveries/s")
				}
			})
		}
	}
}

var benchCatalog = domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{"sso": {Key: "sso", Type: domain.FeatureFlag}}}

// openWithChanges is a database whose feed has a change of each of so many users.
func openWithChanges(b *testing.B, database string, users int) *bunstore.Store {
	b.Helper()
	store, err := bunstore.Open(b.Context(), database)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
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
	return store
}

// deliverAll delivers the whole feed to so many new endpoints, and says how long that took.
func deliverAll(b *testing.B, store *bunstore.Store, endpoints, each int) time.Duration {
	b.Helper()
	var taken sync.WaitGroup
	taken.Add(endpoints * each)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		taken.Done()
	}))
	defer receiver.Close()
	sender := webhooks.NewSender(webhooks.Config{AllowPrivate: true})
	defer sender.Close()
	deliver := app.NewDeliver(store, benchCatalog, sender, httpapi.WriteMessage, now, time.After, uncounted{})
	admin := app.NewEndpoints(store, benchCatalog, sender, deliver, now, newID)
	beginning := int64(0)
	var made []ports.EndpointID
	for n := range endpoints {
		url := fmt.Sprintf("%s/%d", strings.TrimSuffix(receiver.URL, "/"), n)
		e, err := admin.Add(b.Context(), app.EndpointChange{URL: &url, After: &beginning})
		if err != nil {
			b.Fatal(err)
		}
		made = append(made, e.ID)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	began := time.Now()
	running.Go(func() { deliver.Run(ctx, func(err error) { b.Error(err) }) })
	taken.Wait()
	took := time.Since(began)
	cancel()
	running.Wait()
	for _, id := range made {
		if err := admin.Delete(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
	return took
}
