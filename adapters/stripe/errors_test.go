package stripe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// fault is one answer of a Stripe in trouble.
type fault struct {
	status int
	body   string
	header string // Stripe-Should-Retry
}

// faulty answers with the faults in turn, then with the session.
func faulty(t *testing.T, faults ...fault) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		n := int(asked.Add(1))
		w.Header().Set("Request-Id", "req_1")
		if n > len(faults) {
			_, _ = io.WriteString(w, openSession)
			return
		}
		f := faults[n-1]
		if f.status == 0 { // the line goes dead
			panic(http.ErrAbortHandler)
		}
		if f.header != "" {
			w.Header().Set("Stripe-Should-Retry", f.header)
		}
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, f.body)
	}), &asked
}

func stripeError(kind, code string) string {
	return `{"error":{"type":"` + kind + `","code":"` + code + `","param":"line_items[0][price]","message":"Something is wrong with ` + testKey + `, they said."}}`
}

func repeat(f fault, times int) []fault {
	faults := make([]fault, times)
	for i := range faults {
		faults[i] = f
	}
	return faults
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const (
		invalid = "invalid_request_error"
		missing = `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"session","message":"No such checkout.session"}}`
		html    = "<html><body>Bad gateway sk_test_4eC39HqLyjWDarjtT1zdp7dc</body></html>"
	)
	for name, test := range map[string]struct {
		fault       fault
		want        error // of both calls
		post, fetch int64 // how often each is made
		says        string
	}{
		"rate limit":                  {fault{429, stripeError(invalid, "rate_limit"), ""}, ports.ErrGatewayBusy, 1, 1, "rate_limit"},
		"locked object":               {fault{429, stripeError(invalid, "lock_timeout"), ""}, ports.ErrGatewayBusy, tries, tries, "lock_timeout"},
		"key in use":                  {fault{409, stripeError("idempotency_error", "idempotency_key_in_use"), ""}, ports.ErrGatewayBusy, tries, tries, "idempotency_key_in_use"},
		"internal error":              {fault{500, stripeError("api_error", ""), ""}, ports.ErrGatewayBusy, 1, tries, "500"},
		"internal error, try again":   {fault{500, stripeError("api_error", ""), "true"}, ports.ErrGatewayBusy, tries, tries, "500"},
		"unavailable":                 {fault{503, stripeError("api_error", ""), ""}, ports.ErrGatewayBusy, tries, tries, "503"},
		"unavailable, do not retry":   {fault{503, stripeError("api_error", ""), "false"}, ports.ErrGatewayBusy, 1, 1, "503"},
		"a proxy's page":              {fault{502, html, ""}, ports.ErrGatewayBusy, tries, tries, "not JSON"},
		"a proxy's page as success":   {fault{200, html, ""}, ports.ErrGatewayBusy, tries, tries, "not JSON"},
		"nothing as success":          {fault{200, "", ""}, ports.ErrGatewayBusy, tries, tries, "not JSON"},
		"JSON that is no error":       {fault{502, `{"oops":"` + testKey + `"}`, ""}, ports.ErrGatewayBusy, tries, tries, "not"},
		"another object":              {fault{200, `{"id":"cus_1","object":"customer"}`, ""}, ports.ErrGatewayBusy, 1, 1, "not a checkout session"},
		"an array":                    {fault{200, `[]`, ""}, ports.ErrGatewayBusy, 1, 1, "not a checkout session"},
		"dead line":                   {fault{}, ports.ErrGatewayBusy, tries, tries, "EOF"},
		"bad key":                     {fault{401, stripeError(invalid, ""), ""}, ports.ErrGatewayDenied, 1, 1, "STRIPE_SECRET_KEY"},
		"expired key":                 {fault{401, stripeError(invalid, "api_key_expired"), ""}, ports.ErrGatewayDenied, 1, 1, "api_key_expired"},
		"missing permission":          {fault{403, stripeError(invalid, ""), ""}, ports.ErrGatewayDenied, 1, 1, "permission"},
		"bad parameter":               {fault{400, stripeError(invalid, "parameter_invalid_empty"), ""}, ports.ErrGatewayRefused, 1, 1, "line_items[0][price]"},
		"other parameters, same key":  {fault{400, stripeError("idempotency_error", ""), ""}, ports.ErrGatewayRefused, 1, 1, "idempotency_error"},
		"missing price":               {fault{400, stripeError(invalid, "resource_missing"), ""}, ports.ErrGatewayRefused, 1, 1, "resource_missing"},
		"declined card":               {fault{402, stripeError("card_error", "card_declined"), ""}, ports.ErrGatewayRefused, 1, 1, "card_declined"},
		"dependency failed":           {fault{424, stripeError("api_error", ""), ""}, ports.ErrGatewayRefused, 1, 1, "424"},
		"an error type of the future": {fault{422, stripeError("new_error", "new_code"), ""}, ports.ErrGatewayRefused, 1, 1, "new_code"},
		"wrong address":               {fault{404, `{"error":{"type":"invalid_request_error","message":"Unrecognized request URL"}}`, ""}, ports.ErrGatewayRefused, 1, 1, "Unrecognized"},
		"missing session":             {fault{404, missing, ""}, ports.ErrNotFound, 1, 1, "resource_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines bytes.Buffer
			check := func(call string, made int64, do func(*Gateway) error) {
				t.Helper()
				server, asked := faulty(t, repeat(test.fault, 2*tries)...)
				err := do(newTestGateway(t, server, func(c *Config) {
					c.Logger = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
				}))
				if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("%s: got %v, want %v with %q", call, err, test.want, test.says)
				}
				if got := asked.Load(); got != made {
					t.Errorf("%s: asked %d times, want %d", call, got, made)
				}
				mustNotLeak(t, err.Error())
				if strings.Contains(err.Error(), "<html>") || strings.Contains(err.Error(), "oops") {
					t.Errorf("%s: the body is in %q", call, err)
				}
			}
			check("create", test.post, func(g *Gateway) error {
				_, err := g.CreateSession(t.Context(), anOrder(domain.ModePayment))
				return err
			})
			check("fetch", test.fetch, func(g *Gateway) error {
				_, err := g.FetchSession(t.Context(), "cs_test_1")
				return err
			})
			mustNotLeak(t, lines.String())
		})
	}
}

