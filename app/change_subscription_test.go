package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func (w *world) changeTo(t *testing.T, wish app.ChangeWish) app.ChangeResult {
	t.Helper()
	wish.User = "u"
	result, err := w.change.Do(t.Context(), wish)
	if err != nil {
		t.Fatalf("change %+v: %v", wish, err)
	}
	return result
}

// subscribed is a world whose user u is subscribed to a plan without a trial.
func subscribed(t *testing.T, plan domain.PlanKey, quantity int64) (*world, domain.Subscription) {
	t.Helper()
	w := newWorld(t)
	w.sellYearly()
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: plan, Quantity: quantity})
	if !sub.TrialEnd.IsZero() {
		sub.Status, sub.TrialEnd = domain.StatusActive, time.Time{}
		w.stripe.SetSubscription(sub)
	}
	return w, sub
}

func TestChange_AnUpgradeIsHadAtOnce(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	for range 2 { // as a client repeats it
		result := w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 2, ClientKey: "k"})
		if result.When != app.WhenNow || result.Pending || result.Subscription.ID != sub.ID || result.EffectiveAt.IsZero() {
			t.Errorf("got %+v, want it changed now", result)
		}
		// No event has come: the answer itself was taken in.
		if held := w.features(t, "u"); held["seats"] != "10" || held["sso"] != "" {
			t.Errorf("holds %v, want 2 times 5 seats", held)
		}
	}
	if invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID); len(invoices) != 2 {
		t.Errorf("there are %d invoices, want the first and one of the change", len(invoices))
	}
}

func TestChange_AnUpgradeThatIsNotPaidGivesNothing(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.stripe.DeclineCards(sub.Customer, true)
	result := w.changeTo(t, app.ChangeWish{Plan: "team"})
	if !result.Pending || result.PayURL == "" || !result.EffectiveAt.IsZero() {
		t.Errorf("got %+v, want a change that waits", result)
	}
	if held := w.features(t, "u"); held["seats"] != "" || held["sso"] != "true" {
		t.Errorf("holds %v, want what was held before", held)
	}
}

// What costs less begins with the next period, and is had until then.
func TestChange_ADowngradeWaitsForTheEndOfThePeriod(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	result := w.changeTo(t, app.ChangeWish{Plan: "pro"})
	if result.When != app.WhenPeriodEnd || !result.EffectiveAt.Equal(sub.PeriodEnd()) {
		t.Errorf("got %+v, want it planned for %s", result, sub.PeriodEnd())
	}
	if held := w.features(t, "u"); held["seats"] != "10" {
		t.Errorf("holds %v, want what is paid for", held)
	}
	w.clock.advance(sub.PeriodEnd().Sub(w.clock.now()) + time.Second)
	w.deliver(t, w.stripe.Renew(sub.ID)...)
	if held := w.features(t, "u"); held["seats"] != "" || held["sso"] != "true" {
		t.Errorf("in the next period: holds %v, want what pro gives", held)
	}
}

func TestChange_UsuallyWhen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from     domain.PlanKey
		quantity int64
		to       app.ChangeWish
		want     app.When
	}{
		"dearer":               {"pro", 1, app.ChangeWish{Plan: "team"}, app.WhenNow},
		"cheaper":              {"team", 1, app.ChangeWish{Plan: "pro"}, app.WhenPeriodEnd},
		"more units":           {"team", 2, app.ChangeWish{Plan: "team", Quantity: 3}, app.WhenNow},
		"fewer units":          {"team", 2, app.ChangeWish{Plan: "team", Quantity: 1}, app.WhenPeriodEnd},
		"monthly to yearly":    {"pro", 1, app.ChangeWish{Plan: "pro", Price: "yearly"}, app.WhenNow},
		"cheaper, and at once": {"team", 1, app.ChangeWish{Plan: "pro", When: app.WhenNow}, app.WhenNow},
		"dearer, and later":    {"pro", 1, app.ChangeWish{Plan: "team", When: app.WhenPeriodEnd}, app.WhenPeriodEnd},
	} {
		w, _ := subscribed(t, c.from, c.quantity)
		if got := w.changeTo(t, c.to); got.When != c.want {
			t.Errorf("%s: got %s, want %s", name, got.When, c.want)
		}
	}
}

