package domain_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"pgregory.net/rapid"
)

// history is what truly happened to one user: what Stripe says of it, in order,
// and what is true in the end.
type history struct {
	account domain.Account // before the first fact
	facts   []domain.Fact
	truth   []domain.Entitlement // by the model alone, see truth_test.go
}

// histories makes true histories of a user: up to three purchases side by side.
//
// Times are whole seconds and often the same. What the rules cannot tell apart by
// themselves is not generated: two `updated` (or two fetches) of one subscription
// within one second, of which neither Stripe's time nor the type says which came
// last. There a deterministic rule decides, which need not be right; the arbitrary
// facts of join_test.go check that it is at least always the same.
func histories(user domain.UserID) *rapid.Generator[history] {
	return rapid.Custom(func(t *rapid.T) history {
		h := history{account: accountWith(user)}
		for n := range rapid.IntRange(1, 3).Draw(t, "purchases") {
			s := &story{
				t: t, now: noon.Add(time.Duration(n) * time.Second),
				customer: customerOf(user), name: fmt.Sprintf("%s_%d", user, n),
			}
			if rapid.Bool().Draw(t, "subscription") {
				s.subscribe()
			} else {
				s.buyOnce()
			}
			if s.order.ID != "" {
				h.account = h.account.WithOrder(s.order)
			}
			h.facts = append(h.facts, s.facts...)
			h.truth = append(h.truth, s.truth...)
		}
		sortEntitlements(h.truth)
		return h
	})
}

// story is one purchase while it is being told.
type story struct {
	t        *rapid.T
	now      time.Time
	customer domain.CustomerID
	name     string // part of every id

	order domain.Order // as kept before Stripe said anything
	facts []domain.Fact
	truth []domain.Entitlement
}

// soon lets some seconds pass, or none.
func (s *story) soon() {
	s.wait(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 2, 3600}).Draw(s.t, "soon")) * time.Second)
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *story) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(s.t, label)
}

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
	s.facts = append(s.facts, f)
}

// buyOnce tells a one-time purchase.
func (s *story) buyOnce() {
	plan := domain.PlanKey(s.pick("plan", "pass", "forever"))
	s.order = pendingOrder(domain.OrderID("ord_"+s.name), plan)
	s.order.Quantity = int64(rapid.IntRange(1, 4).Draw(s.t, "quantity"))

	intent := func(f *domain.SessionFact) { f.PaymentIntent = domain.PaymentIntentID("pi_" + s.name) }
	paid := func(f *domain.SessionFact) { f.Status, f.PaymentStatus = "complete", "paid"; intent(f) }
	s.session(domain.TypeFetched, "open", "unpaid")
	s.soon()

	switch s.pick("checkout", "left open", "expired", "recovered", "paid", "free", "bank debit", "bank debit fails", "bank debit pending") {
	case "expired":
		s.session("checkout.session.expired", "expired", "unpaid")
	case "recovered":
		s.session("checkout.session.expired", "expired", "unpaid")
		s.soon()
		s.truth = s.onceTruth(plan)
		s.session("checkout.session.completed", "complete", "paid", paid, func(f *domain.SessionFact) {
			f.RecoveredFrom, f.ID = f.ID, f.ID+"_again"
		})
	case "paid":
		s.truth = s.onceTruth(plan)
		s.session("checkout.session.completed", "complete", "paid", paid)
	case "free":
		s.truth = s.onceTruth(plan)
		s.session("checkout.session.completed", "complete", "no_payment_required")
	case "bank debit":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
		s.soon()
		s.truth = s.onceTruth(plan)
		s.session("checkout.session.async_payment_succeeded", "complete", "paid", paid)
	case "bank debit fails":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
		s.soon()
		s.session("checkout.session.async_payment_failed", "complete", "unpaid", intent)
	case "bank debit pending":
		s.session("checkout.session.completed", "complete", "unpaid", intent)
	}
	if rapid.Bool().Draw(s.t, "fetched later") {
		s.fetchSessionAgain()
	}
}

// fetchSessionAgain asks for the session as it is now.
func (s *story) fetchSessionAgain() {
	s.soon()
	last, _ := s.facts[len(s.facts)-1].(domain.SessionFact)
	last.Type, last.At = domain.TypeFetched, s.now
	s.facts = append(s.facts, last)
}

// shuffled is the history as it may be delivered: every fact at least once, some
// more often, in any order.
func shuffled(t *rapid.T, facts ...domain.Fact) []domain.Fact {
	delivered := slices.Clone(facts)
	if len(facts) > 0 {
		again := rapid.SliceOfN(rapid.SampledFrom(facts), 0, len(facts)).Draw(t, "delivered again")
		delivered = append(delivered, again...)
	}
	return rapid.Permutation(delivered).Draw(t, "delivery")
}
