package sandbox_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

const failingCard = "4000000000000341"

// midway is a monthly subscription half a period after its start, and a price to
// change it to.
func midway(t *testing.T) (s *shop, now *clock, sub tree, bigger string) {
	t.Helper()
	now = newClock()
	s = newShop(t, sandbox.WithClock(now.Now))
	bigger = s.mustPrice(sandbox.PriceSpec{Product: "Max", UnitAmount: 6000, Interval: "month"})
	id := s.subscribed().ID
	now.advance(14 * 24 * time.Hour)
	return s, now, s.fetch(dahlia, "/v1/subscriptions/"+id), bigger
}

func (s *shop) change(sub tree, pairs ...string) tree {
	s.t.Helper()
	return s.post("/v1/subscriptions/"+sub.at("id"), values(append([]string{"items[0][id]", sub.at("items.data.0.id")}, pairs...)...))
}

func TestChange_IsInvoicedAtOnce(t *testing.T) {
	t.Parallel()
	s, now, sub, bigger := midway(t)
	var after tree
	events := s.after(func() {
		after = s.change(sub, "items[0][price]", bigger, "items[0][quantity]", "2", "proration_behavior", "always_invoice")
	})
	if want := billed + paid; events != want {
		t.Errorf("got events %s, want %s", events, want)
	}
	after.wants(t, "the subscription", map[string]string{
		"status": "active", "items.data.0.id": sub.at("items.data.0.id"), "items.data.0.price.id": bigger, "items.data.0.quantity": "2",
		"current_period_end": sub.at("items.data.0.current_period_end"), "items.data.1": "<none>", "pending_update": "null",
	})
	start, end := fmtInt(now.Now().Unix()), sub.at("items.data.0.current_period_end")
	in := s.fetch("", "/v1/invoices/"+after.at("latest_invoice"))
	in.wants(t, "the invoice", map[string]string{
		"billing_reason": "subscription_update", "status": "paid", "total": "5000", "amount_paid": "5000",
		"lines.data.0.amount": "-1000", "lines.data.0.price.id": s.monthly, "lines.data.0.proration": "true", "lines.data.0.quantity": "1",
		"lines.data.0.period.start": start, "lines.data.0.period.end": end, "lines.data.0.type": "invoiceitem",
		"lines.data.0.description": "Unused time on Pro", "lines.data.0.subscription_item": sub.at("items.data.0.id"),
		"lines.data.1.amount": "6000", "lines.data.1.price.id": bigger, "lines.data.1.proration": "true", "lines.data.1.quantity": "2",
		"lines.data.1.period.start": start, "lines.data.1.period.end": end, "lines.data.1.description": "Remaining time on Max",
	})
	debit := s.fetch("", "/v1/invoices/"+sub.at("latest_invoice")).at("lines.data.0.id")
	in.wants(t, "what is credited", map[string]string{
		"lines.data.0.proration_details.credited_items.invoice":              sub.at("latest_invoice"),
		"lines.data.0.proration_details.credited_items.invoice_line_items.0": debit,
		"lines.data.0.proration_details.credited_items.invoice_line_items.1": "<none>",
		"lines.data.1.proration_details.credited_items":                      "null",
	})
	s.fetch(dahlia, "/v1/invoices/"+after.at("latest_invoice")).wants(t, "the invoice since basil", map[string]string{
		"lines.data.0.parent.subscription_item_details.proration_details.credited_items.invoice": sub.at("latest_invoice"),
		"lines.data.1.parent.subscription_item_details.proration":                                "true",
		"lines.data.1.parent.subscription_item_details.subscription_item":                        sub.at("items.data.0.id"),
		"lines.data.1.parent.subscription_item_details.invoice_item":                             in.at("lines.data.1.invoice_item"),
		"lines.data.1.pricing.price_details.price":                                               bigger,
	})
}

