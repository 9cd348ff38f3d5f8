package domain_test

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func TestAccount_LateEventOfADeletedCustomerIsStillItsUsers(t *testing.T) {
	t.Parallel()
	a := after(accountWith(ana), subscriptionSays(created, noon, "active")).WithoutCustomer("key")
	if a.Customer != "" || a.CustomerKey != "key" {
		t.Errorf("the customer is still there: %+v", a)
	}
	a = after(a, subscriptionSays(deleted, noon.Add(day), "canceled"))
	if holds(a, "sso", noon.Add(2*day)) {
		t.Error("the end of the subscription was taken for somebody else's")
	}
}

func TestAccount_OneTrialEverAndNoSecondOneMeanwhile(t *testing.T) {
	t.Parallel()
	trial := func(status domain.OrderStatus) domain.Account {
		o := pendingOrder("o1", "pro")
		o.TrialDays, o.Status, o.ExpiresAt = 14, status, noon.Add(day)
		return accountWith(ana, o)
	}
	for name, c := range map[string]struct {
		account domain.Account
		at      time.Time
		want    bool
	}{
		"nothing yet":                     {accountWith(ana), noon, false},
		"a checkout with a trial is open": {trial(domain.OrderOpen), noon, true},
		"it was never completed":          {trial(domain.OrderOpen), noon.Add(day), false},
		"it expired":                      {trial(domain.OrderExpired), noon, false},
		"it was completed":                {trial(domain.OrderPaid), noon.Add(month), true},
		"a trial that ended":              {after(accountWith(ana), subscriptionSays(deleted, noon, "canceled", func(s *domain.Subscription) { s.TrialEnd = noon })), noon.Add(month), true},
		"a trial of what is ignored": {after(accountWith(ana), subscriptionSays(created, noon, "trialing", func(s *domain.Subscription) {
			s.TrialEnd, s.Items[0].Price, s.Items[0].LookupKey = noon, "price_support", ""
		})), noon, false},
		"a subscription without any trial":  {after(accountWith(ana), subscriptionSays(created, noon, "active")), noon, false},
		"a paid order that had none either": {accountWith(ana, pendingOrder("o1", "pro")), noon, false},
	} {
		if got := c.account.HadTrial(c.at, shop); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// The customer is made before anything is bought: a purchase of an account
// without one can only be somebody else's.
func TestRecord_AccountWithoutACustomerOwnsNothing(t *testing.T) {
	t.Parallel()
	a := domain.NewAccount(ana).WithOrder(pendingOrder("o1", "pro"))
	for _, fact := range []domain.Fact{
		sessionSays("checkout.session.completed", noon, "complete", "paid"),
		subscriptionSays(created, noon, "active"),
		invoiceSays(paid, 0),
	} {
		if _, verdict := domain.Record(a, fact, shop); verdict.Outcome != domain.OutcomeIgnored {
			t.Errorf("%T: %+v, want ignored", fact, verdict)
		}
	}
}
