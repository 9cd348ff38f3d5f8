package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// What becomes of the money of Ana's pass (order o1, 19.00) or of her subscription
// sub_1 (29.00 a month), told in the order given and then backwards.

func refundSays(kind domain.EventType, at time.Time, id domain.RefundID, status domain.RefundStatus, amount int64) domain.RefundFact {
	return domain.RefundFact{
		Type: kind, At: at, ID: id, Charge: "ch_1", PaymentIntent: "pi_1",
		Status: status, Amount: amount, Currency: "usd", CreatedAt: noon.Add(day),
	}
}

func disputeSays(kind domain.EventType, at time.Time, status domain.DisputeStatus) domain.DisputeFact {
	return domain.DisputeFact{
		Type: kind, At: at, ID: "dp_1", Charge: "ch_1", PaymentIntent: "pi_1",
		Status: status, Amount: 1900, Currency: "usd", CreatedAt: noon.Add(day),
	}
}

func chargeSays(kind domain.EventType, at time.Time, refunded int64) domain.ChargeFact {
	return domain.ChargeFact{
		Type: kind, At: at, ID: "ch_1", PaymentIntent: "pi_1", Customer: cusAna, Amount: 1900, Refunded: refunded, Currency: "usd",
	}
}

// story is facts about an account, and whether it holds a feature at their end.
type moneyStory struct {
	facts  []domain.Fact
	holds  bool
	status domain.OrderStatus
}

func (s moneyStory) check(t *testing.T, a domain.Account, first domain.Fact, feature domain.FeatureKey, at time.Time) {
	t.Helper()
	forwards := after(a, append([]domain.Fact{first}, s.facts...)...)
	backwards := a
	for n := len(s.facts) - 1; n >= 0; n-- {
		backwards = after(backwards, s.facts[n])
	}
	backwards = after(backwards, first)
	for way, got := range map[string]domain.Account{"forwards": forwards, "backwards": backwards} {
		if held := holds(got, feature, at); held != s.holds {
			t.Errorf("%s: holds is %t, want %t: %+v", way, held, s.holds, domain.Standings(got, shop))
		}
		if o, is := got.Orders["o1"]; is && s.status != "" && got.StatusOf(o) != s.status {
			t.Errorf("%s: the order is %s, want %s", way, got.StatusOf(o), s.status)
		}
	}
}

