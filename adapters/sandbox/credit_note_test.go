package sandbox_test

import (
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestCreditNote_AfterThePayment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		how             string
		events          string
		balance, refund string
	}{
		"as a refund":       {"refund_amount", "refund.created charge.refunded credit_note.created invoice.updated", "0", "500"},
		"for the balance":   {"credit_amount", "customer.updated credit_note.created invoice.updated", "-500", "0"},
		"outside of Stripe": {"out_of_band_amount", "credit_note.created invoice.updated", "0", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			in := s.fetch("", "/v1/invoices/"+s.subscribed().LatestInvoice.ID)
			line, id := in.at("lines.data.0.id"), in.at("id")
			var cn tree
			events := s.after(func() {
				cn = s.post("/v1/credit_notes", values("invoice", id, "lines[0][type]", "invoice_line_item", "lines[0][invoice_line_item]", line,
					"lines[0][amount]", "500", tt.how, "500", "reason", "product_unsatisfactory", "memo", "sorry"))
			})
			if events != tt.events {
				t.Errorf("got events %s", events)
			}
			cn.wants(t, name, map[string]string{
				"object": "credit_note", "status": "issued", "type": "post_payment", "amount": "500", "total": "500", "invoice": id, "memo": "sorry",
				"reason": "product_unsatisfactory", "lines.data.0.invoice_line_item": line, "lines.data.0.amount": "500",
				"lines.data.0.type": "invoice_line_item", "customer": in.at("customer"), "refunds": "<none>",
			})
			s.fetch(dahlia, "/v1/credit_notes/"+cn.at("id")).wants(t, name, map[string]string{
				"post_payment_amount": "500", "pre_payment_amount": "0", "refund": "<none>"})
			if refunded := s.fetch("", "/v1/charges/"+in.at("charge")).at("amount_refunded"); refunded != tt.refund {
				t.Errorf("%s were refunded", refunded)
			}
			if tt.refund != "0" {
				refund := s.fetch("", "/v1/refunds?payment_intent="+in.at("payment_intent")).at("data.0.id")
				s.fetch(dahlia, "/v1/credit_notes/"+cn.at("id")).wants(t, name, map[string]string{"refunds.0.refund": refund, "refunds.0.amount_refunded": "500"})
				cn.wants(t, name, map[string]string{"refund": refund})
			}
			if got := s.fetch("", "/v1/customers/"+in.at("customer")).at("balance"); got != tt.balance {
				t.Errorf("the balance is %s", got)
			}
			s.fetch("", "/v1/invoices/"+id).wants(t, name, map[string]string{
				"post_payment_credit_notes_amount": "500", "pre_payment_credit_notes_amount": "0", "status": "paid", "amount_paid": "2000", "amount_due": "2000"})
			s.fetch(dahlia, "/v1/credit_notes?invoice="+id).wants(t, name, map[string]string{"data.0.id": cn.at("id"), "data.1": "<none>", "has_more": "false"})
			if got := s.fetch("", "/v1/credit_notes?invoice=in_none").len("data"); got != 0 {
				t.Errorf("another invoice has %d", got)
			}
			if got := s.fetch("", "/v1/credit_notes/"+cn.at("id")+"/lines").len("data"); got != 1 {
				t.Errorf("got %d lines", got)
			}
		})
	}
}

