package stripe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func aLine(n int) string { return fmt.Sprintf(`{"id":"il_%02d","amount":%d}`, n, n) }

func aList(more bool, of ...string) string {
	return fmt.Sprintf(`{"object":"list","data":[%s],"has_more":%t}`, strings.Join(of, ","), more)
}

func anInvoice(id, lines string) string {
	return `{"id":"` + id + `","object":"invoice","status":"paid","customer":"cus_1","lines":` + lines +
		`,"payments":{"data":[{"status":"paid","payment":{"payment_intent":"pi_1"}}]}}`
}

func theLines(ns ...int) []domain.Line {
	var all []domain.Line
	for _, n := range ns {
		all = append(all, domain.Line{ID: fmt.Sprintf("il_%02d", n), Kind: domain.LineCycle, Quantity: 1, Amount: int64(n)})
	}
	return all
}

// An invoice is fetched with all of its lines, alone and among those of its
// subscription.
func TestFetchInvoice_Lines(t *testing.T) {
	t.Parallel()
	const (
		alone = "/v1/invoices/in_1?expand[0]=payments"
		all   = "/v1/invoices?limit=20&expand[0]=data.payments&subscription=sub_1"
		first = "/v1/invoices/in_1/lines?limit=100"
		next  = "/v1/invoices/in_1/lines?limit=100&starting_after=il_02"
	)
	for name, test := range map[string]struct {
		lines string
		pages map[string]string
		want  []domain.Line // nil: an error
		asked []string
	}{
		"with it":                {aList(false, aLine(2), aLine(1)), nil, theLines(1, 2), nil},
		"in a page":              {aList(true, aLine(1)), map[string]string{first: aList(false, aLine(1), aLine(2), aLine(3))}, theLines(1, 2, 3), []string{first}},
		"in two pages":           {aList(true, aLine(1)), map[string]string{first: aList(true, aLine(1), aLine(2)), next: aList(false, aLine(3))}, theLines(1, 2, 3), []string{first, next}},
		"it does not say of any": {"null", map[string]string{first: aList(false, aLine(1))}, theLines(1), []string{first}},
		"in a page of none":      {aList(true, aLine(1)), map[string]string{first: aList(true)}, nil, []string{first}},
		"in a page of strangers": {aList(true, aLine(1)), map[string]string{first: aList(true, `{"amount":1}`)}, nil, []string{first}},
		"in what is not a list":  {aList(true, aLine(1)), map[string]string{first: aLine(1)}, nil, []string{first}},
		"nowhere":                {aList(true, aLine(1)), nil, nil, []string{first}},
	} {
		invoice := anInvoice("in_1", test.lines)
		answers := map[string]string{alone: invoice, all: aList(false, invoice)}
		for page, answer := range test.pages {
			answers[page] = answer
		}
		for question, fetch := range map[string]func(context.Context, *Gateway) (domain.InvoiceFact, error){
			alone: func(ctx context.Context, g *Gateway) (domain.InvoiceFact, error) { return g.FetchInvoice(ctx, "in_1") },
			all: func(ctx context.Context, g *Gateway) (domain.InvoiceFact, error) {
				facts, err := g.FetchInvoices(ctx, "sub_1")
				return append(facts, domain.InvoiceFact{})[0], err
			},
		} {
			g, asked := says(t, answers)
			got, err := fetch(t.Context(), g)
			want := domain.InvoiceFact{
				Type: domain.TypeFetched, At: noon.Truncate(time.Second), Customer: "cus_1", PaidWith: []domain.PaidWith{{PaymentIntent: "pi_1"}},
				Invoice: domain.Invoice{ID: "in_1", Status: "paid", Lines: test.want, Complete: true},
			}
			if test.want == nil {
				want = domain.InvoiceFact{}
			}
			if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (test.want != nil) {
				t.Errorf("%s, %s: %v, the fact differs (-want +got):\n%s", name, question, err, diff)
			}
			var questions []string
			for _, q := range append([]string{question}, test.asked...) {
				questions = append(questions, q+" 2026-08-26.dahlia")
			}
			if diff := cmp.Diff(questions, asked.questions()); diff != "" {
				t.Errorf("%s: the questions differ (-want +asked):\n%s", name, diff)
			}
		}
	}
}

// A list that never ends is given up.
func TestFetchInvoice_LinesWithoutEnd(t *testing.T) {
	t.Parallel()
	g, asked := says(t, map[string]string{
		"/v1/invoices/in_1":       anInvoice("in_1", aList(true, aLine(1))),
		"/v1/invoices/in_1/lines": aList(true, aLine(1)),
	})
	g.questions = rate.NewLimiter(rate.Inf, 1)
	if got, err := g.FetchInvoice(t.Context(), "in_1"); !errors.Is(err, ports.ErrGatewayBusy) {
		t.Errorf("got %+v, %v, want %v", got, err, ports.ErrGatewayBusy)
	}
	if n := len(asked.questions()); n != 1+maxPages {
		t.Errorf("asked %d times, want %d", n, 1+maxPages)
	}
}

