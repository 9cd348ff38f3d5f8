package sandbox_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// values are a form of pairs.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// created is a subscription made through the API, past Checkout.
// withCard is a customer with a good card.
func (s *shop) withCard() string {
	s.t.Helper()
	cu := s.customer().ID
	s.ok(s.SetCard(cu, "4242424242424242"))
	return cu
}

func (s *shop) created(pairs ...string) tree {
	s.t.Helper()
	return s.post("/v1/subscriptions", values(append([]string{"customer", s.withCard()}, pairs...)...))
}

func TestInvoice_ShowsTenLinesAndPagesThroughAll(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pairs := []string{}
	for i := range 12 {
		p := s.mustPrice(sandbox.PriceSpec{Product: fmt.Sprintf("Part %d", i), UnitAmount: int64(100 + i), Interval: "month"})
		pairs = append(pairs, fmt.Sprintf("items[%d][price]", i), p)
	}
	in := s.created(pairs...).at("latest_invoice")
	whole := s.fetch(dahlia, "/v1/invoices/"+in)
	if whole.len("lines.data") != 10 || whole.at("lines.has_more") != "true" || whole.at("total") != "1266" {
		t.Errorf("got %d lines, has_more %s, total %s", whole.len("lines.data"), whole.at("lines.has_more"), whole.at("total"))
	}
	rest := s.fetch(dahlia, "/v1/invoices/"+in+"/lines?starting_after="+whole.at("lines.data.9.id"))
	rest.wants(t, "the second page", map[string]string{
		"has_more": "false", "data.1.amount": "111", "data.1.quantity": "1", "data.1.parent.type": "subscription_item_details",
		"data.1.invoice": in, "data.2": "<none>", "data.1.price": "<none>",
	})
	if all := s.fetch("", "/v1/invoices/"+in+"/lines?limit=100"); all.len("data") != 12 || all.at("data.0.price.object") != "price" {
		t.Errorf("got %d lines in all", all.len("data"))
	}
}

func TestInvoice_TellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	id := s.subscribed().ID
	s.ok(s.RenewSubscription(id, false))
	in := s.sub(id).LatestInvoice.ID
	at := fmtInt(now.Now().Unix())
	s.fetch("", "/v1/invoices/"+in).wants(t, "declined", map[string]string{
		"status": "open", "billing_reason": "subscription_cycle", "collection_method": "charge_automatically", "due_date": "null",
		"created": at, "total": "2000", "subtotal": "2000", "amount_due": "2000", "amount_paid": "0", "amount_remaining": "2000",
		"starting_balance": "0", "ending_balance": "0", "attempt_count": "1", "attempted": "true", "auto_advance": "true",
		"next_payment_attempt":                       fmtInt(now.Now().Add(72 * time.Hour).Unix()),
		"status_transitions.finalized_at":            at,
		"status_transitions.paid_at":                 "null",
		"status_transitions.voided_at":               "null",
		"lines.data.0.amount":                        "2000",
		"lines.data.0.quantity":                      "1",
		"lines.data.0.price.id":                      s.monthly,
		"lines.data.0.subscription_item":             s.sub(id).Items.Data[0].ID,
		"lines.data.0.proration":                     "false",
		"lines.data.0.period.start":                  fmtInt(s.sub(id).CurrentPeriodStart),
		"lines.data.0.period.end":                    fmtInt(s.sub(id).CurrentPeriodEnd),
		"status_transitions.marked_uncollectible_at": "null",
	})
	now.advance(time.Hour)
	s.ok(s.PayInvoice(in))
	s.fetch("", "/v1/invoices/"+in).wants(t, "paid", map[string]string{
		"status": "paid", "amount_paid": "2000", "amount_remaining": "0", "next_payment_attempt": "null", "auto_advance": "false",
		"status_transitions.paid_at": fmtInt(now.Now().Unix()), "status_transitions.finalized_at": at,
	})
}