func TestChange_Refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*domain.Subscription)
		wish   app.ChangeWish
		want   error
	}{
		"unknown plan":               {nil, app.ChangeWish{Plan: "gold"}, app.ErrUnknownPlan},
		"a plan that is sold once":   {nil, app.ChangeWish{Plan: "basic"}, app.ErrNotSubscribed},
		"unknown price":              {nil, app.ChangeWish{Plan: "team", Price: "weekly"}, app.ErrUnknownPrice},
		"too many units":             {nil, app.ChangeWish{Plan: "team", Quantity: 21}, app.ErrBadRequest},
		"units where there are none": {nil, app.ChangeWish{Plan: "pro", Quantity: 2}, app.ErrBadRequest},
		"a word that is no time":     {nil, app.ChangeWish{Plan: "team", When: "soon"}, app.ErrBadRequest},
		"a date outside the period":  {nil, app.ChangeWish{Plan: "team", ProrationDate: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}, app.ErrBadRequest},
		"unpaid":                     {func(s *domain.Subscription) { s.Status = domain.StatusUnpaid }, app.ChangeWish{Plan: "team"}, app.ErrPaymentDue},
		"paused":                     {func(s *domain.Subscription) { s.Status = domain.StatusPaused }, app.ChangeWish{Plan: "team"}, app.ErrPaymentDue},
		"ended":                      {func(s *domain.Subscription) { s.Status = domain.StatusCanceled }, app.ChangeWish{Plan: "team"}, app.ErrNotSubscribed},
		"ending, and later":          {func(s *domain.Subscription) { s.CancelAtPeriodEnd = true }, app.ChangeWish{Plan: "team", When: app.WhenPeriodEnd}, app.ErrEndsAnyway},
		"in a trial, and later":      {func(s *domain.Subscription) { s.Status = domain.StatusTrialing }, app.ChangeWish{Plan: "team", When: app.WhenPeriodEnd}, app.ErrBadRequest},
		"a key with a NUL":           {nil, app.ChangeWish{Plan: "team", ClientKey: "\x00"}, app.ErrBadRequest},
	} {
		w, sub := subscribed(t, "pro", 1)
		if c.change != nil {
			c.change(&sub)
			w.stripe.SetSubscription(sub)
		}
		c.wish.User = "u"
		if got, err := w.change.Do(t.Context(), c.wish); !errors.Is(err, c.want) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, c.want)
		}
		if now, _ := w.stripe.FetchSubscription(t.Context(), sub.ID); now.Snapshot.Items[0].Price != "price_pro_m" {
			t.Errorf("%s: the subscription changed: %+v", name, now.Snapshot.Items)
		}
	}
	w := newWorld(t)
	if _, err := w.change.Do(t.Context(), app.ChangeWish{User: "nobody", Plan: "team"}); !errors.Is(err, app.ErrNotSubscribed) {
		t.Errorf("who never bought: got %v, want %v", err, app.ErrNotSubscribed)
	}
}

// Who is to have no more than everybody has ends what there is: that is what a refusal says.
func TestChange_ToWhatEverybodyHoldsIsAnEnd(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "pro", 1)
	_, changeErr := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "free"})
	_, previewErr := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "free"})
	_, buyErr := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "free"})
	_, portalErr := w.portal.Do(t.Context(), app.PortalWish{User: "u", Flow: ports.PortalUpdate, Plan: "free"})
	for name, got := range map[string]error{"change": changeErr, "preview": previewErr, "checkout": buyErr, "portal": portalErr} {
		if got == nil || !strings.Contains(got.Error(), "held by every user") || !strings.Contains(got.Error(), "POST /api/subscription/cancel") {
			t.Errorf("%s: got %v, want it to say what to do", name, got)
		}
	}
}

