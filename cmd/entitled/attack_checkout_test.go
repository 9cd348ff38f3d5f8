package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// One user asks for two hundred checkouts at once, each a wish of its own that ends the one before,
// and Stripe takes its time with the first.
func TestAttack_CheckoutsOfOneUserAreBoundedAndHoldUpNobody(t *testing.T) {
	t.Parallel()
	const secret, most, asked = "0123456789abcdef0123456789abcdef", 30, 200 // as openapi.yaml says
	box := openBox(t)
	stripe, err := url.Parse(box.URL())
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(stripe) }}
	var calls atomic.Int64
	var first atomic.Bool
	held, released := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	defer release() // or the end of a test that fails waits for it
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Method == http.MethodPost && first.CompareAndSwap(false, true) {
			close(held)
			<-released
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	p := startProgram(t, programtest.Build(t), sqlitetest.URL(t), "STRIPE_API_BASE="+between.URL, "AUTH_JWT_SECRET="+secret)
	buy := func(user, key string) (status int, code, retryAfter string) {
		claims := jwt.MapClaims{"sub": user, "exp": time.Now().Add(time.Hour).Unix()}
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
		if err != nil {
			t.Error(err)
			return 0, "", ""
		}
		return p.buyAs(t, token, key)
	}
	began := time.Now()
	var all sync.WaitGroup
	var taken, refused atomic.Int64
	one := func(n int) {
		switch status, code, retryAfter := buy("greedy", fmt.Sprint("wish-", n)); {
		case status == http.StatusCreated, n == 0 && code == "payment_provider_busy": // that one was held for too long
			taken.Add(1)
		case status == http.StatusTooManyRequests && code == "rate_limited":
			if seconds, err := strconv.Atoi(retryAfter); err != nil || seconds < 1 {
				t.Errorf("Retry-After is %q", retryAfter)
			}
			refused.Add(1)
		default:
			t.Errorf("answered %d %s", status, code)
		}
	}
	all.Go(func() { one(0) })
	<-held
	for n := range asked - 1 {
		all.Go(func() { one(n + 1) })
	}
	p.eventually(t, "all are refused but those that are allowed", func() bool {
		return refused.Load() >= asked-most-int64(time.Since(began).Seconds()+1)
	})
	before := calls.Load()
	if status, code, _ := buy("modest", "mine"); status != http.StatusCreated {
		t.Errorf("another user's checkout meanwhile is answered %d %s", status, code)
	}
	others := calls.Load() - before
	release()
	all.Wait()
	// Each ends the session before and makes another; the price is asked for, and the customer made, once.
	if bound := 2*taken.Load() + 2 + others; taken.Load() < most || calls.Load() > bound {
		t.Errorf("%d of %d checkouts were taken, for which Stripe was called %d times: want %d, and at most %d calls", taken.Load(), asked, calls.Load(), most, bound)
	}
	t.Logf("%d taken, %d refused, %d calls, %d of them another user's", taken.Load(), refused.Load(), calls.Load(), others)
}

// buyAs begins a checkout with a user's own token.
func (p *program) buyAs(t *testing.T, token, key string) (status int, code, retryAfter string) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.Address+"/api/checkout/pro", strings.NewReader("{}"))
	if err != nil {
		t.Error(err)
		return 0, "", ""
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0, "", ""
	}
	defer response.Body.Close()
	var problem struct{ Code string }
	_ = json.NewDecoder(response.Body).Decode(&problem)
	return response.StatusCode, problem.Code, response.Header.Get("Retry-After")
}
