package stripe_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Every call that we make is one that Stripe's own description has, with parameters
// that it knows, of the types and values that it allows; and its sample answers are
// read. What the source has and no test here makes is counted.
func TestAgainstStripesDescription(t *testing.T) {
	t.Parallel()
	d := descriptions{stripespec.StartMockOf(t, newest().Module), stripespec.StartMock(t), stripespec.StartMockOf(t, adaptive().Module), newChecked()}
	t.Cleanup(func() { d.checked.everything(t) }) // once all of these are over
	t.Run("calls", func(t *testing.T) { t.Parallel(); callsAgainstStripesDescription(t, d) })
	t.Run("changes", func(t *testing.T) { t.Parallel(); changesAgainstStripesDescription(t, d) })
	t.Run("pages", func(t *testing.T) { t.Parallel(); pagesAgainstStripesDescription(t, d) })
	t.Run("rare", func(t *testing.T) { t.Parallel(); rareAgainstStripesDescription(t, d) })
}

// adaptive is the version that a session with adaptive_pricing is made in.
func adaptive() struct{ API, Module string } {
	return stripespec.Versions[slices.IndexFunc(stripespec.Versions, func(v struct{ API, Module string }) bool { return v.API == "2025-05-28.basil" })]
}

func newest() struct{ API, Module string } { return stripespec.Versions[len(stripespec.Versions)-1] }

// descriptions are the addresses of Stripe's own descriptions: that of the version in
// which we read, for what is asked, that of v76, for what is made, and that of a version
// which has what v76's has not.
type descriptions struct {
	reads, makes, adaptive string
	checked                *checked
}

// gateway is one that talks to the descriptions.
func (d descriptions) gateway(t *testing.T, change func(*http.Response) error) (gateway *stripe.Gateway, asked func() []string) {
	t.Helper()
	reads, makes, newer := proxyTo(t, d.reads, change), proxyTo(t, d.makes, change), proxyTo(t, d.adaptive, change)
	var (
		mu    sync.Mutex
		paths []string
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths = append(paths, r.URL.Path)
		mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = d.checked.sent(r, body)
		}
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch version := r.Header.Get("Stripe-Version"); {
		case version == newest().API && (r.Method == http.MethodGet || r.URL.Path == "/v1/billing_portal/configurations"):
			reads.ServeHTTP(w, r)
		case version == "2023-10-16":
			makes.ServeHTTP(w, r)
		case version == adaptive().API && r.URL.Path == "/v1/checkout/sessions":
			newer.ServeHTTP(w, r)
		default:
			t.Errorf("%s %s is in version %s", r.Method, r.URL.Path, version)
		}
	}))
	t.Cleanup(server.Close)
	gateway, err := stripe.New(stripe.Config{
		SecretKey: "sk_test_description", WebhookSecrets: []string{"whsec_description"}, APIBase: server.URL,
		Logger: slog.New(d.checked),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	return gateway, func() []string { mu.Lock(); defer mu.Unlock(); return paths }
}

func proxyTo(t *testing.T, address string, change func(*http.Response) error) *httputil.ReverseProxy {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Header.Del("Accept-Encoding") },
		ModifyResponse: change,
	}
}