// A buyer can mend a decline with another card only where something is charged.
func TestErrors_ADeclineIsTheBuyersWhereSomethingIsCharged(t *testing.T) {
	t.Parallel()
	for path, buyers := range map[string]bool{
		"/v1/subscriptions/sub_1": true, "/v1/subscription_schedules/sub_sched_1": true,
		"/v1/checkout/sessions": false, "/v1/customers": false, "/v1/billing_portal/sessions": false, "/v1/refunds": false,
	} {
		for method, buyers := range map[string]bool{http.MethodPost: buyers, http.MethodGet: false} {
			err := translateAnswer(call{does: "call", method: method, path: path}, &stripe.Error{HTTPStatusCode: 402, Type: stripe.ErrorTypeCard, Code: stripe.ErrorCodeCardDeclined})
			if !errors.Is(err, ports.ErrGatewayRefused) || errors.Is(err, ports.ErrPaymentFailed) != buyers {
				t.Errorf("%s %s: got %v, want it the buyer's: %t", method, path, err, buyers)
			}
		}
	}
}

// A customer that is gone is told apart from what else may be missing: a new one
// mends it.
func TestCreateSession_CustomerGone(t *testing.T) {
	t.Parallel()
	const missing = `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"%s","message":"%s"}}`
	for name, test := range map[string]struct {
		fault fault
		gone  bool
	}{
		"missing, 400":       {fault{status: 400, body: fmt.Sprintf(missing, "customer", "No such customer: 'cus_1'")}, true},
		"missing, 404":       {fault{status: 404, body: fmt.Sprintf(missing, "customer", "No such customer: 'cus_1'")}, true},
		"in other words":     {fault{status: 400, body: fmt.Sprintf(missing, "customer", "This customer was deleted.")}, true},
		"only in words":      {fault{status: 400, body: `{"error":{"type":"invalid_request_error","message":"No such customer: cus_1"}}`}, true},
		"a missing price":    {fault{status: 400, body: fmt.Sprintf(missing, "line_items[0][price]", "No such price: 'price_pro'")}, false},
		"a wrong customer":   {fault{status: 400, body: strings.Replace(fmt.Sprintf(missing, "customer", "Invalid."), "resource_missing", "parameter_invalid_empty", 1)}, false},
		"a wrong key":        {fault{status: 401, body: fmt.Sprintf(missing, "customer", "No such customer: 'cus_1'")}, false},
		"Stripe in trouble":  {fault{status: 500, body: fmt.Sprintf(missing, "customer", "No such customer: 'cus_1'")}, false},
		"a declined payment": {fault{status: 402, body: fmt.Sprintf(missing, "customer", "No such customer: 'cus_1'")}, false},
	} {
		server, _ := faulty(t, repeat(test.fault, tries)...)
		_, err := newTestGateway(t, server).CreateSession(t.Context(), anOrder(domain.ModePayment))
		if err == nil || errors.Is(err, ports.ErrCustomerGone) != test.gone {
			t.Errorf("%s: got %v, want customer gone: %t", name, err, test.gone)
		}
		if test.gone && (!errors.Is(err, ports.ErrGatewayRefused) || errors.Is(err, ports.ErrNotFound) || !strings.Contains(err.Error(), "create checkout session")) {
			t.Errorf("%s: got %v, want a refusal of the call", name, err)
		}
	}
}

