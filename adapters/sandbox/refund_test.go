package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestRefund_ThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ch := s.paid(params("payment", s.once)).PaymentIntent.LatestCharge
	p := &stripe.RefundParams{Charge: &ch.ID, Amount: stripe.Int64(1900), Reason: stripe.String("duplicate")}
	p.AddMetadata("ticket", "t1")
	p.AddExpand("charge")
	p.AddExpand("payment_intent.latest_charge")
	var part *stripe.Refund
	events := s.after(func() { part = must[*stripe.Refund](t)(s.api.Refunds.New(p)) })
	if part.Status != "succeeded" || part.Amount != 1900 || part.Currency != "usd" || part.Reason != "duplicate" || part.Metadata["ticket"] != "t1" {
		t.Errorf("a part: got %+v", part)
	}
	if part.Charge.AmountRefunded != 1900 || part.Charge.Refunded || part.PaymentIntent.LatestCharge.ID != ch.ID {
		t.Errorf("expanded: got %+v of %+v", part.Charge, part.PaymentIntent)
	}
	if events != "refund.created charge.refunded" {
		t.Errorf("got events %s", events)
	}
	changed := s.event("charge.refunded").Data.PreviousAttributes
	if len(changed) != 1 || changed["amount_refunded"] != 0.0 {
		t.Errorf("previous_attributes: got %v, want amount_refunded alone", changed)
	}
	rest := must[*stripe.Refund](t)(s.api.Refunds.New(&stripe.RefundParams{PaymentIntent: &part.PaymentIntent.ID}))
	if rest.Amount != 3000 || rest.Charge.ID != ch.ID {
		t.Errorf("the rest: got %+v", rest)
	}
	if ch = s.chargeNow(ch.ID); ch.AmountRefunded != 4900 || !ch.Refunded || !ch.Paid {
		t.Errorf("charge: got %+v", ch)
	}
	if got := must[*stripe.Refund](t)(s.api.Refunds.Get(rest.ID, nil)); got.ID != rest.ID || got.Amount != 3000 {
		t.Errorf("get: got %+v", got)
	}
	s.idle()
	if got := strings.Count(strings.Join(s.endpoint.types(), " "), "charge.refunded"); got != 2 {
		t.Errorf("%d webhooks of charge.refunded, want 2", got)
	}
}

func TestRefund_RefusesWithStripesErrors(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paid := s.paid(params("payment", s.once)).PaymentIntent
	whole := s.paid(params("payment", s.once)).PaymentIntent
	gone := s.paid(params("payment", s.once)).PaymentIntent
	must[string](t)(s.Refund(gone.ID, 0))
	disputed := s.paid(params("payment", s.once)).PaymentIntent
	must[string](t)(s.OpenDispute(disputed.ID, sandbox.DisputeOptions{}))
	inquired := s.paid(params("payment", s.once)).PaymentIntent
	must[string](t)(s.OpenDispute(inquired.ID, sandbox.DisputeOptions{Inquiry: true}))
	declined := s.open(params("payment", s.once))
	if s.PayWithCard(declined.ID, "4000000000000002") == nil {
		t.Fatal("it was not declined")
	}
	failed, _ := s.event("payment_intent.payment_failed").Data.Object["id"].(string)
	none := stripe.String("ch_none")
	for name, tt := range map[string]struct {
		params      *stripe.RefundParams
		status      int
		code, param string
	}{
		"an unknown charge":     {&stripe.RefundParams{Charge: none}, 404, "resource_missing", "id"},
		"an unknown intent":     {&stripe.RefundParams{PaymentIntent: none}, 404, "resource_missing", "payment_intent"},
		"neither":               {&stripe.RefundParams{}, 400, "", ""},
		"both":                  {&stripe.RefundParams{Charge: &paid.LatestCharge.ID, PaymentIntent: &paid.ID}, 400, "parameters_exclusive", "payment_intent"},
		"more than there is":    {&stripe.RefundParams{PaymentIntent: &paid.ID, Amount: stripe.Int64(4901)}, 400, "", "amount"},
		"nothing":               {&stripe.RefundParams{PaymentIntent: &paid.ID, Amount: stripe.Int64(0)}, 400, "parameter_invalid_integer", "amount"},
		"a reason that is none": {&stripe.RefundParams{PaymentIntent: &paid.ID, Reason: stripe.String("whim")}, 400, "", "reason"},
		"refunded before":       {&stripe.RefundParams{PaymentIntent: &gone.ID}, 400, "charge_already_refunded", ""},
		"charged back":          {&stripe.RefundParams{PaymentIntent: &disputed.ID}, 400, "charge_disputed", ""},
		"a declined card":       {&stripe.RefundParams{PaymentIntent: &failed}, 400, "", ""},
		"what is not supported": {&stripe.RefundParams{PaymentIntent: &paid.ID, InstructionsEmail: none}, 400, "parameter_unknown", "instructions_email"},
		"an inquiry allows it":  {&stripe.RefundParams{PaymentIntent: &inquired.ID}, 200, "", ""},
		"all of it is allowed":  {&stripe.RefundParams{PaymentIntent: &whole.ID, Amount: stripe.Int64(4900)}, 200, "", ""},
	} {
		r, err := s.api.Refunds.New(tt.params)
		if tt.status == http.StatusOK {
			if err != nil || r.Status != "succeeded" {
				t.Errorf("%s: got %+v, %v", name, r, err)
			}
			continue
		}
		if e := refusal(t, err); e.HTTPStatusCode != tt.status || string(e.Code) != tt.code || e.Param != tt.param || e.Msg == "" {
			t.Errorf("%s: got %d %q about %q, want %d %q about %q", name, e.HTTPStatusCode, e.Code, e.Param, tt.status, tt.code, tt.param)
		}
	}
	if _, err := s.api.Refunds.Get("re_none", nil); refusal(t, err).HTTPStatusCode != 404 {
		t.Errorf("an unknown refund: got %v", err)
	}
}