// The newest invoices come first, as Stripe lists them, and those before are not asked
// for.
func TestFetchInvoices_Newest(t *testing.T) {
	t.Parallel()
	g, asked := says(t, map[string]string{"/v1/invoices": aList(true, anInvoice("in_3", aList(false)), anInvoice("in_2", aList(false)))})
	got, err := g.FetchInvoices(t.Context(), "sub_1")
	if err != nil || len(got) != 2 || got[0].Invoice.ID != "in_3" || len(asked.questions()) != 1 {
		t.Errorf("got %+v, %v after %v, want two", got, err, asked.questions())
	}
	if got, err := g.FetchInvoices(t.Context(), "sub_1"); err != nil || !got[1].Invoice.Complete {
		t.Errorf("got %+v, %v, want it complete", got, err)
	}
	g, _ = says(t, nil)
	if got, err := g.FetchInvoices(t.Context(), "sub_1"); err != nil || len(got) != 0 {
		t.Errorf("of a subscription that there is not: got %+v, %v, want none", got, err)
	}
}

func TestFetchSubscriptions_Facts(t *testing.T) {
	t.Parallel()
	sub := func(id string) string {
		return `{"id":"` + id + `","object":"subscription","status":"active","customer":"cus_1","items":{"data":[],"has_more":false}}`
	}
	g, asked := says(t, map[string]string{
		"/v1/subscriptions?limit=100&customer=cus_1&status=all":                      aList(true, sub("sub_1"), sub("sub_2")),
		"/v1/subscriptions?limit=100&starting_after=sub_2&customer=cus_1&status=all": aList(false, sub("sub_3")),
	})
	got, err := g.FetchSubscriptions(t.Context(), "cus_1")
	var want []domain.SubscriptionFact
	for _, id := range []domain.SubscriptionID{"sub_1", "sub_2", "sub_3"} {
		want = append(want, domain.SubscriptionFact{Type: domain.TypeFetched, At: noon.Truncate(time.Second), Snapshot: domain.Subscription{
			ID: id, Status: "active", Customer: "cus_1", Items: []domain.Item{},
		}})
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v after %v, the facts differ (-want +got):\n%s", err, asked.questions(), diff)
	}
	for name, test := range map[string]struct {
		answers map[string]string
		want    error
	}{
		"of whom it does not know":       {nil, ports.ErrNotFound},
		"of whom it does not know, none": {map[string]string{"/v1/subscriptions": aList(false)}, ports.ErrGatewayRefused},
		"of who is deleted":              {map[string]string{"/v1/subscriptions": aList(false), "/v1/customers/cus_1": `{"id":"cus_1","object":"customer","deleted":true}`}, ports.ErrNotFound},
		"of who has none":                {map[string]string{"/v1/subscriptions": aList(false), "/v1/customers/cus_1": `{"id":"cus_1","object":"customer"}`}, nil},
		"of a customer among them":       {map[string]string{"/v1/subscriptions": aList(false, sub("sub_1"), `{"id":"cus_1","object":"customer"}`)}, ports.ErrGatewayBusy},
		"of one without an id":           {map[string]string{"/v1/subscriptions": aList(false, `{"object":"subscription"}`)}, ports.ErrGatewayBusy},
	} {
		g, _ := says(t, test.answers)
		if got, err := g.FetchSubscriptions(t.Context(), "cus_1"); !errors.Is(err, test.want) || len(got) != 0 {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, test.want)
		}
	}
}