// What a refusal is about decides who can mend it.
func TestCreateSession_WhatARefusalIsAbout(t *testing.T) {
	t.Parallel()
	kinds := []error{
		ports.ErrCustomerGone, ports.ErrCurrencyLocked, ports.ErrCurrencyRefused, ports.ErrPriceRefused,
		ports.ErrLocaleRefused, ports.ErrQuantityRefused, ports.ErrReturnURLRefused,
	}
	for name, test := range map[string]struct {
		code, param, message string
		want                 error // nil: nothing in particular
	}{
		"a currency":                 {"", "", "You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, invoice item or active subscription mode checkout session with currency gbp.", ports.ErrCurrencyLocked},
		"a currency, in older words": {"", "currency", "Can't combine currencies on a single customer. This customer has had a subscription, coupon, or invoice item with currency eur", ports.ErrCurrencyLocked},
		"a price of one currency":    {"", "line_items[0][price]", "The price specified only supports `usd`. This doesn't match the expected currency: `aud`.", ports.ErrCurrencyLocked},
		"a price of some currencies": {"", "line_items[0][price]", "The price specified supports currencies of `usd`, `eur` which doesn't include the expected currency of `aud`.", ports.ErrCurrencyLocked},
		"no currency":                {"", "currency", "Invalid currency: xyz.", ports.ErrCurrencyRefused},
		"a locale":                   {"", "locale", "Invalid locale: must be one of auto, bg, cs, or zh-TW", ports.ErrLocaleRefused},
		"a locale, without a name":   {"", "", "Invalid locale: must be one of auto, bg, cs, or zh-TW", ports.ErrLocaleRefused},
		"a quantity":                 {"parameter_invalid_integer", "line_items[0][quantity]", "Invalid integer", ports.ErrQuantityRefused},
		"a sum":                      {"amount_too_large", "", "The Checkout Session's total amount must be no more than $999,999.99", ports.ErrQuantityRefused},
		"where to go afterwards":     {"url_invalid", "success_url", "Not a valid URL", ports.ErrReturnURLRefused},
		"where to turn back":         {"url_invalid", "cancel_url", "Not a valid URL", ports.ErrReturnURLRefused},
		"a missing price":            {"resource_missing", "line_items[0][price]", "No such price: 'price_pro'", ports.ErrPriceRefused},
		"an archived price":          {"", "", "The price specified is inactive. This field only accepts active prices.", ports.ErrPriceRefused},
		"an archived product":        {"", "", "The product prod_1 is marked as inactive, and thus no new subscriptions can be created to any plans of this product.", ports.ErrPriceRefused},
		"the mode":                   {"", "mode", "You specified `payment` mode but passed a recurring price.", ports.ErrPriceRefused},
		"the mode, without a name":   {"", "", "You must provide at least one recurring price in `subscription` mode when using prices.", ports.ErrPriceRefused},
		"a customer":                 {"resource_missing", "customer", "No such customer: 'cus_1'", ports.ErrCustomerGone},
		"taxes":                      {"", "automatic_tax", "You must have a valid origin address to enable automatic tax calculation.", nil},
		"a customer's address":       {"customer_tax_location_invalid", "", "Automatic tax calculation in Checkout requires a valid address on the Customer.", nil},
	} {
		body := fmt.Sprintf(`{"error":{"type":"invalid_request_error","code":%q,"param":%q,"message":%q}}`, test.code, test.param, test.message)
		server, _ := faulty(t, fault{status: 400, body: body})
		_, err := newTestGateway(t, server).CreateSession(t.Context(), anOrder(domain.ModePayment))
		if !errors.Is(err, ports.ErrGatewayRefused) || !strings.Contains(err.Error(), test.message[:10]) {
			t.Errorf("%s: got %v, want a refusal in Stripe's words", name, err)
		}
		for _, kind := range kinds {
			if errors.Is(err, kind) != (kind == test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		}
	}
}

// A restricted key says what it lacks, and nothing of itself.
func TestErrors_NameTheMissingPermission(t *testing.T) {
	t.Parallel()
	server, _ := faulty(t, fault{status: 403, body: `{"error":{"type":"invalid_request_error","message":"The provided key '` + testKey +
		`' does not have the required permissions for this endpoint on account 'acct_1'. Having the 'rak_product_read' permission would allow this request to continue."}}`})
	_, err := newTestGateway(t, server).Prices(t.Context(), []domain.Price{{ID: "price_1"}})
	if !errors.Is(err, ports.ErrGatewayDenied) || !strings.HasSuffix(err.Error(), ": rak_product_read") {
		t.Errorf("got %v", err)
	}
	mustNotLeak(t, err.Error())
}

// Only an object of Stripe's that says so is deleted.
func TestFetchCustomer(t *testing.T) {
	t.Parallel()
	const (
		noSuch = `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"id","message":"No such customer: 'cus_1'"}}`
		denied = `{"error":{"type":"invalid_request_error","message":"The provided key does not have access to account 'acct_1' (or that account does not exist)."}}`
	)
	for name, test := range map[string]struct {
		answer  fault
		deleted bool
		want    error
	}{
		"there":                  {fault{status: 200, body: `{"id":"cus_1","object":"customer","email":null}`}, false, nil},
		"deleted":                {fault{status: 200, body: `{"id":"cus_1","object":"customer","deleted":true}`}, true, nil},
		"unknown":                {fault{status: 404, body: noSuch}, false, ports.ErrNotFound},
		"another account's":      {fault{status: 403, body: denied}, false, ports.ErrGatewayDenied},
		"a wrong key":            {fault{status: 401, body: noSuch}, false, ports.ErrGatewayDenied},
		"Stripe in trouble":      {fault{status: 500, body: noSuch}, false, ports.ErrGatewayBusy},
		"too many questions":     {fault{status: 429, body: noSuch}, false, ports.ErrGatewayBusy},
		"a proxy's page":         {fault{status: 404, body: "<html>No such customer</html>"}, false, ports.ErrGatewayBusy},
		"another customer":       {fault{status: 200, body: `{"id":"cus_2","object":"customer","deleted":true}`}, false, ports.ErrGatewayBusy},
		"another kind":           {fault{status: 200, body: `{"id":"cus_1","object":"source","deleted":true}`}, false, ports.ErrGatewayBusy},
		"deleted in other words": {fault{status: 200, body: `{"id":"cus_1","object":"customer","deleted":"yes"}`}, false, nil},
	} {
		server, _ := faulty(t, repeat(test.answer, tries)...)
		deleted, err := newTestGateway(t, server).FetchCustomer(t.Context(), "cus_1")
		if deleted != test.deleted || !errors.Is(err, test.want) || errors.Is(err, ports.ErrGatewayRefused) {
			t.Errorf("%s: got deleted %t, %v, want %t, %v", name, deleted, err, test.deleted, test.want)
		}
	}
}

// Trouble that passes is not the caller's.
func TestErrors_ThatPass(t *testing.T) {
	t.Parallel()
	inUse := fault{409, stripeError("idempotency_error", "idempotency_key_in_use"), ""}
	for name, faults := range map[string][]fault{
		"key in use, thrice": {inUse, inUse, inUse},
		"dead line":          {{}},
		"a bit of all":       {{}, {502, "<html>", ""}, inUse},
	} {
		server, asked := faulty(t, faults...)
		got, err := newTestGateway(t, server).CreateSession(t.Context(), anOrder(domain.ModePayment))
		if err != nil || got.ID != "cs_test_1" || asked.Load() != int64(len(faults)+1) {
			t.Errorf("%s: got %+v, %v after %d calls", name, got, err, asked.Load())
		}
	}
}

// stuck is a Stripe that never answers.
func stuck(t *testing.T) *httptest.Server {
	t.Helper()
	return serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body) // only then the server notices that the client has gone
		<-r.Context().Done()
	})
}

