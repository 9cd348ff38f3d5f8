package sandbox_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// invoiceUpdates are what the events invoice.updated since the n-th event say of what has
// changed: the names, each status as it was, in order.
func (s *shop) invoiceUpdates(n int) []string {
	s.t.Helper()
	var all []string
	for _, e := range s.Events()[n:] {
		if e.Type != "invoice.updated" {
			continue
		}
		var told struct {
			Data struct {
				Object   map[string]any
				Previous map[string]any `json:"previous_attributes"`
			}
		}
		s.ok(json.Unmarshal(e.Body, &told))
		for name, was := range told.Data.Previous {
			if now, ok := told.Data.Object[name]; !ok || now == nil && was == nil {
				s.t.Errorf("%s is said to have changed from %v, and is %v", name, was, now)
			}
		}
		is, _ := told.Data.Object["status"].(string)
		all = append(all, is+": "+strings.Join(slices.Sorted(maps.Keys(told.Data.Previous)), " "))
	}
	return all
}

// Ensure that each step of an invoice is told as one change, with all that it has changed.
func TestInvoiceUpdated_TellsEachStepOnce(t *testing.T) {
	t.Parallel()
	const (
		opened  = "open: auto_advance effective_at ending_balance hosted_invoice_url invoice_pdf number payment_intent status status_transitions"
		failed  = "open: attempt_count attempted charge next_payment_attempt"
		retried = "open: attempt_count charge next_payment_attempt"
		paid    = "paid: amount_paid amount_remaining attempt_count auto_advance charge next_payment_attempt paid status status_transitions"
	)
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.SetCard(id, "4000000000000341"))
	s.toEnd(id)
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"the draft of a period is collected", func() { s.ok(s.Advance(2 * time.Hour)) }, []string{strings.Replace(opened, "auto_advance ", "", 1), failed}},
		{"it is tried again", func() { s.ok(s.Advance(3 * day)) }, []string{retried}},
		{"it is paid", func() { s.ok(s.SetCard(id, "4242424242424242")); s.ok(s.Advance(6 * day)) }, []string{paid}},
	} {
		n := len(s.Events())
		step.do()
		if got := s.invoiceUpdates(n); !slices.Equal(got, step.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", step.name, strings.Join(got, "\n"), strings.Join(step.want, "\n"))
		}
	}
}

// Ensure that a draft tells what its items make of it, and an invoice what a credit note does.
func TestInvoiceUpdated_OfItemsAndCreditNotes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.withCard()
	in := s.post("/v1/invoices", values("customer", cu, "currency", "usd")).at("id")
	n := len(s.Events())
	item := s.post("/v1/invoiceitems", values("customer", cu, "invoice", in, "amount", "700", "currency", "usd")).at("id")
	s.post("/v1/invoiceitems/"+item, values("amount", "900"))
	s.post("/v1/invoiceitems", values("customer", cu, "amount", "100", "currency", "usd")) // for another invoice
	s.post("/v1/invoices/"+in, values("description", "Thanks"))
	s.post("/v1/invoices/"+in, values("description", "Thanks")) // which changes nothing
	amounts := "draft: amount_due amount_remaining lines subtotal subtotal_excluding_tax total total_excluding_tax"
	if got, want := s.invoiceUpdates(n), []string{amounts, amounts, "draft: description"}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	s.post("/v1/invoices/"+in+"/finalize", nil)
	n = len(s.Events())
	s.post("/v1/credit_notes", values("invoice", in, "amount", "400"))
	if got, want := s.invoiceUpdates(n), []string{"open: amount_due amount_remaining pre_payment_credit_notes_amount"}; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
