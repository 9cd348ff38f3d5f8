package stripetest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/stripe/stripetest"
	"github.com/entitled-dev/entitled/domain"
)

var (
	began = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	ends  = began.AddDate(0, 1, 0)

	aSession      = domain.SessionFact{Type: "checkout.session.completed", At: began, ID: "cs_1", Order: "order1", Customer: "cus_1", CustomerAccount: "acct_1"}
	aSubscription = domain.SubscriptionFact{Type: "customer.subscription.updated", At: began, Snapshot: domain.Subscription{
		ID: "sub_1", Order: "order1", Customer: "cus_1", Status: "active", Pause: domain.PauseVoid, LatestInvoice: "in_1", StartedAt: began, CancelAt: ends,
		Items: []domain.Item{{ID: "si_1", Price: "price_1", LookupKey: "pro", Product: "prod_1", Quantity: 2, PeriodStart: began, PeriodEnd: ends}},
	}}
	aPaidInvoice = domain.InvoiceFact{
		Type: "invoice.paid", At: began, Customer: "cus_1", PaidWith: []domain.PaidWith{{PaymentIntent: "pi_1", Charge: "ch_1"}, {PaymentIntent: "pi_2"}},
		Invoice: domain.Invoice{
			ID: "in_1", Subscription: "sub_1", Status: "paid", AmountDue: 900, AmountPaid: 900, Currency: "usd", DueAt: ends, FinalizedAt: began, Complete: true,
			Lines: []domain.Line{{
				ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_1", Product: "prod_1", Quantity: 2, Amount: 900, From: began, Until: ends,
			}},
		},
	}
	aCreditNote = domain.CreditNoteFact{Type: "credit_note.created", At: began, Customer: "cus_1", CreditNote: domain.CreditNote{
		ID: "cn_1", Invoice: "in_1", Status: "issued", Amount: 900, Lines: []domain.CreditedLine{{Line: "il_1", Amount: 900}}, Refunds: []domain.RefundID{"re_1"},
	}}
	aCharge = domain.ChargeFact{Type: "charge.refunded", At: began, ID: "ch_1", PaymentIntent: "pi_1", Invoice: "in_1", Customer: "cus_1", Amount: 900, Refunded: 400}
)

