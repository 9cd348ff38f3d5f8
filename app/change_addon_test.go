package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// withStorage is a world whose user u has the plan pro and the add-on storage.
func withStorage(t *testing.T, quantity int64) (*world, domain.Subscription) {
	t.Helper()
	w, _ := subscribed(t, "pro", 1)
	return w, w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: quantity, ClientKey: "add"}).Subscription
}

func (w *world) prices(t *testing.T, id domain.SubscriptionID) string {
	t.Helper()
	fact, err := w.stripe.FetchSubscription(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var prices []string
	for _, item := range fact.Snapshot.Items {
		prices = append(prices, string(item.Price))
	}
	slices.Sort(prices)
	return string(fact.Snapshot.Status) + ": " + strings.Join(prices, " ")
}

const proAndStorage, proAlone = "active: price_pro_m price_storage_m", "active: price_pro_m"

func (w *world) endAddon(t *testing.T, when app.When, key string) app.EndedSubscription {
	t.Helper()
	ended, err := w.change.Cancel(t.Context(), app.EndWish{User: "u", Plan: "storage", When: when, ClientKey: key})
	if err != nil {
		t.Fatalf("end the add-on, %s: %v", when, err)
	}
	return ended
}

// nextPeriod has the present period of a subscription end.
func (w *world) nextPeriod(t *testing.T, sub domain.Subscription) {
	t.Helper()
	w.clock.advance(sub.PeriodEnd().Sub(w.clock.now()) + time.Second)
	w.deliver(t, w.stripe.Renew(sub.ID)...)
}

func TestAddOn_IsAddedToTheSubscriptionThatThereIs(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	for range 2 { // as a client repeats it
		result := w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 3, ClientKey: "k"})
		if result.When != app.WhenNow || result.Pending || result.Subscription.ID != sub.ID || result.Price != "monthly" || result.Quantity != 3 {
			t.Errorf("got %+v, want 3 at the price of the plan's interval, now", result)
		}
		if held := w.features(t, "u"); held["gigabytes"] != "30" || held["sso"] != "true" {
			t.Errorf("holds %v, want the add-on beside the plan", held)
		}
	}
	if got := w.prices(t, sub.ID); got != proAndStorage {
		t.Errorf("got %s, want one subscription with both", got)
	}
	if invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID); len(invoices) != 2 {
		t.Errorf("there are %d invoices, want the first and that of the add-on", len(invoices))
	}
	more := w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 5})
	if held := w.features(t, "u"); more.When != app.WhenNow || held["gigabytes"] != "50" {
		t.Errorf("of more: got %+v, and holds %v", more, held)
	}
	fewer := w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 2})
	if held := w.features(t, "u"); fewer.When != app.WhenPeriodEnd || held["gigabytes"] != "50" {
		t.Errorf("of fewer: got %+v, and holds %v", fewer, held)
	}
	w.nextPeriod(t, sub)
	if held := w.features(t, "u"); held["gigabytes"] != "20" || held["sso"] != "true" {
		t.Errorf("in the next period: holds %v", held)
	}
}

