package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// BenchmarkFeed is how many changes the built program lets be read: page by page, by several
// readers who each begin anew, and by followers to whom they are streamed.
func BenchmarkFeed(b *testing.B) {
	const changes, followers = 10_000, 16
	database := pgtest.Start(b, pgtest.Durable()).URL()
	openWithChanges(b, database, changes)
	p := startProgram(b, benchBinary(b), database)
	defer p.Stop(b)
	service, postgres := cpuOf(p.PID()), cpuOfPostgres(b, database)
	measure := func(b *testing.B, read func(context.Context) int64) {
		b.Helper()
		cpu, cpuOfDatabase, began := service(b), postgres(b), time.Now()
		n := float64(read(b.Context()))
		b.ReportMetric(n/time.Since(began).Seconds(), "changes/s")
		b.ReportMetric((service(b)-cpu)*1000/n, "cpu-s/1k")
		b.ReportMetric((postgres(b)-cpuOfDatabase)*1000/n, "postgres-cpu-s/1k")
		b.ReportMetric(0, "ns/op")
	}
	for _, limit := range []int{100, 1000} {
		b.Run(fmt.Sprintf("pages/%d", limit), func(b *testing.B) {
			for b.Loop() {
				measure(b, func(ctx context.Context) int64 {
					return p.readers(b, 4, func() int64 { return p.readPages(ctx, b, limit, benchTime) })
				})
			}
		})
	}
	b.Run("followers", func(b *testing.B) {
		for b.Loop() {
			measure(b, func(ctx context.Context) int64 {
				return p.readers(b, followers, func() int64 { return p.follow(ctx, b, changes) })
			})
		}
	})
}

// readers sums up what several read at a time.
func (p *program) readers(b *testing.B, n int, read func() int64) int64 {
	b.Helper()
	var sum atomic.Int64
	var reading sync.WaitGroup
	for range n {
		reading.Go(func() { sum.Add(read()) })
	}
	reading.Wait()
	return sum.Load()
}

func (p *program) open(ctx context.Context, b *testing.B, path, accept string) *http.Response {
	b.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Address+path, nil)
	if err != nil {
		b.Error(err)
		return nil
	}
	request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Errorf("GET %s: %v, %v", path, response, err)
		return nil
	}
	return response
}

// readPages reads the feed from its beginning, again and again for a time.
func (p *program) readPages(ctx context.Context, b *testing.B, limit int, forSo time.Duration) (n int64) {
	b.Helper()
	after := int64(0)
	for end := time.Now().Add(forSo); time.Now().Before(end); {
		response := p.open(ctx, b, fmt.Sprintf("/api/changes?after=%d&limit=%d", after, limit), "application/json")
		if response == nil {
			return n
		}
		var page struct {
			Changes []json.RawMessage `json:"changes"`
			Next    int64             `json:"next"`
		}
		err := json.NewDecoder(response.Body).Decode(&page)
		response.Body.Close()
		if err != nil {
			b.Error(err)
			return n
		}
		n += int64(len(page.Changes))
		if after = page.Next; len(page.Changes) < limit {
			after = 0
		}
	}
	return n
}

// follow reads so many changes of a stream from the feed's beginning.
func (p *program) follow(ctx context.Context, b *testing.B, changes int64) (n int64) {
	b.Helper()
	response := p.open(ctx, b, "/api/changes?after=0", "text/event-stream")
	if response == nil {
		return 0
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for n < changes && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data:") {
			n++
		}
	}
	if n < changes {
		b.Errorf("a stream ended after %d of %d changes: %v", n, changes, lines.Err())
	}
	return n
}