func TestChange_AKeyIsForOneChange(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "team", 1)
	w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 2, ClientKey: "k"})
	if _, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "team", Quantity: 3, ClientKey: "k"}); !errors.Is(err, app.ErrKeyReused) {
		t.Errorf("got %v, want %v", err, app.ErrKeyReused)
	}
}

// Nobody chooses what a change costs: at the end of the period an upgrade would be free,
// and at its beginning a downgrade would give back what was used.
func TestChange_IsOfNowOrOfAPreviewJustMade(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.clock.advance(10 * 24 * time.Hour)
	now := w.clock.now()
	for name, at := range map[string]time.Time{
		"the end of the period":       sub.PeriodEnd(),
		"the beginning of the period": sub.PeriodStart().Add(time.Second),
		"some minutes ahead":          now.Add(domain.ClockTolerance + time.Second),
		"a preview of two hours ago":  now.Add(-2 * time.Hour),
	} {
		if got, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "team", ProrationDate: at}); !errors.Is(err, app.ErrBadRequest) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, app.ErrBadRequest)
		}
	}
	if held := w.features(t, "u"); held["seats"] != "" {
		t.Errorf("holds %v, want what pro gives", held)
	}
	w.changeTo(t, app.ChangeWish{Plan: "team", ProrationDate: now.Add(-59 * time.Minute).Truncate(time.Second)})
}

// To go up as of later and down as of before would earn a little each time.
func TestChange_IsNotDatedBeforeTheOneBefore(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.clock.advance(5 * 24 * time.Hour)
	up, down := w.clock.now(), w.clock.now().Add(-30*time.Minute)
	w.changeTo(t, app.ChangeWish{Plan: "team", ProrationDate: up})
	back := app.ChangeWish{User: "u", Plan: "pro", When: app.WhenNow, ProrationDate: down}
	if got, err := w.change.Do(t.Context(), back); !errors.Is(err, app.ErrBadRequest) {
		t.Errorf("got %+v, %v, want %v", got, err, app.ErrBadRequest)
	}
	back.ProrationDate = up // as of a preview that was made then
	w.changeTo(t, back)
	var sum int64
	invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID)
	for _, i := range invoices[:2] {
		sum += i.Invoice.Total
	}
	if sum != 0 {
		t.Errorf("up and down again came to %d, want nothing", sum)
	}
}

func TestPreview_SaysWhatItCostsAndGives(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.clock.advance(10 * 24 * time.Hour)
	p, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "team", Quantity: 2})
	if err != nil || p.Cost.Now == nil || p.Cost.Later == nil || p.When != app.WhenNow || p.Subscription != sub.ID {
		t.Fatalf("got %+v, %v", p, err)
	}
	if p.Cost.Later.Total != 2*9900 || p.Cost.Now.AmountDue <= 0 || p.Cost.Now.AmountDue >= 2*9900-2900 {
		t.Errorf("got %+v now and %+v later", p.Cost.Now, p.Cost.Later)
	}
	if got, want := rightsOf(p), "projects 100 to none; seats none to 10; sso true to none; "; got != want {
		t.Errorf("rights: got %s, want %s", got, want)
	}
	if held := w.features(t, "u"); held["sso"] != "true" {
		t.Errorf("a preview changed something: holds %v", held)
	}
	// What then happens is what it said, though time has passed.
	w.clock.advance(50 * time.Minute)
	w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 2, ProrationDate: p.ProrationDate})
	if invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID); invoices[0].Invoice.Total != p.Cost.Now.Total {
		t.Errorf("previewed %d, and it was %d", p.Cost.Now.Total, invoices[0].Invoice.Total)
	}
}