// The reader takes every shape of every version, so that it reads a body back says
// nothing of whether Stripe would write it so. This says what is where, and since
// when; a path has [] for any of a list, null is a value of its own.
func TestBody_Shapes(t *testing.T) {
	t.Parallel()
	classic := aSubscription
	classic.Snapshot.CancelAt, classic.Snapshot.CancelAtPeriodEnd, classic.Snapshot.Pause = time.Time{}, true, domain.PauseNone
	failed := aPaidInvoice
	failed.Type, failed.Invoice.Status, failed.Invoice.AmountPaid, failed.Invoice.Complete = "invoice.payment_failed", "open", 0, false
	lined := func(change func(*domain.Line)) domain.InvoiceFact {
		of := aPaidInvoice
		line := of.Invoice.Lines[0]
		change(&line)
		of.Invoice.Lines = []domain.Line{line}
		return of
	}
	changed := lined(func(l *domain.Line) { l.Kind = domain.LineChange })
	oneOff := lined(func(l *domain.Line) { l.Kind, l.Item = domain.LineOneOff, "" })
	back := aCreditNote
	back.CreditNote.Lines = []domain.CreditedLine{{Amount: 900}}
	refunded := aCharge
	refunded.Refunded = 900

	const first, last = "2022-11-15", "2026-09-30.endive"
	for _, test := range []struct {
		name, path    string
		fact          domain.Fact
		want          any
		since, before string // "": first, never
	}{
		{"a hosted page", "ui_mode", aSession, "hosted", "2023-10-16", "2026-03-25.dahlia"},
		{"a hosted page", "ui_mode", aSession, "hosted_page", "2026-03-25.dahlia", ""},
		{"no page by name", "ui_mode", aSession, nil, first, "2023-10-16"},
		{"the order", "client_reference_id", aSession, "order1", first, ""},
		{"the order", "metadata.order_id", aSession, "order1", first, ""},
		{"no Account", "customer_account", aSession, nil, first, "2026-03-25.dahlia"},
		{"an Account", "customer_account", aSession, "acct_1", "2026-03-25.dahlia", ""},

		{"a period", "current_period_end", aSubscription, ends, first, "2025-03-31.basil"},
		{"no period", "current_period_end", aSubscription, nil, "2025-03-31.basil", ""},
		{"no period of an item", "items.data.[].current_period_end", aSubscription, nil, first, "2025-03-31.basil"},
		{"an item's period", "items.data.[].current_period_start", aSubscription, began, "2025-03-31.basil", ""},
		{"an item's period", "items.data.[].current_period_end", aSubscription, ends, "2025-03-31.basil", ""},
		{"the order", "metadata.order_id", aSubscription, "order1", first, ""},
		{"a pause", "pause_collection.behavior", aSubscription, "void", first, ""},
		{"no pause", "pause_collection", classic, nil, first, ""},
		{"the latest invoice", "latest_invoice", aSubscription, "in_1", first, ""},
		{"a product", "items.data.[].price.product", aSubscription, "prod_1", first, ""},
		{"flexible billing", "billing_mode.type", aSubscription, "flexible", "2025-09-30.clover", ""},
		{"flexible billing", "cancel_at", aSubscription, ends, first, ""},
		{"flexible billing", "cancel_at_period_end", aSubscription, false, first, ""},
		{"classic billing", "billing_mode.type", classic, "classic", "2025-09-30.clover", ""},
		{"classic billing", "cancel_at", classic, nil, first, ""},
		{"classic billing", "cancel_at_period_end", classic, true, first, ""},

		{"a paid invoice", "status", aPaidInvoice, "paid", first, ""},
		{"a paid invoice", "paid", aPaidInvoice, true, first, "2025-03-31.basil"},
		{"a paid invoice", "paid", aPaidInvoice, nil, "2025-03-31.basil", ""},
		{"a paid invoice", "amount_paid", aPaidInvoice, 900, first, ""},
		{"a failed invoice", "status", failed, "open", first, ""},
		{"a failed invoice", "paid", failed, false, first, "2025-03-31.basil"},
		{"a failed invoice", "amount_paid", failed, 0, first, ""},
		{"a failed invoice", "amount_due", failed, 900, first, ""},
		{"its subscription", "subscription", aPaidInvoice, "sub_1", first, "2025-03-31.basil"},
		{"its subscription", "subscription", aPaidInvoice, nil, "2025-03-31.basil", ""},
		{"its subscription", "parent.subscription_details.subscription", aPaidInvoice, nil, first, "2025-03-31.basil"},
		{"its subscription", "parent.subscription_details.subscription", aPaidInvoice, "sub_1", "2025-03-31.basil", ""},
		{"what paid it", "payment_intent", aPaidInvoice, "pi_1", first, "2025-03-31.basil"},
		{"what paid it", "charge", aPaidInvoice, "ch_1", first, "2025-03-31.basil"},
		{"what paid it", "payment_intent", aPaidInvoice, nil, "2025-03-31.basil", ""},
		{"what paid it", "charge", aPaidInvoice, nil, "2025-03-31.basil", ""},
		{"a line's price", "lines.data.[].price.id", aPaidInvoice, "price_1", first, "2025-03-31.basil"},
		{"a line's price", "lines.data.[].price.id", aPaidInvoice, nil, "2025-03-31.basil", ""},
		{"a line's price", "lines.data.[].pricing.price_details.price", aPaidInvoice, "price_1", "2025-03-31.basil", ""},
		{"a line's parent", "lines.data.[].parent.subscription_item_details.subscription", aPaidInvoice, "sub_1", "2025-03-31.basil", ""},
		{"a line's product", "lines.data.[].price.product", aPaidInvoice, "prod_1", first, "2025-03-31.basil"},
		{"a line's product", "lines.data.[].pricing.price_details.product", aPaidInvoice, "prod_1", "2025-03-31.basil", ""},
		{"a line's item", "lines.data.[].subscription_item", aPaidInvoice, "si_1", first, "2025-03-31.basil"},
		{"a line's item", "lines.data.[].parent.subscription_item_details.subscription_item", aPaidInvoice, "si_1", "2025-03-31.basil", ""},
		{"a period", "lines.data.[].type", aPaidInvoice, "subscription", first, "2025-03-31.basil"},
		{"a period", "lines.data.[].proration", aPaidInvoice, false, first, "2025-03-31.basil"},
		{"a period", "lines.data.[].parent.subscription_item_details.proration", aPaidInvoice, false, "2025-03-31.basil", ""},
		{"a change", "lines.data.[].type", changed, "invoiceitem", first, "2025-03-31.basil"},
		{"a change", "lines.data.[].proration", changed, true, first, "2025-03-31.basil"},
		{"a change", "lines.data.[].parent.subscription_item_details.proration", changed, true, "2025-03-31.basil", ""},
		{"what is there once", "lines.data.[].type", oneOff, "invoiceitem", first, "2025-03-31.basil"},
		{"what is there once", "lines.data.[].proration", oneOff, false, first, "2025-03-31.basil"},
		{"what is there once", "lines.data.[].parent.type", oneOff, "invoice_item_details", "2025-03-31.basil", ""},
		{"all lines", "lines.has_more", aPaidInvoice, false, first, ""},
		{"not all lines", "lines.has_more", failed, true, first, ""},
		{"when it is due", "due_date", aPaidInvoice, ends, first, ""},
		{"when it was finalized", "status_transitions.finalized_at", aPaidInvoice, began, first, ""},

		{"a credit note's refund", "refund", aCreditNote, "re_1", first, "2025-03-31.basil"},
		{"a credit note's refund", "refund", aCreditNote, nil, "2025-03-31.basil", ""},
		{"a credit note's refund", "refunds.[].refund", aCreditNote, nil, first, "2025-03-31.basil"},
		{"a credit note's refund", "refunds.[].refund", aCreditNote, "re_1", "2025-03-31.basil", ""},
		{"what a credit note is of", "invoice", aCreditNote, "in_1", first, ""},
		{"a credited line", "lines.data.[].invoice_line_item", aCreditNote, "il_1", first, ""},
		{"a credited line", "lines.data.[].type", aCreditNote, "invoice_line_item", first, ""},
		{"a line of its own", "lines.data.[].invoice_line_item", back, nil, first, ""},
		{"a line of its own", "lines.data.[].type", back, "custom_line_item", first, ""},

		{"a line's period", "lines.data.[].period.end", aPaidInvoice, ends, first, ""},

		{"a charge's invoice", "invoice", aCharge, "in_1", first, "2025-03-31.basil"},
		{"a charge's invoice", "invoice", aCharge, nil, "2025-03-31.basil", ""},
		{"some of it refunded", "amount_refunded", aCharge, 400, first, ""},
		{"some of it refunded", "refunded", aCharge, false, first, ""},
		{"all of it refunded", "refunded", refunded, true, first, ""},
	} {
		for _, version := range stripetest.Versions {
			if version < test.since || test.before != "" && version >= test.before {
				continue
			}
			want := test.want
			switch value := want.(type) {
			case time.Time:
				want = float64(value.Unix())
			case int:
				want = float64(value)
			}
			body := stripetest.Body(domain.Event{ID: "evt_1", Fact: test.fact}, stripetest.Style{Version: version})
			if got := at(t, body, "data.object."+test.path); got != want {
				t.Errorf("%s in %s: got %s %v, want %v", test.name, version, test.path, got, want)
			}
		}
	}
	if stripetest.Versions[0] != first || stripetest.Versions[len(stripetest.Versions)-1] != last || !slices.IsSorted(stripetest.Versions) {
		t.Errorf("got versions %v, want them sorted from %s to %s", stripetest.Versions, first, last)
	}
}