func callsAgainstStripesDescription(t *testing.T, d descriptions) {
	t.Helper()
	gateway, _ := d.gateway(t, nil)

	if id, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "k"}); err != nil || !strings.HasPrefix(string(id), "cus_") {
		t.Errorf("create customer: got %q, %v", id, err)
	}
	naming, _ := d.gateway(t, func(r *http.Response) error {
		return rewritten(r, func(o map[string]any) { o["metadata"] = map[string]any{"user_id": "user_1"} })
	})
	buyer := ports.BuyerRequest{Customer: "cus_1", User: "user_1", Buyer: ports.Buyer{Email: "ada@example.com", Name: "Ada"}}
	if err := naming.NameBuyer(t.Context(), buyer); err != nil {
		t.Errorf("name customer: %v", err)
	}
	for _, mode := range domain.Modes {
		for _, full := range []bool{false, true} {
			r := ports.SessionRequest{
				User: "user_1", Customer: "cus_1", IdempotencyKey: "order1:1",
				Order: domain.Order{
					ID: "order1", Plan: "pro", Mode: mode, Quantity: 1, PriceID: "price_1",
					SuccessURL: "https://app.example/done?session={CHECKOUT_SESSION_ID}",
				},
			}
			if full {
				r.Options = domain.CheckoutOptions{
					PromotionCodes: true, AutomaticTax: true, TaxIDCollection: true, MaxQuantity: 50, AdjustableAmount: true,
					BillingAddress: domain.BillingAddressRequired,
				}
				r.Order.CancelURL, r.Order.Locale, r.Order.TrialDays = "https://app.example/pricing", "de", 14
				r.Order.ExpiresAt = time.Now().Add(time.Hour)
			}
			got, err := gateway.CreateSession(t.Context(), r)
			if err != nil || got.ID == "" || got.Order != "order1" || got.Mode != mode {
				t.Errorf("create %s session (full: %t): got %+v, %v", mode, full, got, err)
			}
			r.Options.AdaptivePricing = domain.SwitchOn
			if got, err := gateway.CreateSession(t.Context(), r); err != nil || got.ID == "" {
				t.Errorf("create %s session with adaptive pricing (full: %t): got %+v, %v", mode, full, got, err)
			}
		}
	}
	if facts, err := gateway.FetchSession(t.Context(), "cs_test_1"); err != nil || facts[0].(domain.SessionFact).ID != "cs_test_1" {
		t.Errorf("fetch session: got %+v, %v", facts, err)
	}
	if got, err := gateway.FetchSubscription(t.Context(), "sub_1"); err != nil || got.Snapshot.ID != "sub_1" || len(got.Snapshot.Items) == 0 {
		t.Errorf("fetch subscription: got %+v, %v", got, err)
	}
	if got, err := gateway.FetchSubscriptions(t.Context(), "cus_1"); err != nil || len(got) == 0 || len(got[0].Snapshot.Items) == 0 {
		t.Errorf("fetch subscriptions: got %+v, %v", got, err)
	}
	if got, err := gateway.FetchInvoice(t.Context(), "in_1"); err != nil || got.Invoice.ID != "in_1" || len(got.Invoice.Lines) == 0 || !got.Invoice.Complete {
		t.Errorf("fetch invoice: got %+v, %v", got, err)
	}
	if got, err := gateway.FetchInvoices(t.Context(), "sub_1"); err != nil || len(got) == 0 || len(got[0].Invoice.Lines) == 0 {
		t.Errorf("fetch invoices: got %+v, %v", got, err)
	}
	for _, subject := range []domain.Ref{{Kind: domain.RefCharge, ID: "ch_1"}, {Kind: domain.RefPaymentIntent, ID: "pi_1"}} {
		if got, err := gateway.FetchCharge(t.Context(), subject); err != nil || got.ID == "" || got.Amount == 0 || got.Currency == "" {
			t.Errorf("fetch charge by %s: got %+v, %v", subject.Kind, got, err)
		}
		got, err := gateway.FetchReturned(t.Context(), subject)
		if err != nil || len(got) != 2 {
			t.Fatalf("fetch returned by %s: got %+v, %v, want a refund and a dispute", subject.Kind, got, err)
		}
		_, isRefund := got[0].(domain.RefundFact)
		_, isDispute := got[1].(domain.DisputeFact)
		if !isRefund || !isDispute {
			t.Errorf("fetch returned by %s: got %+v, want a refund and a dispute", subject.Kind, got)
		}
	}
	if got, err := gateway.ListEvents(t.Context(), ports.EventQuery{Types: []domain.EventType{"invoice.paid"}, From: time.Unix(1793620800, 0), Until: time.Unix(1793620800, 0)}); err != nil || len(got.Events) == 0 {
		t.Errorf("list events: got %+v, %v", got, err)
	}
	for _, of := range []ports.ListedKind{ports.ListedSubscriptions, ports.ListedRefunds, ports.ListedDisputes, ports.ListedCreditNotes} {
		if got, err := gateway.ListObjects(t.Context(), of, time.Unix(1793620800, 0), ""); err != nil || len(got.Facts) == 0 {
			t.Errorf("list objects of the kind %s: got %+v, %v", of, got, err)
		}
	}
	if got, err := gateway.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefInvoice, ID: "in_1"}); err != nil || len(got) != 1 || len(got[0].(domain.CreditNoteFact).CreditNote.Lines) == 0 {
		t.Errorf("fetch returned by invoice: got %+v, %v", got, err)
	}
	if got, err := gateway.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefCreditNote, ID: "cn_1"}); err != nil || len(got) != 1 || len(got[0].(domain.CreditNoteFact).CreditNote.Lines) == 0 {
		t.Errorf("fetch a credit note: got %+v, %v", got, err)
	}
	if got, err := gateway.ExpireSession(t.Context(), "cs_test_1"); err != nil || got.ID == "" {
		t.Errorf("expire session: got %+v, %v", got, err)
	}
	if got, err := gateway.Prices(t.Context(), []domain.Price{{ID: "price_1"}, {LookupKey: "pro_monthly"}}); err != nil || len(got) == 0 || got[0].ID != "price_1" {
		t.Errorf("prices: got %+v, %v", got, err)
	}
}

// What does not fit into an answer is asked for too, which the mock never makes
// necessary.
func pagesAgainstStripesDescription(t *testing.T, d descriptions) {
	t.Helper()
	gateway, asked := d.gateway(t, func(r *http.Response) error {
		var answer map[string]any
		if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
			return err
		}
		for _, within := range answer {
			hasMore(within)
		}
		body, err := json.Marshal(answer)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Del("Content-Length")
		return err
	})
	subscription, err := gateway.FetchSubscription(t.Context(), "sub_1")
	if err != nil || len(subscription.Snapshot.Items) == 0 {
		t.Errorf("subscription: got %+v, %v, want the items asked for", subscription, err)
	}
	invoice, err := gateway.FetchInvoice(t.Context(), "in_1")
	if err != nil || len(invoice.Invoice.Lines) == 0 || !invoice.Invoice.Complete {
		t.Errorf("invoice: got %+v, %v, want the lines asked for", invoice, err)
	}
	notes, err := gateway.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefInvoice, ID: "in_1"})
	if err != nil || len(notes) != 1 {
		t.Fatalf("credit notes: got %+v, %v, want one", notes, err)
	}
	want := []string{
		"/v1/subscriptions/sub_1", "/v1/subscription_items", "/v1/invoices/in_1", "/v1/invoices/in_1/lines", "/v1/credit_notes",
		"/v1/credit_notes/" + string(notes[0].(domain.CreditNoteFact).CreditNote.ID) + "/lines",
	}
	if diff := cmp.Diff(want, asked()); diff != "" {
		t.Errorf("the calls differ (-want +asked):\n%s", diff)
	}
}

// hasMore makes every list within an answer one of which there is more.
func hasMore(value any) {
	switch value := value.(type) {
	case map[string]any:
		if value["object"] == "list" {
			value["has_more"] = true
		}
		for _, within := range value {
			hasMore(within)
		}
	case []any:
		for _, within := range value {
			hasMore(within)
		}
	}
}
