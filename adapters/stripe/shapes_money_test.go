package stripe

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// What becomes of the money of that purchase.

func theCharge(kind domain.EventType, change func(*domain.ChargeFact)) domain.Fact {
	c := domain.ChargeFact{
		Type: kind, At: told, ID: "ch_1", PaymentIntent: "pi_1", Customer: "cus_1", Amount: 2403, Currency: "eur",
	}
	if change != nil {
		change(&c)
	}
	return c
}

func theRefund(kind domain.EventType, status domain.RefundStatus, change func(*domain.RefundFact)) domain.Fact {
	r := domain.RefundFact{
		Type: kind, At: told, ID: "re_1", Charge: "ch_1", PaymentIntent: "pi_1", Status: status,
		Amount: 2403, Currency: "eur", CreatedAt: told.Add(-time.Second),
	}
	if change != nil {
		change(&r)
	}
	return r
}

func theDispute(kind domain.EventType, status domain.DisputeStatus, change func(*domain.DisputeFact)) domain.Fact {
	d := domain.DisputeFact{
		Type: kind, At: told, ID: "dp_1", Charge: "ch_1", PaymentIntent: "pi_1", Status: status,
		Amount: 2403, Currency: "eur", CreatedAt: told.Add(-time.Second),
	}
	if change != nil {
		change(&d)
	}
	return d
}

func thePayment(intent domain.PaymentIntentID, charge domain.ChargeID) domain.Fact {
	return domain.InvoicePaymentFact{
		Type: "invoice_payment.paid", At: told, ID: "inpay_1", Invoice: "in_1", PaymentIntent: intent, Charge: charge,
	}
}

func TestReadEvent_ShapesOfCharges(t *testing.T) {
	t.Parallel()
	ofInvoice := func(refunded int64) func(*domain.ChargeFact) {
		return func(c *domain.ChargeFact) { c.Invoice, c.Refunded = "in_1", refunded }
	}
	refunded := func(amount int64) func(*domain.ChargeFact) {
		return func(c *domain.ChargeFact) { c.Refunded = amount }
	}
	for file, want := range map[string]domain.Fact{
		"2022-11-15/charge":         theCharge("charge.refunded", ofInvoice(2403)),
		"2023-10-16/charge":         theCharge("charge.refunded", ofInvoice(400)),
		"2023-10-16/charge_payment": theCharge("charge.succeeded", func(c *domain.ChargeFact) { c.Claim.Order = "order1" }),
		"2024-04-10/charge":         theCharge("charge.updated", ofInvoice(0)),
		"2024-09-30.acacia/charge": theCharge("charge.succeeded", func(c *domain.ChargeFact) {
			c.ID, c.Invoice = "py_1", "in_1"
		}),
		"2025-03-31.basil/charge": theCharge("charge.refunded", refunded(400)),
		"2025-09-30.clover/charge": theCharge("charge.captured", func(c *domain.ChargeFact) {
			c.Amount, c.Refunded = 3000, 597
		}),
		"2026-03-25.dahlia/charge": theCharge("charge.succeeded", func(c *domain.ChargeFact) {
			c.Customer, c.PaymentIntent = "", ""
		}),
		"2026-09-30.endive/charge": theCharge("charge.refunded", refunded(2403)),
	} {
		mustRead(t, file, want)
	}
}