func TestRefund_OfABankDebitSettlesLater(t *testing.T) {
	t.Parallel()
	const change = "refund.updated charge.refund.updated"
	for name, tt := range map[string]struct {
		end      func(*shop, string) error
		status   stripe.RefundStatus
		refunded int64
		events   string
	}{
		"it arrives":                {(*shop).settleRefund, "succeeded", 4900, change},
		"it fails":                  {(*shop).failRefund, "failed", 0, change + " refund.failed"},
		"it is canceled":            {(*shop).cancelInDashboard, "canceled", 0, change},
		"the buyer has to act":      {(*shop).requireAction, "requires_action", 4900, change},
		"canceled through the API":  {(*shop).cancelWaiting, "canceled", 0, change + " " + change},
		"it fails after it arrived": {(*shop).settleAndFail, "failed", 0, change + " " + change + " refund.failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, sandbox.WithDelayedAfter(time.Hour))
			ch := s.debited(params("payment", s.once)).PaymentIntent.LatestCharge
			r := must[*stripe.Refund](t)(s.api.Refunds.New(&stripe.RefundParams{Charge: &ch.ID}))
			if now := s.chargeNow(ch.ID); r.Status != "pending" || now.AmountRefunded != 4900 || !now.Refunded {
				t.Errorf("at first: got %s, %d of the charge", r.Status, now.AmountRefunded)
			}
			if _, err := s.api.Refunds.Cancel(r.ID, nil); refusal(t, err).HTTPStatusCode != 400 {
				t.Errorf("cancel a pending one: got %v, want 400", err)
			}
			if got := s.after(func() { s.ok(tt.end(s, r.ID)) }); got != tt.events {
				t.Errorf("got events %s, want %s", got, tt.events)
			}
			r = must[*stripe.Refund](t)(s.api.Refunds.Get(r.ID, nil))
			now := s.chargeNow(ch.ID)
			if r.Status != tt.status || now.AmountRefunded != tt.refunded || now.Refunded != (tt.refunded == 4900) {
				t.Errorf("got %s, %d of the charge; want %s, %d", r.Status, now.AmountRefunded, tt.status, tt.refunded)
			}
			if (r.FailureReason != "") != (tt.status == "failed") || (r.NextAction != nil) != (tt.status == "requires_action") {
				t.Errorf("got reason %q, next action %v", r.FailureReason, r.NextAction)
			}
		})
	}
}

func (s *shop) settleRefund(id string) error      { return s.SettleRefund(id) }
func (s *shop) failRefund(id string) error        { return s.FailRefund(id) }
func (s *shop) cancelInDashboard(id string) error { return s.CancelRefund(id) }
func (s *shop) requireAction(id string) error     { return s.RequireRefundAction(id) }

func (s *shop) settleAndFail(id string) error {
	s.ok(s.SettleRefund(id))
	return s.FailRefund(id)
}

func (s *shop) cancelWaiting(id string) error {
	s.ok(s.RequireRefundAction(id))
	_, err := s.api.Refunds.Cancel(id, nil)
	return err
}

func TestRefund_SettlesByItself(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now), sandbox.WithDelayedAfter(time.Hour))
	id := must[string](t)(s.Refund(s.debited(params("payment", s.once)).ID, 0))
	now.advance(time.Hour)
	s.RunDue()
	if r := must[*stripe.Refund](t)(s.api.Refunds.Get(id, nil)); r.Status != "succeeded" {
		t.Errorf("got %s, want succeeded", r.Status)
	}
	if err := s.SettleRefund(id); err == nil {
		t.Errorf("it settled twice")
	}
}

