package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func (w *world) pause(t *testing.T, wish app.PauseWish) app.PausedSubscription {
	t.Helper()
	wish.User = "u"
	paused, err := w.change.Pause(t.Context(), wish)
	if err != nil {
		t.Fatalf("pause %+v: %v", wish, err)
	}
	return paused
}

// billed counts the invoices of a subscription with a status.
func (w *world) billed(t *testing.T, id domain.SubscriptionID, status domain.InvoiceStatus) int {
	t.Helper()
	all, err := w.stripe.FetchInvoices(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, i := range all {
		if i.Invoice.Status == status {
			n++
		}
	}
	return n
}

func (w *world) buttonOf(t *testing.T, plan domain.PlanKey) app.Action {
	t.Helper()
	offers, err := w.offers.Do(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range offers.Plans {
		if o.Plan.Key == plan {
			return o.Action
		}
	}
	return ""
}

func TestPause_GivesWhatIsPaidForAndIsPaidWhenItGoesOn(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	for range 2 { // as a client repeats it
		if paused := w.pause(t, app.PauseWish{ClientKey: "k"}); paused.Subscription.Pause != domain.PauseVoid || paused.Plan != "team" {
			t.Errorf("got %+v", paused)
		}
	}
	if held := w.features(t, "u"); held["seats"] != "10" {
		t.Errorf("holds %v, want what is paid for", held)
	}
	for _, plan := range []domain.PlanKey{"team", "pro"} {
		if got := w.buttonOf(t, plan); got != app.ActionResume {
			t.Errorf("the button of %s does %s", plan, got)
		}
	}
	if _, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "team", Quantity: 9}); !errors.Is(err, app.ErrPaused) {
		t.Errorf("more seats, which would be voided: got %v", err)
	}
	for _, plan := range []domain.PlanKey{"team", "pro"} {
		if step, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: plan}); !errors.Is(err, app.ErrPaused) {
			t.Errorf("a checkout of %s: got %+v, %v", plan, step, err)
		}
	}
	if _, err := w.portal.Do(t.Context(), app.PortalWish{User: "u", Flow: ports.PortalUpdate}); !errors.Is(err, app.ErrPaused) {
		t.Errorf("a change in the portal: got %v", err)
	}
	if _, err := w.change.Resume(t.Context(), app.EndWish{User: "u"}); err != nil || w.billed(t, sub.ID, domain.InvoicePaid) != 1 {
		t.Errorf("resumed while it is paid for: got %v, and %d invoices paid", err, w.billed(t, sub.ID, domain.InvoicePaid))
	}
	w.pause(t, app.PauseWish{})
	w.nextPeriod(t, sub)
	if held := w.features(t, "u"); held["seats"] != "" || w.billed(t, sub.ID, domain.InvoiceVoid) != 1 {
		t.Errorf("in a period that is not paid: holds %v", held)
	}
	w.stripe.DeclineCards(sub.Customer, true)
	if _, err := w.change.Resume(t.Context(), app.EndWish{User: "u"}); !errors.Is(err, app.ErrPaymentDue) {
		t.Errorf("resumed without paying: got %v", err)
	}
	if held := w.features(t, "u"); held["seats"] != "" {
		t.Errorf("unpaid: holds %v", held)
	}
	w.stripe.DeclineCards(sub.Customer, false)
	if _, err := w.change.Cancel(t.Context(), app.EndWish{User: "u"}); err != nil {
		t.Fatal(err)
	}
	resumed, err := w.change.Resume(t.Context(), app.EndWish{User: "u"})
	if err != nil || resumed.Subscription.Pause != domain.PauseNone || !resumed.EndsAt().IsZero() {
		t.Errorf("resumed: got %+v, %v, want neither a pause nor an end", resumed, err)
	}
	if held := w.features(t, "u"); held["seats"] != "10" || w.billed(t, sub.ID, domain.InvoicePaid) != 2 {
		t.Errorf("resumed and paid: holds %v, %d invoices paid", held, w.billed(t, sub.ID, domain.InvoicePaid))
	}
	if got := w.buttonOf(t, "team"); got != app.ActionManage {
		t.Errorf("the button does %s", got)
	}
}