func TestReadEvent_ShapesOfRefundsAndDisputes(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]domain.Fact{
		"2022-11-15/refund": theRefund("charge.refund.updated", "succeeded", nil),
		"2023-10-16/refund": theRefund("charge.refund.updated", "failed", nil),
		"2023-10-16/refund_partial": theRefund("refund.created", "succeeded", func(r *domain.RefundFact) {
			r.Amount, r.PaymentIntent = 400, ""
		}),
		"2024-04-10/refund": theRefund("refund.created", "pending", func(r *domain.RefundFact) {
			r.ID, r.Charge, r.Amount = "pyr_1", "py_1", 400
		}),
		"2024-09-30.acacia/refund": theRefund("refund.failed", "failed", nil),
		"2024-09-30.acacia/refund_action": theRefund("refund.created", "requires_action", func(r *domain.RefundFact) {
			r.Charge = ""
		}),
		"2025-03-31.basil/refund":  theRefund("refund.updated", "canceled", nil),
		"2025-09-30.clover/refund": theRefund("refund.updated", "", nil),
		"2026-03-25.dahlia/refund": theRefund("refund.created", "succeeded", nil),
		"2026-09-30.endive/refund": theRefund("refund.updated", "on_its_way", nil),

		"2022-11-15/dispute": theDispute("charge.dispute.closed", "lost", nil),
		"2022-11-15/dispute_refunded": theDispute("charge.dispute.closed", "charge_refunded", func(d *domain.DisputeFact) {
			d.ID = "du_1"
		}),
		"2023-10-16/dispute": theDispute("charge.dispute.created", "needs_response", nil),
		"2023-10-16/dispute_inquiry": theDispute("charge.dispute.created", "warning_needs_response", func(d *domain.DisputeFact) {
			d.PaymentIntent = ""
		}),
		"2024-04-10/dispute": theDispute("charge.dispute.funds_withdrawn", "under_review", nil),
		"2024-09-30.acacia/dispute": theDispute("charge.dispute.funds_reinstated", "won", func(d *domain.DisputeFact) {
			d.Amount = 2000
		}),
		"2025-03-31.basil/dispute":                theDispute("charge.dispute.updated", "warning_under_review", nil),
		"2025-09-30.clover/dispute":               theDispute("charge.dispute.closed", "prevented", nil),
		"2026-03-25.dahlia/dispute":               theDispute("charge.dispute.closed", "warning_closed", nil),
		"2026-09-30.endive/dispute":               theDispute("charge.dispute.updated", "in_arbitration", nil),
		"2026-09-30.endive/dispute_appeal":        theDispute("charge.dispute.updated", "appeal_needs_response", nil),
		"2026-09-30.endive/dispute_appeal_review": theDispute("charge.dispute.updated", "appeal_under_review", nil),
	} {
		mustRead(t, file, want)
	}
}

func theCreditNote(kind domain.EventType, change func(*domain.CreditNoteFact)) domain.Fact {
	n := domain.CreditNoteFact{Type: kind, At: told, Customer: "cus_1", CreditNote: domain.CreditNote{
		ID: "cn_1", Invoice: "in_1", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: 2403, Currency: "eur", CreatedAt: told.Add(-time.Second),
		Lines: []domain.CreditedLine{{Line: "il_1", Amount: 2700}}, Refunds: []domain.RefundID{"re_1"},
	}}
	if change != nil {
		change(&n)
	}
	return n
}

func TestReadEvent_ShapesOfCreditNotes(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]domain.Fact{
		"2022-11-15/credit_note": theCreditNote("credit_note.created", nil),
		"2023-10-16/credit_note": theCreditNote("credit_note.created", func(n *domain.CreditNoteFact) {
			n.CreditNote.Amount, n.CreditNote.Refunds = 1000, nil
			n.CreditNote.Lines = []domain.CreditedLine{{Amount: 100}, {Line: "il_1", Amount: 900}}
		}),
		"2024-04-10/credit_note": theCreditNote("credit_note.created", nil),
		"2024-09-30.acacia/credit_note": theCreditNote("credit_note.voided", func(n *domain.CreditNoteFact) {
			n.CreditNote.Status = domain.CreditNoteVoid
		}),
		"2025-03-31.basil/credit_note": theCreditNote("credit_note.created", nil),
		"2025-09-30.clover/credit_note": theCreditNote("credit_note.created", func(n *domain.CreditNoteFact) {
			n.CreditNote.Amount, n.CreditNote.Refunds = 1400, []domain.RefundID{"re_1", "re_2"}
			n.CreditNote.Lines = []domain.CreditedLine{{Line: "il_1", Amount: 900}, {Line: "il_2", Amount: 500}}
		}),
		"2026-03-25.dahlia/credit_note": theCreditNote("credit_note.updated", nil), // a part went back outside of Stripe
		"2026-09-30.endive/credit_note": theCreditNote("credit_note.created", func(n *domain.CreditNoteFact) {
			n.Customer, n.CustomerAccount = "", "acct_1"
		}),
	} {
		mustRead(t, file, want)
	}
}

func TestReadEvent_ShapesOfCustomersAndPaymentsOfInvoices(t *testing.T) {
	t.Parallel()
	for _, version := range []string{
		"2022-11-15", "2023-10-16", "2024-04-10", "2024-09-30.acacia",
		"2025-03-31.basil", "2025-09-30.clover", "2026-03-25.dahlia", "2026-09-30.endive",
	} {
		want := domain.CustomerFact{Type: "customer.deleted", At: told, ID: "cus_1", Deleted: true}
		if version == "2025-09-30.clover" {
			want.Type = "customer.updated"
		}
		mustRead(t, version+"/customer", want)
	}
	for file, want := range map[string]domain.Fact{
		"2025-03-31.basil/invoice_payment":          thePayment("pi_1", ""),
		"2025-09-30.clover/invoice_payment":         thePayment("pi_1", ""),
		"2026-03-25.dahlia/invoice_payment":         thePayment("", "ch_1"),
		"2026-09-30.endive/invoice_payment":         thePayment("", ""), // it was paid outside of Stripe
		"2026-09-30.endive/invoice_payment_deleted": thePayment("", ""),
	} {
		mustRead(t, file, want)
	}
}

