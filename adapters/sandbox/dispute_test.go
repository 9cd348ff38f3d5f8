package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

type step = func(*shop, string) error

func TestDispute_TakesItsWay(t *testing.T) {
	t.Parallel()
	const withdrawn = "charge.dispute.created charge.dispute.funds_withdrawn"
	for name, tt := range map[string]struct {
		inquiry bool
		steps   []step
		status  stripe.DisputeStatus
		events  string
	}{
		"open":                      {false, nil, "needs_response", withdrawn},
		"won":                       {false, []step{(*shop).win}, "won", withdrawn + " charge.dispute.closed charge.dispute.funds_reinstated"},
		"lost":                      {false, []step{(*shop).lose}, "lost", withdrawn + " charge.dispute.closed"},
		"conceded":                  {false, []step{(*shop).concede}, "lost", withdrawn + " charge.dispute.closed"},
		"answered":                  {false, []step{answer("a receipt")}, "under_review", withdrawn + " charge.dispute.updated"},
		"answered well":             {false, []step{answer("winning_evidence")}, "won", withdrawn + " charge.dispute.updated charge.dispute.closed charge.dispute.funds_reinstated"},
		"answered badly":            {false, []step{answer("losing_evidence")}, "lost", withdrawn + " charge.dispute.updated charge.dispute.closed"},
		"not answered":              {false, []step{waitFor(10 * day)}, "lost", withdrawn + " charge.dispute.closed"},
		"answered in time":          {false, []step{answer("a receipt"), waitFor(200 * day)}, "under_review", withdrawn + " charge.dispute.updated"},
		"an inquiry answered well":  {true, []step{answer("winning_evidence")}, "warning_closed", "charge.dispute.created charge.dispute.updated charge.dispute.closed"},
		"an inquiry not answered":   {true, []step{waitFor(121 * day)}, "warning_closed", "charge.dispute.created charge.dispute.closed"},
		"lost, then won after all":  {false, []step{(*shop).lose, (*shop).win}, "won", withdrawn + " charge.dispute.closed charge.dispute.updated charge.dispute.funds_reinstated"},
		"an inquiry":                {true, nil, "warning_needs_response", "charge.dispute.created"},
		"an inquiry that is closed": {true, []step{(*shop).closeInquiry}, "warning_closed", "charge.dispute.created charge.dispute.closed"},
		"an inquiry that escalates": {true, []step{(*shop).escalate}, "needs_response", "charge.dispute.created charge.dispute.updated charge.dispute.funds_withdrawn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			pi := s.paid(params("payment", s.once)).PaymentIntent
			id := must[string](t)(s.OpenDispute(pi.ID, sandbox.DisputeOptions{Inquiry: tt.inquiry}))
			for _, step := range tt.steps {
				s.ok(step(s, id))
			}
			p := &stripe.DisputeParams{}
			p.AddExpand("charge")
			p.AddExpand("payment_intent")
			d := must[*stripe.Dispute](t)(s.api.Disputes.Get(id, p))
			if d.Status != tt.status || d.Amount != 4900 || d.Currency != "usd" || d.Reason != "fraudulent" || d.PaymentIntent.Status != "succeeded" || !d.Charge.Disputed {
				t.Errorf("got %+v, want it %s", d, tt.status)
			}
			if d.IsChargeRefundable != strings.HasPrefix(string(tt.status), "warning") {
				t.Errorf("refundable: got %v", d.IsChargeRefundable)
			}
			if got := strings.Join(s.types(id), " "); got != tt.events {
				t.Errorf("got events %s, want %s", got, tt.events)
			}
		})
	}
}

func TestDispute_SaysInWordsWhatItHasToBe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := must[string](t)(s.OpenDispute(s.paid(params("payment", s.once)).PaymentIntent.ID, sandbox.DisputeOptions{}))
	err := s.EscalateDispute(id)
	if want := " is needs_response, and has to be warning_needs_response or warning_under_review"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func (s *shop) win(id string) error          { return s.WinDispute(id) }
func (s *shop) lose(id string) error         { return s.LoseDispute(id) }
func (s *shop) escalate(id string) error     { return s.EscalateDispute(id) }
func (s *shop) closeInquiry(id string) error { return s.CloseInquiry(id) }