// Who has the plan twice, one of them unpaid, adds to the other.
func TestAddOn_IsAddedToWhatOwesNothing(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	unpaid, err := w.stripe.FetchSubscription(t.Context(), sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	unpaid.Snapshot.ID, unpaid.Snapshot.Status = "sub_0", domain.StatusUnpaid
	unpaid.Snapshot.Items = slices.Clone(sub.Items)
	unpaid.Snapshot.Items[0].ID = "si_0"
	w.stripe.SetSubscription(unpaid.Snapshot)
	w.deliver(t, unpaid)
	if state, err := w.store.State(t.Context(), "u"); err != nil || len(state.Account.Subscriptions) != 2 {
		t.Fatalf("there are %d subscriptions, %v, want 2", len(state.Account.Subscriptions), err)
	}
	if result := w.changeTo(t, app.ChangeWish{Plan: "storage"}); result.Subscription.ID != sub.ID {
		t.Errorf("added to %s, want %s", result.Subscription.ID, sub.ID)
	}
}

func TestAddOn_ThatIsNotPaidGivesNothing(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.stripe.DeclineCards(sub.Customer, true)
	if result := w.changeTo(t, app.ChangeWish{Plan: "storage"}); !result.Pending || result.PayURL == "" {
		t.Errorf("got %+v, want it to wait for its payment", result)
	}
	if held := w.features(t, "u"); held["gigabytes"] != "" || held["sso"] != "true" {
		t.Errorf("holds %v, want what was held before", held)
	}
}

func TestAddOn_PreviewIsWhatThenHappens(t *testing.T) {
	t.Parallel()
	w, sub := subscribed(t, "pro", 1)
	w.clock.advance(10 * 24 * time.Hour)
	p, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "storage", Quantity: 2})
	if err != nil || p.Cost.Now == nil || p.Cost.Later == nil || p.Price != "monthly" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if got, want := rightsOf(p), "gigabytes none to 20; "; got != want {
		t.Errorf("rights: got %s, want %s", got, want)
	}
	if p.Cost.Later.Total != 2900+2*500 || p.Cost.Now.AmountDue <= 0 || p.Cost.Now.AmountDue >= 2*500 {
		t.Errorf("got %+v now and %+v later", p.Cost.Now, p.Cost.Later)
	}
	if got := w.prices(t, sub.ID); got != proAlone {
		t.Errorf("a preview changed something: %s", got)
	}
	w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 2, ProrationDate: p.ProrationDate})
	if invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID); invoices[0].Invoice.Total != p.Cost.Now.Total {
		t.Errorf("previewed %d, and it was %d", p.Cost.Now.Total, invoices[0].Invoice.Total)
	}
}

// What ends an add-on ends that alone, never the plan.
func TestAddOn_EndsWithThePeriodThatIsPaidFor(t *testing.T) {
	t.Parallel()
	w, sub := withStorage(t, 1)
	for range 2 {
		ended := w.endAddon(t, "", "end")
		if !ended.EndsAt().Equal(sub.PeriodEnd()) || !ended.EndedAt().IsZero() || ended.Plan != "storage" || ended.Subscription.ScheduledEnd() != (time.Time{}) {
			t.Errorf("got %+v, ends at %s, want the add-on alone to end with the period", ended, ended.EndsAt())
		}
	}
	if held := w.features(t, "u"); held["gigabytes"] != "10" {
		t.Errorf("holds %v, want what is paid for", held)
	}
	w.nextPeriod(t, sub)
	if held := w.features(t, "u"); held["gigabytes"] != "" || held["sso"] != "true" || w.prices(t, sub.ID) != proAlone {
		t.Errorf("in the next period: holds %v, %s", held, w.prices(t, sub.ID))
	}
}

func TestAddOn_EndsAtOnce(t *testing.T) {
	t.Parallel()
	w, sub := withStorage(t, 1)
	for n := range 2 { // the second, as a client repeats what it heard no answer to
		ended := w.endAddon(t, app.WhenNow, "end")
		if ended.Subscription.Status != domain.StatusActive || !ended.EndsAt().IsZero() || ended.EndedAt().IsZero() != (n == 1) {
			t.Errorf("got %+v, want it ended", ended)
		}
	}
	if held := w.features(t, "u"); held["gigabytes"] != "" || held["sso"] != "true" || w.prices(t, sub.ID) != proAlone {
		t.Errorf("holds %v, %s, want the plan alone", held, w.prices(t, sub.ID))
	}
	if invoices, _ := w.stripe.FetchInvoices(t.Context(), sub.ID); len(invoices) != 2 {
		t.Errorf("there are %d invoices, want nothing given back", len(invoices))
	}
	// A late repetition of adding it adds nothing.
	w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 1, ClientKey: "add"})
	if got := w.prices(t, sub.ID); got != proAlone {
		t.Errorf("after a late repetition: %s", got)
	}
}

