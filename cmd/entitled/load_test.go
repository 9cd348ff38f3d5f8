package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
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

	"github.com/jackc/pgx/v5"
)

// The load is a closed loop: each connection sends its next request when the last
// one is answered. It ends by itself.

// measured is what a load saw.
type measured struct {
	rate float64 // 2xx answers per second
	p99  time.Duration
}

// load runs one loop per connection for a time. next writes a request.
func load(tb testing.TB, address string, connections int, d time.Duration, next func(n int64) []byte) measured {
	tb.Helper()
	var count atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
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
					tb.Errorf("answered %d, %v", status, err)
					break
				}
				took = append(took, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	wait.Wait()
	if len(all) == 0 {
		tb.Fatal("nothing was answered")
	}
	slices.Sort(all)
	return measured{
		rate: float64(len(all)) / time.Since(start).Seconds(),
		p99:  all[len(all)*99/100],
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

// buyers are users with an open order each, who pay one after the other.
type buyers struct {
	count int64
	paid  atomic.Int64
	known int64 // how many were answered 2xx, at least
}

func webhookLoad(tb testing.TB, p *program, connections int, d time.Duration, all *buyers) measured {
	tb.Helper()
	first := all.paid.Load()
	m := load(tb, p.address, connections, d, func(int64) []byte {
		n := all.paid.Add(1)
		if n > all.count {
			return nil
		}
		body := completedEvent(n)
		return fmt.Appendf(nil, "POST /api/webhooks/stripe HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json; charset=utf-8\r\nStripe-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
			stripeSignature(body, testWebhookSecret), len(body), body)
	})
	all.known += all.paid.Load() - first
	return m
}

func readLoad(tb testing.TB, address string, connections int, d time.Duration, paths []string) measured {
	tb.Helper()
	return load(tb, address, connections, d, func(n int64) []byte {
		return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n",
			paths[(n*7919)%int64(len(paths))], testAPIKey)
	})
}

// stripeSignature signs as Stripe does, at the time of sending.
func stripeSignature(body []byte, secret string) string {
	return stripeSignatureAt(body, secret, time.Now())
}

func stripeSignatureAt(body []byte, secret string, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// completedEvent is a purchase as Stripe tells it, 3 KB long as such events are.
func completedEvent(n int64) []byte {
	return fmt.Appendf(nil, `{"id":"evt_bench_%[1]d","object":"event","api_version":"2023-10-16","created":1764000000,"livemode":false,"pending_webhooks":1,
"request":{"id":null,"idempotency_key":null},"type":"checkout.session.completed","data":{"object":{"id":"cs_test_bench_%[1]d","object":"checkout.session",
"after_expiration":null,"allow_promotion_codes":null,"amount_subtotal":1900,"amount_total":1900,"automatic_tax":{"enabled":false,"liability":null,"status":null},
"billing_address_collection":null,"cancel_url":"https://app.example/","client_reference_id":"ord_bench_%[1]d","consent":null,"consent_collection":null,"created":1763999900,
"currency":"usd","currency_conversion":null,"custom_fields":[],"custom_text":{"after_submit":null,"shipping_address":null,"submit":null,"terms_of_service_acceptance":null},
"customer":"cus_bench_%[1]d","customer_creation":null,"customer_details":{"address":{"city":null,"country":"DE","line1":null,"line2":null,"postal_code":null,"state":null},"email":"buyer%[1]d@example.com","name":"Buyer","phone":null,"tax_exempt":"none","tax_ids":[]},
"customer_email":null,"expires_at":1764086300,"invoice":null,"invoice_creation":{"enabled":false,"invoice_data":{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":null,"metadata":{},"rendering_options":null}},
"livemode":false,"locale":null,"metadata":{"order_id":"ord_bench_%[1]d","user_id":"user_bench_%[1]d","plan":"basic"},"mode":"payment","payment_intent":"pi_bench_%[1]d","payment_link":null,"payment_method_collection":"if_required",
"payment_method_configuration_details":null,"payment_method_options":{"card":{"request_three_d_secure":"automatic"}},"payment_method_types":["card"],"payment_status":"paid","phone_number_collection":{"enabled":false},
"recovered_from":null,"saved_payment_method_options":{"allow_redisplay_filters":["always"],"payment_method_save":null},"setup_intent":null,"shipping_address_collection":null,"shipping_cost":null,"shipping_details":null,"shipping_options":[],
"status":"complete","submit_type":null,"subscription":null,"success_url":"https://app.example/?order_id=ord_bench_%[1]d","total_details":{"amount_discount":0,"amount_shipping":0,"amount_tax":0},"ui_mode":"hosted","url":null,"padding":"%[2]s"}}}`,
		n, strings.Repeat("x", 600))
}

// seedBuyers keeps users with an open order each, in SQL: through the API it would
// take longer than what is to be measured.
func seedBuyers(tb testing.TB, database string, count int64) *buyers {
	tb.Helper()
	series := fmt.Sprintf("generate_series(1, %d) AS n", count)
	execSQL(tb, database, `
INSERT INTO accounts (user_id, customer_id, customer_key) SELECT 'user_bench_' || n, 'cus_bench_' || n, 'key' || n FROM `+series+`;
INSERT INTO orders (id, user_id, plan, price, mode, quantity, status, price_id, trial_days, success_url, cancel_url, locale, expires_at, attempt,
  client_key, fingerprint, session_id, session_url, subscription_id, payment_intent_id, created_at)
  SELECT 'ord_bench_' || n, 'user_bench_' || n, 'basic', 'once', 'payment', 1, 'open', 'price_basic', 0, 'https://app.example/', 'https://app.example/', '', now() + interval '1 day', 0,
  '', 'f', 'cs_test_bench_' || n, 'https://checkout.example/', '', '', now() FROM `+series+`;
INSERT INTO refs (kind, id, user_id) SELECT 'customer', 'cus_bench_' || n, 'user_bench_' || n FROM `+series+`
  UNION ALL SELECT 'order', 'ord_bench_' || n, 'user_bench_' || n FROM `+series+`
  UNION ALL SELECT 'checkout_session', 'cs_test_bench_' || n, 'user_bench_' || n FROM `+series+`;
VACUUM ANALYZE;
CHECKPOINT;`)
	return &buyers{count: count}
}

// seedHolders keeps users with one entitlement each and returns how to ask for them.
func seedHolders(tb testing.TB, database string, count int) []string {
	tb.Helper()
	execSQL(tb, database, fmt.Sprintf(`
INSERT INTO accounts (user_id) SELECT 'user_bench_' || n FROM generate_series(1, %[1]d) AS n;
INSERT INTO entitlements (user_id, feature, source_kind, source_id, plan, value_type, value_limit, since, until)
  SELECT 'user_bench_' || n, 'projects', 'order', 'ord_bench_' || n, 'basic', 'limit', 10, now() - interval '1 day', now() + interval '1 year' FROM generate_series(1, %[1]d) AS n;
VACUUM ANALYZE;
CHECKPOINT;`, count))
	paths := make([]string, count)
	for i := range paths {
		paths[i] = fmt.Sprintf("/api/entitlements?user_id=user_bench_%d", i+1)
	}
	return paths
}

// checkNothingLost holds what was acknowledged against what is kept.
func checkNothingLost(tb testing.TB, database string, all *buyers) {
	tb.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background())
	var events, paid, entitled int64
	err = conn.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM processed_events WHERE outcome = 'applied'),
		(SELECT count(*) FROM orders WHERE status = 'paid'), (SELECT count(*) FROM entitlements)`).Scan(&events, &paid, &entitled)
	if err != nil {
		tb.Fatal(err)
	}
	if events != all.known || paid != all.known || entitled != all.known {
		tb.Errorf("%d events acknowledged; kept: %d receipts, %d paid orders, %d entitlements", all.known, events, paid, entitled)
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
