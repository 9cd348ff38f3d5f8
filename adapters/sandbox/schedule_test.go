package sandbox_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// downgraded is a subscription with a schedule that takes it to price at the end of the
// period, and the schedule's id.
func (s *shop) downgraded(price string, more ...string) (sub tree, schedule string) {
	s.t.Helper()
	sub = s.created("items[0][price]", s.monthly, "items[0][quantity]", "3")
	sch := must[*stripe.SubscriptionSchedule](s.t)(s.api.SubscriptionSchedules.New(&stripe.SubscriptionScheduleParams{FromSubscription: stripe.String(sub.at("id"))}))
	form := append([]string{
		"phases[0][start_date]", sub.at("current_period_start"), "phases[0][end_date]", sub.at("current_period_end"),
		"phases[0][items][0][price]", s.monthly, "phases[0][items][0][quantity]", "3",
		"phases[1][items][0][price]", price, "phases[1][items][0][quantity]", "1", "phases[1][proration_behavior]", "none", "phases[1][iterations]", "2",
	}, more...)
	s.post("/v1/subscription_schedules/"+sch.ID, values(form...)).wants(s.t, "planned", map[string]string{
		"status": "active", "subscription": sub.at("id"), "current_phase.end_date": sub.at("current_period_end"), "phases.1.start_date": sub.at("current_period_end"),
		"phases.1.items.0.price": price})
	return sub, sch.ID
}

func TestSchedule_DowngradesAtThePeriodsEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	small := s.mustPrice(sandbox.PriceSpec{Product: "Small", UnitAmount: 500, Interval: "month"})
	sub, id := s.downgraded(small)
	s.fetch("", "/v1/subscriptions/"+sub.at("id")+"?expand[]=schedule").wants(t, "until then", map[string]string{"schedule.id": id, "items.data.0.price.id": s.monthly})
	upcoming := s.fetch("", "/v1/invoices/upcoming?subscription="+sub.at("id"))
	if got := s.after(func() { s.ok(s.RenewSubscription(sub.at("id"), true)) }); got != "subscription_schedule.updated "+billed+paid {
		t.Errorf("got events %s", got)
	}
	now := s.fetch("", "/v1/subscriptions/"+sub.at("id")+"?expand[]=latest_invoice")
	now.wants(t, "after it", map[string]string{"items.data.0.price.id": small, "items.data.0.quantity": "1", "items.data.1": "<none>", "latest_invoice.total": "500",
		"current_period_start": sub.at("current_period_end"), "schedule": id})
	if got := now.down("latest_invoice"); upcoming.at("total") != got.at("total") || lines(upcoming)[0] != lines(got)[0] {
		t.Errorf("previewed %v, made %v", lines(upcoming), lines(got))
	}
	s.fetch("", "/v1/subscription_schedules/"+id).wants(t, "the schedule", map[string]string{"current_phase.start_date": sub.at("current_period_end")})
	s.ok(s.RenewSubscription(sub.at("id"), true))
	if got := s.after(func() { s.ok(s.RenewSubscription(sub.at("id"), true)) }); got != "subscription_schedule.released "+billed+paid {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "let go", map[string]string{"status": "active", "schedule": "null", "items.data.0.price.id": small})
	s.fetch("", "/v1/subscription_schedules/"+id).wants(t, "released", map[string]string{"status": "released", "subscription": "null", "released_subscription": sub.at("id"), "current_phase": "null"})
}