func TestAddOn_ItsEndIsTakenBack(t *testing.T) {
	t.Parallel()
	w, sub := withStorage(t, 1)
	w.endAddon(t, "", "")
	resumed, err := w.change.Resume(t.Context(), app.EndWish{User: "u", Plan: "storage"})
	if err != nil || !resumed.EndsAt().IsZero() || resumed.Plan != "storage" {
		t.Errorf("got %+v, %v", resumed, err)
	}
	w.nextPeriod(t, sub)
	if got := w.prices(t, sub.ID); got != proAndStorage {
		t.Errorf("in the next period: %s, want it to go on", got)
	}
}

// A plan for one item of a subscription stays while others are planned for, or what is asked
// for is refused: nobody pays for what was to end.
func TestAddOn_PlansForSeveralItemsStayBesideEachOther(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "max", 1)
	sub := w.changeTo(t, app.ChangeWish{Plan: "storage", Quantity: 2}).Subscription
	w.changeTo(t, app.ChangeWish{Plan: "pro"}) // which costs less: later
	w.endAddon(t, "", "")
	for name, refused := range map[string]func() error{
		"more at once": func() error {
			_, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "storage", Quantity: 5})
			return err
		},
		"a preview of that": func() error {
			_, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "storage", Quantity: 5})
			return err
		},
		"the end of the add-on at once": func() error {
			_, err := w.change.Cancel(t.Context(), app.EndWish{User: "u", Plan: "storage", When: app.WhenNow})
			return err
		},
		"another plan at once": func() error {
			_, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "pro", When: app.WhenNow})
			return err
		},
	} {
		if err := refused(); !errors.Is(err, app.ErrChangePlanned) {
			t.Errorf("%s: got %v, want %v", name, err, app.ErrChangePlanned)
		}
	}
	// The plan is to stay, and the add-on is to end all the same; and the other way round.
	w.changeTo(t, app.ChangeWish{Plan: "max"})
	w.plannedIs(t, sub.ID, "price_max_m")
	w.changeTo(t, app.ChangeWish{Plan: "pro"})
	if _, err := w.change.Resume(t.Context(), app.EndWish{User: "u", Plan: "storage"}); err != nil {
		t.Fatal(err)
	}
	w.plannedIs(t, sub.ID, "price_pro_m price_storage_m")
	w.endAddon(t, "", "")
	w.nextPeriod(t, sub)
	if got := w.prices(t, sub.ID); got != proAlone {
		t.Errorf("in the next period: %s, want both to be as planned", got)
	}
}

func (w *world) plannedIs(t *testing.T, id domain.SubscriptionID, want string) {
	t.Helper()
	details, err := w.stripe.FetchBilling(t.Context(), id)
	if err != nil || details.Planned == nil {
		t.Fatalf("got %+v, %v, want %s to be planned", details, err, want)
	}
	var prices []string
	for _, item := range details.Planned.Items {
		prices = append(prices, string(item.Price))
	}
	if slices.Sort(prices); strings.Join(prices, " ") != want {
		t.Errorf("planned is %v, want %s", prices, want)
	}
}

func TestAddOn_StaysWithAPlanThatItIsSoldWith(t *testing.T) {
	t.Parallel()
	w, sub := withStorage(t, 2)
	w.changeTo(t, app.ChangeWish{Plan: "max"})
	if held := w.features(t, "u"); held["projects"] != "1000" || held["gigabytes"] != "20" || w.prices(t, sub.ID) != "active: price_max_m price_storage_m" {
		t.Errorf("holds %v, %s", held, w.prices(t, sub.ID))
	}
}