func TestCreditNote_BeforeThePayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.RenewSubscription(id, false))
	in := s.fetch("", "/v1/invoices/"+s.sub(id).LatestInvoice.ID)
	credit := func(amount string) tree {
		return s.post("/v1/credit_notes", values("invoice", in.at("id"), "lines[0][type]", "invoice_line_item",
			"lines[0][invoice_line_item]", in.at("lines.data.0.id"), "lines[0][amount]", amount))
	}
	first := credit("500")
	first.wants(t, "the first", map[string]string{"type": "pre_payment", "amount": "500"})
	open := map[string]string{"pre_payment_credit_notes_amount": "500", "amount_due": "1500", "amount_remaining": "1500", "status": "open", "total": "2000"}
	s.fetch("", "/v1/invoices/"+in.at("id")).wants(t, "credited", open)
	s.post("/v1/credit_notes/"+first.at("id")+"/void", nil).wants(t, "void", map[string]string{"status": "void"})
	s.fetch("", "/v1/invoices/"+in.at("id")).wants(t, "void", map[string]string{"pre_payment_credit_notes_amount": "0", "amount_due": "2000"})
	credit("500")
	if got := s.after(func() { credit("1500") }); got != "credit_note.created payment_intent.canceled invoice.updated invoice.paid invoice.payment_succeeded customer.subscription.updated" {
		t.Errorf("all of it: got events %s", got)
	}
	s.fetch("", "/v1/invoices/"+in.at("id")).wants(t, "all of it", map[string]string{"status": "paid", "amount_paid": "0", "amount_remaining": "0"})
	if got := s.sub(id).Status; got != "active" {
		t.Errorf("the subscription is %s", got)
	}
}

func TestCreditNote_RefusesWhatIsNotCovered(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	in := s.fetch("", "/v1/invoices/"+s.subscribed().LatestInvoice.ID)
	base := []string{"invoice", in.at("id"), "lines[0][type]", "invoice_line_item", "lines[0][invoice_line_item]", in.at("lines.data.0.id")}
	for name, pairs := range map[string][]string{
		"without saying how":           append(base, "lines[0][amount]", "500"),
		"a sum that does not fit":      append(base, "lines[0][amount]", "500", "refund_amount", "400"),
		"more than the line":           append(base, "lines[0][amount]", "2001", "refund_amount", "2001"),
		"no amount":                    append(base, "refund_amount", "500"),
		"an unknown line":              {"invoice", in.at("id"), "lines[0][type]", "invoice_line_item", "lines[0][invoice_line_item]", "il_none", "lines[0][amount]", "1", "refund_amount", "1"},
		"an unknown invoice":           {"invoice", "in_none", "amount", "1"},
		"nothing":                      {"invoice", in.at("id")},
		"more than the invoice at all": {"invoice", in.at("id"), "amount", "2001", "refund_amount", "2001"},
	} {
		if events := s.after(func() { s.refused(400, "/v1/credit_notes", values(pairs...)) }); events != "" {
			t.Errorf("%s: got events %s", name, events)
		}
	}
	s.post("/v1/credit_notes", values(append(base, "lines[0][amount]", "1500", "refund_amount", "1500")...))
	s.refused(400, "/v1/credit_notes", values(append(base, "lines[0][amount]", "501", "refund_amount", "501")...))
	other := s.mustPrice(sandbox.PriceSpec{Product: "Two", UnitAmount: 300, Interval: "month"})
	two := s.fetch("", "/v1/invoices/"+s.created("items[0][price]", other, "items[0][quantity]", "4").at("latest_invoice"))
	s.post("/v1/credit_notes", values("invoice", two.at("id"), "lines[0][type]", "invoice_line_item", "lines[0][invoice_line_item]",
		two.at("lines.data.0.id"), "lines[0][quantity]", "3", "credit_amount", "900")).wants(t, "by quantity", map[string]string{
		"amount": "900", "lines.data.0.quantity": "3", "lines.data.0.unit_amount": "300"})
}

func TestCreditInvoice_ByHand(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	in := s.fetch("", "/v1/invoices/"+sub.LatestInvoice.ID)
	id := must[string](t)(s.CreditInvoice(sub.ID, sandbox.Credit{Line: in.at("lines.data.0.id"), Amount: 900, Refund: 400, Balance: 300, Elsewhere: 200}))
	s.fetch(dahlia, "/v1/credit_notes/"+id).wants(t, "the note", map[string]string{
		"amount": "900", "refunds.0.amount_refunded": "400", "out_of_band_amount": "200", "lines.data.0.invoice_line_item": in.at("lines.data.0.id")})
	if got := s.fetch("", "/v1/customers/"+in.at("customer")).at("balance"); got != "-300" {
		t.Errorf("the balance is %s", got)
	}
	if _, err := s.CreditInvoice(sub.ID, sandbox.Credit{Amount: 5000, Refund: 5000}); err == nil {
		t.Error("more than was paid was credited")
	}
}