// at is the value at a path of a JSON text, nil if there is none.
func at(t *testing.T, body []byte, path string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(path, ".") {
		if all, is := value.([]any); is && name == "[]" {
			if len(all) != 1 {
				t.Fatalf("got %d at %s, want one", len(all), path)
			}
			value = all[0]
			continue
		}
		within, _ := value.(map[string]any)
		value = within[name]
	}
	return value
}

func TestBody_Envelope(t *testing.T) {
	t.Parallel()
	event := domain.Event{ID: "evt_1", Livemode: true, Account: "acct_1", Fact: aSubscription}
	for _, version := range stripetest.Versions {
		body := stripetest.Body(event, stripetest.Style{Version: version})
		got := map[string]any{}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		before, _ := got["data"].(map[string]any)["previous_attributes"].(map[string]any)
		if _, ofItems := before["items"]; ofItems != (version >= "2025-03-31.basil") {
			t.Errorf("%s: got previous attributes %v", version, before)
		}
		delete(got, "data")
		delete(got, "context")
		want := map[string]any{
			"id": "evt_1", "object": "event", "api_version": version, "created": float64(began.Unix()), "type": "customer.subscription.updated",
			"livemode": true, "account": "acct_1", "pending_webhooks": 1.0, "request": map[string]any{"id": nil, "idempotency_key": nil},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the envelope differs (-want +got):\n%s", version, diff)
		}
	}
}

func TestBody_Expanded(t *testing.T) {
	t.Parallel()
	for path, fact := range map[string]domain.Fact{
		"customer":       aSubscription,
		"subscription":   aPaidInvoice,
		"payment_intent": aCharge,
		"parent.subscription_details.subscription": aPaidInvoice,
		"charge":                 domain.RefundFact{Type: "refund.created", At: began, ID: "re_1", Charge: "ch_1"},
		"invoice":                aCreditNote,
		"refund":                 aCreditNote,
		"refunds.[].refund":      aCreditNote,
		"latest_invoice":         aSubscription,
		"payment.payment_intent": domain.InvoicePaymentFact{Type: "invoice_payment.paid", At: began, ID: "inpay_1", PaymentIntent: "pi_1"},
	} {
		found := 0
		for _, version := range stripetest.Versions {
			style := stripetest.Style{Version: version}
			if !style.Tells(fact) {
				continue
			}
			event := domain.Event{ID: "evt_1", Fact: fact}
			id := at(t, stripetest.Body(event, style), "data.object."+path)
			style.Expanded = true
			if got := at(t, stripetest.Body(event, style), "data.object."+path+".id"); got != id {
				t.Errorf("%s in %s: got %v expanded, want the object of %v", path, version, got, id)
			}
			if id != nil {
				found++
			}
		}
		if found == 0 {
			t.Errorf("%s is in no version", path)
		}
	}
}

// Noise is another text each time, and the same one for the same seed.
func TestBody_Noise(t *testing.T) {
	t.Parallel()
	seen := map[string]int64{}
	for noise := range int64(100) {
		style := stripetest.Style{Version: "2025-09-30.clover", Noise: noise}
		body := string(stripetest.Body(domain.Event{ID: "evt_1", Fact: aPaidInvoice}, style))
		if other, is := seen[body]; is {
			t.Errorf("noise %d and %d write the same body", other, noise)
		}
		seen[body] = noise
	}
}
