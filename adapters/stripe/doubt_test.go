package stripe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// What Stripe is asked on doubt.

func TestFetchSubscription_Fact(t *testing.T) {
	t.Parallel()
	rec, server := record(t, `{"id":"sub_1","object":"subscription","status":"past_due","customer":{"id":"cus_1","object":"customer"},
		"metadata":{"order_id":"order1"},"current_period_start":1793620800,"current_period_end":1796212800,
		"items":{"object":"list","has_more":false,"data":[{"id":"si_1","price":{"id":"price_pro","lookup_key":"pro_monthly"},"quantity":3}]}}`)
	got, err := newTestGateway(t, server).FetchSubscription(t.Context(), "sub_1")
	if err != nil {
		t.Fatal(err)
	}
	want := domain.SubscriptionFact{Type: domain.TypeFetched, At: noon.Truncate(time.Second), Claim: domain.Claim{Order: "order1"}, Snapshot: domain.Subscription{
		ID: "sub_1", Order: "order1", Customer: "cus_1", Status: "past_due",
		Items: []domain.Item{{ID: "si_1", Price: "price_pro", LookupKey: "pro_monthly", Quantity: 3, PeriodStart: began, PeriodEnd: ends}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the fact differs (-want +got):\n%s", diff)
	}
	if line := rec.requests()[0].line; line != "GET /v1/subscriptions/sub_1" || len(rec.requests()) != 1 {
		t.Errorf("asked %s, one of %d", line, len(rec.requests()))
	}
}

// No item is lost of a subscription that has more than come with it.
func TestFetchSubscription_ManyItems(t *testing.T) {
	t.Parallel()
	const subscription = `{"id":"sub_1","object":"subscription","status":"active","items":{"object":"list","data":[{"id":"si_1","price":"price_1"}],"has_more":true}}`
	item := func(n int) string { return fmt.Sprintf(`{"id":"si_%d","price":{"id":"price_%d"},"quantity":1}`, n, n) }
	list := func(more bool, items ...string) string {
		return fmt.Sprintf(`{"object":"list","data":[%s],"has_more":%t}`, strings.Join(items, ","), more)
	}
	const first, second = "/v1/subscription_items?limit=100&subscription=sub_1", "/v1/subscription_items?limit=100&starting_after=si_2&subscription=sub_1"
	for name, test := range map[string]struct {
		pages map[string]string
		want  int // items; 0: an error
	}{
		"in one page":           {map[string]string{first: list(false, item(1), item(2), item(3))}, 3},
		"in two pages":          {map[string]string{first: list(true, item(1), item(2)), second: list(false, item(3))}, 3},
		"in a page of none":     {map[string]string{first: list(true)}, 0},
		"in pages without end":  {map[string]string{first: list(true, item(1), item(2)), second: list(true, item(2))}, 0},
		"in what is not a list": {map[string]string{first: item(1)}, 0},
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasPrefix(r.URL.Path, "/v1/subscriptions/"):
				_, _ = io.WriteString(w, subscription)
			case strings.HasPrefix(r.URL.Path, "/v1/checkout/sessions/"):
				_, _ = io.WriteString(w, `{"id":"cs_test_1","object":"checkout.session","subscription":`+subscription+`}`)
			default:
				_, _ = io.WriteString(w, test.pages[r.URL.Path+"?"+r.URL.Query().Encode()])
			}
		})
		g := newTestGateway(t, server)
		g.questions = rate.NewLimiter(rate.Inf, 1)
		alone, err := g.FetchSubscription(t.Context(), "sub_1")
		facts, withErr := g.FetchSession(t.Context(), "cs_test_1")
		if test.want == 0 {
			if !errors.Is(err, ports.ErrGatewayBusy) || !errors.Is(withErr, ports.ErrGatewayBusy) {
				t.Errorf("%s: got %v and %v, want %v", name, err, withErr, ports.ErrGatewayBusy)
			}
			continue
		}
		if err != nil || withErr != nil {
			t.Fatalf("%s: %v, %v", name, err, withErr)
		}
		for i, got := range []domain.SubscriptionFact{alone, facts[1].(domain.SubscriptionFact)} {
			if items := got.Snapshot.Items; len(items) != test.want || items[test.want-1].Price != "price_3" {
				t.Errorf("%s, %d: got %+v, want %d items", name, i, items, test.want)
			}
		}
	}
}