func TestRefund_FailedLeavesTheRestAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi := s.paid(params("payment", s.once)).PaymentIntent
	first := must[string](t)(s.Refund(pi.ID, 1000))
	must[string](t)(s.Refund(pi.LatestCharge.ID, 2000))
	s.ok(s.FailRefund(first))
	if got := s.chargeNow(pi.LatestCharge.ID).AmountRefunded; got != 2000 {
		t.Errorf("got %d refunded, want 2000", got)
	}
	if err := s.FailRefund(first); err == nil {
		t.Errorf("it failed twice")
	}
	must[string](t)(s.Refund(pi.ID, 0))
	if ch := s.chargeNow(pi.LatestCharge.ID); ch.AmountRefunded != 4900 || !ch.Refunded {
		t.Errorf("got %d refunded, want all", ch.AmountRefunded)
	}
	failed := s.event("refund.failed")
	if failed.GetObjectValue("status") != "failed" || failed.GetObjectValue("failure_reason") != "lost_or_stolen_card" {
		t.Errorf("got %v", failed.Data.Object)
	}
}

func TestRefund_ByWhateverNamesThePayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, id := range map[string]func(*stripe.CheckoutSession) string{
		"session":      func(cs *stripe.CheckoutSession) string { return cs.ID },
		"subscription": func(cs *stripe.CheckoutSession) string { return cs.Subscription.ID },
		"invoice":      func(cs *stripe.CheckoutSession) string { return cs.Subscription.LatestInvoice.ID },
		"intent":       func(cs *stripe.CheckoutSession) string { return cs.Subscription.LatestInvoice.PaymentIntent.ID },
		"charge":       func(cs *stripe.CheckoutSession) string { return cs.Subscription.LatestInvoice.Charge.ID },
	} {
		cs := s.paid(params("subscription", s.monthly))
		r := must[*stripe.Refund](t)(s.api.Refunds.Get(must[string](t)(s.Refund(id(cs), 500)), nil))
		if r.PaymentIntent.ID != cs.Subscription.LatestInvoice.PaymentIntent.ID || r.Amount != 500 {
			t.Errorf("%s: got %+v", name, r)
		}
		if ch := s.chargeNow(r.Charge.ID); ch.Invoice.ID != cs.Subscription.LatestInvoice.ID {
			t.Errorf("%s: the charge is of invoice %v", name, ch.Invoice)
		}
	}
	cs := s.paid(params("payment", s.once))
	for id, amount := range map[string]int64{"cs_none": 0, s.open(params("payment", s.once)).ID: 0, cs.ID: 5000, cs.PaymentIntent.ID: -1} {
		if r, err := s.Refund(id, amount); err == nil {
			t.Errorf("%d of %s: got %s, want an error", amount, id, r)
		}
	}
}

func TestRefund_ListsUpdatesAndRepeats(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pi, other := s.paid(params("payment", s.once)).PaymentIntent, s.paid(params("payment", s.once)).PaymentIntent
	must[string](t)(s.Refund(other.ID, 0))
	p := &stripe.RefundParams{PaymentIntent: &pi.ID, Amount: stripe.Int64(100)}
	p.SetIdempotencyKey("refund:1")
	first := must[*stripe.Refund](t)(s.api.Refunds.New(p))
	if again := must[*stripe.Refund](t)(s.api.Refunds.New(p)); again.ID != first.ID || s.chargeNow(pi.LatestCharge.ID).AmountRefunded != 100 {
		t.Errorf("the same key refunded again: %s and %s", first.ID, again.ID)
	}
	made := []string{first.ID}
	for range 4 {
		made = append([]string{must[string](t)(s.Refund(pi.ID, 100))}, made...)
	}
	for name, list := range map[string]*stripe.RefundListParams{
		"by intent": {PaymentIntent: &pi.ID}, "by charge": {Charge: &pi.LatestCharge.ID},
	} {
		list.Limit = stripe.Int64(2) // so that it takes three pages
		var got []string
		it := s.api.Refunds.List(list)
		for it.Next() {
			got = append(got, it.Refund().ID)
		}
		if strings.Join(got, " ") != strings.Join(made, " ") || it.Err() != nil {
			t.Errorf("%s: got %v, %v; want %v", name, got, it.Err(), made)
		}
	}
	expanded := &stripe.ChargeParams{}
	expanded.AddExpand("refunds")
	if ch := must[*stripe.Charge](t)(s.api.Charges.Get(pi.LatestCharge.ID, expanded)); len(ch.Refunds.Data) != 5 || ch.Refunds.Data[4].ID != first.ID {
		t.Errorf("refunds of the charge: got %+v", ch.Refunds)
	}
	update := &stripe.RefundParams{}
	update.AddMetadata("ticket", "t2")
	events := s.after(func() {
		if r := must[*stripe.Refund](t)(s.api.Refunds.Update(first.ID, update)); r.Metadata["ticket"] != "t2" {
			t.Errorf("update: got %v", r.Metadata)
		}
	})
	if events != "refund.updated charge.refund.updated" {
		t.Errorf("got events %s", events)
	}
}