func TestChange_WaitsForTheNextInvoice(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	before := sub.at("latest_invoice")
	after := s.change(sub, "items[0][price]", bigger) // create_prorations is the default
	if got := after.at("latest_invoice"); got != before {
		t.Errorf("an invoice was made: %s", got)
	}
	s.ok(s.RenewSubscription(sub.at("id"), true))
	in := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID)
	in.wants(t, "the next invoice", map[string]string{
		"billing_reason": "subscription_cycle", "total": "8000", "lines.data.0.amount": "-1000", "lines.data.1.amount": "3000",
		"lines.data.2.amount": "6000", "lines.data.2.proration": "false", "lines.data.2.type": "subscription", "lines.data.3": "<none>",
	})
}

func TestChange_IsNotProratedWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	s.change(sub, "items[0][price]", bigger, "proration_behavior", "none")
	s.ok(s.RenewSubscription(sub.at("id"), true))
	in := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID)
	in.wants(t, "the next invoice", map[string]string{"total": "6000", "lines.data.1": "<none>"})
}

func TestChange_IsProratedFromItsDate(t *testing.T) {
	t.Parallel()
	s, now, sub, bigger := midway(t)
	from := fmtInt(now.Now().Add(-7 * 24 * time.Hour).Unix())
	after := s.change(sub, "items[0][price]", bigger, "proration_behavior", "always_invoice", "proration_date", from)
	s.fetch("", "/v1/invoices/"+after.at("latest_invoice")).wants(t, "the invoice", map[string]string{
		"lines.data.0.amount": "-1500", "lines.data.1.amount": "4500", "lines.data.0.period.start": from})
	s.refused(400, "/v1/subscriptions/"+sub.at("id"), values("items[0][id]", sub.at("items.data.0.id"), "items[0][price]", s.monthly, "proration_date", "1"))
}

// A downgrade's credit goes to the customer's balance and onto the next invoice.
func TestChange_CreditsADowngrade(t *testing.T) {
	t.Parallel()
	s, _, sub, _ := midway(t)
	smaller := s.mustPrice(sandbox.PriceSpec{Product: "Mini", UnitAmount: 400, Interval: "month"})
	after := s.change(sub, "items[0][price]", smaller, "proration_behavior", "always_invoice")
	s.fetch("", "/v1/invoices/"+after.at("latest_invoice")).wants(t, "the invoice", map[string]string{
		"total": "-800", "amount_due": "0", "status": "paid", "starting_balance": "0", "ending_balance": "-800", "payment_intent": "null"})
	s.ok(s.RenewSubscription(sub.at("id"), true))
	s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID).wants(t, "the next invoice", map[string]string{
		"total": "400", "amount_due": "0", "starting_balance": "-800", "ending_balance": "-400"})
}

func TestChange_DeclinedButAllowed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		behavior, attempts, events string
	}{
		"allow_incomplete is the default":                    {"", "1", billed + failed},
		"default_incomplete leaves the payment to the buyer": {"default_incomplete", "0", billed + " customer.subscription.updated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, sub, bigger := midway(t)
			s.ok(s.SetCard(sub.at("id"), failingCard))
			pairs := []string{"items[0][price]", bigger, "proration_behavior", "always_invoice"}
			if tt.behavior != "" {
				pairs = append(pairs, "payment_behavior", tt.behavior)
			}
			var after tree
			if got := s.after(func() { after = s.change(sub, pairs...) }); got != tt.events {
				t.Errorf("got events %s, want %s", got, tt.events)
			}
			after.wants(t, name, map[string]string{"status": "past_due", "items.data.0.price.id": bigger, "pending_update": "null"})
			in := s.fetch("", "/v1/invoices/"+after.at("latest_invoice"))
			in.wants(t, name, map[string]string{"status": "open", "attempt_count": tt.attempts, "amount_due": "2000"})
			s.ok(s.PayInvoice(in.at("id")))
			if got := s.sub(sub.at("id")).Status; got != "active" {
				t.Errorf("paid: got %s", got)
			}
		})
	}
}

