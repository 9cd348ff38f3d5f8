package sandbox_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestInvoiceItem_WaitsForTheNextInvoice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.withCard()
	var item *stripe.InvoiceItem
	if got := s.after(func() {
		item = must[*stripe.InvoiceItem](t)(s.api.InvoiceItems.New(&stripe.InvoiceItemParams{
			Customer: &cu, Amount: stripe.Int64(1500), Currency: stripe.String("usd"), Description: stripe.String("Set up"),
		}))
	}); got != "invoiceitem.created" || item.Invoice != nil || item.UnitAmount != 1500 || item.Price == nil {
		t.Errorf("got events %s, %+v", got, item)
	}
	priced := s.post("/v1/invoiceitems", values("customer", cu, "price", s.once, "quantity", "2"))
	priced.wants(t, "of a price", map[string]string{"amount": "9800", "description": "Basic", "currency": "usd"})
	s.post("/v1/invoiceitems/"+priced.at("id"), values("quantity", "1", "metadata[a]", "b")).wants(t, "changed", map[string]string{"amount": "4900", "metadata.a": "b"})
	gone := s.post("/v1/invoiceitems", values("customer", cu, "amount", "-100", "currency", "usd")).at("id")
	if status, answer := s.ask("", "DELETE", "/v1/invoiceitems/"+gone, nil); status != 200 || parse(t, answer).at("deleted") != "true" {
		t.Errorf("got %d %s", status, answer)
	}
	s.fetch("", "/v1/invoiceitems?pending=true&customer="+cu).wants(t, "waiting", map[string]string{"data.1.id": item.ID, "data.2": "<none>"})

	s.post("/v1/invoices", values("customer", cu)).wants(t, "without them", map[string]string{"total": "0", "status": "draft", "lines.data.0": "<none>"})
	var in *stripe.Invoice
	if got := s.after(func() {
		in = must[*stripe.Invoice](t)(s.api.Invoices.New(&stripe.InvoiceParams{Customer: &cu, PendingInvoiceItemsBehavior: stripe.String("include")}))
	}); got != "invoice.created" || in.Total != 6400 || in.Number != "" || in.BillingReason != "manual" {
		t.Errorf("got events %s, %+v", got, in)
	}
	s.fetch("", "/v1/invoiceitems/"+item.ID).wants(t, "on it", map[string]string{"invoice": in.ID})
	s.post("/v1/invoiceitems", values("customer", cu, "amount", "-400", "currency", "usd", "invoice", in.ID))
	s.post("/v1/invoices/"+in.ID, values("description", "Thanks", "metadata[a]", "b")).wants(t, "changed", map[string]string{"total": "6000", "description": "Thanks"})
	if got := s.after(func() { must[*stripe.Invoice](t)(s.api.Invoices.FinalizeInvoice(in.ID, nil)) }); got != "payment_intent.created invoice.finalized invoice.updated" {
		t.Errorf("got events %s", got)
	}
	if got := s.after(func() { must[*stripe.Invoice](t)(s.api.Invoices.Pay(in.ID, nil)) }); got != "charge.succeeded payment_intent.succeeded invoice.updated invoice.paid invoice.payment_succeeded" {
		t.Errorf("got events %s", got)
	}
	for name, tt := range map[string]struct {
		path        string
		pairs       []string
		param, code string
	}{
		"its item":             {"/v1/invoiceitems/" + item.ID, []string{"amount", "1"}, "<none>", "invoice_not_editable"},
		"a new item":           {"/v1/invoiceitems", []string{"customer", cu, "amount", "1", "currency", "usd", "invoice", in.ID}, "invoice", "invoice_not_editable"},
		"its description":      {"/v1/invoices/" + in.ID, []string{"description", "x"}, "description", "invoice_not_editable"},
		"a recurring price":    {"/v1/invoiceitems", []string{"customer", cu, "price", s.monthly}, "price", "<none>"},
		"no currency":          {"/v1/invoiceitems", []string{"customer", cu, "amount", "1"}, "currency", "parameter_missing"},
		"nothing to bill":      {"/v1/invoiceitems", []string{"customer", cu, "currency", "usd"}, "amount", "parameter_missing"},
		"an invoice of nobody": {"/v1/invoices", nil, "customer", "parameter_missing"},
	} {
		s.refused(400, tt.path, values(tt.pairs...)).wants(t, name, map[string]string{"error.param": tt.param, "error.code": tt.code})
	}
	s.conform("invoiceitem.created", "invoiceitem.updated", "invoiceitem.deleted", "invoice.updated")
}

