package domaintest

import (
	"github.com/entitled-dev/entitled/domain"
	"pgregory.net/rapid"
)

// session says something about the order's checkout session.
func (s *story) session(kind domain.EventType, status, payment string, edit ...func(*domain.SessionFact)) {
	f := domain.SessionFact{
		Type: kind, At: s.now, ID: domain.SessionID("cs_" + s.name), Mode: s.order.Mode,
		Status: status, PaymentStatus: payment, Order: s.order.ID, Customer: s.customer,
		Amount: 1900, Currency: "usd",
	}
	if status == "open" {
		f.URL = "https://checkout.stripe.com/" + s.name
	}
	for _, e := range edit {
		e(&f)
	}
	s.says(f)
}

// buyOnce tells a one-time purchase.
func (s *story) buyOnce() {
	plan := domain.PlanKey(s.pick("plan", "pass", "forever"))
	s.order = PendingOrder(domain.OrderID("ord_"+s.name), plan)
	s.order.Quantity = int64(rapid.IntRange(1, 4).Draw(s.t, "quantity"))

	intent := func(f *domain.SessionFact) { f.PaymentIntent = domain.PaymentIntentID("pi_" + s.name) }
	paid := func(f *domain.SessionFact) { f.Status, f.PaymentStatus = "complete", "paid"; intent(f) }
	s.session(domain.TypeFetched, "open", "unpaid")
	s.soon()

	switch s.pick("checkout", "left open", "expired", "recovered", "paid", "paid", "paid", "free", "bank debit", "bank debit fails", "bank debit pending") {
	case "expired":
		s.session("checkout.session.expired", "expired", "unpaid")
	case "recovered":
		s.session("checkout.session.expired", "expired", "unpaid")
		s.soon()
		s.isBought(1900)
		s.session("checkout.session.completed", "complete", "paid", paid, func(f *domain.SessionFact) {
			f.RecoveredFrom, f.ID = f.ID, f.ID+"_again"
		})
	case "paid":
		s.isBought(1900)
		s.session("checkout.session.completed", "complete", "paid", paid)
	case "free":
		s.isBought(0)
		s.session("checkout.session.completed", "complete", "no_payment_required")
	case "bank debit":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
		s.soon()
		s.isBought(1900)
		s.session("checkout.session.async_payment_succeeded", "complete", "paid", paid)
	case "bank debit fails":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
		s.soon()
		s.session("checkout.session.async_payment_failed", "complete", "unpaid", intent)
	case "bank debit pending":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
	}
	if s.chance("fetched later") {
		s.fetchSessionAgain()
	}
	for range rapid.IntRange(0, 4).Draw(s.t, "turns of the money") {
		s.soon()
		s.turnOfMoney()
	}
}

// isBought: the order is paid now.
func (s *story) isBought(amount int64) {
	s.bought, s.boughtAt = true, s.now
	if amount > 0 {
		s.collect(&collection{intent: domain.PaymentIntentID("pi_" + s.name), amount: amount})
	}
}

// fetchSessionAgain asks for the session as it is now.
func (s *story) fetchSessionAgain() {
	s.soon()
	for n := len(s.facts) - 1; n >= 0; n-- {
		if last, is := s.facts[n].(domain.SessionFact); is {
			last.Type, last.At = domain.TypeFetched, s.now
			s.says(last)
			return
		}
	}
}
