package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// Since basil a session's subscription is made once it is paid for: attempts that fail
// leave nothing behind. Before, the first attempt makes it.
func TestCheckout_MakesTheSubscriptionAfterThePaymentSinceBasil(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	form := values(checkout("subscription", "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1", "allow_promotion_codes", "true")...)
	for version, want := range map[string]string{
		acacia: "customer.created customer.subscription.created invoice.created payment_intent.created invoice.finalized charge.failed payment_intent.payment_failed invoice.updated invoice.payment_failed",
		basil:  "customer.created payment_intent.created charge.failed payment_intent.payment_failed",
		dahlia: "customer.created payment_intent.created charge.failed payment_intent.payment_failed",
	} {
		cs := s.postIn(version, "/v1/checkout/sessions", form).at("id")
		got := s.after(func() {
			if err := s.Buyer().Pays(cs, sandbox.DeclinedCard); !errors.Is(err, sandbox.ErrDeclined) {
				t.Errorf("%s: got %v", version, err)
			}
		})
		if got != want {
			t.Errorf("%s: declined: got events %s", version, got)
		}
		s.fetch(version, "/v1/checkout/sessions/"+cs).wants(t, version, map[string]string{"status": "open", "subscription": "null", "invoice": "null"})
		s.ok(s.ExpireSession(cs))
	}

	cs := s.postIn(basil, "/v1/checkout/sessions", form).at("id")
	if err := s.Buyer().Pays(cs, sandbox.DeclinedCard); !errors.Is(err, sandbox.ErrDeclined) {
		t.Errorf("got %v", err)
	}
	s.ok(s.ApplyPromotionCode(cs, 50)) // nothing is written yet
	var got string
	if err := s.Buyer().Pays(cs, sandbox.AuthenticatesOnceCard); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
		t.Errorf("got %v", err)
	}
	got = s.after(func() { s.ok(s.Authenticate(cs)) })
	want := "charge.succeeded payment_method.attached payment_intent.succeeded customer.subscription.created customer.discount.created " +
		"invoice.created invoice.finalized customer.discount.deleted invoice.updated invoice.paid invoice.payment_succeeded checkout.session.completed"
	if got != want {
		t.Errorf("paid: got events %s", got)
	}
	paid := s.fetch(basil, "/v1/checkout/sessions/"+cs+"?expand[]=subscription.latest_invoice.payments")
	paid.wants(t, "paid", map[string]string{
		"status": "complete", "payment_status": "paid", "amount_total": "1000", "subscription.status": "active", "subscription.latest_invoice.status": "paid",
		"subscription.latest_invoice.amount_paid": "1000", "subscription.latest_invoice.attempt_count": "1", "subscription.latest_invoice.payments.data.0.status": "paid",
	})
	sub := paid.at("subscription.id")
	if s.sub(sub).DefaultPaymentMethod == nil {
		t.Error("what has paid is not the subscription's method")
	}
	s.ok(s.RenewSubscription(sub, true))
	if got := s.sub(sub); got.Status != "active" || got.LatestInvoice.AmountPaid != 2000 {
		t.Errorf("the next period: got %s, %d", got.Status, got.LatestInvoice.AmountPaid)
	}
	s.conform()
}

// A bank debit is on its way when the session is complete: the subscription is there, and
// its invoice is open until the debit has settled.
func TestCheckout_SubscribesByBankDebitSinceBasil(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	form := values(checkout("subscription", "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1")...)
	for settles, want := range map[bool][2]string{true: {"active", "paid"}, false: {"canceled", "open"}} {
		cs := s.postIn(dahlia, "/v1/checkout/sessions", form).at("id")
		s.ok(s.Buyer().PaysByBankDebit(cs, settles))
		at := "/v1/checkout/sessions/" + cs + "?expand[]=subscription.latest_invoice"
		s.fetch(dahlia, at).wants(t, "under way", map[string]string{
			"status": "complete", "payment_status": "unpaid", "subscription.status": "active", "subscription.latest_invoice.status": "open",
		})
		s.ok(s.SettleDelayed(cs))
		s.fetch(dahlia, at).wants(t, "settled", map[string]string{"subscription.status": want[0], "subscription.latest_invoice.status": want[1]})
	}
}

// What a customer has to its credit pays for the first month too.
func TestCheckout_TakesTheBalanceOffSinceBasil(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.post("/v1/customers", values("balance", "-500")).at("id")
	cs := s.postIn(dahlia, "/v1/checkout/sessions", values(checkout("subscription", "customer", cu, "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1")...)).at("id")
	s.ok(s.Pay(cs))
	s.fetch(dahlia, "/v1/checkout/sessions/"+cs+"?expand[]=subscription.latest_invoice").wants(t, "paid", map[string]string{
		"subscription.latest_invoice.amount_paid": "1500", "subscription.latest_invoice.starting_balance": "-500", "subscription.latest_invoice.ending_balance": "0",
	})
	if got := s.Payments()[0].Amount; got != 1500 {
		t.Errorf("charged %d", got)
	}
	if types := s.after(func() {
		s.ok(s.RenewSubscription(s.fetch(dahlia, "/v1/checkout/sessions/"+cs).at("subscription"), true))
	}); !strings.Contains(types, "invoice.paid") {
		t.Errorf("the next month: %s", types)
	}
}