func TestMoneyBack_OfAOneTimePurchase(t *testing.T) {
	t.Parallel()
	bought := sessionSays("checkout.session.completed", noon, "complete", "paid")
	bought.PaymentIntent = "pi_1"
	later := func(n int) time.Time { return noon.Add(time.Duration(n) * day) }
	created, updated, failed := domain.EventType("refund.created"), domain.EventType("refund.updated"), domain.EventType("refund.failed")

	for name, story := range map[string]moneyStory{
		"refunded in full":     {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 1900)}, false, domain.OrderRefunded},
		"refunded in part":     {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 1899)}, true, domain.OrderPaid},
		"parts that add up":    {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 900), refundSays(created, later(2), "re_2", "succeeded", 1000)}, false, domain.OrderRefunded},
		"a part told twice":    {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 1000), refundSays(updated, later(1), "re_1", "succeeded", 1000)}, true, domain.OrderPaid},
		"pending":              {[]domain.Fact{refundSays(created, later(1), "re_1", "pending", 1900), chargeSays("charge.refunded", later(1), 1900)}, true, domain.OrderPaid},
		"pending, then there":  {[]domain.Fact{refundSays(created, later(1), "re_1", "pending", 1900), refundSays(updated, later(2), "re_1", "succeeded", 1900)}, false, domain.OrderRefunded},
		"pending, then failed": {[]domain.Fact{refundSays(created, later(1), "re_1", "pending", 1900), refundSays(failed, later(2), "re_1", "failed", 1900)}, true, domain.OrderPaid},
		"sent back by the bank": {[]domain.Fact{
			refundSays(created, later(1), "re_1", "succeeded", 1900), chargeSays("charge.refunded", later(1), 1900), refundSays(failed, later(4), "re_1", "failed", 1900),
		}, true, domain.OrderPaid},
		"sent back, refunded again": {[]domain.Fact{
			refundSays(created, later(1), "re_1", "succeeded", 1900), refundSays(failed, later(4), "re_1", "failed", 1900), refundSays(created, later(5), "re_2", "succeeded", 1900),
		}, false, domain.OrderRefunded},
		"told by the charge alone":                    {[]domain.Fact{chargeSays("charge.refunded", later(1), 1900)}, false, domain.OrderRefunded},
		"told by the charge alone, in part":           {[]domain.Fact{chargeSays("charge.refunded", later(1), 900)}, true, domain.OrderPaid},
		"told by the charge, then it is not":          {[]domain.Fact{chargeSays("charge.refunded", later(1), 1900), chargeSays("charge.updated", later(5), 0)}, true, domain.OrderPaid},
		"by both, not counted twice":                  {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 1000), chargeSays("charge.refunded", later(1), 1000)}, true, domain.OrderPaid},
		"one by itself, one by the charge":            {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 900), chargeSays("charge.refunded", later(2), 1900)}, false, domain.OrderRefunded},
		"by itself, and asked for in the same second": {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 1000), chargeSays(domain.TypeFetched, later(1).Add(-time.Second), 1000)}, true, domain.OrderPaid},
		"one that knows the charge alone": {[]domain.Fact{func() domain.Fact {
			r := refundSays(created, later(1), "re_1", "succeeded", 1900)
			r.PaymentIntent = ""
			return r
		}(), chargeSays("charge.succeeded", noon, 0)}, false, domain.OrderRefunded},
		"of another payment": {[]domain.Fact{func() domain.Fact {
			r := refundSays(created, later(1), "re_1", "succeeded", 1900)
			r.PaymentIntent, r.Charge = "pi_2", "ch_2"
			return r
		}()}, true, domain.OrderPaid},
		"an inquiry":                           {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "warning_needs_response")}, true, domain.OrderPaid},
		"an inquiry that is closed":            {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "warning_needs_response"), disputeSays("charge.dispute.closed", later(2), "warning_closed")}, true, domain.OrderPaid},
		"a dispute":                            {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "needs_response")}, false, domain.OrderDisputed},
		"a dispute that is won":                {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "needs_response"), disputeSays("charge.dispute.closed", later(9), "won")}, true, domain.OrderPaid},
		"a dispute that is lost":               {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "needs_response"), disputeSays("charge.dispute.closed", later(9), "lost")}, false, domain.OrderChargedBack},
		"lost from the beginning":              {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "lost")}, false, domain.OrderChargedBack},
		"won late":                             {[]domain.Fact{disputeSays("charge.dispute.closed", later(9), "lost"), disputeSays("charge.dispute.funds_reinstated", later(40), "won")}, true, domain.OrderPaid},
		"prevented by a refund":                {[]domain.Fact{disputeSays("charge.dispute.created", later(1), "prevented")}, true, domain.OrderPaid},
		"refunded in part and disputed":        {[]domain.Fact{refundSays(created, later(1), "re_1", "succeeded", 100), disputeSays("charge.dispute.created", later(2), "under_review")}, false, domain.OrderDisputed},
		"events that say nothing of the money": {[]domain.Fact{chargeSays("charge.failed", later(1), 1900), refundSays("refund.unheard_of", later(1), "re_1", "succeeded", 1900)}, true, domain.OrderPaid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story.check(t, accountWith(ana, pendingOrder("o1", "pass")), bought, "projects", noon.Add(60*day))
		})
	}
}

