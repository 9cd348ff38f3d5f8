package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// sessionStates are all ways that Stripe may describe a session.
func sessionStates(kind domain.EventType) []domain.SessionFact {
	var all []domain.SessionFact
	for _, status := range []string{"open", "complete", "expired", "other"} {
		for _, payment := range []string{"paid", "unpaid", "no_payment_required", "other"} {
			all = append(all, sessionSays(kind, noon, status, payment))
		}
	}
	return all
}

func orderEvents() []domain.EventType {
	var all []domain.EventType
	for _, rule := range domain.OrderRules {
		if !slices.Contains(all, rule.On) {
			all = append(all, rule.On)
		}
	}
	return all
}

func orderIn(status domain.OrderStatus) domain.Account {
	o := pendingOrder("o1", "pass")
	o.Status = status
	if status == domain.OrderPaid {
		o.PaidAt = noon.Add(-time.Hour)
	}
	return accountWith(ana, o)
}

func TestOrderRules_EveryRowRaisesTheRank(t *testing.T) {
	t.Parallel()
	for n, rule := range domain.OrderRules {
		if rule.To.Rank() < 0 {
			t.Errorf("row %d leads to %q, which OrderStatuses does not list", n, rule.To)
		}
		for _, from := range rule.From {
			if from.Rank() < 0 || from.Rank() >= rule.To.Rank() {
				t.Errorf("row %d leads from %s back to %s", n, from, rule.To)
			}
		}
	}
}

// An event must do to a lower status what it does to any other lower one, or the
// order of events would matter. There is no exception.
func TestOrderRules_EveryRowStartsFromEveryLowerStatus(t *testing.T) {
	t.Parallel()
	for n, rule := range domain.OrderRules {
		for _, status := range domain.OrderStatuses[:max(rule.To.Rank(), 0)] {
			if !slices.Contains(rule.From, status) {
				t.Errorf("row %d (%s, %q): an order that is %s does not become %s", n, rule.On, rule.When, status, rule.To)
			}
		}
	}
}

// A session in any state, told by any event, makes the same of an order whichever
// row is tried first: no two rows are about the same case.
func TestOrderRules_NoTwoRowsAreAboutTheSameCase(t *testing.T) {
	t.Parallel()
	exclusive := func(a, b domain.Guard) bool {
		return a != b && a != domain.GuardNone && b != domain.GuardNone
	}
	for i, a := range domain.OrderRules {
		for _, b := range domain.OrderRules[i+1:] {
			share := slices.ContainsFunc(a.From, func(s domain.OrderStatus) bool { return slices.Contains(b.From, s) })
			if a.On == b.On && share && !exclusive(a.When, b.When) {
				t.Errorf("two rows on %s: to %s and to %s", a.On, a.To, b.To)
			}
		}
	}
	// Guards with different names do exclude each other: of a fetched session in
	// any state at most one row's guard holds, so the row leads where it says.
	for _, state := range sessionStates(domain.TypeFetched) {
		got := after(orderIn(domain.OrderPending), state).Orders["o1"].Status
		want := domain.OrderPending
		switch {
		case state.Status == "open":
			want = domain.OrderOpen
		case state.Status == "expired":
			want = domain.OrderExpired
		case state.Status == "complete" && state.PaymentStatus == "unpaid":
			want = domain.OrderAwaitingPayment
		case state.Status == "complete" && state.PaymentStatus != "other":
			want = domain.OrderPaid
		}
		if got != want {
			t.Errorf("fetched %s, %s: %s, want %s", state.Status, state.PaymentStatus, got, want)
		}
	}
}

func TestOrderRules_AnOrderNeverGoesBackAndAPaidOneKnowsSinceWhen(t *testing.T) {
	t.Parallel()
	for _, from := range domain.OrderStatuses {
		for _, kind := range orderEvents() {
			for _, state := range sessionStates(kind) {
				got := after(orderIn(from), state).Orders["o1"]
				if got.Status.Rank() < from.Rank() {
					t.Errorf("%s took an order from %s to %s", kind, from, got.Status)
				}
				if got.Status == domain.OrderPaid && got.PaidAt.IsZero() {
					t.Errorf("%s, %s, %s: paid since nobody knows when", kind, state.Status, state.PaymentStatus)
				}
			}
		}
	}
}

func TestOrderStatus_SettledAndOpen(t *testing.T) {
	t.Parallel()
	for status, settled := range map[domain.OrderStatus]bool{
		domain.OrderPending: false, domain.OrderOpen: false, domain.OrderExpired: true,
		domain.OrderAwaitingPayment: true, domain.OrderPaymentFailed: true, domain.OrderPaid: true,
		domain.OrderRefunded: true, domain.OrderDisputed: true, domain.OrderChargedBack: true,
	} {
		if status.Settled() != settled {
			t.Errorf("%s: settled is %t", status, !settled)
		}
		o := domain.Order{Status: status, ExpiresAt: noon}
		if o.Open(noon.Add(-time.Second)) == settled {
			t.Errorf("%s before it expires: open is %t", status, settled)
		}
		if o.Open(noon) {
			t.Errorf("%s is open in the moment that it expires", status)
		}
	}
}

func TestSubscriptionEvents_CreatedIsFirstDeletedIsLastAndAFetchYieldsToAChange(t *testing.T) {
	t.Parallel()
	order := []domain.EventType{
		"customer.subscription.created", domain.TypeFetched, "customer.subscription.updated", "customer.subscription.deleted",
	}
	precedence := map[domain.EventType]int{}
	for _, rule := range domain.SubscriptionEvents {
		if _, twice := precedence[rule.On]; twice {
			t.Errorf("%s has two rows", rule.On)
		}
		precedence[rule.On] = rule.Precedence
		between := rule.Precedence == precedence["customer.subscription.updated"]
		if !slices.Contains(order, rule.On) && !between {
			t.Errorf("%s has precedence %d: only what happens once in a subscription's life comes before or after a change", rule.On, rule.Precedence)
		}
	}
	for n := 1; n < len(order); n++ {
		if precedence[order[n-1]] >= precedence[order[n]] {
			t.Errorf("%s does not come before %s", order[n-1], order[n])
		}
	}
}

func TestStatuses_LiveIsWhatMayStillCharge(t *testing.T) {
	t.Parallel()
	for status, live := range map[domain.SubscriptionStatus]bool{
		domain.StatusIncomplete: false, domain.StatusIncompleteExpired: false, domain.StatusCanceled: false,
		domain.StatusTrialing: true, domain.StatusActive: true, domain.StatusPastDue: true,
		domain.StatusUnpaid: true, domain.StatusPaused: true, "unheard_of": false,
	} {
		if status.Live() != live {
			t.Errorf("%s: live is %t", status, !live)
		}
	}
}