func TestInvoiceItem_IsBilledWithASubscription(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.withCard()
	add := func(amount string, pairs ...string) {
		s.post("/v1/invoiceitems", values(append([]string{"customer", cu, "amount", amount, "currency", "usd"}, pairs...)...))
	}
	add("300")
	sub := s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly, "expand[]", "latest_invoice"))
	sub.wants(t, "the first", map[string]string{"latest_invoice.total": "2300", "status": "active"})
	add("50", "subscription", sub.at("id"))
	add("7")
	upcoming := s.fetch("", "/v1/invoices/upcoming?subscription="+sub.at("id"))
	s.ok(s.RenewSubscription(sub.at("id"), true))
	in := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID)
	if in.at("total") != "2057" || upcoming.at("total") != "2057" || len(lines(in)) != 3 {
		t.Errorf("previewed %s, made %s: %v", upcoming.at("total"), in.at("total"), lines(in))
	}
	s.ok(s.RenewSubscription(sub.at("id"), true))
	if got := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID).at("total"); got != "2000" {
		t.Errorf("billed twice: %s", got)
	}
}

// A draft that advances by itself is finalized and paid after an hour.
func TestInvoice_AdvancesAfterAnHour(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	cu := s.withCard()
	in := s.post("/v1/invoices", values("customer", cu, "auto_advance", "true")).at("id")
	s.post("/v1/invoiceitems", values("customer", cu, "amount", "300", "currency", "usd", "invoice", in))
	now.advance(59 * time.Minute)
	s.RunDue()
	s.fetch("", "/v1/invoices/"+in).wants(t, "before", map[string]string{"status": "draft"})
	now.advance(time.Minute)
	if got := s.after(s.RunDue); got != "payment_intent.created invoice.finalized invoice.updated"+paid {
		t.Errorf("got events %s", got)
	}
	sent := s.post("/v1/invoices", values("customer", cu, "collection_method", "send_invoice", "days_until_due", "3")).at("id")
	s.post("/v1/invoiceitems", values("customer", cu, "amount", "300", "currency", "usd", "invoice", sent))
	s.post("/v1/invoices/"+sent+"/finalize", values("auto_advance", "true")).wants(t, "sent", map[string]string{"status": "open", "due_date": fmtInt(now.Now().Unix() + 3*24*60*60)})
}

// A draft that no subscription made can be deleted, and what is on it goes with it. One that
// is sent is finalized by that.
func TestInvoice_DraftsAreDeletedOrSent(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.withCard()
	draft := func(pairs ...string) string {
		id := s.post("/v1/invoices", values(append([]string{"customer", cu}, pairs...)...)).at("id")
		// Since basil the price is in a hash, and an amount for each is a decimal.
		s.postIn(dahlia, "/v1/invoiceitems", values("customer", cu, "invoice", id, "pricing[price]", s.once)).wants(t, "of a price", map[string]string{"amount": "4900"})
		s.postIn(dahlia, "/v1/invoiceitems", values("customer", cu, "invoice", id, "unit_amount_decimal", "50", "quantity", "3", "currency", "usd")).wants(t, "of an amount", map[string]string{"amount": "150"})
		return id
	}
	gone := draft("auto_advance", "true")
	var status int
	var answer []byte
	if got := s.after(func() { status, answer = s.ask("", "DELETE", "/v1/invoices/"+gone, nil) }); got != "invoiceitem.deleted invoiceitem.deleted invoice.deleted" || status != 200 {
		t.Errorf("got %d %s, events %s", status, answer, got)
	}
	parse(t, answer).wants(t, "the answer", map[string]string{"id": gone, "object": "invoice", "deleted": "true"})
	if status, _ := s.ask("", "GET", "/v1/invoices/"+gone, nil); status != 404 {
		t.Errorf("it is still there: %d", status)
	}
	if got := s.advance(2 * time.Hour); got != "" {
		t.Errorf("a draft that is gone goes on: %s", got)
	}

	sent := draft("collection_method", "send_invoice", "days_until_due", "7")
	if got := s.after(func() {
		s.post("/v1/invoices/"+sent+"/send", nil).wants(t, "sent", map[string]string{"status": "open", "amount_due": "5050"})
	}); got != "payment_intent.created invoice.finalized invoice.updated invoice.sent" {
		t.Errorf("got events %s", got)
	}
	for id, what := range map[string]string{sent: "open", s.created("items[0][price]", s.monthly).at("latest_invoice"): "a subscription's", "in_none": "none"} {
		if status, answer := s.ask("", "DELETE", "/v1/invoices/"+id, nil); status/100 != 4 {
			t.Errorf("%s: %d %s", what, status, answer)
		}
	}
	for name, tt := range map[string]struct{ pairs, param string }{
		"two amounts":       {"unit_amount=500&unit_amount_decimal=700&currency=usd", "unit_amount"},
		"parts of a cent":   {"unit_amount_decimal=0.5&currency=usd", "unit_amount_decimal"},
		"no such price":     {"pricing[price]=price_none", "pricing[price]"},
		"a recurring price": {"pricing[price]=" + s.monthly, "pricing[price]"},
	} {
		form := must[url.Values](t)(url.ParseQuery(tt.pairs))
		form.Set("customer", cu)
		status, answer := s.ask(dahlia, "POST", "/v1/invoiceitems", form)
		if status != 400 {
			t.Errorf("%s: %d %s", name, status, answer)
		}
		parse(t, answer).wants(t, name, map[string]string{"error.param": tt.param})
	}
	s.conform("invoice.deleted", "invoiceitem.deleted")
}