func TestFetch_OtherAnswers(t *testing.T) {
	t.Parallel()
	byID := domain.Ref{Kind: domain.RefCharge, ID: "py_1"}
	byIntent := domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}
	for name, test := range map[string]struct {
		subject domain.Ref // of the kind subscription: it is fetched
		answer  string
		want    error
	}{
		"an intent that made no charge":     {byIntent, `{"id":"pi_1","object":"payment_intent","latest_charge":null}`, ports.ErrNotFound},
		"an intent that does not say":       {byIntent, `{"id":"pi_1","object":"payment_intent"}`, ports.ErrNotFound},
		"a charge that is not expanded":     {byIntent, `{"id":"pi_1","object":"payment_intent","latest_charge":"ch_1"}`, ports.ErrGatewayBusy},
		"a charge of no kind":               {byIntent, `{"id":"pi_1","object":"payment_intent","latest_charge":{"id":"ch_1"}}`, ports.ErrGatewayBusy},
		"another intent":                    {byIntent, `{"id":"pi_2","object":"payment_intent","latest_charge":{"id":"ch_1","object":"charge"}}`, ports.ErrGatewayBusy},
		"a list in place of an intent":      {byIntent, `{"object":"list","data":[]}`, ports.ErrGatewayBusy},
		"another charge":                    {byID, `{"id":"ch_2","object":"charge"}`, ports.ErrGatewayBusy},
		"a refund in place of a charge":     {byID, `{"id":"py_1","object":"refund"}`, ports.ErrGatewayBusy},
		"another subscription":              {domain.Ref{Kind: domain.RefSubscription}, `{"id":"sub_2","object":"subscription"}`, ports.ErrGatewayBusy},
		"a list in place of a subscription": {domain.Ref{Kind: domain.RefSubscription}, `{"object":"list","data":[]}`, ports.ErrGatewayBusy},
		"another invoice":                   {domain.Ref{Kind: domain.RefInvoice}, `{"id":"in_2","object":"invoice"}`, ports.ErrGatewayBusy},
		"a list in place of an invoice":     {domain.Ref{Kind: domain.RefInvoice}, `{"object":"list","data":[]}`, ports.ErrGatewayBusy},
		"an invoice in place of all":        {domain.Ref{Kind: domain.RefSubscription, ID: "all"}, `{"id":"in_1","object":"invoice"}`, ports.ErrGatewayBusy},
		"invoices with something else":      {domain.Ref{Kind: domain.RefSubscription, ID: "all"}, `{"object":"list","data":[{"id":"sub_1","object":"subscription"}]}`, ports.ErrGatewayBusy},
		"more invoices than asked for":      {domain.Ref{Kind: domain.RefSubscription, ID: "all"}, `{"object":"list","data":[` + strings.Repeat(`{},`, 20) + `{}]}`, ports.ErrGatewayBusy},
		"a session in place of one":         {domain.Ref{Kind: domain.RefSubscription}, `{"id":"sub_1","object":"checkout.session"}`, ports.ErrGatewayBusy},
	} {
		_, server := record(t, test.answer)
		g := newTestGateway(t, server)
		fetch := func() error { _, err := g.FetchCharge(t.Context(), test.subject); return err }
		switch {
		case test.subject.Kind == domain.RefSubscription && test.subject.ID == "all":
			fetch = func() error { _, err := g.FetchInvoices(t.Context(), "sub_1"); return err }
		case test.subject.Kind == domain.RefSubscription:
			fetch = func() error { _, err := g.FetchSubscription(t.Context(), "sub_1"); return err }
		case test.subject.Kind == domain.RefInvoice:
			fetch = func() error { _, err := g.FetchInvoice(t.Context(), "in_1"); return err }
		}
		if err := fetch(); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestFetch_Missing(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, stripeError("invalid_request_error", "resource_missing"))
	})
	for call, do := range calls(newTestGateway(t, server)) {
		if err := do(t.Context()); strings.HasPrefix(call, "fetch") && !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%s: got %v, want %v", call, err, ports.ErrNotFound)
		}
	}
}