// The ways in which an invoice that was not paid can end, and what that means for
// the subscription.
func TestInvoice_EndsUnpaid(t *testing.T) {
	t.Parallel()
	api := func(action string) func(*shop, string) error {
		return func(s *shop, in string) error { s.post("/v1/invoices/"+in+"/"+action, nil); return nil }
	}
	for name, tt := range map[string]struct {
		end          func(s *shop, in string) error
		status       string
		subscription string
		transition   string
		events       string
	}{
		"voided through the API": {api("void"), "void", "active", "voided_at",
			"payment_intent.canceled invoice.updated invoice.voided customer.subscription.updated"},
		"voided by hand": {func(s *shop, in string) error { return s.VoidInvoice(in) }, "void", "active", "voided_at",
			"payment_intent.canceled invoice.updated invoice.voided customer.subscription.updated"},
		"written off through the API": {api("mark_uncollectible"), "uncollectible", "active", "marked_uncollectible_at",
			"invoice.updated invoice.marked_uncollectible customer.subscription.updated"},
		"written off by hand": {func(s *shop, in string) error { return s.MarkInvoiceUncollectible(in) }, "uncollectible", "active",
			"marked_uncollectible_at", "invoice.updated invoice.marked_uncollectible customer.subscription.updated"},
		"given up: canceled": {func(s *shop, in string) error { return s.ExhaustRetries(in, "canceled") }, "open", "canceled", "finalized_at",
			"charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed customer.subscription.deleted"},
		"given up: unpaid": {func(s *shop, in string) error { return s.ExhaustRetries(in, "unpaid") }, "open", "unpaid", "finalized_at",
			"charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed customer.subscription.updated"},
		"given up: past_due": {func(s *shop, in string) error { return s.ExhaustRetries(in, "past_due") }, "open", "past_due", "finalized_at",
			"charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id := s.subscribed().ID
			s.ok(s.RenewSubscription(id, false))
			in := s.sub(id).LatestInvoice.ID
			if got := s.after(func() { s.ok(tt.end(s, in)) }); got != tt.events {
				t.Errorf("got events %s", got)
			}
			invoice := s.fetch("", "/v1/invoices/"+in)
			invoice.wants(t, name, map[string]string{"status": tt.status, "amount_paid": "0", "next_payment_attempt": "null", "auto_advance": "false"})
			if got := invoice.at("status_transitions." + tt.transition); got == "null" {
				t.Errorf("%s is null", tt.transition)
			}
			if got := string(s.sub(id).Status); got != tt.subscription {
				t.Errorf("the subscription is %s, want %s", got, tt.subscription)
			}
		})
	}
}

func TestInvoice_RefusesWhatItsStatusDoesNotAllow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paidOne := s.subscribed().LatestInvoice.ID
	for _, action := range []string{"void", "mark_uncollectible", "pay", "finalize", "send"} {
		s.refused(400, "/v1/invoices/"+paidOne+"/"+action, nil)
		s.refused(404, "/v1/invoices/in_none/"+action, nil)
	}
	if s.VoidInvoice(paidOne) == nil || s.RetryInvoice(paidOne, true) == nil || s.PassDueDate(paidOne) == nil || s.ExhaustRetries(paidOne, "gone") == nil {
		t.Error("a paid invoice was changed")
	}
}

// Voiding the newest invoice leaves the status to the one before it.
func TestInvoice_VoidedLeavesAnEarlierOneOpen(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.RenewSubscription(id, false))
	s.ok(s.RenewSubscription(id, false))
	s.ok(s.VoidInvoice(id))
	if got := s.sub(id).Status; got != "past_due" {
		t.Errorf("got %s, want past_due: the invoice before is open", got)
	}
}

func TestInvoice_IsRetriedWithTheCardOfTheBuyer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.SetCard(id, "4000 0000 0000 0341"))
	s.ok(s.RenewSubscription(id, true)) // the card is declined all the same
	in := s.sub(id).LatestInvoice
	if sub := s.sub(id); sub.Status != "past_due" || in.Status != "open" {
		t.Fatalf("got %s, invoice %s", sub.Status, in.Status)
	}
	for n := int64(2); n < 4; n++ {
		if got := s.after(func() { s.ok(s.RetryInvoice(id, true)) }); got != "charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed" {
			t.Errorf("got events %s", got)
		}
		if got := s.sub(id).LatestInvoice.AttemptCount; got != n {
			t.Errorf("got %d attempts, want %d", got, n)
		}
	}
	if got := s.refused(402, "/v1/invoices/"+in.ID+"/pay", nil); got.at("error.code") != "card_declined" || got.at("error.type") != "card_error" {
		t.Errorf("paid through the API: got %v", got)
	}
	s.ok(s.SetCard(id, "4242424242424242"))
	s.ok(s.RetryInvoice(id, true))
	if sub := s.sub(id); sub.Status != "active" || !sub.LatestInvoice.Paid || sub.LatestInvoice.ID != in.ID {
		t.Errorf("got %s, invoice %+v", sub.Status, sub.LatestInvoice)
	}
	if s.SetCard(id, "1234") == nil || s.SetCard("sub_none", "4242424242424242") == nil {
		t.Error("an unknown card or subscription was accepted")
	}
}

