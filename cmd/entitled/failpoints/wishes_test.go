package failpoints

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// wishStories are of what users ask the service for, and operators, beside all that may become
// of a purchase.
var wishStories = frailStory{
	strings.ReplaceAll(programtest.TeamCatalog, "group: main", "group: main\n    bought_twice: refund_older"),
	[]frailAct{
		{"changes to two teams", "ann"},
		{"changes to pro", "ann"}, // which is planned
		{"has us resume it", "ann"},
		{"has us pause it", "ann"},
		{"is sold it again", "bob"},
		{"adds storage", "bob"},
		{"ends storage at once", "bob"},
		{"ends in the portal", "bob"},
		{"is given a right", "cyd"},
		{"has a right taken back", "cyd"},
		{"is forgotten", "cyd"},
	}, 8, slices.Concat(wishes, frailDeeds),
}

// wishes are what a user may ask for, and what an operator does.
var wishes = []frailDeed{
	{"changes to two teams", changing(app.ChangeWish{Plan: "team", Quantity: 2})},
	{"changes to team by the year", changing(app.ChangeWish{Plan: "team", Price: "yearly"})},
	{"changes to team with the period", changing(app.ChangeWish{Plan: "team", When: app.WhenPeriodEnd})},
	{"changes to pro", changing(app.ChangeWish{Plan: "pro"})},
	{"changes to pro at once", changing(app.ChangeWish{Plan: "pro", When: app.WhenNow})},
	{"adds storage", changing(app.ChangeWish{Plan: "storage"})},
	{"ends storage", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.ending(t, app.EndWish{User: user, Plan: "storage"}, (*app.ChangeSubscription).Cancel)
	}},
	{"ends storage at once", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.ending(t, app.EndWish{User: user, Plan: "storage", When: app.WhenNow}, (*app.ChangeSubscription).Cancel)
	}},
	{"keeps storage", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.ending(t, app.EndWish{User: user, Plan: "storage"}, (*app.ChangeSubscription).Resume)
	}},
	{"asks what a change costs", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.asks(t, func() error {
			_, err := s.change.Preview(t.Context(), app.ChangeWish{User: user, Plan: "team", Quantity: 3})
			return err
		})
	}},
	{"has us pause it", (*frailShop).pausing},
	{"changes in the portal", inPortal(app.PortalWish{Flow: ports.PortalUpdate, Plan: "team", Quantity: 3})},
	{"ends in the portal", inPortal(app.PortalWish{Flow: ports.PortalCancel})},
	{"has a card that is declined", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.SetCard(s.subscription(user).ID, failingCard)
	}},
	{"has a good card", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.SetCard(s.subscription(user).ID, "4242424242424242")
	}},
	{"is sold it again", (*frailShop).soldAgain},
	{"is given a right", func(s *frailShop, t *testing.T, user domain.UserID) error {
		seven := int64(7)
		r := app.GrantRequest{User: user, Feature: "projects", Limit: &seven, Reason: "a trial", By: "eve", ClientKey: s.key(user)}
		return s.asks(t, func() error {
			given, err := s.grant.Give(t.Context(), r)
			if err == nil {
				s.grants[user] = given.ID
			}
			return err
		})
	}},
	{"has a right taken back", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.asks(t, func() error {
			_, _, err := s.grant.Revoke(t.Context(), s.grants[user], "it is over", "eve")
			return err
		})
	}},
	{"is forgotten", (*frailShop).forgets},
}

func (s *frailShop) key(user domain.UserID) string {
	return fmt.Sprintf("key %d of %s", len(s.said), user)
}

// asks asks the service for something until it says that it is so, or that it cannot be.
func (s *frailShop) asks(t *testing.T, wish func() error) (said error) {
	t.Helper()
	s.until(t, "have a wish answered", func() error {
		said = wish()
		if errors.Is(said, ports.ErrUnavailable) || errors.Is(said, ports.ErrGatewayBusy) {
			return said
		}
		return nil
	})
	return said
}

