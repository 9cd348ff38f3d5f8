package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestHostedInvoice_IsPaid(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.created("items[0][price]", s.monthly).at("id")
	s.ok(s.RenewSubscription(id, false))
	in := s.sub(id).LatestInvoice
	if in.HostedInvoiceURL != s.URL()+"/i/"+in.ID || in.InvoicePDF != in.HostedInvoiceURL+"/pdf" {
		t.Errorf("got %q and %q", in.HostedInvoiceURL, in.InvoicePDF)
	}
	_, page := s.visit(in.HostedInvoiceURL)
	wantText(t, page, "Invoice "+in.Number, `id="remaining">$20.00`, "Pay $20.00", "ada@example.com", "1 × Pro")
	form := url.Values{"cardNumber": {""}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}}
	_, _, page = s.submit(in.HostedInvoiceURL, form)
	wantText(t, page, `id="cardNumber-error"`, `aria-invalid="true"`)
	form.Set("cardNumber", "4000000000000002")
	got := s.after(func() { _, _, page = s.submit(in.HostedInvoiceURL, form) })
	wantText(t, page, `role="alert">Your card was declined.`)
	if got != "charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed" {
		t.Errorf("declined: got %s", got)
	}
	if now := s.sub(id).LatestInvoice; now.AttemptCount != in.AttemptCount || now.NextPaymentAttempt != in.NextPaymentAttempt {
		t.Errorf("the customer's attempt moved Stripe's: got %d and %d", now.AttemptCount, now.NextPaymentAttempt)
	}
	form.Set("cardNumber", "4242424242424242")
	got = s.after(func() {
		for range 2 {
			if status, to, _ := s.submit(in.HostedInvoiceURL, form); status != http.StatusSeeOther || to != "/i/"+in.ID {
				t.Errorf("got %d to %s", status, to)
			}
		}
	})
	if got != strings.TrimSpace(paid)+" payment_method.attached customer.subscription.updated customer.subscription.updated" {
		t.Errorf("paid: got %s", got)
	}
	_, page = s.visit(in.HostedInvoiceURL)
	wantText(t, page, `id="status">paid`, `id="remaining">$0.00`, `id="receipt"`)
	lacksText(t, page, "cardNumber")
	sub := s.sub(id)
	if sub.Status != "active" {
		t.Errorf("got %s", sub.Status)
	}
	receipt := s.chargeNow(sub.LatestInvoice.Charge.ID).ReceiptURL
	_, page = s.visit(receipt)
	wantText(t, page, `id="amount">$20.00`, "Visa ending in 4242", in.HostedInvoiceURL)
	lacksText(t, page, "Refunded")
	must[string](t)(s.Refund(id, 500))
	_, page = s.visit(receipt)
	wantText(t, page, `id="refunded">$5.00`)
	for _, path := range []string{"/i/in_none", "/i/in_none/pdf", "/receipts/ch_none"} {
		if status, _ := s.visit(s.URL() + path); status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, status)
		}
	}
}

func TestHostedInvoice_TakesNoCard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	card := url.Values{"cardNumber": {"4242424242424242"}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}}
	debit := s.open(params("subscription", s.monthly))
	s.ok(s.PayDelayed(debit.ID, true))
	declined := s.open(params("subscription", s.monthly))
	if s.PayWithCard(declined.ID, "4000000000000002") == nil {
		t.Fatal("it was not declined")
	}
	open := s.fetch("", "/v1/invoices?status=open")
	if open.len("data") != 2 {
		t.Fatalf("got %s", mustJSON(open))
	}
	for _, place := range []string{"data.0", "data.1"} {
		page := open.at(place + ".hosted_invoice_url")
		if got := s.after(func() { s.submit(page, card) }); got != "" {
			t.Errorf("paid twice: %s", got)
		}
	}
	id := s.subscribed().ID
	s.post("/v1/subscriptions/"+id, values("pause_collection[behavior]", "keep_as_draft"))
	s.ok(s.RenewSubscription(id, true))
	draft := s.sub(id).LatestInvoice
	if draft.HostedInvoiceURL != "" || draft.InvoicePDF != "" {
		t.Errorf("a draft has a page: %+v", draft)
	}
	if status, _ := s.visit(s.URL() + "/i/" + draft.ID); status != http.StatusNotFound {
		t.Errorf("a draft has a page: %d", status)
	}
}

// The document is one that a reader finds its way in: each object lies where the table
// of objects says.
func TestHostedInvoice_PDF(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pairs := []string{}
	for i := range 20 {
		p := s.mustPrice(sandbox.PriceSpec{Product: fmt.Sprintf("Part (%d)", i), UnitAmount: int64(100 + i), Currency: "eur", Interval: "month"})
		pairs = append(pairs, fmt.Sprintf("items[%d][price]", i), p)
	}
	for _, in := range []string{s.subscribed().LatestInvoice.ID, s.created(pairs...).at("latest_invoice")} {
		url := s.fetch("", "/v1/invoices/"+in).at("invoice_pdf")
		resp, err := s.http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		file := body(t, resp)
		number := s.fetch("", "/v1/invoices/"+in).at("number")
		wantText(t, file, "%PDF-1.4\n", "Invoice "+number, "Total", "%%EOF")
		if resp.Header.Get("Content-Type") != "application/pdf" {
			t.Errorf("got %s", resp.Header.Get("Content-Type"))
		}
		_, rest, _ := strings.Cut(file, "startxref\n")
		start, err := strconv.Atoi(strings.Split(rest, "\n")[0])
		if err != nil || !strings.HasPrefix(file[start:], "xref\n0 ") {
			t.Fatalf("no table at %d: %v", start, err)
		}
		for i, line := range strings.Split(file[start:], "\n")[3:] {
			if !strings.HasSuffix(line, " n ") {
				break
			}
			at, err := strconv.Atoi(line[:10])
			if err != nil || !strings.HasPrefix(file[at:], fmt.Sprintf("%d 0 obj\n", i+1)) {
				t.Errorf("object %d is not at %d: %v", i+1, at, err)
			}
		}
	}
}

// Without an address of its own, the sandbox's pages are where it was first asked.
func TestHostedInvoice_IsWhereTheSandboxIsReached(t *testing.T) {
	t.Parallel()
	s := &shop{Sandbox: sandbox.New(), t: t, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	t.Cleanup(func() { s.ok(s.Close()) })
	price := s.mustPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month"})
	base := newServer(t, s.Sandbox)
	ask := func(method, path string, form url.Values) tree {
		t.Helper()
		r, err := http.NewRequest(method, base+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sk_test_1")
		resp, err := s.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, []byte(body(t, resp)))
	}
	cu := ask("POST", "/v1/customers", values("email", "ada@example.com", "payment_method", "pm_card_visa",
		"invoice_settings[default_payment_method]", "pm_card_visa")).at("id")
	in := ask("POST", "/v1/subscriptions", values("customer", cu, "items[0][price]", price)).at("latest_invoice")
	ask("GET", "/v1/invoices/"+in, nil).wants(t, "invoice", map[string]string{"hosted_invoice_url": base + "/i/" + in})
	ps := ask("POST", "/v1/billing_portal/sessions", values("customer", cu))
	if got := ps.at("url"); got != base+"/p/session/"+ps.at("id") {
		t.Errorf("got %s", got)
	}
}
