package stripe

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Nobody gets a message past us without the secret, whatever the header.
func FuzzSignatureHeader(f *testing.F) {
	body := []byte(`{"id":"evt_1","object":"event","type":"t","created":1700000000}`)
	for _, seed := range []string{
		"", ",", "=", "t", "t=", "t=1", "v1=", "t=1700000000,v1=00", "t=-1,v1=00,v0=11", "t=1,t=2,v1=", "t=9223372036854775808,v1=ff",
		"t=1700000000, v1=00", sign(body, noon, "whsec_another"), sign(body, noon, ""), sign(body, noon, testSecret) + "0",
		sign([]byte("{}"), noon, testSecret), sign(body, noon.Add(time.Hour), testSecret),
	} {
		f.Add(seed)
	}
	g := newTestGateway(f, nil)
	right := sign(body, noon, testSecret)
	_, mac, _ := strings.Cut(right, "v1=")
	f.Fuzz(func(t *testing.T, header string) {
		_, err := g.ReadEvent(body, header)
		if err != nil && !errors.Is(err, ports.ErrBadSignature) {
			t.Errorf("got %v, want %v", err, ports.ErrBadSignature)
		}
		if err == nil && !strings.Contains(strings.ToLower(header), mac) {
			t.Errorf("took %q", header)
		}
	})
}

// Whatever Stripe signs, it is an event that can be kept or one of our errors.
func FuzzReadEvent(f *testing.F) {
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".json" {
			name, _ := filepath.Rel("testdata", path)
			f.Add(testdata(f, name))
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "null", "[]", "{}", of("null"), of("[]"), of(nulls("subscription", "sub_1")), of(all("{}", "invoice", "in_1")),
		of(all("[[]]", "checkout.session", "cs_1")), of(all(`"1"`, "subscription", "sub_1")), of(all("1e400", "subscription", "sub_1")),
		of(all(`"\u0000"`, "invoice", "in_1")), of(all(`"\ud800"`, "checkout.session", "cs_1")), of(all("-0.5", "invoice", "in_1")),
		of(nulls("charge", "ch_1")), of(all("{}", "refund", "re_1")), of(all(`"1"`, "dispute", "dp_1")), of(all("[{}]", "customer", "cus_1")),
		of(nulls("credit_note", "cn_1")), of(all(`{"data":[{"amount":-1}],"has_more":false}`, "invoice", "in_1")),
		of(all(`{"data":[{"invoice_line_item":"il_1"},7,null]}`, "credit_note", "cn_1")), of(all(`[{"refund":{"id":"re_1"}}]`, "credit_note", "cn_1")),
		of(all(`{"payment_intent":{"id":"pi_1"},"charge":"\u0000"}`, "invoice_payment", "inpay_1")), of(all("-9223372036854775808", "charge", "ch_1")),
		`{"id":"evt_1","object":"v2.core.event","type":"v1.x","created":"2026-11-02T12:00:00Z"}`,
	} {
		f.Add([]byte(seed))
	}
	g := newTestGateway(f, nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := g.ReadEvent(body, sign(body, noon, testSecret))
		if err != nil {
			if !errors.Is(err, ports.ErrUnreadable) && !errors.Is(err, ports.ErrThinEvent) {
				t.Errorf("got %v", err)
			}
			return
		}
		if event.ID == "" || event.Type == "" || string(event.Payload) != string(body) {
			t.Errorf("got event %q %q", event.ID, event.Type)
		}
		texts := []string{string(event.ID), string(event.Type), event.APIVersion, event.Account, event.Object}
		times := []time.Time{event.Created}
		switch fact := event.Fact.(type) {
		case domain.SessionFact:
			texts = append(texts, string(fact.ID), string(fact.Mode), fact.Status, fact.PaymentStatus, string(fact.Order), string(fact.Customer),
				string(fact.CustomerAccount), string(fact.Subscription), string(fact.PaymentIntent), string(fact.RecoveredFrom), fact.Currency)
			mustKeep(t, maxURL, fact.URL)
		case domain.SubscriptionFact:
			s := fact.Snapshot
			texts = append(texts, string(s.ID), string(s.Order), string(s.Customer), string(s.CustomerAccount), string(s.Status),
				string(s.Pause), string(s.LatestInvoice))
			times = append(times, s.StartedAt, s.TrialEnd, s.CancelAt, s.EndedAt)
			for _, item := range s.Items {
				texts = append(texts, item.ID, string(item.Price), item.LookupKey, item.Product)
				times = append(times, item.PeriodStart, item.PeriodEnd)
				if item.Quantity < 0 {
					t.Errorf("quantity %d", item.Quantity)
				}
			}
		case domain.InvoiceFact:
			i := fact.Invoice
			texts = append(texts, string(i.ID), string(fact.Customer), string(fact.CustomerAccount), string(i.Subscription), string(i.Status),
				i.BillingReason, string(i.Method), i.Currency)
			times = append(times, i.CreatedAt, i.FinalizedAt, i.DueAt, i.PaidAt)
			for _, p := range fact.PaidWith {
				texts = append(texts, string(p.PaymentIntent), string(p.Charge))
			}
			for _, l := range i.Lines {
				texts = append(texts, l.ID, l.Item, string(l.Price), l.Product)
				times = append(times, l.From, l.Until)
				if l.ID == "" || l.Quantity < 0 || !slices.Contains(domain.LineKinds, l.Kind) {
					t.Errorf("line %+v", l)
				}
			}
		case domain.CreditNoteFact:
			n := fact.CreditNote
			texts = append(texts, string(n.ID), string(n.Invoice), string(n.Status), n.Currency, string(fact.Customer), string(fact.CustomerAccount))
			times = append(times, n.CreatedAt)
			for _, l := range n.Lines {
				texts = append(texts, l.Line)
			}
			for _, r := range n.Refunds {
				texts = append(texts, string(r))
			}
		case domain.InvoicePaymentFact:
			texts = append(texts, fact.ID, string(fact.Invoice), string(fact.PaymentIntent), string(fact.Charge))
		case domain.ChargeFact:
			texts = append(texts, string(fact.ID), string(fact.PaymentIntent), string(fact.Invoice), string(fact.Customer), fact.Currency)
		case domain.RefundFact:
			texts = append(texts, string(fact.ID), string(fact.Charge), string(fact.PaymentIntent), string(fact.Status), fact.Currency)
			times = append(times, fact.CreatedAt)
		case domain.DisputeFact:
			texts = append(texts, string(fact.ID), string(fact.Charge), string(fact.PaymentIntent), string(fact.Status), fact.Currency)
			times = append(times, fact.CreatedAt)
		case domain.CustomerFact:
			texts = append(texts, string(fact.ID))
		case nil:
		default:
			t.Errorf("nothing is known of a %T", fact)
		}
		mustKeep(t, maxID, texts...)
		for _, moment := range times {
			if year := moment.Year(); !moment.IsZero() && (year < 2000 || year > 2200) || moment.Location() != time.UTC {
				t.Errorf("got the time %s", moment)
			}
		}
	})
}

func mustKeep(t *testing.T, limit int, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if len(s) > limit || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			t.Errorf("a database cannot keep %q", s)
		}
	}
}