func rightsOf(p app.ChangePreview) string {
	var s string
	for _, c := range p.Rights {
		value := func(v *domain.Value) string {
			switch {
			case v == nil:
				return "none"
			case v.Type == domain.FeatureFlag:
				return "true"
			default:
				return fmt.Sprint(v.Limit)
			}
		}
		s += fmt.Sprintf("%s %s to %s; ", c.Feature, value(c.Before), value(c.After))
	}
	return s
}

func TestPreview_OfADowngradeIsDueLaterAlone(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	p, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "team", Quantity: 1})
	if err != nil || p.Cost.Now != nil || p.Cost.Later == nil || p.Cost.Later.Total != 9900 || !p.EffectiveAt.Equal(sub.PeriodEnd()) {
		t.Errorf("got %+v, %v", p, err)
	}
	if got, want := rightsOf(p), "seats 10 to 5; "; got != want {
		t.Errorf("rights: got %s, want %s", got, want)
	}
	same, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "team"})
	if err != nil || same.Cost.Now != nil || same.Cost.Later != nil || len(same.Rights) != 0 {
		t.Errorf("what there is: got %+v, %v, want nothing", same, err)
	}
}

func TestEnd_CancelAndResume(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	ended, err := w.change.Cancel(t.Context(), app.EndWish{User: "u", ClientKey: "k"})
	if err != nil || !ended.EndsAt().Equal(sub.PeriodEnd()) || ended.Plan != "pro" {
		t.Fatalf("canceled: got %+v, %v", ended, err)
	}
	all, _ := w.check.All(t.Context(), "u", 0)
	if len(all.Rights) == 0 || !all.Rights[0].Until.Equal(sub.PeriodEnd()) {
		t.Errorf("holds %+v, want until %s", all.Rights, sub.PeriodEnd())
	}
	resumed, err := w.change.Resume(t.Context(), app.EndWish{User: "u", Plan: "team"}) // names the group as well
	if err != nil || !resumed.EndsAt().IsZero() {
		t.Fatalf("resumed: got %+v, %v", resumed, err)
	}
	for range 2 { // as a client repeats it
		over, err := w.change.Cancel(t.Context(), app.EndWish{User: "u", When: app.WhenNow, ClientKey: "now"})
		if err != nil || over.Subscription.Status != domain.StatusCanceled || over.Subscription.ID != sub.ID {
			t.Fatalf("ended: got %+v, %v", over, err)
		}
	}
	if held := w.features(t, "u"); len(held) != 0 {
		t.Errorf("holds %v after the end", held)
	}
	if _, err := w.change.Resume(t.Context(), app.EndWish{User: "u"}); !errors.Is(err, app.ErrNotSubscribed) {
		t.Errorf("resumed after the end: got %v, want %v", err, app.ErrNotSubscribed)
	}
	w.clock.advance(25 * time.Hour)
	if _, err := w.change.Cancel(t.Context(), app.EndWish{User: "u"}); !errors.Is(err, app.ErrNotSubscribed) {
		t.Errorf("a day later: got %v, want %v", err, app.ErrNotSubscribed)
	}
}

// A repetition that comes late, when the user has bought again, ends nothing of that.
func TestEnd_ALateRepetitionEndsNothingElse(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "pro", 1)
	once := app.EndWish{User: "u", When: app.WhenNow, ClientKey: "now"}
	if _, err := w.change.Cancel(t.Context(), once); err != nil {
		t.Fatal(err)
	}
	w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "team"})
	if got, err := w.change.Cancel(t.Context(), once); !errors.Is(err, app.ErrKeyReused) {
		t.Errorf("got %+v, %v, want %v", got, err, app.ErrKeyReused)
	}
	if held := w.features(t, "u"); held["seats"] != "5" {
		t.Errorf("holds %v, want what was bought again", held)
	}
}