func TestChange_IsRefusedWhereThePaymentIs(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	id := sub.at("id")
	form := values("items[0][id]", sub.at("items.data.0.id"), "items[0][price]", bigger, "proration_behavior", "always_invoice",
		"payment_behavior", "error_if_incomplete", "metadata[changed]", "yes")
	for card, want := range map[string]struct {
		status int
		code   string
	}{failingCard: {402, "card_declined"}, "": {400, "resource_missing"}} {
		s.ok(s.SetCard(id, card))
		sub := s.fetch(dahlia, "/v1/subscriptions/"+id)
		events := s.after(func() {
			if got := s.refused(want.status, "/v1/subscriptions/"+id, form); got.at("error.code") != want.code {
				t.Errorf("card %q: got %v", card, got)
			}
		})
		if got := s.fetch(dahlia, "/v1/subscriptions/"+id); events != "" || mustJSON(got) != mustJSON(sub) {
			t.Errorf("card %q: something has changed: %s, %v", card, events, got)
		}
	}
	s.ok(s.SetCard(id, "4242424242424242"))
	s.post("/v1/subscriptions/"+id, form).wants(t, "with a good card", map[string]string{"items.data.0.price.id": bigger, "metadata.changed": "yes"})
}

const held = "customer.subscription.updated invoice.created payment_intent.created invoice.finalized" +
	" charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed"

func TestChange_WaitsForItsPayment(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end                    func(s *shop, now *clock, id string) error
		price, events, invoice string
	}{
		"and is paid": {func(s *shop, _ *clock, id string) error { return s.PayInvoice(id) }, "bigger",
			"payment_method.attached customer.subscription.updated charge.succeeded payment_intent.succeeded invoice.updated invoice.paid invoice.payment_succeeded customer.subscription.updated customer.subscription.pending_update_applied", "paid"},
		"and is paid by a retry": {func(s *shop, _ *clock, id string) error {
			s.ok(s.SetCard(id, "4242424242424242"))
			return s.RetryInvoice(id, true)
		}, "bigger",
			"payment_method.attached customer.subscription.updated charge.succeeded payment_intent.succeeded invoice.updated invoice.paid invoice.payment_succeeded customer.subscription.updated customer.subscription.pending_update_applied", "paid"},
		"and expires": {func(s *shop, now *clock, _ string) error { now.advance(23 * time.Hour); s.RunDue(); return nil }, "monthly",
			"payment_intent.canceled invoice.updated invoice.voided customer.subscription.updated customer.subscription.pending_update_expired", "void"},
		"and expires by hand": {func(s *shop, _ *clock, id string) error { return s.ExpirePendingUpdate(id) }, "monthly",
			"payment_intent.canceled invoice.updated invoice.voided customer.subscription.updated customer.subscription.pending_update_expired", "void"},
		"and its invoice is voided": {func(s *shop, _ *clock, id string) error { return s.VoidInvoice(id) }, "monthly",
			"payment_intent.canceled invoice.updated invoice.voided customer.subscription.updated customer.subscription.pending_update_expired", "void"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, now, sub, bigger := midway(t)
			id := sub.at("id")
			s.ok(s.SetCard(id, failingCard))
			var after tree
			if got := s.after(func() {
				after = s.change(sub, "items[0][price]", bigger, "items[0][quantity]", "3", "proration_behavior", "always_invoice", "payment_behavior", "pending_if_incomplete")
			}); got != held {
				t.Errorf("got events %s", got)
			}
			after.wants(t, "waiting", map[string]string{
				"status": "active", "items.data.0.price.id": s.monthly, "items.data.0.quantity": "1",
				"pending_update.expires_at":                    fmtInt(now.Now().Add(23 * time.Hour).Unix()),
				"pending_update.subscription_items.0.price.id": bigger,
				"pending_update.subscription_items.0.quantity": "3",
				"pending_update.subscription_items.0.id":       sub.at("items.data.0.id"),
				"pending_update.subscription_items.1":          "<none>",
				"pending_update.billing_cycle_anchor":          "null",
			})
			in := after.at("latest_invoice")
			if in == sub.at("latest_invoice") {
				t.Error("no invoice was made")
			}
			if got := s.after(func() { s.ok(tt.end(s, now, id)) }); got != tt.events {
				t.Errorf("got events %s, want %s", got, tt.events)
			}
			price, quantity := s.monthly, "1"
			if tt.price == "bigger" {
				price, quantity = bigger, "3"
			}
			s.fetch(dahlia, "/v1/subscriptions/"+id).wants(t, name, map[string]string{"status": "active", "pending_update": "null",
				"items.data.0.price.id": price, "items.data.0.quantity": quantity, "items.data.0.current_period_end": sub.at("items.data.0.current_period_end")})
			if got := s.fetch("", "/v1/invoices/"+in).at("status"); got != tt.invoice {
				t.Errorf("the invoice is %s, want %s", got, tt.invoice)
			}
			if s.ExpirePendingUpdate(id) == nil {
				t.Error("what had ended has expired")
			}
		})
	}
}

