package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// upcoming are the announcements so far.
func (s *shop) upcoming() []sandbox.Event {
	var all []sandbox.Event
	for _, e := range s.Events() {
		if e.Type == "invoice.upcoming" {
			all = append(all, e)
		}
	}
	return all
}

// What is announced is what the preview says and what is then billed, and has no id yet.
func TestUpcomingInvoice_IsAnnouncedSevenDaysBefore(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	s.post("/v1/invoiceitems", values("customer", sub.Customer.ID, "amount", "57", "currency", "usd"))
	end := time.Unix(sub.CurrentPeriodEnd, 0)
	s.ok(s.AdvanceTo(end.Add(-7*day - time.Second)))
	if got := s.upcoming(); len(got) != 0 {
		t.Errorf("too early: %s", got[0].Body)
	}
	s.ok(s.AdvanceTo(end.Add(-7 * day)))
	got := s.upcoming()
	if len(got) != 1 || got[0].Created.Unix() != end.Add(-7*day).Unix() {
		t.Fatalf("got %d announcements", len(got))
	}
	told := parse(t, got[0].Body).down("data.object")
	told.wants(t, "what is announced", map[string]string{
		"id": "<none>", "status": "draft", "billing_reason": "upcoming", "subscription": sub.ID, "total": "2057",
		"next_payment_attempt": fmt.Sprint(end.Add(time.Hour).Unix()), "period_end": fmt.Sprint(end.Unix()),
	})
	preview := s.fetch("", "/v1/invoices/upcoming?subscription="+sub.ID)
	s.ok(s.AdvanceTo(end.Add(time.Hour)))
	billed := s.fetch("", "/v1/invoices/"+s.sub(sub.ID).LatestInvoice.ID)
	if preview.at("total") != "2057" || billed.at("total") != "2057" {
		t.Errorf("previewed %s, billed %s", preview.at("total"), billed.at("total"))
	}
	s.ok(s.AdvanceTo(end.AddDate(0, 1, 0)))
	if got := s.upcoming(); len(got) != 2 {
		t.Errorf("a period later there are %d announcements", len(got))
	}
}

func TestUpcomingInvoice_IsAnnouncedWhereThereWillBeOneThatIsCharged(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts []sandbox.Option
		does func(s *shop, id string)
		want int
	}{
		"a month":                      {nil, func(*shop, string) {}, 1},
		"a notice of three days":       {[]sandbox.Option{sandbox.WithUpcomingNotice(3 * day)}, func(*shop, string) {}, 1},
		"a notice of a month":          {[]sandbox.Option{sandbox.WithUpcomingNotice(31 * day)}, func(*shop, string) {}, 0},
		"never":                        {[]sandbox.Option{sandbox.WithUpcomingNotice(0)}, func(*shop, string) {}, 0},
		"canceled at the period's end": {nil, func(s *shop, id string) { s.post("/v1/subscriptions/"+id, values("cancel_at_period_end", "true")) }, 0},
		"sent to the customer": {nil, func(s *shop, id string) {
			s.post("/v1/subscriptions/"+id, values("collection_method", "send_invoice", "days_until_due", "10"))
		}, 0},
		"unpaid": {nil, func(s *shop, id string) { s.ok(s.SetSubscriptionStatus(id, "unpaid")) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, tt.opts...)
			sub := s.subscribed()
			tt.does(s, sub.ID)
			s.ok(s.AdvanceTo(time.Unix(sub.CurrentPeriodEnd, 0)))
			if got := s.upcoming(); len(got) != tt.want {
				t.Errorf("got %d announcements, want %d", len(got), tt.want)
			}
		})
	}
}

func TestUpcomingInvoice_IsAnnouncedBeforeATrialEnds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
	id := s.paid(p).Subscription.ID
	if got := s.advance(13 * day); got != "invoice.upcoming customer.subscription.trial_will_end" {
		t.Errorf("got events %s", got)
	}
	end := s.sub(id).TrialEnd
	if told := string(s.upcoming()[0].Body); !strings.Contains(told, `"amount_due": 2000`) || !strings.Contains(told, fmt.Sprint(end)) {
		t.Errorf("told %s", told)
	}
}