func TestErrors_Timeout(t *testing.T) {
	t.Parallel()
	const bound = 100 * time.Millisecond
	busy := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for name, server := range map[string]*httptest.Server{"no answer": stuck(t), "no good answer": busy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTestGateway(t, server, func(c *Config) { c.Timeout = bound })
			g.pause = func(int) time.Duration { return 60 * time.Millisecond }
			for call, do := range calls(g) {
				started := time.Now()
				err := do(t.Context())
				if !errors.Is(err, ports.ErrGatewayBusy) || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: got %v, want %v", call, err, ports.ErrGatewayBusy)
				}
				if took := time.Since(started); took > 10*bound {
					t.Errorf("%s: took %s, want about %s", call, took, bound)
				}
			}
		})
	}
}

// A caller who leaves, and one whose own time is up, are told so.
func TestErrors_CallersContext(t *testing.T) {
	t.Parallel()
	g := newTestGateway(t, stuck(t))
	g.questions, g.listings = rate.NewLimiter(rate.Inf, 1), rate.NewLimiter(rate.Inf, 1) // else some would wait for their turn
	for call, do := range calls(g) {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(20*time.Millisecond, cancel)
		if err := do(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ports.ErrGatewayBusy) {
			t.Errorf("%s, canceled: got %v, want %v", call, err, context.Canceled)
		}
		timer.Stop()
		cancel()

		ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ports.ErrGatewayBusy) {
			t.Errorf("%s, out of time: got %v, want %v and %v", call, err, context.DeadlineExceeded, ports.ErrGatewayBusy)
		}
		cancel()
	}
}