// Of every status that a rule knows there is a message in testdata: one that is
// misread would show.
func TestTestdata_HasEveryStatus(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, _ := filepath.Rel("testdata", path)
		event, err := readEvent(testdata(t, filepath.ToSlash(name)))
		switch fact := event.Fact.(type) {
		case domain.RefundFact:
			found["refund "+string(fact.Status)] = true
		case domain.DisputeFact:
			found["dispute "+string(fact.Status)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, rule := range domain.RefundRules {
		want = append(want, "refund "+string(rule.Status))
	}
	for _, rule := range domain.DisputeRules {
		want = append(want, "dispute "+string(rule.Status))
	}
	for _, status := range want {
		if !found[status] {
			t.Errorf("there is no %s", strings.Replace(status, " ", " with status ", 1))
		}
	}
}

// Intent and charge of an invoice are of one payment, or a charge would be taken
// for that of an intent which did not make it.
func TestReadEvent_InvoicePaidWith(t *testing.T) {
	t.Parallel()
	intent := func(id domain.PaymentIntentID) domain.PaidWith { return domain.PaidWith{PaymentIntent: id} }
	charge := func(id domain.ChargeID) domain.PaidWith { return domain.PaidWith{Charge: id} }
	both := domain.PaidWith{PaymentIntent: "pi_1", Charge: "ch_1"}
	type all = []domain.PaidWith
	for name, test := range map[string]struct {
		fields string
		want   all
	}{
		"on top":                         {`"payment_intent":"pi_1","charge":"ch_1"`, all{both}},
		"on top, expanded":               {`"payment_intent":{"id":"pi_1","latest_charge":"ch_1"},"charge":{"id":"ch_1","invoice":"in_9"}`, all{both}},
		"on top, a charge of old":        {`"payment_intent":null,"charge":"ch_1"`, all{charge("ch_1")}},
		"on top before payments":         {`"payment_intent":"pi_1","payments":{"data":[{"status":"paid","payment":{"charge":"ch_2"}}]}`, all{intent("pi_1"), charge("ch_2")}},
		"on top and among payments":      {`"payment_intent":"pi_1","payments":{"data":[{"status":"paid","payment":{"payment_intent":"pi_1"}}]}`, all{intent("pi_1")}},
		"the payment that was made":      {`"payments":{"data":[{"status":"open","payment":{"payment_intent":"pi_0"}},{"status":"paid","payment":{"charge":"ch_1"}}]}`, all{charge("ch_1"), intent("pi_0")}},
		"two that were":                  {`"payments":{"data":[{"status":"paid","payment":{"payment_intent":"pi_1"}},{"status":"paid","payment":{"charge":"ch_2"}}]}`, all{intent("pi_1"), charge("ch_2")}},
		"none was made yet":              {`"payments":{"data":[{"status":"open","payment":{"payment_intent":"pi_1"}},{"status":"canceled","payment":{"charge":"ch_0"}}]}`, all{intent("pi_1")}},
		"paid outside, and another open": {`"payments":{"data":[{"status":"paid","payment":{"type":"payment_record"}},{"status":"open","payment":{"payment_intent":"pi_1"}}]}`, all{intent("pi_1")}},
		"both of one payment":            {`"payments":{"data":[{"status":"paid","payment":{"payment_intent":{"id":"pi_1"},"charge":{"id":"ch_1"}}}]}`, all{both}},
		"nothing to pay":                 {`"payments":{"data":[]},"payment_intent":null,"charge":null`, nil},
		"not a list":                     {`"payments":"inpay_1","payment":{"charge":"ch_9"}`, nil},
	} {
		event, err := readEvent([]byte(of(`{"id":"in_1","object":"invoice",` + test.fields + `}`)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, event.Fact.(domain.InvoiceFact).PaidWith); diff != "" {
			t.Errorf("%s: the payments differ (-want +got):\n%s", name, diff)
		}
	}
}