func TestAddOn_Refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*domain.Subscription)
		wish   app.ChangeWish
		want   error
	}{
		"a plan that it is not sold with": {nil, app.ChangeWish{Plan: "team"}, app.ErrAddonInTheWay},
		"a plan by the year":              {nil, app.ChangeWish{Plan: "pro", Price: "yearly"}, app.ErrIntervalsDiffer},
		"the add-on by the year":          {nil, app.ChangeWish{Plan: "storage", Price: "yearly"}, app.ErrIntervalsDiffer},
		"too much of it":                  {nil, app.ChangeWish{Plan: "storage", Quantity: 6}, app.ErrBadRequest},
		"unpaid":                          {func(s *domain.Subscription) { s.Status = domain.StatusUnpaid }, app.ChangeWish{Plan: "storage", Quantity: 2}, app.ErrPaymentDue},
	} {
		w, sub := withStorage(t, 1)
		if c.change != nil {
			c.change(&sub)
			w.stripe.SetSubscription(sub)
		}
		before := w.prices(t, sub.ID)
		c.wish.User = "u"
		if got, err := w.change.Do(t.Context(), c.wish); !errors.Is(err, c.want) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, c.want)
		}
		if after := w.prices(t, sub.ID); after != before {
			t.Errorf("%s: the subscription changed from %s to %s", name, before, after)
		}
	}
	for name, c := range map[string]struct {
		change func(*domain.Subscription)
		wish   app.ChangeWish
		want   error
	}{
		"past due":                 {func(s *domain.Subscription) { s.Status = domain.StatusPastDue }, app.ChangeWish{Plan: "storage"}, app.ErrPaymentDue},
		"later":                    {nil, app.ChangeWish{Plan: "storage", When: app.WhenPeriodEnd}, app.ErrBadRequest},
		"of another interval":      {nil, app.ChangeWish{Plan: "storage", Price: "yearly"}, app.ErrIntervalsDiffer},
		"dated before the period":  {nil, app.ChangeWish{Plan: "storage", ProrationDate: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}, app.ErrBadRequest},
		"beside what is to change": {nil, app.ChangeWish{Plan: "storage"}, app.ErrChangePlanned},
	} {
		w, sub := subscribed(t, "max", 1)
		if c.change != nil {
			c.change(&sub)
			w.stripe.SetSubscription(sub)
		}
		if errors.Is(c.want, app.ErrChangePlanned) {
			w.changeTo(t, app.ChangeWish{Plan: "pro"})
		}
		c.wish.User = "u"
		if got, err := w.change.Do(t.Context(), c.wish); !errors.Is(err, c.want) {
			t.Errorf("added %s: got %+v, %v, want %v", name, got, err, c.want)
		}
	}
	w, _ := subscribed(t, "team", 1)
	for does, call := range map[string]func() error{
		"change": func() error {
			_, err := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "storage"})
			return err
		},
		"preview": func() error {
			_, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "storage"})
			return err
		},
		"checkout": func() error {
			_, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "storage"})
			return err
		},
		"sale": func() error {
			_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "storage"})
			return err
		},
	} {
		if err := call(); !errors.Is(err, app.ErrNeedsBase) || !strings.Contains(err.Error(), "plan pro or max") || !strings.Contains(err.Error(), "POST /api/checkout/pro") {
			t.Errorf("%s of who has no such plan: got %v, want it to say what to buy first", does, err)
		}
	}
	for does, call := range map[string]func(app.EndWish) error{
		"cancel": func(e app.EndWish) error { _, err := w.change.Cancel(t.Context(), e); return err },
		"resume": func(e app.EndWish) error { _, err := w.change.Resume(t.Context(), e); return err },
	} {
		if err := call(app.EndWish{User: "u", Plan: "storage"}); !errors.Is(err, app.ErrNotSubscribed) {
			t.Errorf("%s: got %v, want %v", does, err, app.ErrNotSubscribed)
		}
	}
}

// With the plan all ends, and nothing of that is an add-on's to take back.
func TestAddOn_EndsWithItsPlan(t *testing.T) {
	t.Parallel()
	w, sub := withStorage(t, 1)
	if _, err := w.change.Cancel(t.Context(), app.EndWish{User: "u"}); err != nil {
		t.Fatal(err)
	}
	if ended := w.endAddon(t, "", ""); !ended.EndsAt().Equal(sub.PeriodEnd()) {
		t.Errorf("got %+v, want it to end with the plan", ended)
	}
	if _, err := w.change.Resume(t.Context(), app.EndWish{User: "u", Plan: "storage"}); !errors.Is(err, app.ErrEndsAnyway) {
		t.Errorf("resumed alone: got %v, want %v", err, app.ErrEndsAnyway)
	}
	if got := w.prices(t, sub.ID); got != proAndStorage {
		t.Errorf("got %s, want what is paid for", got)
	}
	w.nextPeriod(t, sub)
	if held := w.features(t, "u"); held["gigabytes"] != "" || held["sso"] != "" {
		t.Errorf("in the next period: holds %v", held)
	}
}