// Who leaves during a pause between two tries is told at once.
func TestErrors_LeftDuringPause(t *testing.T) {
	t.Parallel()
	server, _ := faulty(t, repeat(fault{503, stripeError("api_error", ""), ""}, 10)...)
	g := newTestGateway(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	g.pause = func(int) time.Duration { cancel(); return time.Minute }
	g.timeout = time.Hour
	if _, err := g.FetchSession(ctx, "cs_test_1"); !errors.Is(err, context.Canceled) || errors.Is(err, ports.ErrGatewayBusy) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// A failure that Stripe remembers for the idempotency key is definite: with this
// key there will be no other answer today.
func TestErrors_RememberedFailure(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, stripeError("api_error", ""))
	})
	_, err := newTestGateway(t, server).CreateSession(t.Context(), anOrder(domain.ModePayment))
	if !errors.Is(err, ports.ErrGatewayRefused) || errors.Is(err, ports.ErrGatewayBusy) {
		t.Errorf("got %v, want %v", err, ports.ErrGatewayRefused)
	}
}

func calls(g *Gateway) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"create customer": func(ctx context.Context) error {
			_, err := g.CreateCustomer(ctx, ports.CustomerRequest{User: "user_1", IdempotencyKey: "k"})
			return err
		},
		"create session": func(ctx context.Context) error {
			_, err := g.CreateSession(ctx, anOrder(domain.ModePayment))
			return err
		},
		"expire session": func(ctx context.Context) error { _, err := g.ExpireSession(ctx, "cs_test_1"); return err },
		"fetch customer": func(ctx context.Context) error { _, err := g.FetchCustomer(ctx, "cus_1"); return err },
		"fetch session":  func(ctx context.Context) error { _, err := g.FetchSession(ctx, "cs_test_1"); return err },
		"fetch subscription": func(ctx context.Context) error {
			_, err := g.FetchSubscription(ctx, "sub_1")
			return err
		},
		"fetch subscriptions": func(ctx context.Context) error {
			_, err := g.FetchSubscriptions(ctx, "cus_1")
			return err
		},
		"fetch invoice": func(ctx context.Context) error {
			_, err := g.FetchInvoice(ctx, "in_1")
			return err
		},
		"invoices": func(ctx context.Context) error { // of which there may be none
			_, err := g.FetchInvoices(ctx, "sub_1")
			return err
		},
		"list events": func(ctx context.Context) error {
			_, err := g.ListEvents(ctx, ports.EventQuery{})
			return err
		},
		"list objects": func(ctx context.Context) error {
			_, err := g.ListObjects(ctx, ports.ListedRefunds, noon, "")
			return err
		},
		"returned": func(ctx context.Context) error { // of which there may be nothing
			_, err := g.FetchReturned(ctx, domain.Ref{Kind: domain.RefInvoice, ID: "in_1"})
			return err
		},
		"fetch charge": func(ctx context.Context) error {
			_, err := g.FetchCharge(ctx, domain.Ref{Kind: domain.RefCharge, ID: "ch_1"})
			return err
		},
		"fetch charge by intent": func(ctx context.Context) error {
			_, err := g.FetchCharge(ctx, domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"})
			return err
		},
		"prices": func(ctx context.Context) error {
			_, err := g.Prices(ctx, []domain.Price{{ID: "price_1"}, {LookupKey: "k"}})
			return err
		},
	}
}