func TestSchedule_EndsInOtherWays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub, id := s.downgraded(s.yearly, "end_behavior", "cancel")
	s.refused(400, "/v1/subscriptions/"+sub.at("id"), values("cancel_at_period_end", "true"))
	s.refused(400, "/v1/subscription_schedules", values("from_subscription", sub.at("id")))
	s.ok(s.RenewSubscription(sub.at("id"), true))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "yearly", map[string]string{"items.data.0.price.id": s.yearly, "billing_cycle_anchor": sub.at("current_period_end")})
	s.ok(s.RenewSubscription(sub.at("id"), true))
	if status, answer := s.ask("", "GET", "/v1/invoices/upcoming?subscription="+sub.at("id"), nil); status != 404 {
		t.Errorf("an invoice is coming up after the last phase: %s", answer)
	}
	if got := s.after(func() { s.ok(s.RenewSubscription(sub.at("id"), true)) }); got != "subscription_schedule.completed customer.subscription.deleted" {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/subscription_schedules/"+id).wants(t, "completed", map[string]string{"status": "completed"})

	_, released := s.downgraded(s.yearly)
	if got := s.after(func() { must[*stripe.SubscriptionSchedule](t)(s.api.SubscriptionSchedules.Release(released, nil)) }); got != "subscription_schedule.released customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	_, canceled := s.downgraded(s.yearly)
	if got := s.after(func() { must[*stripe.SubscriptionSchedule](t)(s.api.SubscriptionSchedules.Cancel(canceled, nil)) }); got != "subscription_schedule.canceled customer.subscription.deleted" {
		t.Errorf("got events %s", got)
	}
	for _, gone := range []string{released, canceled} {
		s.refused(400, "/v1/subscription_schedules/"+gone+"/release", nil)
		s.refused(400, "/v1/subscription_schedules/"+gone, values("end_behavior", "cancel"))
	}
	for _, v := range stripespec.Versions {
		_, answer := s.ask(v.API, "GET", "/v1/subscription_schedules", nil)
		stripespec.ValidateIn(t, v.API, "list of subscription_schedule", answer)
	}
	s.conform("subscription_schedule.created", "subscription_schedule.updated", "subscription_schedule.released", "subscription_schedule.canceled", "subscription_schedule.completed")
}

func TestSchedule_RefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub, id := s.downgraded(s.yearly)
	phase := func(pairs ...string) []string {
		return append([]string{"phases[0][start_date]", sub.at("current_period_start"), "phases[0][items][0][price]", s.monthly, "phases[0][items][0][quantity]", "3"}, pairs...)
	}
	for name, tt := range map[string]struct {
		pairs []string
		param string
	}{
		"a start that is not the phase's": {[]string{"phases[0][start_date]", "1", "phases[0][items][0][price]", s.monthly, "phases[0][items][0][quantity]", "3"}, "phases[0][start_date]"},
		"no start":                        {[]string{"phases[0][items][0][price]", s.monthly, "phases[0][items][0][quantity]", "3"}, "phases[0][start_date]"},
		"other items at once":             {[]string{"phases[0][start_date]", sub.at("current_period_start"), "phases[0][items][0][price]", s.yearly}, "phases[0][items]"},
		"an end within a period":          {phase("phases[0][end_date]", fmtInt(s.sub(sub.at("id")).CurrentPeriodEnd-60)), "phases[0][end_date]"},
		"two ends":                        {phase("phases[0][iterations]", "1", "phases[0][end_date]", sub.at("current_period_end")), "phases[0][iterations]"},
		"no items":                        {phase("phases[1][iterations]", "1"), "phases[1][items]"},
		"a price that is paid once":       {phase("phases[1][items][0][price]", s.once), "phases[1][items][0][price]"},
		"a metered price":                 {phase("phases[1][items][0][price]", s.meter()), "phases[1][items]"},
		"a gap":                           {phase("phases[1][start_date]", fmtInt(s.sub(sub.at("id")).CurrentPeriodEnd+60), "phases[1][items][0][price]", s.yearly), "phases[1][start_date]"},
		"a trial":                         {phase("phases[0][trial]", "true"), "phases[0][trial]"},
	} {
		s.refused(400, "/v1/subscription_schedules/"+id, values(tt.pairs...)).wants(t, name, map[string]string{"error.param": tt.param})
	}
	s.refused(400, "/v1/subscription_schedules", values("customer", sub.at("customer")))
	s.fetch("", "/v1/subscription_schedules?customer="+sub.at("customer")).wants(t, "listed", map[string]string{"data.0.id": id, "data.1": "<none>"})
}