func TestChange_ThatWaitsIsReplacedByAnother(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	s.ok(s.SetCard(sub.at("id"), failingCard))
	pending := []string{"proration_behavior", "always_invoice", "payment_behavior", "pending_if_incomplete"}
	first := s.change(sub, append(pending, "items[0][price]", bigger)...)
	second := s.change(sub, append(pending, "items[0][quantity]", "5")...)
	second.wants(t, "the second", map[string]string{"pending_update.subscription_items.0.price.id": s.monthly, "pending_update.subscription_items.0.quantity": "5"})
	if got := s.fetch("", "/v1/invoices/"+first.at("latest_invoice")).at("status"); got != "void" {
		t.Errorf("the first invoice is %s", got)
	}
	got := s.refused(400, "/v1/subscriptions/"+sub.at("id"), values("metadata[x]", "1", "payment_behavior", "pending_if_incomplete"))
	if got.at("error.param") != "metadata" {
		t.Errorf("metadata: got %v", got)
	}
}

// What waited for the next invoice waits on if the update that took it up comes to
// nothing.
func TestChange_ThatExpiresLeavesWhatWaited(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	id := sub.at("id")
	s.change(sub, "items[0][price]", bigger) // waits: -1000 and 3000
	s.ok(s.SetCard(id, failingCard))
	held := s.change(sub, "items[0][quantity]", "2", "proration_behavior", "always_invoice", "payment_behavior", "pending_if_incomplete")
	s.fetch("", "/v1/invoices/"+held.at("latest_invoice")).wants(t, "held", map[string]string{"total": "5000", "lines.data.0.amount": "-1000"})
	s.ok(s.ExpirePendingUpdate(id))
	s.ok(s.SetCard(id, "4242424242424242"))
	s.ok(s.RenewSubscription(id, true))
	s.fetch("", "/v1/invoices/"+s.sub(id).LatestInvoice.ID).wants(t, "renewed", map[string]string{"total": "8000", "lines.data.3": "<none>"})
}

func TestChange_AddsAndRemovesItems(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	id := sub.at("id")
	both := s.post("/v1/subscriptions/"+id, values("items[0][price]", bigger, "items[0][quantity]", "2", "proration_behavior", "always_invoice"))
	both.wants(t, "added", map[string]string{"items.data.1.price.id": bigger, "items.data.1.quantity": "2", "items.data.0.price.id": s.monthly})
	s.fetch("", "/v1/invoices/"+both.at("latest_invoice")).wants(t, "added", map[string]string{
		"total": "6000", "lines.data.0.description": "Remaining time on Max", "lines.data.1": "<none>"})
	s.fetch(dahlia, "/v1/subscriptions/"+id).wants(t, "added", map[string]string{
		"items.data.1.current_period_end": sub.at("items.data.0.current_period_end")})
	one := s.post("/v1/subscriptions/"+id, values("items[0][id]", sub.at("items.data.0.id"), "items[0][deleted]", "true", "proration_behavior", "always_invoice"))
	one.wants(t, "removed", map[string]string{"items.data.0.price.id": bigger, "items.data.1": "<none>"})
	s.fetch("", "/v1/invoices/"+one.at("latest_invoice")).wants(t, "removed", map[string]string{"total": "-1000", "lines.data.1": "<none>"})
	s.ok(s.RenewSubscription(id, true))
	s.fetch("", "/v1/invoices/"+s.sub(id).LatestInvoice.ID).wants(t, "renewed", map[string]string{"total": "12000", "amount_due": "11000", "lines.data.1": "<none>"})
}

