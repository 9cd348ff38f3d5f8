package domaintest

import (
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// makeOrder keeps an order and the session that was made for it.
func (s *story) makeOrder(plan domain.PlanKey, price domain.PriceID, quantity int64) {
	s.order = PendingOrder(domain.OrderID("ord_"+s.name), plan)
	s.order.Quantity, s.order.PriceID = quantity, price
	s.order.Session = domain.SessionID("cs_" + s.name)
	s.order.Subtotal, s.order.Currency = tariffs[price].cents*quantity, "usd"
}

// session says something about the order's checkout session.
func (s *story) session(kind domain.EventType, status, payment string, edit ...func(*domain.SessionFact)) {
	f := domain.SessionFact{
		Type: kind, At: s.now, ID: s.order.Session, Mode: s.order.Mode,
		Status: status, PaymentStatus: payment, Order: s.order.ID, Customer: s.customer,
		Amount: s.order.Subtotal, Subtotal: s.order.Subtotal, Currency: "usd",
	}
	if status == "open" {
		f.URL = "https://checkout.stripe.com/" + s.name
	}
	for _, e := range edit {
		e(&f)
	}
	s.turn("session mode", string(f.Mode))
	s.turn("session status", f.Status)
	s.turn("payment status", f.PaymentStatus)
	s.says(f)
}

// foreignSession: somebody completes a session that has our order's id in its
// metadata and was not made for the order. It pays nothing.
func (s *story) foreignSession() {
	foreign := func(f *domain.SessionFact) { f.ID += "_foreign"; f.PaymentIntent = ""; f.Subscription = "" }
	switch s.choose("foreign session", "setup", "fraction", "other mode", "other currency") {
	case "setup":
		s.session("checkout.session.completed", "complete", "no_payment_required", foreign, func(f *domain.SessionFact) {
			f.Mode, f.Amount, f.Subtotal = domain.ModeSetup, 0, 0
		})
	case "fraction":
		s.session("checkout.session.completed", "complete", "paid", foreign, func(f *domain.SessionFact) {
			f.Amount, f.Subtotal = f.Amount/2, f.Subtotal/2
			if f.Mode == domain.ModePayment {
				f.PaymentIntent = domain.PaymentIntentID("pi_foreign_" + s.name)
			}
		})
	case "other mode":
		s.session("checkout.session.completed", "complete", "paid", foreign, func(f *domain.SessionFact) {
			f.Mode = map[domain.Mode]domain.Mode{
				domain.ModePayment: domain.ModeSubscription, domain.ModeSubscription: domain.ModePayment,
			}[f.Mode]
		})
	case "other currency":
		s.session("checkout.session.completed", "complete", "paid", foreign, func(f *domain.SessionFact) { f.Currency = "jpy" })
	}
}

// buyOnce tells a one-time purchase.
func (s *story) buyOnce() {
	plan := domain.PlanKey(s.choose("order of", "pass", "forever", "donation"))
	s.makeOrder(plan, Shop.Plans[plan].Prices[0].ID, int64(rapid.IntRange(1, 4).Draw(s.t, "quantity")))
	price := s.order.Subtotal

	intent := func(f *domain.SessionFact) { f.PaymentIntent = domain.PaymentIntentID("pi_" + s.name) }
	paid := func(f *domain.SessionFact) { f.Status, f.PaymentStatus = "complete", "paid"; intent(f) }
	s.session(domain.TypeFetched, "open", "unpaid")
	s.soon()
	if s.seldom("a foreign session", 4) {
		s.foreignSession()
		s.soon()
	}

	switch s.choose("checkout", "left open", "expired", "recovered", "paid", "paid", "paid", "copied", "free", "bank debit", "bank debit fails", "bank debit pending") {
	case "expired":
		s.session("checkout.session.expired", "expired", "unpaid")
	case "recovered":
		s.session("checkout.session.expired", "expired", "unpaid")
		s.soon()
		s.isBought(price)
		s.session("checkout.session.completed", "complete", "paid", paid, func(f *domain.SessionFact) {
			f.RecoveredFrom, f.ID = f.ID, f.ID+"_again"
		})
	case "paid":
		s.isBought(price)
		s.session("checkout.session.completed", "complete", "paid", paid)
	case "copied": // somebody made another session for it, and the whole price was paid
		s.isBought(price)
		s.session("checkout.session.completed", "complete", "paid", paid, func(f *domain.SessionFact) { f.ID += "_copy" })
	case "free":
		s.isBought(0)
		s.session("checkout.session.completed", "complete", "no_payment_required", func(f *domain.SessionFact) { f.Amount = 0 })
	case "bank debit":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
		s.soon()
		s.isBought(price)
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
	for range rapid.IntRange(0, 7).Draw(s.t, "turns of the money") {
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

// fetchSessionAgain asks for the order's session as it is now.
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