// An unpaid subscription's later invoices stay drafts, and paying the newest makes
// it active again.
func TestInvoice_OfAnUnpaidSubscriptionStaysADraft(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.RenewSubscription(id, false))
	s.ok(s.ExhaustRetries(id, "unpaid"))
	if got := s.after(func() { s.ok(s.RenewSubscription(id, true)) }); got != "customer.subscription.updated invoice.created" {
		t.Errorf("got events %s", got)
	}
	in := s.sub(id).LatestInvoice
	s.fetch("", "/v1/invoices/"+in.ID).wants(t, "draft", map[string]string{
		"status": "draft", "number": "null", "ending_balance": "null", "payment_intent": "null", "auto_advance": "false", "attempted": "false"})
	s.fetch(dahlia, "/v1/invoices/"+in.ID+"?expand[]=payments").wants(t, "draft", map[string]string{"payments.data": "[]"})
	if s.sub(id).Status != "unpaid" {
		t.Errorf("got %s", s.sub(id).Status)
	}
	s.post("/v1/invoices/"+in.ID+"/finalize", nil)
	s.post("/v1/invoices/"+in.ID+"/pay", nil)
	if s.sub(id).Status != "active" {
		t.Errorf("paid: got %s", s.sub(id).Status)
	}
}

func TestInvoice_IsPaidElsewhere(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.RenewSubscription(id, false))
	in := s.sub(id).LatestInvoice.ID
	got := s.after(func() { s.post("/v1/invoices/"+in+"/pay", values("paid_out_of_band", "true")) })
	if got != "payment_intent.canceled invoice.updated invoice.paid customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/invoices/"+in).wants(t, "paid", map[string]string{"paid_out_of_band": "true", "paid": "true", "status": "paid"})
}

func TestInvoice_IsSentAndFallsDue(t *testing.T) {
	t.Parallel()
	for name, overdue := range map[string]func(*shop, *clock, string) error{
		"by the clock": func(s *shop, now *clock, _ string) error { now.advance(14 * 24 * time.Hour); s.RunDue(); return nil },
		"by hand":      func(s *shop, _ *clock, id string) error { return s.PassDueDate(id) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := newClock()
			s := newShop(t, sandbox.WithClock(now.Now))
			s.refused(400, "/v1/subscriptions", values("customer", s.customer().ID, "items[0][price]", s.monthly, "collection_method", "send_invoice"))
			sub := s.created("items[0][price]", s.monthly, "collection_method", "send_invoice", "days_until_due", "14")
			sub.wants(t, "at the beginning", map[string]string{"status": "active", "collection_method": "send_invoice", "days_until_due": "14"})
			id := sub.at("id")
			in := s.fetch("", "/v1/invoices/"+sub.at("latest_invoice"))
			in.wants(t, "sent", map[string]string{"status": "open", "collection_method": "send_invoice", "attempt_count": "0",
				"due_date": fmtInt(now.Now().Add(14 * 24 * time.Hour).Unix()), "next_payment_attempt": "null"})
			if got := strings.Join(s.types(in.at("id")), " "); got != "invoice.created invoice.finalized invoice.sent" {
				t.Errorf("got events %s", got)
			}
			if got := s.after(func() { s.ok(overdue(s, now, id)) }); got != "invoice.overdue customer.subscription.updated" {
				t.Errorf("got events %s", got)
			}
			if s.sub(id).Status != "past_due" {
				t.Errorf("got %s", s.sub(id).Status)
			}
			s.ok(s.PayInvoice(id))
			if s.sub(id).Status != "active" {
				t.Errorf("paid: got %s", s.sub(id).Status)
			}
			if got := s.fetch("", "/v1/invoices?collection_method=send_invoice"); got.len("data") != 1 {
				t.Errorf("got %d", got.len("data"))
			}
		})
	}
}