// changing asks for a change.
func changing(w app.ChangeWish) func(s *frailShop, t *testing.T, user domain.UserID) error {
	return func(s *frailShop, t *testing.T, user domain.UserID) error {
		t.Helper()
		w := w
		w.User, w.ClientKey = user, s.key(user)
		var is app.ChangeResult
		err := s.asks(t, func() (err error) {
			is, err = s.change.Do(t.Context(), w)
			return err
		})
		if err != nil {
			return err
		}
		s.isSo(t, user, is.Subscription)
		price, _ := s.sold.Plans[w.Plan].PriceOf(is.Price)
		has := slices.ContainsFunc(is.Subscription.Items, func(i domain.Item) bool {
			return i.LookupKey == price.LookupKey && i.Quantity == is.Quantity
		})
		planned := s.planned(t, is.Subscription.ID)
		switch {
		case is.Pending && (has || is.PayURL == ""):
			t.Errorf("a change of %s to %s waits for its payment at %q, and is made: %t", user, w.Plan, is.PayURL, has)
		case !is.Pending && is.When == app.WhenNow && !has:
			t.Errorf("%s is said to have %d × %s, and has %+v", user, is.Quantity, w.Plan, is.Subscription.Items)
		case is.When == app.WhenPeriodEnd && !has && planned == "":
			t.Errorf("%s is said to have %s with the next period, and nothing is planned", user, w.Plan)
		}
		return nil
	}
}

// ending asks for the end of a subscription or an add-on, or to take that back.
func (s *frailShop) ending(t *testing.T, w app.EndWish,
	does func(*app.ChangeSubscription, context.Context, app.EndWish) (app.EndedSubscription, error),
) error {
	t.Helper()
	w.ClientKey = s.key(w.User)
	var is app.EndedSubscription
	err := s.asks(t, func() (err error) {
		is, err = does(s.change, t.Context(), w)
		return err
	})
	if err == nil {
		s.isSo(t, w.User, is.Subscription)
	}
	return err
}

func (s *frailShop) pausing(t *testing.T, user domain.UserID) error {
	w := app.PauseWish{User: user, ClientKey: s.key(user)}
	var is app.PausedSubscription
	err := s.asks(t, func() (err error) {
		is, err = s.change.Pause(t.Context(), w)
		return err
	})
	if err != nil {
		return err
	}
	s.isSo(t, user, is.Subscription)
	if is.Subscription.Pause != domain.PauseVoid {
		t.Errorf("%s is said to have paused, and collection is %q", user, is.Subscription.Pause)
	}
	return nil
}

// inPortal has the user led into the portal, and do there what it was opened for.
func inPortal(w app.PortalWish) func(s *frailShop, t *testing.T, user domain.UserID) error {
	return func(s *frailShop, t *testing.T, user domain.UserID) error {
		t.Helper()
		w := w
		w.User = user
		var url string
		err := s.asks(t, func() (err error) {
			url, err = s.portal.Do(t.Context(), w)
			return err
		})
		if err != nil {
			return err
		}
		return s.box.Portal(url).Confirm()
	}
}

// isSo holds what was answered against Stripe, and against what is kept: at once, or, where two
// answers of one second left a doubt, once that was asked about.
func (s *frailShop) isSo(t *testing.T, user domain.UserID, said domain.Subscription) {
	t.Helper()
	is, err := s.gateway.FetchSubscription(t.Context(), said.ID)
	if err != nil {
		t.Fatal(err)
	}
	kept := func() (is domain.Subscription) {
		s.looks(t, func() error {
			state, err := s.on.behind.State(t.Context(), user)
			is = state.Account.Subscriptions[said.ID]
			return err
		})
		return is
	}
	if !said.SaysAs(kept()) {
		s.passes(t, time.Minute)
		s.reconciles(t)
	}
	if !said.SaysAs(is.Snapshot) || !said.SaysAs(kept()) {
		t.Errorf("%s was answered\n%+v\nat Stripe it is\n%+v\nand kept is\n%+v", user, said, is.Snapshot, kept())
	}
}