// Nobody is there: the address refuses.
func TestErrors_Refused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	g := newTestGateway(t, server)
	server.Close()
	_, err := g.FetchSession(t.Context(), "cs_test_1")
	if !errors.Is(err, ports.ErrGatewayBusy) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want %v", err, ports.ErrGatewayBusy)
	}
}

// Stripe refuses to expire what is not open; the reason is found by asking.
func TestExpireSession_Refused(t *testing.T) {
	t.Parallel()
	const notOpen = `{"error":{"type":"invalid_request_error","message":"Only Checkout Sessions with a status in [\"open\"] can be expired."}}`
	for status, wantErr := range map[string]error{"complete": nil, "expired": nil, "open": ports.ErrGatewayRefused} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, notOpen)
				return
			}
			_, _ = io.WriteString(w, `{"id":"cs_test_1","object":"checkout.session","status":"`+status+`"}`)
		})
		got, err := newTestGateway(t, server).ExpireSession(t.Context(), "cs_test_1")
		if !errors.Is(err, wantErr) || wantErr == nil && got.Status != status {
			t.Errorf("%s: got %+v, %v, want %v", status, got, err, wantErr)
		}
	}
}

// The pauses of all tries leave time for the calls within the default bound.
func TestPauses(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for try := 1; try < tries; try++ {
		pause := pauseAfter(try)
		if pause < 100*time.Millisecond {
			t.Errorf("the pause after try %d is %s", try, pause)
		}
		sum += pause
	}
	if sum > 2*time.Second {
		t.Errorf("the pauses add up to %s", sum)
	}
}