// A pause is of whole periods: within one it would be had for nothing.
func TestPause_ResumesWithAPeriod(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 1)
	end := sub.PeriodEnd()
	for _, at := range []time.Time{end.Add(-time.Hour), end, end.AddDate(3, 0, 0)} {
		if _, err := w.change.Pause(t.Context(), app.PauseWish{User: "u", ResumesAt: at}); !errors.Is(err, app.ErrBadRequest) {
			t.Errorf("until %s: got %v", at, err)
		}
	}
	third := end.AddDate(0, 2, 0) // of December the 23rd
	for _, at := range []time.Time{end.AddDate(0, 1, 1), third, third.Add(-time.Hour)} {
		if paused := w.pause(t, app.PauseWish{ResumesAt: at}); !paused.ResumesAt.Equal(third.Add(-time.Hour)) {
			t.Errorf("until %s: got %s, want an hour before %s", at, paused.ResumesAt, third)
		}
	}
	if paused := w.pause(t, app.PauseWish{}); !paused.ResumesAt.Equal(third.Add(-time.Hour)) {
		t.Errorf("what is paused stays so: got %s", paused.ResumesAt)
	}
}

func TestPause_OfWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan domain.PlanKey
		is   func(*world, *domain.Subscription)
		want error
	}{
		"a plan that is not pausable": {"pro", nil, app.ErrNotPausable},
		"a trial":                     {"team", func(_ *world, s *domain.Subscription) { s.Status = domain.StatusTrialing }, app.ErrNotPausable},
		"what is past due":            {"team", func(_ *world, s *domain.Subscription) { s.Status = domain.StatusPastDue }, app.ErrPaymentDue},
		"what is unpaid":              {"team", func(_ *world, s *domain.Subscription) { s.Status = domain.StatusUnpaid }, app.ErrPaymentDue},
		"what is to end":              {"team", func(_ *world, s *domain.Subscription) { s.CancelAtPeriodEnd = true }, app.ErrEndsAnyway},
		"what is paused otherwise":    {"team", func(_ *world, s *domain.Subscription) { s.Pause = domain.PauseKeepAsDraft }, app.ErrNotPausable},
		"what has ended":              {"team", func(_ *world, s *domain.Subscription) { s.Status = domain.StatusCanceled }, app.ErrNotSubscribed},
		"what is metered": {"team", func(w *world, s *domain.Subscription) {
			w.stripe.SetPrice(ports.StripePrice{ID: s.Items[0].Price, LookupKey: "team_monthly", Active: true, Metered: true, Currency: "usd", Interval: "month"})
			w.clock.advance(time.Hour)
		}, app.ErrNotPausable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, sub := subscribed(t, c.plan, 1)
			if c.is != nil {
				c.is(w, &sub)
				w.stripe.SetSubscription(sub)
			}
			if paused, err := w.change.Pause(t.Context(), app.PauseWish{User: "u"}); !errors.Is(err, c.want) {
				t.Errorf("got %+v, %v, want %v", paused, err, c.want)
			}
		})
	}
	w, _ := subscribed(t, "team", 3)
	w.changeTo(t, app.ChangeWish{Plan: "team", Quantity: 1})
	if _, err := w.change.Pause(t.Context(), app.PauseWish{User: "u"}); !errors.Is(err, app.ErrChangePlanned) {
		t.Errorf("with a change that is planned: got %v", err)
	}
	if _, err := w.change.Pause(t.Context(), app.PauseWish{User: "u", Plan: "storage"}); !errors.Is(err, app.ErrBadRequest) {
		t.Errorf("an add-on: got %v", err)
	}
}