// planned is what a subscription is to become, by Stripe's word.
func (s *frailShop) planned(t *testing.T, id domain.SubscriptionID) string {
	t.Helper()
	details, err := s.gateway.FetchBilling(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if details.Planned == nil {
		return ""
	}
	var items []string
	for _, item := range details.Planned.Items {
		prices, err := s.gateway.Prices(t.Context(), []domain.Price{{ID: item.Price}})
		if err != nil || len(prices) != 1 {
			t.Fatalf("price %s: %v, %v", item.Price, prices, err)
		}
		items = append(items, fmt.Sprintf("%d × %s", item.Quantity, prices[0].LookupKey))
	}
	return strings.Join(items, ", ")
}

// soldAgain has somebody sell the user the same once more in Stripe's dashboard, and waits
// until one of the two has ended.
func (s *frailShop) soldAgain(t *testing.T, user domain.UserID) error {
	t.Helper()
	sub := s.subscription(user)
	if sub.ID == "" || sub.Ended {
		return errNothing
	}
	has, err := s.gateway.FetchSubscription(t.Context(), domain.SubscriptionID(sub.ID))
	if err != nil {
		return err
	}
	price := sandbox.SubscriptionItemSpec{Price: string(has.Snapshot.Items[0].Price)}
	if _, err := s.box.CreateSubscription(sandbox.SubscriptionSpec{Customer: sub.Customer, Items: []sandbox.SubscriptionItemSpec{price}}); err != nil {
		return err
	}
	live := func() (n int) {
		for _, other := range s.box.Subscriptions() {
			if other.Customer == sub.Customer && !other.Ended {
				n++
			}
		}
		return n
	}
	s.arrives(t)
	for tries := 0; live() > 1 && tries < 5; tries++ {
		s.passes(t, 5*time.Minute)
		s.reconciles(t)
	}
	return nil
}

// forgets has an operator forget a user, who may be paying.
func (s *frailShop) forgets(t *testing.T, user domain.UserID) error {
	t.Helper()
	known := func() (is bool) {
		s.looks(t, func() (err error) {
			is, err = app.NewUserData(s.on.behind, s.newID).Known(t.Context(), user)
			return err
		})
		return is
	}
	if !known() {
		return errNothing
	}
	err := s.asks(t, func() error {
		_, err := s.data.Forget(t.Context(), user, true)
		if errors.Is(err, ports.ErrNotFound) { // an answer was lost
			return nil
		}
		return err
	})
	if err == nil && known() {
		t.Errorf("%s is said to be forgotten, and is known", user)
	}
	return err
}

// books are what Stripe has charged and given back, and what it goes on with.
type books struct {
	Payments       int
	Paid, Returned float64 // minor units; what is left of a period goes by the second
	Subscriptions  []string
}

// prorated is by how much a few minutes may change what parts of periods cost, in minor units.
const prorated = 300

func (s *frailShop) books(t *testing.T) books {
	t.Helper()
	var b books
	for _, p := range s.box.Payments() {
		b.Payments++
		b.Paid += float64(p.Amount)
		b.Returned += float64(p.Refunded)
	}
	for _, sub := range s.box.Subscriptions() {
		how := fmt.Sprintf("%s: %s, to end: %t, owes: %t", sub.Names, sub.Status, !sub.CancelAt.IsZero(), sub.OpenInvoice != "")
		if !sub.Ended {
			how += ", planned: " + s.planned(t, domain.SubscriptionID(sub.ID))
		}
		b.Subscriptions = append(b.Subscriptions, how)
	}
	slices.Sort(b.Subscriptions)
	return b
}