func TestAddOn_InATrialIsHadAndEndedForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub := w.subscribe(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	p, err := w.change.Preview(t.Context(), app.ChangeWish{User: "u", Plan: "storage"})
	if err != nil || p.Cost.Now != nil {
		t.Fatalf("got %+v, %v, want nothing due", p, err)
	}
	w.changeTo(t, app.ChangeWish{Plan: "storage"})
	if held := w.features(t, "u"); held["gigabytes"] != "10" {
		t.Errorf("holds %v", held)
	}
	w.endAddon(t, "", "")
	if got := w.prices(t, sub.ID); got != "trialing: price_pro_m" {
		t.Errorf("ended: %s", got)
	}
}

// Stripe's portal adds and ends nothing of several.
func TestAddOn_IsNotForThePortal(t *testing.T) {
	t.Parallel()
	w, _ := subscribed(t, "pro", 1)
	if step, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "storage"}); !errors.Is(err, app.ErrNotInPortal) {
		t.Errorf("got %+v, %v, want %v", step, err, app.ErrNotInPortal)
	}
	w.changeTo(t, app.ChangeWish{Plan: "storage"})
	if step, err := w.upgrade.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "storage"}); err != nil || step.Purpose != app.PurposeManage {
		t.Errorf("held: got %+v, %v, want %s", step, err, app.PurposeManage)
	}
	for _, flow := range []ports.PortalFlow{ports.PortalCancel, ports.PortalUpdate} {
		if url, err := w.portal.Do(t.Context(), app.PortalWish{User: "u", Flow: flow, Plan: "storage"}); !errors.Is(err, app.ErrNotInPortal) {
			t.Errorf("%s: got %q, %v, want %v", flow, url, err, app.ErrNotInPortal)
		}
	}
	if url, err := w.portal.Do(t.Context(), app.PortalWish{User: "u", Plan: "storage"}); err != nil || url == "" {
		t.Errorf("the portal itself: got %q, %v", url, err)
	}
}

// An add-on that is to end before its plan changes to one without it does not stay.
func TestAddOn_DoesNotStayBesideAPlanThatIsToCome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		next app.ChangeWish
		want error
	}{
		"without it":          {app.ChangeWish{Plan: "team", When: app.WhenPeriodEnd}, app.ErrAddonInTheWay},
		"in another interval": {app.ChangeWish{Plan: "pro", Price: "yearly", When: app.WhenPeriodEnd}, app.ErrIntervalsDiffer},
	} {
		w, sub := withStorage(t, 2)
		w.endAddon(t, "", "")
		w.changeTo(t, c.next)
		_, resumed := w.change.Resume(t.Context(), app.EndWish{User: "u", Plan: "storage"})
		_, wanted := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "storage"})
		_, fewer := w.change.Do(t.Context(), app.ChangeWish{User: "u", Plan: "storage", Quantity: 1})
		for does, got := range map[string]error{"resumed": resumed, "wanted as it is": wanted, "wanted in part": fewer} {
			if !errors.Is(got, c.want) {
				t.Errorf("a plan %s, and the add-on is %s: got %v, want %v", name, does, got, c.want)
			}
		}
		if _, err := w.change.Resume(t.Context(), app.EndWish{User: "u"}); err != nil {
			t.Fatal(err)
		}
		w.nextPeriod(t, sub)
		if got := w.prices(t, sub.ID); got != proAndStorage {
			t.Errorf("a plan %s, taken back: %s, want all as it was", name, got)
		}
	}
}