func TestFetchReturned_Facts(t *testing.T) {
	t.Parallel()
	at := noon.Truncate(time.Second)
	refund := func(id string) domain.Fact {
		return domain.RefundFact{Type: domain.TypeFetched, At: at, ID: domain.RefundID(id), Charge: "ch_1", PaymentIntent: "pi_1", Status: "succeeded", Amount: 400}
	}
	const (
		aRefund  = `","object":"refund","charge":"ch_1","payment_intent":"pi_1","status":"succeeded","amount":400}`
		aDispute = `{"id":"dp_1","object":"dispute","charge":"ch_1","status":"lost","amount":2403}`
	)
	dispute := domain.DisputeFact{Type: domain.TypeFetched, At: at, ID: "dp_1", Charge: "ch_1", Status: "lost", Amount: 2403}
	note := domain.CreditNoteFact{Type: domain.TypeFetched, At: at, CreditNote: domain.CreditNote{
		ID: "cn_1", Invoice: "in_1", Status: "issued", Amount: 3, Refunds: []domain.RefundID{"re_1"},
		Lines: []domain.CreditedLine{{Amount: 1}, {Line: "il_1", Amount: 2}},
	}}
	const (
		aNote = `{"id":"cn_1","object":"credit_note","invoice":"in_1","status":"issued","amount":3,"refunds":[{"refund":"re_1"}],"lines":`
		lines = `{"id":"cnli_1","invoice_line_item":"il_1","amount":2},{"id":"cnli_2","amount":1}`
	)
	for name, test := range map[string]struct {
		subject domain.Ref
		answers map[string]string
		want    []domain.Fact
	}{
		"of a charge": {domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}, map[string]string{
			"/v1/refunds?limit=100&charge=ch_1":                     aList(true, `{"id":"re_1`+aRefund),
			"/v1/refunds?limit=100&starting_after=re_1&charge=ch_1": aList(false, `{"id":"re_2`+aRefund),
			"/v1/disputes?limit=100&charge=ch_1":                    aList(false, aDispute),
		}, []domain.Fact{refund("re_1"), refund("re_2"), dispute}},
		"of an intent": {domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}, map[string]string{
			"/v1/refunds?limit=100&payment_intent=pi_1":  aList(false, `{"id":"re_1`+aRefund),
			"/v1/disputes?limit=100&payment_intent=pi_1": aList(false),
		}, []domain.Fact{refund("re_1")}},
		"of an invoice": {domain.Ref{Kind: domain.RefInvoice, ID: "in_1"}, map[string]string{
			"/v1/credit_notes?limit=100&invoice=in_1": aList(false, aNote+aList(false, lines)+"}"),
		}, []domain.Fact{note}},
		"of an invoice, with too many lines": {domain.Ref{Kind: domain.RefInvoice, ID: "in_1"}, map[string]string{
			"/v1/credit_notes?limit=100&invoice=in_1": aList(false, aNote+aList(true)+"}"),
			"/v1/credit_notes/cn_1/lines?limit=100":   aList(false, lines),
		}, []domain.Fact{note}},
		"of a credit note": {domain.Ref{Kind: domain.RefCreditNote, ID: "cn_1"}, map[string]string{
			"/v1/credit_notes/cn_1": aNote + aList(false, lines) + "}",
		}, []domain.Fact{note}},
		"of a credit note with too many lines": {domain.Ref{Kind: domain.RefCreditNote, ID: "cn_1"}, map[string]string{
			"/v1/credit_notes/cn_1":                 aNote + aList(true) + "}",
			"/v1/credit_notes/cn_1/lines?limit=100": aList(false, lines),
		}, []domain.Fact{note}},
		"of what there is not": {domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}, nil, nil},
	} {
		for i := range test.answers { // each of them is needed, and as it is
			missing := map[string]string{}
			for question, answer := range test.answers {
				if question != i {
					missing[question] = answer
				}
			}
			missing[strings.SplitN(i, "?", 2)[0]] = `{"object":"list","data":[{"id":"cus_1","object":"customer"}],"has_more":true}`
			g, _ := says(t, missing)
			if got, err := g.FetchReturned(t.Context(), test.subject); err == nil && !strings.HasSuffix(i, "lines?limit=100") {
				t.Errorf("%s, another answer to %s: got %+v, want an error", name, i, got)
			}
		}
		g, asked := says(t, test.answers)
		got, err := g.FetchReturned(t.Context(), test.subject)
		if err != nil {
			t.Fatalf("%s: %v after %v", name, err, asked.questions())
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: the facts differ (-want +got):\n%s", name, diff)
		}
		if slices.ContainsFunc(asked.questions(), func(q string) bool { return !strings.HasSuffix(q, " 2026-08-26.dahlia") }) {
			t.Errorf("%s: asked %v in another version", name, asked.questions())
		}
	}
}

// What is asked for is in the version that the readers are tested against, what is
// made in the one of its parameters.
func TestCalls_Version(t *testing.T) {
	t.Parallel()
	rec, server := record(t, openSession)
	g := newTestGateway(t, server)
	for _, do := range calls(g) {
		_ = do(t.Context()) // what comes of it does not matter
	}
	for _, r := range rec.requests() {
		want := "2026-08-26.dahlia"
		if strings.HasPrefix(r.line, "POST") {
			want = "2023-10-16"
		}
		if got := r.header.Values("Stripe-Version"); len(got) != 1 || got[0] != want {
			t.Errorf("%s is in version %q, want %q", r.line, got, want)
		}
	}
}