// What a customer owes or has to its credit goes onto its next invoice.
func TestInvoice_AppliesTheCustomersBalance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		balance, due, ending string
		events               string
	}{
		"a credit":            {"-500", "1500", "0", "customer.updated payment_intent.created invoice.finalized"},
		"a debt":              {"700", "2700", "0", "customer.updated payment_intent.created invoice.finalized"},
		"a credit to spare":   {"-2600", "0", "-600", "customer.updated invoice.finalized invoice.updated invoice.paid"},
		"a credit just so":    {"-2000", "0", "0", "customer.updated invoice.finalized invoice.updated invoice.paid"},
		"nothing either way ": {"0", "2000", "0", "invoice.created payment_intent.created invoice.finalized"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			cu := s.withCard()
			s.post("/v1/customers/"+cu, values("balance", tt.balance))
			var in tree
			events := s.after(func() {
				sub := s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly))
				sub.wants(t, name, map[string]string{"status": "active"})
				in = s.fetch("", "/v1/invoices/"+sub.at("latest_invoice"))
			})
			if !strings.Contains(events, tt.events) {
				t.Errorf("got events %s, want %s in them", events, tt.events)
			}
			in.wants(t, name, map[string]string{"starting_balance": tt.balance, "ending_balance": tt.ending, "amount_due": tt.due,
				"amount_paid": tt.due, "total": "2000", "status": "paid"})
			if got := s.fetch("", "/v1/customers/"+cu).at("balance"); got != tt.ending {
				t.Errorf("the balance is %s, want %s", got, tt.ending)
			}
		})
	}
}

func TestInvoice_VoidedGivesTheBalanceBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	s.post("/v1/customers/"+cu, values("balance", "-500"))
	s.ok(s.SetCard(cu, "4000000000000341"))
	sub := s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly))
	sub.wants(t, "declined", map[string]string{"status": "incomplete"})
	s.post("/v1/invoices/"+sub.at("latest_invoice")+"/void", nil)
	if got := s.fetch("", "/v1/customers/"+cu).at("balance"); got != "-500" {
		t.Errorf("the balance is %s", got)
	}
	if got := s.sub(sub.at("id")).Status; got != "incomplete_expired" {
		t.Errorf("got %s, want incomplete_expired: its first invoice is void", got)
	}
}

// An invoice that Checkout makes of a payment leaves the balance alone.
func TestInvoice_OfAPaymentLeavesTheBalance(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	s.post("/v1/customers/"+cu, values("balance", "-500"))
	id := s.post("/v1/checkout/sessions", values(checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1",
		"customer", cu, "invoice_creation[enabled]", "true")...)).at("id")
	s.ok(s.Pay(id))
	in := s.fetch("", "/v1/checkout/sessions/"+id).at("invoice")
	s.fetch("", "/v1/invoices/"+in).wants(t, "the invoice", map[string]string{"amount_paid": "4900", "starting_balance": "0"})
	if got := s.fetch("", "/v1/customers/"+cu).at("balance"); got != "-500" {
		t.Errorf("the balance is %s", got)
	}
}

// An endpoint whose version has them hears of the payments of invoices.
func TestInvoicePayment_IsToldSinceBasil(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	newer := newEndpoint(t, "whsec_newer")
	must[sandbox.WebhookEndpoint](t)(s.AddWebhookEndpointAt(dahlia, newer.URL, "whsec_newer", "invoice_payment.*"))
	in := s.subscribed().LatestInvoice
	s.idle()
	if told := newer.accepted(); len(told) != 1 || told[0].Data.Object["invoice"] != in.ID || told[0].APIVersion != dahlia {
		t.Errorf("got %+v", told)
	}
	for _, kind := range s.endpoint.types() {
		if strings.HasPrefix(kind, "invoice_payment") {
			t.Errorf("the older endpoint was sent %s", kind)
		}
	}
}
