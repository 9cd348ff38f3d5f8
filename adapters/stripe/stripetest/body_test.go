package stripetest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/adapters/stripe/stripetest"
	"github.com/entitled-dev/entitled/domain"
)

func newGateway(t testing.TB) *stripe.Gateway {
	t.Helper()
	gateway, err := stripe.New(stripe.Config{SecretKey: "sk_test_1", WebhookSecrets: []string{"whsec_1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	return gateway
}

// Whatever is told, in whatever version and style, the real reader reads it back as
// far as that version can tell it.
func TestBody_IsReadBack(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	rapid.Check(t, func(t *rapid.T) {
		told := arbitraryEvents.Draw(t, "event")
		for _, style := range arbitraryStyles.Draw(t, "styles") {
			mustBeReadBack(t, gateway, told, style)
		}
	})
}

func mustBeReadBack(t *rapid.T, gateway *stripe.Gateway, told domain.Event, style stripetest.Style) {
	seen := stripetest.Seen(told.Fact, style.Version)
	if !style.Tells(told.Fact) {
		if seen != nil {
			t.Fatalf("%+v does not tell it, and shows %+v", style, seen)
		}
		return
	}
	body := stripetest.Body(told, style)
	if !bytes.Equal(body, stripetest.Body(told, style)) {
		t.Fatalf("%+v: the second body differs from the first: %s", style, body)
	}
	got, err := gateway.RereadEvent(body)
	if err != nil {
		t.Fatalf("%+v: %v: %s", style, err, body)
	}
	if !bytes.Equal(body, got.Payload) {
		t.Fatalf("%+v: the payload read is not the body: %s", style, got.Payload)
	}
	got.Payload = nil // cmp is slow with many bytes
	want := told
	want.Type, want.Created, want.Object = about(told.Fact)
	want.APIVersion, want.Fact = style.Version, seen
	// What metadata claims of an order is written from the fact's other fields.
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreTypes(domain.Claim{})); diff != "" {
		t.Fatalf("%+v: what is read differs (-told +read):\n%s\n%s", style, diff, body)
	}
}

func about(f domain.Fact) (domain.EventType, time.Time, string) {
	switch f := f.(type) {
	case domain.SessionFact:
		return f.Type, f.At, string(f.ID)
	case domain.SubscriptionFact:
		return f.Type, f.At, string(f.Snapshot.ID)
	case domain.InvoiceFact:
		return f.Type, f.At, string(f.Invoice.ID)
	case domain.InvoicePaymentFact:
		return f.Type, f.At, f.ID
	case domain.CreditNoteFact:
		return f.Type, f.At, string(f.CreditNote.ID)
	case domain.ChargeFact:
		return f.Type, f.At, string(f.ID)
	case domain.RefundFact:
		return f.Type, f.At, string(f.ID)
	case domain.DisputeFact:
		return f.Type, f.At, string(f.ID)
	case domain.CustomerFact:
		return f.Type, f.At, string(f.ID)
	default:
		panic(fmt.Sprintf("no test of a %T", f))
	}
}

// No object has a key twice: which of the two counts would be the reader's choice.
func TestBody_HasNoKeyTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		told := arbitraryEvents.Draw(t, "event")
		for _, style := range arbitraryStyles.Draw(t, "styles") {
			if !style.Tells(told.Fact) {
				continue
			}
			body := stripetest.Body(told, style)
			decoder := json.NewDecoder(bytes.NewReader(body))
			mustHaveKeysOnce(t, decoder)
			if _, err := decoder.Token(); err != io.EOF {
				t.Fatalf("got %v after the body, want its end: %s", err, body)
			}
		}
	})
}

func mustHaveKeysOnce(t *rapid.T, decoder *json.Decoder) {
	token := func() json.Token {
		got, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	switch token() {
	case json.Delim('{'):
		seen := map[string]bool{}
		for decoder.More() {
			key := token().(string)
			if seen[key] {
				t.Fatalf("an object has the key %q twice", key)
			}
			seen[key] = true
			mustHaveKeysOnce(t, decoder)
		}
		token()
	case json.Delim('['):
		for decoder.More() {
			mustHaveKeysOnce(t, decoder)
		}
		token()
	}
}

func TestBody_RefusesWhatIsNeverSent(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	payment := domain.InvoicePaymentFact{Type: "invoice_payment.paid", At: at, ID: "inpay_1", Invoice: "in_1", PaymentIntent: "pi_1"}
	for name, test := range map[string]struct {
		fact    domain.Fact
		version string
		told    bool
	}{
		"a fact that was sent":                 {domain.CustomerFact{Type: "customer.deleted", At: at, ID: "cus_1"}, "2022-11-15", true},
		"nothing":                              {nil, "2022-11-15", false},
		"a fact that was fetched":              {domain.CustomerFact{Type: domain.TypeFetched, At: at, ID: "cus_1"}, "2022-11-15", false},
		"a fact without a type":                {domain.CustomerFact{At: at, ID: "cus_1"}, "2022-11-15", false},
		"a fact without a time":                {domain.CustomerFact{Type: "customer.deleted", ID: "cus_1"}, "2022-11-15", false},
		"a fact about nothing":                 {domain.CustomerFact{Type: "customer.deleted", At: at}, "2022-11-15", false},
		"the next invoice":                     {domain.InvoiceFact{Type: "invoice.upcoming", At: at, Invoice: domain.Invoice{ID: "in_1"}}, "2026-09-30.endive", false},
		"a credit that is owed":                {anInvoiceOf(domain.Line{ID: "il_1", Kind: domain.LineCredit, Amount: 1}), "2026-09-30.endive", false},
		"a period that gives something back":   {anInvoiceOf(domain.Line{ID: "il_1", Kind: domain.LineCycle, Amount: -1}), "2026-09-30.endive", false},
		"a line that is not named":             {anInvoiceOf(domain.Line{Kind: domain.LineCycle}), "2026-09-30.endive", false},
		"a payment of an invoice until acacia": {payment, "2024-09-30.acacia", false},
		"a payment of an invoice since basil":  {payment, "2025-03-31.basil", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			style := stripetest.Style{Version: test.version}
			body := func() (body []byte, refused any) {
				defer func() { refused = recover() }()
				return stripetest.Body(domain.Event{ID: "evt_1", Fact: test.fact}, style), nil
			}
			_, refused := body()
			if got := style.Tells(test.fact); got != test.told || got != (refused == nil) || got != (stripetest.Seen(test.fact, test.version) != nil) {
				t.Errorf("got told %v, refused with %v, want told %v", got, refused, test.told)
			}
		})
	}
}

func anInvoiceOf(lines ...domain.Line) domain.Fact {
	return domain.InvoiceFact{Type: "invoice.paid", At: began, Invoice: domain.Invoice{ID: "in_1", Lines: lines}}
}

func TestStyle_UnknownVersion(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a version that is none was taken")
		}
	}()
	stripetest.Style{Version: "basil"}.Tells(domain.CustomerFact{})
}
