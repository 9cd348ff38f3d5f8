package stripe

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// said is a Stripe that answers by path and API version, and what it was asked.
type said struct {
	mu    sync.Mutex
	asked []string
}

func (s *said) questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// says answers a request by its path and query, or else by its path alone.
func says(t *testing.T, answers map[string]string, change ...func(*Config)) (*Gateway, *said) {
	t.Helper()
	s := &said{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.RequestURI()+" "+r.Header.Get("Stripe-Version"))
		s.mu.Unlock()
		for _, key := range []string{r.URL.RequestURI() + " " + r.Header.Get("Stripe-Version"), r.URL.RequestURI(), r.URL.Path} {
			if answer, has := answers[key]; has {
				_, _ = io.WriteString(w, answer)
				return
			}
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, stripeError("invalid_request_error", "resource_missing"))
	})
	g := newTestGateway(t, server, change...)
	return g, s
}

func TestFetchCharge_Facts(t *testing.T) {
	t.Parallel()
	byID := domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}
	byIntent := domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}
	const (
		dahlia   = " 2026-08-26.dahlia"
		charge   = `{"id":"ch_1","object":"charge","amount":2403,"amount_refunded":400,"currency":"eur"`
		whole    = charge + `,"payment_intent":"pi_1","customer":"cus_1"}`
		ofIntent = "/v1/payment_intents/pi_1?expand[0]=latest_charge"
		payments = "/v1/invoice_payments?limit=100&payment[type]=payment_intent&payment[payment_intent]=pi_1"
		none     = `{"object":"list","data":[],"has_more":false}`
	)
	list := func(payments string) string { return `{"object":"list","has_more":false,"data":[` + payments + `]}` }
	payment := func(invoice, status string) string {
		return `{"id":"inpay_1","object":"invoice_payment","invoice":"` + invoice + `","status":"` + status + `","payment":{"type":"payment_intent","payment_intent":"pi_1"}}`
	}
	want := domain.ChargeFact{
		Type: domain.TypeFetched, At: noon.Truncate(time.Second), ID: "ch_1", PaymentIntent: "pi_1", Invoice: "in_1", Customer: "cus_1",
		Amount: 2403, Refunded: 400, Currency: "eur",
	}
	oneTime, bare := want, want
	oneTime.Invoice, bare.PaymentIntent = "", ""
	alone := bare
	alone.Invoice = ""
	for name, test := range map[string]struct {
		subject domain.Ref
		answers map[string]string
		want    domain.ChargeFact
		asked   []string
	}{
		"by its id": {byID, map[string]string{"/v1/charges/ch_1": whole, payments: list(payment("in_1", "paid"))}, want,
			[]string{"/v1/charges/ch_1" + dahlia, payments + dahlia}},
		"by its id, expanded": {byID, map[string]string{
			"/v1/charges/ch_1":     charge + `,"payment_intent":{"id":"pi_1"},"customer":{"id":"cus_1","deleted":true}}`,
			"/v1/invoice_payments": list(`{"id":"inpay_1","object":"invoice_payment","status":"paid","invoice":{"id":"in_1","object":"invoice"}}`),
		}, want, []string{"/v1/charges/ch_1" + dahlia, payments + dahlia}},
		"by its id, as it was until acacia": {byID, map[string]string{
			"/v1/charges/ch_1": charge + `,"payment_intent":"pi_1","invoice":"in_1","customer":"cus_1"}`,
		}, want, []string{"/v1/charges/ch_1" + dahlia}},
		"for no invoice":                 {byID, map[string]string{"/v1/charges/ch_1": whole, payments: none}, oneTime, []string{"/v1/charges/ch_1" + dahlia, payments + dahlia}},
		"of an intent that nobody knows": {byID, map[string]string{"/v1/charges/ch_1": whole}, oneTime, []string{"/v1/charges/ch_1" + dahlia, payments + dahlia}},
		"for one invoice after another": {byID, map[string]string{
			"/v1/charges/ch_1": whole, payments: list(payment("in_2", "canceled") + "," + payment("in_3", "open") + "," + payment("in_1", "paid")),
		}, want, []string{"/v1/charges/ch_1" + dahlia, payments + dahlia}},
		"for an invoice that it is to pay": {byID, map[string]string{
			"/v1/charges/ch_1": whole, payments: list(payment("in_2", "canceled") + "," + payment("in_1", "open")),
		}, want, []string{"/v1/charges/ch_1" + dahlia, payments + dahlia}},
		"without an intent": {byID, map[string]string{
			"/v1/charges/ch_1" + dahlia:        charge + `,"payment_intent":null,"customer":"cus_1"}`,
			"/v1/charges/ch_1" + " 2023-10-16": charge + `,"payment_intent":null,"invoice":"in_1","customer":"cus_1"}`,
		}, bare, []string{"/v1/charges/ch_1" + dahlia, "/v1/charges/ch_1 2023-10-16"}},
		"without an intent, for no invoice": {byID, map[string]string{
			"/v1/charges/ch_1": charge + `,"payment_intent":null,"invoice":null,"customer":"cus_1"}`,
		}, alone, []string{"/v1/charges/ch_1" + dahlia, "/v1/charges/ch_1 2023-10-16"}},
		"by its intent": {byIntent, map[string]string{
			ofIntent: `{"id":"pi_1","object":"payment_intent","customer":{"id":"cus_1"},"latest_charge":` + charge + `}}`,
			payments: list(payment("in_1", "paid")),
		}, want, []string{ofIntent + dahlia, payments + dahlia}},
		"by its intent, as it was until acacia": {byIntent, map[string]string{
			ofIntent: `{"id":"pi_1","object":"payment_intent","amount":9999,"currency":"usd","customer":"cus_1","invoice":"in_1",
				"latest_charge":` + charge + `,"payment_intent":"pi_1","invoice":null,"customer":null}}`,
		}, want, []string{ofIntent + dahlia}},
		"by its intent, the charge says more": {byIntent, map[string]string{
			ofIntent: `{"id":"pi_1","object":"payment_intent","customer":null,"invoice":null,
				"latest_charge":` + charge + `,"payment_intent":"pi_9","invoice":"in_1","customer":"cus_1"}}`,
		}, want, []string{ofIntent + dahlia}},
	} {
		g, asked := says(t, test.answers)
		got, err := g.FetchCharge(t.Context(), test.subject)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: the fact differs (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(test.asked, asked.questions()); diff != "" {
			t.Errorf("%s: the questions differ (-want +asked):\n%s", name, diff)
		}
	}
}