func TestFetch_WeirdIDs(t *testing.T) {
	t.Parallel()
	rec, server := record(t, `{"object":"list","data":[]}`)
	g := newTestGateway(t, server)
	for _, id := range []string{"", "%s", "cus_1", "%s1/capture", "%s..", "%s1?expand[]=x", "%s1 ", "%sü", "../%s1", "%s" + strings.Repeat("x", 253)} {
		named := func(prefix string) string { return strings.ReplaceAll(id, "%s", prefix) }
		if _, err := g.FetchSubscription(t.Context(), domain.SubscriptionID(named("sub_"))); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("subscription %q: got %v, want %v", named("sub_"), err, ports.ErrNotFound)
		}
		if _, err := g.FetchSubscriptions(t.Context(), domain.CustomerID(strings.ReplaceAll(named("cus_"), "cus_1", "sub_1"))); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("subscriptions of %q: got %v, want %v", named("cus_"), err, ports.ErrNotFound)
		}
		if _, err := g.FetchInvoice(t.Context(), domain.InvoiceID(named("in_"))); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("invoice %q: got %v, want %v", named("in_"), err, ports.ErrNotFound)
		}
		if got, err := g.FetchInvoices(t.Context(), domain.SubscriptionID(named("sub_"))); err != nil || len(got) != 0 {
			t.Errorf("invoices of %q: got %+v, %v, want none", named("sub_"), got, err)
		}
		for _, subject := range []domain.Ref{
			{Kind: domain.RefCharge, ID: named("ch_")}, {Kind: domain.RefPaymentIntent, ID: named("pi_")}, {Kind: domain.RefInvoice, ID: named("in_")},
			{Kind: domain.RefInvoice, ID: "ch_1"}, {Kind: domain.RefSubscription, ID: "sub_1"}, {ID: "in_1"},
		} {
			if got, err := g.FetchReturned(t.Context(), subject); err != nil || len(got) != 0 {
				t.Errorf("returned of %s %q: got %+v, %v, want nothing", subject.Kind, subject.ID, got, err)
			}
		}
		for _, subject := range []domain.Ref{
			{Kind: domain.RefCharge, ID: named("ch_")}, {Kind: domain.RefCharge, ID: named("py_")}, {Kind: domain.RefPaymentIntent, ID: named("pi_")},
			{Kind: domain.RefPaymentIntent, ID: "ch_1"}, {Kind: domain.RefCharge, ID: "pi_1"}, {Kind: domain.RefInvoice, ID: "in_1"}, {ID: "ch_1"},
		} {
			if _, err := g.FetchCharge(t.Context(), subject); !errors.Is(err, ports.ErrNotFound) {
				t.Errorf("%s %q: got %v, want %v", subject.Kind, subject.ID, err, ports.ErrNotFound)
			}
		}
	}
	for _, r := range rec.requests() {
		t.Errorf("asked %s", r.line)
	}
}

// A crowd of doubts is spread over time; who cannot wait so long is told at once.
func TestAsk_TakesTurns(t *testing.T) {
	t.Parallel()
	if l := newQuestions(); l.Limit() != 10 || l.Burst() > 10 {
		t.Errorf("asks %v times a second and %d at once, of the 25 that Stripe allows", l.Limit(), l.Burst())
	}
	rec, server := record(t, `{"id":"sub_1","object":"subscription"}`)
	g := newTestGateway(t, server)
	g.questions = rate.NewLimiter(rate.Every(time.Hour), 1)
	fetch := func(ctx context.Context) error { _, err := g.FetchSubscription(ctx, "sub_1"); return err }
	if err := fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := fetch(t.Context()); !errors.Is(err, ports.ErrGatewayBusy) || time.Since(started) > time.Second {
		t.Errorf("the second: got %v after %s, want %v at once", err, time.Since(started), ports.ErrGatewayBusy)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("who has left: got %v, want %v", err, context.Canceled)
	}
	if n := len(rec.requests()); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	g.questions = rate.NewLimiter(rate.Every(time.Millisecond), 1)
	for range 5 {
		if err := fetch(t.Context()); err != nil {
			t.Errorf("in turn: %v", err)
		}
	}
}

// A deployment that sells for a connected account says so in every call.
func TestCalls_Account(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"", "acct_1A2b", " acct_1A2b\n"} {
		rec, server := record(t, openSession)
		for _, do := range calls(newTestGateway(t, server, func(c *Config) { c.Account = account })) {
			_ = do(t.Context()) // what comes of it does not matter
		}
		if len(rec.requests()) < len(calls(nil)) {
			t.Errorf("%q: only %d requests", account, len(rec.requests()))
		}
		for _, r := range rec.requests() {
			if got := r.header.Values("Stripe-Account"); strings.Join(got, ",") != strings.TrimSpace(account) {
				t.Errorf("%q: %s says Stripe-Account %q", account, r.line, got)
			}
		}
	}
}