// What went back takes the lines that it is about, and no others: asked is about the
// first month, or about the second if it has begun.
func TestMoneyBack_OfASubscription(t *testing.T) {
	t.Parallel()
	began := subscriptionSays(created, noon, "active")
	renewed := subscriptionSays(updated, noon.Add(month), "active", inMonth(1))
	first, second := invoiceSays(paid, 0, paidBy("pi_1")), invoiceSays(paid, 1, paidBy("pi_2"))
	change := invoiceSays(paid, 0, paidBy("pi_3"), secondSeat)
	refund := func(intent domain.PaymentIntentID, amount int64) domain.Fact {
		r := refundSays("refund.created", noon.Add(day), domain.RefundID("re_"+intent), "succeeded", amount)
		r.PaymentIntent, r.Charge = intent, domain.ChargeID("ch_"+intent)
		return r
	}
	dispute := func(at time.Time, status domain.DisputeStatus) domain.Fact {
		d := disputeSays("charge.dispute.created", at, status)
		d.CreatedAt, d.Amount = at, 2900
		return d
	}
	early, late := noon.Add(15*day), noon.Add(month+15*day)
	byCredit := func(n int) domain.Fact {
		return invoiceSays(paid, n, func(f *domain.InvoiceFact) {
			f.Invoice.AmountDue, f.Invoice.AmountPaid, f.Invoice.StartingBalance = 0, 0, -2900
		})
	}
	year := invoiceSays(paid, 0, paidBy("pi_1"), ofYear, func(f *domain.InvoiceFact) { f.Invoice.Lines[0].Price = "price_pro" })

	for name, story := range map[string]moneyStory{
		"the period is refunded": {[]domain.Fact{first, refund("pi_1", 2900)}, false, ""},
		"a part of it":           {[]domain.Fact{first, refund("pi_1", 2800)}, true, ""},
		"the period is refunded, a change in it is not": {[]domain.Fact{first, change, refund("pi_1", 2900)}, true, ""},
		"the period is refunded, and the change in it":  {[]domain.Fact{first, change, refund("pi_1", 2900), refund("pi_3", 700)}, false, ""},
		"the change is refunded, the period is not":     {[]domain.Fact{first, change, refund("pi_3", 700)}, true, ""},
		"disputed":      {[]domain.Fact{first, dispute(early, "needs_response")}, false, ""},
		"won":           {[]domain.Fact{first, dispute(early, "won")}, true, ""},
		"lost":          {[]domain.Fact{first, dispute(early, "lost")}, false, ""},
		"won in appeal": {[]domain.Fact{first, dispute(early, "appeal_under_review"), dispute(late, "won")}, true, ""},
		"paid from a credit, a change in it refunded": {[]domain.Fact{byCredit(0), change, refund("pi_3", 700)}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story.check(t, accountWith(ana), began, "credits", early)
		})
	}
	for name, story := range map[string]moneyStory{
		"refunded, and the next period is paid":           {[]domain.Fact{first, refund("pi_1", 2900), renewed, second}, true, ""},
		"the last period refunded, the next not paid yet": {[]domain.Fact{first, second, renewed, refund("pi_2", 2900)}, false, ""},
		"lost, and a period paid after it":                {[]domain.Fact{first, dispute(early, "lost"), renewed, second}, true, ""},
		"refunded, the next paid from a credit":           {[]domain.Fact{first, refund("pi_1", 2900), renewed, byCredit(1)}, true, ""},
		"lost, the next paid from a credit":               {[]domain.Fact{first, dispute(early, "lost"), renewed, byCredit(1)}, true, ""},
		"a year refunded, months paid since":              {[]domain.Fact{year, refund("pi_1", 2900), renewed, second}, true, ""},
		// Until lines were known, a dispute took everything, whatever it was about.
		"disputed, and renewed meanwhile":      {[]domain.Fact{first, dispute(early, "needs_response"), renewed, second}, true, ""},
		"an old period's, lost, this one paid": {[]domain.Fact{first, renewed, second, dispute(late, "lost")}, true, ""},
		// And a refund was of the last invoice's period, even within a year that was paid.
		"a year paid, a month in it refunded": {[]domain.Fact{year, renewed, second, refund("pi_2", 2900)}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story.check(t, accountWith(ana), began, "credits", late)
		})
	}
}

// secondSeat makes an invoice that of a second unit, ten days into the month.
func secondSeat(f *domain.InvoiceFact) {
	from, until := f.Invoice.Lines[0].From.Add(10*day), f.Invoice.Lines[0].Until
	f.Invoice.ID, f.Invoice.Total, f.Invoice.AmountPaid = "in_change", 700, 700
	f.Invoice.Lines = []domain.Line{
		{ID: "il_more", Kind: domain.LineChange, Item: "si_1", Price: "price_pro", Quantity: 2, Amount: 1400, From: from, Until: until},
		{ID: "il_less", Kind: domain.LineCredit, Item: "si_1", Price: "price_pro", Quantity: 1, Amount: -700, From: from, Until: until},
	}
}

// Statuses that Stripe invents later change nothing and are put aside.
func TestMoneyBack_UnknownStatusIsQuarantined(t *testing.T) {
	t.Parallel()
	a := accountWith(ana, pendingOrder("o1", "pass"))
	for _, fact := range []domain.Fact{
		refundSays("refund.updated", noon, "re_1", "teleported", 1900),
		refundSays("refund.updated", noon, "re_1", "", 1900),
		disputeSays("charge.dispute.updated", noon, "arbitrated"),
	} {
		got, verdict := domain.Record(a, fact, shop)
		if verdict.Outcome != domain.OutcomeQuarantined || !strings.Contains(verdict.Reason, "no rule knows") || !equal(got, a) {
			t.Errorf("%+v: %+v, want quarantined and nothing changed", fact, verdict)
		}
	}
}

// Deleting a customer at Stripe ends what it had; what is paid for once stays.
func TestCustomer_DeletedEndsSubscriptionsAlone(t *testing.T) {
	t.Parallel()
	bought := sessionSays("checkout.session.completed", noon, "complete", "paid")
	gone := domain.CustomerFact{Type: "customer.deleted", At: noon.Add(day), ID: cusAna}
	a := after(accountWith(ana, pendingOrder("o1", "pass")), subscriptionSays(created, noon, "active"), gone, bought, gone)
	if a.Customer != "" || len(a.FormerCustomers) != 1 {
		t.Errorf("customer %q, former %v, want none and one", a.Customer, a.FormerCustomers)
	}
	if a.Live(a.Subscriptions["sub_1"]) {
		t.Error("a subscription that is gone with its customer keeps the user from buying another")
	}
	if holds(a, "sso", noon.Add(2*day)) || !holds(a, "projects", noon.Add(2*day)) {
		t.Errorf("got %v, want what the pass gives and nothing of the subscription", domain.Entitlements(a, shop))
	}
}