// Without quantity a subscription is free, and a paid one again begins a new period.
func TestChange_ToNothingAndBack(t *testing.T) {
	t.Parallel()
	s, now, sub, _ := midway(t)
	none := s.change(sub, "items[0][quantity]", "0")
	none.wants(t, "nothing", map[string]string{"items.data.0.quantity": "0", "status": "active", "current_period_start": fmtInt(now.Now().Unix())})
	now.advance(24 * time.Hour)
	again := s.change(sub, "items[0][quantity]", "2")
	again.wants(t, "again", map[string]string{"items.data.0.quantity": "2", "current_period_start": fmtInt(now.Now().Unix()),
		"billing_cycle_anchor": fmtInt(now.Now().Unix())})
	s.fetch("", "/v1/invoices/"+again.at("latest_invoice")).wants(t, "again", map[string]string{
		"total": "4000", "starting_balance": "-1000", "amount_due": "3000", "status": "paid"})
}

// Items of different intervals have periods of their own and are billed when those
// end; older versions show the shortest.
func TestChange_MixedIntervals(t *testing.T) {
	t.Parallel()
	now := newClock() // January 31
	s := newShop(t, sandbox.WithClock(now.Now))
	items := []sandbox.SubscriptionItemSpec{{Price: s.yearly}, {Price: s.monthly, Quantity: 2}}
	if _, err := s.CreateSubscription(sandbox.SubscriptionSpec{Customer: s.customer().ID, Items: items}); err == nil {
		t.Error("two intervals in classic billing mode")
	}
	id := must[string](t)(s.CreateSubscription(sandbox.SubscriptionSpec{Customer: s.customer().ID, Items: items, Flexible: true}))
	day := func(y int, m time.Month, d int) string {
		return fmtInt(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Unix())
	}
	first := s.fetch(dahlia, "/v1/subscriptions/"+id)
	first.wants(t, "at the beginning", map[string]string{
		"billing_mode.type": "flexible", "status": "active", "items.data.0.current_period_end": day(2027, 1, 31), "items.data.1.current_period_end": day(2026, 2, 28)})
	s.fetch("", "/v1/subscriptions/"+id).wants(t, "in an older version", map[string]string{"current_period_end": day(2026, 2, 28)})
	s.fetch("", "/v1/invoices/"+first.at("latest_invoice")).wants(t, "first invoice", map[string]string{"total": "24000", "lines.data.1.quantity": "2"})

	s.ok(s.RenewSubscription(id, true))
	renewed := s.fetch(dahlia, "/v1/subscriptions/"+id)
	renewed.wants(t, "a month later", map[string]string{
		"items.data.0.current_period_end": day(2027, 1, 31), "items.data.1.current_period_start": day(2026, 2, 28), "items.data.1.current_period_end": day(2026, 3, 31)})
	s.fetch("", "/v1/invoices/"+renewed.at("latest_invoice")).wants(t, "second invoice", map[string]string{
		"total": "4000", "lines.data.0.price.id": s.monthly, "lines.data.1": "<none>"})

	canceled := s.post("/v1/subscriptions/"+id, values("cancel_at_period_end", "true"))
	canceled.wants(t, "canceled", map[string]string{"cancel_at": day(2026, 3, 31)})
}

// A monthly item becomes a yearly one beside another that stays monthly: it begins a
// period of its own.
func TestChange_OneItemsInterval(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	extra := s.mustPrice(sandbox.PriceSpec{Product: "Extra", UnitAmount: 1000, Interval: "month"})
	id := must[string](t)(s.CreateSubscription(sandbox.SubscriptionSpec{Customer: s.customer().ID, Flexible: true,
		Items: []sandbox.SubscriptionItemSpec{{Price: s.monthly}, {Price: extra}}}))
	sub := s.fetch(dahlia, "/v1/subscriptions/"+id)
	now.advance(14 * 24 * time.Hour)
	after := s.change(sub, "items[0][price]", s.yearly)
	s.fetch("", "/v1/invoices/"+after.at("latest_invoice")).wants(t, "the invoice", map[string]string{
		"total": "19000", "lines.data.0.amount": "-1000", "lines.data.1.amount": "20000", "status": "paid"})
	s.fetch(dahlia, "/v1/subscriptions/"+id).wants(t, "changed", map[string]string{
		"items.data.0.current_period_start": fmtInt(now.Now().Unix()),
		"items.data.0.current_period_end":   fmtInt(now.Now().AddDate(1, 0, 0).Unix()),
		"items.data.1.current_period_end":   sub.at("items.data.1.current_period_end"),
	})
}