func TestEnd_OfSeveralOneIsNamed(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	second := sub
	second.ID, second.Items = "sub_second", []domain.Item{{ID: "si_second", Price: "price_team_m", LookupKey: "team_monthly", Quantity: 1, PeriodStart: sub.PeriodStart(), PeriodEnd: sub.PeriodEnd()}}
	w.stripe.SetSubscription(second)
	w.deliver(t, domain.SubscriptionFact{Type: "customer.subscription.created", At: w.clock.now(), Snapshot: second})
	for name, call := range map[string]func(app.EndWish) (app.EndedSubscription, error){
		"cancel": func(e app.EndWish) (app.EndedSubscription, error) { return w.change.Cancel(t.Context(), e) },
		"resume": func(e app.EndWish) (app.EndedSubscription, error) { return w.change.Resume(t.Context(), e) },
	} {
		if got, err := call(app.EndWish{User: "u"}); !errors.Is(err, app.ErrSeveralSubscriptions) {
			t.Errorf("%s without a plan: got %+v, %v, want %v", name, got, err, app.ErrSeveralSubscriptions)
		}
		if got, err := call(app.EndWish{User: "u", Plan: "team"}); err != nil || got.Subscription.ID != "sub_second" {
			t.Errorf("%s of team: got %+v, %v", name, got, err)
		}
		if _, err := call(app.EndWish{User: "u", Plan: "gold"}); !errors.Is(err, app.ErrUnknownPlan) {
			t.Errorf("%s of what there is not: got %v", name, err)
		}
	}
	if _, err := w.change.Cancel(t.Context(), app.EndWish{User: "u", When: "soon"}); !errors.Is(err, app.ErrBadRequest) {
		t.Errorf("a word that is no time: got %v", err)
	}
}

// A schedule of somebody else's is not thrown away.
func TestChange_AForeignScheduleIsSaid(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "pro", 1)
	w.stripe.FailNext(nil, ports.ErrScheduledElsewhere) // the first tells how it stands
	if _, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "team"}); !errors.Is(err, ports.ErrScheduledElsewhere) {
		t.Errorf("got %v, want %v", err, ports.ErrScheduledElsewhere)
	}
}

// planned is what the end of the period brings.
func (w *world) planned(t *testing.T, id domain.SubscriptionID) *ports.PlannedChange {
	t.Helper()
	details, err := w.stripe.FetchBilling(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return details.Planned
}

func TestChange_ToThePresentPlanTakesBackADowngrade(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	w.changeTo(t, app.ChangeWish{Plan: "pro"})
	if w.planned(t, sub.ID) == nil {
		t.Fatal("nothing is planned")
	}
	result := w.changeTo(t, app.ChangeWish{Plan: "team"})
	if w.planned(t, sub.ID) != nil || result.When != app.WhenNow || result.Pending {
		t.Errorf("got %+v, planned %v: want it taken back", result, w.planned(t, sub.ID))
	}
	if invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID); len(invoices) != 1 {
		t.Errorf("there are %d invoices, want the first alone", len(invoices))
	}
}

func TestChange_ADowngradeOutlivesALateRepetition(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 2, ClientKey: "up"})
	w.changeTo(t, app.ChangeWish{Plan: "pro", ClientKey: "down"})
	again := w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 2, ClientKey: "up"})
	if w.planned(t, sub.ID) == nil || again.Plan != "team" || again.Quantity != 2 {
		t.Errorf("got %+v, planned %v: want the same answer, and the downgrade left", again, w.planned(t, sub.ID))
	}
}

func TestChange_ADowngradeOutlivesADecline(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	w.changeTo(t, app.ChangeWish{Plan: "pro"})
	w.stripe.DeclineCards(sub.Customer, true)
	if result := w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 5}); !result.Pending || w.planned(t, sub.ID) == nil {
		t.Errorf("got %+v, planned %v: want a change that waits, and the downgrade left", result, w.planned(t, sub.ID))
	}
}
