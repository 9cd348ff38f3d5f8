package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/jackc/pgx/v5"
)

// The load is a closed loop: each connection sends its next request when the last
// one is answered. It ends by itself.

// measured is what a load saw.
type measured struct {
	rate     float64 // 2xx answers per second
	answers  int
	p50, p99 time.Duration
}

// load runs one loop per connection for a time. next makes a request.
func load(tb testing.TB, address string, connections int, d time.Duration, next func(n int64) []byte) measured {
	tb.Helper()
	var count atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var failures []string
	var wait sync.WaitGroup
	start := time.Now()
	for range connections {
		wait.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				tb.Error(err)
				return
			}
			defer conn.Close()
			answers := bufio.NewReaderSize(conn, 16<<10)
			var took []time.Duration
			var failure string
			for time.Since(start) < d {
				request := next(count.Add(1) - 1)
				if request == nil {
					tb.Error("the load ran out of requests: seed more")
					break
				}
				sent := time.Now()
				if _, err := conn.Write(request); err != nil {
					tb.Error(err)
					break
				}
				if status, err := readAnswer(answers); err != nil || status/100 != 2 {
					failure = fmt.Sprintf("answered %d after %s, %v", status, time.Since(sent), err)
					break
				}
				took = append(took, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if failure != "" {
				failures = append(failures, failure)
			}
		})
	}
	wait.Wait()
	if len(failures) > 0 {
		tb.Errorf("%d of %d connections failed, one of them: %s", len(failures), connections, failures[0])
	}
	if len(all) == 0 {
		tb.Error("nothing was answered")
		return measured{}
	}
	slices.Sort(all)
	return measured{
		rate:    float64(len(all)) / time.Since(start).Seconds(),
		answers: len(all),
		p50:     all[len(all)/2],
		p99:     all[len(all)*99/100],
	}
}

// readAnswer reads one HTTP answer with a Content-Length: the least work that
// tells one from the next.
func readAnswer(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		header := strings.TrimSpace(string(line))
		if header == "" {
			break
		}
		if name, value, _ := strings.Cut(header, ": "); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(value); err != nil {
				return 0, err
			}
		}
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return status, err
}

// events are told one after the other, each once.
type events struct {
	count int64
	body  func(n int64) []byte // of the n-th, which is from 1 to count
	sent  atomic.Int64
}

func (e *events) load(tb testing.TB, address string, connections int, d time.Duration) measured {
	tb.Helper()
	return load(tb, address, connections, d, func(int64) []byte {
		n := e.sent.Add(1)
		if n > e.count {
			return nil
		}
		return webhookRequest(e.body(n))
	})
}

func webhookRequest(body []byte) []byte {
	return fmt.Appendf(nil, "POST /api/webhooks/stripe HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json; charset=utf-8\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
		programtest.StripeSignature(body, programtest.WebhookSecret), len(body), body)
}

// readLoad asks for what path says.
func readLoad(tb testing.TB, address string, connections int, d time.Duration, path func(n int64) string) measured {
	tb.Helper()
	return load(tb, address, connections, d, func(n int64) []byte {
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", path(n), programtest.APIKey)
	})
}

// rightsOfSome asks for what one of many users may do, each time another's.
func rightsOfSome(users int64) func(n int64) string {
	return func(n int64) string { return fmt.Sprintf("/api/entitlements?user_id=user_bench_%d", anyOf(users, n)) }
}

// anyOf is the n-th number of those up to count, in an order in which neighbors are far
// from each other: each of them once before one comes again.
func anyOf(count, n int64) int64 { return n*15_485_863%count + 1 } // a prime, which counts of ours are no multiples of

// checkNothingLost holds what was acknowledged against what is kept.
func checkNothingLost(tb testing.TB, database string, acknowledged int64) {
	tb.Helper()
	var receipts, paid, entitled int64
	queryRow(tb, database, `SELECT (SELECT count(*) FROM processed_events WHERE outcome = 'applied'),
		(SELECT count(*) FROM orders WHERE status = 'paid'), (SELECT count(*) FROM entitlements)`, &receipts, &paid, &entitled)
	if receipts != acknowledged || paid != acknowledged || entitled != acknowledged {
		tb.Errorf("%d events acknowledged; kept: %d receipts, %d paid orders, %d entitlements", acknowledged, receipts, paid, entitled)
	}
}

func execSQL(tb testing.TB, database, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	for statement := range strings.SplitSeq(sql, ";") {
		if _, err := conn.Exec(context.Background(), statement); err != nil {
			tb.Fatalf("%v in %s", err, statement)
		}
	}
}

func queryRow(tb testing.TB, database, sql string, into ...any) {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(context.Background(), sql).Scan(into...); err != nil {
		tb.Fatalf("%v in %s", err, sql)
	}
}