// Since basil a phase lasts for a duration, in place of iterations; it ends with a period too.
func TestSchedule_PhasesLastForADuration(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub, id := s.downgraded(s.yearly)
	plan := func(price string, pairs ...string) url.Values {
		return values(append([]string{
			"phases[0][start_date]", sub.at("current_period_start"), "phases[0][end_date]", sub.at("current_period_end"),
			"phases[0][items][0][price]", s.monthly, "phases[0][items][0][quantity]", "3", "phases[1][items][0][price]", price,
		}, pairs...)...)
	}
	end := time.Unix(s.sub(sub.at("id")).CurrentPeriodEnd, 0).UTC()
	for _, tt := range []struct {
		price, interval, count string
		end                    time.Time
	}{{s.monthly, "month", "", end.AddDate(0, 1, 0)}, {s.monthly, "year", "1", end.AddDate(1, 0, 0)}, {s.yearly, "month", "24", end.AddDate(2, 0, 0)}} {
		form := plan(tt.price, "phases[1][duration][interval]", tt.interval)
		if tt.count != "" {
			form.Set("phases[1][duration][interval_count]", tt.count)
		}
		s.postIn(dahlia, "/v1/subscription_schedules/"+id, form).wants(t, tt.count+" "+tt.interval, map[string]string{"phases.1.end_date": fmtInt(tt.end.Unix())})
	}
	for name, pairs := range map[string][]string{
		"within a period": {"phases[1][duration][interval]", "day"},
		"no interval":     {"phases[1][duration][interval_count]", "2"},
		"too far":         {"phases[1][duration][interval]", "year", "phases[1][duration][interval_count]", "1000"},
		"two ends":        {"phases[1][duration][interval]", "month", "phases[1][end_date]", fmtInt(end.AddDate(0, 1, 0).Unix())},
	} {
		if status, answer := s.ask(dahlia, "POST", "/v1/subscription_schedules/"+id, plan(s.monthly, pairs...)); status != 400 || !strings.Contains(string(answer), "phases[1][duration]") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	// What stays as it is can be said, as clients do that send back what they read.
	stays := plan(s.monthly, "phases[1][trial]", "false", "phases[1][collection_method]", "charge_automatically", "phases[1][discounts]", "",
		"phases[0][automatic_tax][enabled]", "false", "default_settings[billing_cycle_anchor]", "automatic", "default_settings[collection_method]", "charge_automatically")
	s.postIn(dahlia, "/v1/subscription_schedules/"+id, stays)
	stays.Set("phases[1][collection_method]", "send_invoice")
	_, answer := s.ask(dahlia, "POST", "/v1/subscription_schedules/"+id, stays)
	parse(t, answer).wants(t, "another way to collect", map[string]string{"error.param": "phases[1][collection_method]"})
	// An end is not billed here: who says so is taken at its word, who asks for a bill is refused.
	s.refused(400, "/v1/subscription_schedules/"+id+"/cancel", values("invoice_now", "true"))
	s.post("/v1/subscription_schedules/"+id+"/cancel", values("invoice_now", "false", "prorate", "false")).wants(t, "canceled", map[string]string{"status": "canceled"})
}

// The sandbox's clock takes a schedule from phase to phase, and to its end.
func TestSchedule_GoesOnByTheClock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	small := s.mustPrice(sandbox.PriceSpec{Product: "Small", UnitAmount: 500, Interval: "month"})
	sub, id := s.downgraded(small)
	s.ok(s.Advance(33 * 24 * time.Hour))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")+"?expand[]=latest_invoice").wants(t, "downgraded", map[string]string{
		"items.data.0.price.id": small, "latest_invoice.status": "paid", "latest_invoice.total": "500", "schedule": id})
	s.ok(s.Advance(62 * 24 * time.Hour))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "let go", map[string]string{"status": "active", "schedule": "null", "items.data.0.price.id": small})
}

// A schedule is announced to end a week before, once, by the end that it has then.
func TestSchedule_IsAnnouncedToEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub, id := s.downgraded(s.mustPrice(sandbox.PriceSpec{Product: "Small", UnitAmount: 500, Interval: "month"}))
	s.post("/v1/subscription_schedules/"+id, values("metadata[a]", "b")) // which moves nothing
	last := must[int64](t)(strconv.ParseInt(s.fetch("", "/v1/subscription_schedules/"+id).at("phases.1.end_date"), 10, 64))
	end := time.Unix(last, 0)
	told := func(until time.Time) int {
		return strings.Count(s.after(func() { s.ok(s.AdvanceTo(until)) }), "subscription_schedule.expiring")
	}
	if n := told(end.Add(-7*day - time.Second)); n != 0 {
		t.Errorf("before the last week it was announced to end %d times", n)
	}
	if n := told(end.Add(day)); n != 1 {
		t.Errorf("in its last week it was announced to end %d times", n)
	}
	s.fetch("", "/v1/subscription_schedules/"+id).wants(t, "then", map[string]string{"status": "released", "released_subscription": sub.at("id")})
	s.conform("subscription_schedule.expiring")
}

// The schedule of a subscription that ends since nobody pays is aborted.
func TestSchedule_IsAborted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub, id := s.downgraded(s.yearly)
	s.ok(s.SetCard(sub.at("id"), "4000000000000341"))
	if got := s.advance(60 * day); !strings.HasSuffix(got, "subscription_schedule.aborted customer.subscription.deleted") {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/subscription_schedules/"+id).wants(t, "aborted", map[string]string{"status": "canceled"})
	s.conform("subscription_schedule.aborted")
}
