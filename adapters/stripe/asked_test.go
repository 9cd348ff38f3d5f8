package stripe

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// times makes every call that fetches facts, and returns their times by call.
func times(t *testing.T, date string, pause time.Duration) map[string]time.Time {
	t.Helper()
	const session = `{"id":"cs_test_1","object":"checkout.session","status":"complete","subscription":{"id":"sub_1","object":"subscription"}}`
	gateway := func(header string, postStatus int) *Gateway {
		return newTestGateway(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(pause)
			if date != "" {
				w.Header().Set("Date", date)
			}
			if r.Method == http.MethodPost {
				w.Header().Set("Idempotent-Replayed", header)
				w.WriteHeader(postStatus)
			}
			_, _ = io.WriteString(w, session)
		}))
	}
	found := map[string]time.Time{}
	keep := func(call string, fact domain.SessionFact, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
		found[call] = fact.At
	}
	ctx := context.Background()
	fact, err := gateway("", http.StatusOK).CreateSession(ctx, anOrder(domain.ModePayment))
	keep("create", fact, err)
	fact, err = gateway("true", http.StatusOK).CreateSession(ctx, anOrder(domain.ModePayment))
	keep("create, replayed", fact, err)
	fact, err = gateway("", http.StatusOK).ExpireSession(ctx, "cs_test_1")
	keep("expire", fact, err)
	facts, err := gateway("", http.StatusOK).FetchSession(ctx, "cs_test_1")
	if err != nil || len(facts) != 2 {
		t.Fatalf("fetch: got %+v, %v, want two facts", facts, err)
	}
	keep("fetch", facts[0].(domain.SessionFact), nil)
	found["fetch, subscription"] = facts[1].(domain.SubscriptionFact).At
	alone := newTestGateway(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pause)
		if date != "" {
			w.Header().Set("Date", date)
		}
		_, _ = io.WriteString(w, map[string]string{
			"/v1/subscriptions/sub_1":  `{"id":"sub_1","object":"subscription"}`,
			"/v1/subscriptions":        `{"object":"list","data":[{"id":"sub_1","object":"subscription"}],"has_more":false}`,
			"/v1/invoices/in_1":        `{"id":"in_1","object":"invoice","lines":{"data":[],"has_more":false}}`,
			"/v1/invoices":             `{"object":"list","data":[{"id":"in_1","object":"invoice","lines":{"data":[],"has_more":false}}],"has_more":false}`,
			"/v1/refunds":              `{"object":"list","data":[{"id":"re_1","object":"refund"}],"has_more":false}`,
			"/v1/disputes":             `{"object":"list","data":[{"id":"dp_1","object":"dispute"}],"has_more":false}`,
			"/v1/credit_notes":         `{"object":"list","data":[{"id":"cn_1","object":"credit_note","lines":{"data":[],"has_more":false}}],"has_more":false}`,
			"/v1/invoice_payments":     `{"object":"list","data":[],"has_more":false}`,
			"/v1/charges/ch_1":         `{"id":"ch_1","object":"charge"}`,
			"/v1/payment_intents/pi_1": `{"id":"pi_1","object":"payment_intent","latest_charge":{"id":"ch_1","object":"charge"}}`,
		}[r.URL.Path])
	}))
	subscription, err := alone.FetchSubscription(ctx, "sub_1")
	if err != nil {
		t.Fatal(err)
	}
	found["fetch subscription"] = subscription.At
	subscriptions, err := alone.FetchSubscriptions(ctx, "cus_1")
	if err != nil {
		t.Fatal(err)
	}
	found["fetch subscriptions"] = subscriptions[0].At
	invoice, err := alone.FetchInvoice(ctx, "in_1")
	if err != nil {
		t.Fatal(err)
	}
	found["fetch invoice"] = invoice.At
	invoices, err := alone.FetchInvoices(ctx, "sub_1")
	if err != nil {
		t.Fatal(err)
	}
	found["fetch invoices"] = invoices[0].At
	for _, subject := range []domain.Ref{{Kind: domain.RefCharge, ID: "ch_1"}, {Kind: domain.RefInvoice, ID: "in_1"}} {
		returned, err := alone.FetchReturned(ctx, subject)
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range returned {
			switch fact := fact.(type) {
			case domain.RefundFact:
				found["fetch returned: refund"] = fact.At
			case domain.DisputeFact:
				found["fetch returned: dispute"] = fact.At
			case domain.CreditNoteFact:
				found["fetch returned: credit note"] = fact.At
			}
		}
	}
	for call, subject := range map[string]domain.Ref{
		"fetch charge":           {Kind: domain.RefCharge, ID: "ch_1"},
		"fetch charge by intent": {Kind: domain.RefPaymentIntent, ID: "pi_1"},
	} {
		charge, err := alone.FetchCharge(ctx, subject)
		if err != nil {
			t.Fatal(err)
		}
		found[call] = charge.At
	}
	return found
}

// Events carry Stripe's time, and so does what is fetched: were it ours, a clock
// that runs ahead would hide events which come later.
func TestFetched_TimeIsStripes(t *testing.T) {
	t.Parallel()
	const pause = 50 * time.Millisecond
	for _, ahead := range []time.Duration{-time.Hour, time.Hour} {
		stripes := noon.Truncate(time.Second).Add(ahead)
		started := time.Now()
		found := times(t, stripes.Format(http.TimeFormat), pause)
		earliest := stripes.Add(-time.Since(started) - time.Second)
		for call, at := range found {
			if at.After(stripes.Add(-pause)) || at.Before(earliest) || !at.Equal(at.Truncate(time.Second)) || at.Location() != time.UTC {
				t.Errorf("%s, with Stripe's clock %s ahead: got %s, want a whole second just before %s", call, ahead, at, stripes)
			}
		}
	}
}

// Without Stripe's time there is only ours.
func TestFetched_TimeWithoutDate(t *testing.T) {
	t.Parallel()
	for _, date := range []string{
		"", "yesterday", "2026-11-02T13:00:00Z", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT",
	} {
		for call, at := range times(t, date, 0) {
			if want := noon.Truncate(time.Second); !at.Equal(want) || at.Location() != time.UTC {
				t.Errorf("%s, Date %q: got %s, want %s", call, date, at, want)
			}
		}
	}
}

func TestAskedAt(t *testing.T) {
	t.Parallel()
	const date = "Mon, 02 Nov 2026 13:00:00 GMT"
	one := time.Date(2026, 11, 2, 13, 0, 0, 0, time.UTC)
	for took, want := range map[time.Duration]time.Time{
		0:                       one,
		time.Nanosecond:         one.Add(-time.Second),
		time.Second:             one.Add(-time.Second),
		1001 * time.Millisecond: one.Add(-2 * time.Second),
		10 * time.Second:        one.Add(-10 * time.Second),
	} {
		if got := askedAt(date, took, noon); !got.Equal(want) {
			t.Errorf("answered at %s after %s: got %s, want %s", date, took, got, want)
		}
	}
}