func answer(text string) step {
	return func(s *shop, id string) error {
		_, err := s.api.Disputes.Update(id, &stripe.DisputeParams{Evidence: &stripe.DisputeEvidenceParams{UncategorizedText: &text}})
		return err
	}
}

func waitFor(d time.Duration) step {
	return func(s *shop, _ string) error { return s.Advance(d) }
}

func (s *shop) concede(id string) error {
	_, err := s.api.Disputes.Close(id, nil)
	return err
}

func TestDispute_RefusesStepsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	paid := func() string { return s.paid(params("payment", s.once)).ID }
	inquired, disputed := paid(), paid()
	inquiry := must[string](t)(s.OpenDispute(inquired, sandbox.DisputeOptions{Inquiry: true}))
	chargeback := must[string](t)(s.OpenDispute(disputed, sandbox.DisputeOptions{}))
	won := must[string](t)(s.OpenDispute(paid(), sandbox.DisputeOptions{Reason: "product_not_received", Amount: 100}))
	s.ok(s.WinDispute(won))
	_, closeInquiry := s.api.Disputes.Close(inquiry, nil)
	_, none := s.api.Disputes.Get("dp_none", nil)
	_, again := s.OpenDispute(disputed, sandbox.DisputeOptions{})
	_, inquiredToo := s.OpenDispute(inquired, sandbox.DisputeOptions{})
	_, tooMuch := s.OpenDispute(paid(), sandbox.DisputeOptions{Amount: 4901})
	_, unpaid := s.OpenDispute(s.open(params("payment", s.once)).ID, sandbox.DisputeOptions{})
	for name, err := range map[string]error{
		"win an inquiry":          s.WinDispute(inquiry),
		"lose an inquiry":         s.LoseDispute(inquiry),
		"concede an inquiry":      closeInquiry,
		"escalate a chargeback":   s.EscalateDispute(chargeback),
		"close a chargeback":      s.CloseInquiry(chargeback),
		"lose what is won":        s.LoseDispute(won),
		"win what is not there":   s.WinDispute("dp_none"),
		"get what is not there":   none,
		"dispute again":           again,
		"dispute while inquiring": inquiredToo,
		"more than was paid":      tooMuch,
		"what was not paid":       unpaid,
	} {
		if err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

func TestDispute_ListsByPayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.paid(params("subscription", s.monthly))
	must[string](t)(s.OpenDispute(s.paid(params("payment", s.once)).ID, sandbox.DisputeOptions{}))
	id := must[string](t)(s.OpenDispute(cs.Subscription.ID, sandbox.DisputeOptions{}))
	in := cs.Subscription.LatestInvoice
	for name, p := range map[string]*stripe.DisputeListParams{
		"by intent": {PaymentIntent: &in.PaymentIntent.ID}, "by charge": {Charge: &in.Charge.ID},
	} {
		it := s.api.Disputes.List(p)
		if !it.Next() || it.Dispute().ID != id || it.Next() || it.Err() != nil {
			t.Errorf("%s: got %v, %v; want %s alone", name, it.Current(), it.Err(), id)
		}
	}
	n := 0
	for it := s.api.Disputes.List(nil); it.Next(); n++ {
	}
	if n != 2 {
		t.Errorf("got %d disputes in all, want 2", n)
	}
}

func TestPay_WithTheCardsThatAreDisputed(t *testing.T) {
	t.Parallel()
	for card, want := range map[string]stripe.DisputeStatus{
		"4000000000000259": "needs_response",
		"4000000000001976": "warning_needs_response",
	} {
		t.Run(card, func(t *testing.T) {
			t.Parallel()
			now := newClock()
			s := newShop(t, sandbox.WithClock(now.Now), sandbox.WithDelayedAfter(time.Hour))
			cs := s.open(params("subscription", s.monthly))
			s.ok(s.PayWithCard(cs.ID, card))
			if got := s.session(cs.ID); got.PaymentStatus != "paid" || got.Subscription.Status != "active" {
				t.Errorf("at first: got %s, %s", got.PaymentStatus, got.Subscription.Status)
			}
			if it := s.api.Disputes.List(nil); it.Next() {
				t.Errorf("disputed at once: %+v", it.Dispute())
			}
			now.advance(time.Hour)
			s.RunDue()
			it := s.api.Disputes.List(nil)
			if !it.Next() || it.Dispute().Status != want {
				t.Errorf("later: got %v, want it %s", it.Current(), want)
			}
		})
	}
}