// An unpaid subscription stays unpaid, whatever a change costs.
func TestChange_OfAnUnpaidSubscription(t *testing.T) {
	t.Parallel()
	s, _, sub, bigger := midway(t)
	id := sub.at("id")
	s.ok(s.RenewSubscription(id, false))
	s.ok(s.ExhaustRetries(id, "unpaid"))
	after := s.change(sub, "items[0][price]", bigger, "proration_behavior", "always_invoice", "payment_behavior", "default_incomplete")
	after.wants(t, "changed", map[string]string{"status": "unpaid", "items.data.0.price.id": bigger})
	s.fetch("", "/v1/invoices/"+after.at("latest_invoice")).wants(t, "changed", map[string]string{"status": "draft"})
}

func TestCreateSubscription_PaysOrNot(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		card, behavior string
		status         int
		want           string
	}{
		"a good card":                   {"4242424242424242", "", 200, "active"},
		"a bad card":                    {failingCard, "", 200, "incomplete"},
		"no card":                       {"", "", 400, ""},
		"no card, left to the buyer":    {"", "default_incomplete", 200, "incomplete"},
		"a bad card, refused":           {failingCard, "error_if_incomplete", 402, ""},
		"left to the buyer":             {"4242424242424242", "default_incomplete", 200, "incomplete"},
		"a good card where it is asked": {"4242424242424242", "error_if_incomplete", 200, "active"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			cu := s.customer().ID
			s.ok(s.SetCard(cu, tt.card))
			form := url.Values{"customer": {cu}, "items[0][price]": {s.monthly}}
			if tt.behavior != "" {
				form.Set("payment_behavior", tt.behavior)
			}
			status, answer := s.ask("", "POST", "/v1/subscriptions", form)
			if status != tt.status {
				t.Fatalf("got %d %s, want %d", status, answer, tt.status)
			}
			if status != 200 {
				if got := s.fetch("", "/v1/subscriptions?status=all").len("data"); got != 0 {
					t.Errorf("got %d subscriptions", got)
				}
				return
			}
			sub := parse(t, answer)
			if sub.at("status") != tt.want {
				t.Errorf("got %s, want %s", sub.at("status"), tt.want)
			}
			if tt.want == "incomplete" {
				s.ok(s.PayInvoice(sub.at("id")))
				if got := s.sub(sub.at("id")).Status; got != "active" {
					t.Errorf("paid: got %s", got)
				}
			}
		})
	}
}

func TestCreateSubscription_ExpiresUnpaid(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	sub := s.created("items[0][price]", s.monthly, "payment_behavior", "default_incomplete")
	now.advance(23 * time.Hour)
	if got := s.after(s.RunDue); got != "payment_intent.canceled invoice.updated invoice.voided customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	if got := s.sub(sub.at("id")).Status; got != "incomplete_expired" {
		t.Errorf("got %s", got)
	}
}

func TestCreateSubscription_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	for name, tt := range map[string]struct {
		form  url.Values
		param string
	}{
		"no customer":           {values("items[0][price]", s.monthly), "customer"},
		"an unknown customer":   {values("customer", "cus_none", "items[0][price]", s.monthly), "customer"},
		"no items":              {values("customer", cu), "items"},
		"a one-time price":      {values("customer", cu, "items[0][price]", s.once), "items[0][price]"},
		"two intervals":         {values("customer", cu, "items[0][price]", s.monthly, "items[1][price]", s.yearly), "items"},
		"days but no sending":   {values("customer", cu, "items[0][price]", s.monthly, "days_until_due", "3"), "days_until_due"},
		"what is not supported": {values("customer", cu, "items[0][price]", s.monthly, "coupon", "x"), "coupon"},
	} {
		if got := s.refused(400, "/v1/subscriptions", tt.form); got.at("error.param") != tt.param {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