// What is changed at Stripe meanwhile is no way to have more than was paid for.
func TestPause_ResumesForNothingOnlyWhatIsPaidFor(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 2)
	w.pause(t, app.PauseWish{})
	now, err := w.stripe.FetchSubscription(t.Context(), sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	now.Snapshot.Items = slices.Clone(now.Snapshot.Items)
	now.Snapshot.Items[0].Quantity = 7 // to be billed later, as by the dashboard
	w.stripe.SetSubscription(now.Snapshot)
	w.stripe.DeclineCards(sub.Customer, true)
	_, err = w.change.Resume(t.Context(), app.EndWish{User: "u"})
	if !errors.Is(err, app.ErrPaymentDue) || !errors.Is(err, ports.ErrPaymentFailed) {
		t.Errorf("unpaid: got %v", err)
	}
	w.stripe.DeclineCards(sub.Customer, false)
	resumed, err := w.change.Resume(t.Context(), app.EndWish{User: "u"})
	if err != nil || resumed.Subscription.Pause != domain.PauseNone || w.billed(t, sub.ID, domain.InvoicePaid) != 2 {
		t.Errorf("resumed: got %+v, %v, and %d invoices paid, want 2", resumed, err, w.billed(t, sub.ID, domain.InvoicePaid))
	}
}

// A key of an earlier resumption resumes nothing, and whoever asks with it hears that.
func TestPause_LateRepetitionOfAResumptionIsRefused(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "team", 1)
	resume := func() (app.EndedSubscription, error) {
		return w.change.Resume(t.Context(), app.EndWish{User: "u", ClientKey: "k"})
	}
	w.pause(t, app.PauseWish{})
	if _, err := resume(); err != nil {
		t.Fatal(err)
	}
	w.pause(t, app.PauseWish{})
	if got, err := resume(); !errors.Is(err, app.ErrPaymentDue) {
		t.Errorf("got %+v, %v, want to hear that it is paused still", got, err)
	}
}

// The portal is open to who gives another card, and changes no plan.
func TestPause_PortalChangesNothing(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "team", 1)
	for paused, want := range []bool{true, false} {
		if paused > 0 {
			w.pause(t, app.PauseWish{})
		}
		for _, flow := range []ports.PortalFlow{"", ports.PortalPaymentMethod} {
			url, err := w.portal.Do(t.Context(), app.PortalWish{User: "u", Flow: flow})
			if offered := len(w.stripe.OfferedAt(url).Products) > 0; err != nil || offered != want {
				t.Errorf("pauses: %d, flow %q: got %v, offers changes: %t", paused, flow, err, offered)
			}
		}
	}
}

func TestPause_AddOnsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	w, sub := withStorage(t, 1)
	sub.Pause = domain.PauseVoid
	w.stripe.SetSubscription(sub)
	wish := app.EndWish{User: "u", Plan: "storage"}
	if got, err := w.change.Cancel(t.Context(), wish); !errors.Is(err, app.ErrPaused) {
		t.Errorf("ended: got %+v, %v", got, err)
	}
	if got, err := w.change.Resume(t.Context(), wish); !errors.Is(err, app.ErrPaused) {
		t.Errorf("resumed: got %+v, %v", got, err)
	}
	// Of a plan that is not pausable, or no more: it is taken back all the same.
	if got, err := w.change.Resume(t.Context(), app.EndWish{User: "u"}); err != nil || got.Subscription.Pause != domain.PauseNone {
		t.Errorf("the plan: got %+v, %v", got, err)
	}
}

func TestPause_WaitsForTheInvoiceThatIsDrawnUp(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "team", 1)
	billed, err := w.stripe.FetchInvoices(t.Context(), sub.ID)
	if err != nil || len(billed) != 1 {
		t.Fatalf("got %d invoices, %v", len(billed), err)
	}
	sub.LatestInvoice = billed[0].Invoice.ID
	w.stripe.SetSubscription(sub)
	draft := billed[0]
	draft.Invoice.Status = domain.InvoiceDraft
	w.stripe.SetInvoice(draft)
	if got, err := w.change.Pause(t.Context(), app.PauseWish{User: "u"}); !errors.Is(err, app.ErrPaymentDue) {
		t.Errorf("got %+v, %v", got, err)
	}
	w.stripe.SetInvoice(billed[0])
	w.pause(t, app.PauseWish{})
}
