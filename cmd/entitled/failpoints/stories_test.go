package failpoints

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

var frailUsers = []domain.UserID{"ann", "bob", "cyd"}

// frailStory is a kind of story.
type frailStory struct {
	catalog string
	first   []frailAct // what happens in the first story
	more    int        // how much happens in each of the others
	may     []frailDeed
}

// frailDeed is what may happen to what a user has.
type frailDeed struct {
	name string
	do   func(s *frailShop, t *testing.T, user domain.UserID) error
}

// purchaseStories are of what is bought, and what becomes of it at Stripe.
var purchaseStories = frailStory{
	programtest.Catalog, []frailAct{{"renews", "ann"}, {"fails to renew", "bob"}, {"is refunded in part", "cyd"}, {"is to end", "bob"}}, 6, frailDeeds,
}

// plays has three users buy, and something happen to what they bought: in the first story
// what is written there, in each of the others what its number throws.
func (s *frailShop) plays(t *testing.T, of frailStory, story int) {
	t.Helper()
	for n, user := range frailUsers {
		plan := domain.PlanKey("pro")
		if n == 2 {
			plan = "basic"
		}
		s.buys(t, user, plan, "key of "+string(user))
		s.arrives(t)
		s.passes(t, 10*time.Minute)
	}
	s.reconciles(t)
	for _, act := range of.acts(story) {
		deed := of.may[slices.IndexFunc(of.may, func(d frailDeed) bool { return d.name == act.does })]
		err := deed.do(s, t, act.user)
		s.said = append(s.said, fmt.Sprintf("%s %s: %t", act.user, act.does, err == nil))
		s.arrives(t)
		s.passes(t, 30*time.Minute)
	}
	if s.random != nil {
		s.receives(t, s.held)
		s.held = nil
	}
	s.reconciles(t)
	s.passes(t, time.Hour)
	s.reconciles(t) // what was in doubt a moment ago is asked for
	s.until(t, "tell", func() error { _, err := s.tell.Once(t.Context()); return err })
}

type frailAct struct {
	does string
	user domain.UserID
}

// acts are what happens in a story.
func (f frailStory) acts(story int) []frailAct {
	if story == 0 {
		return f.first
	}
	random := rand.New(rand.NewPCG(uint64(story), 2))
	acts := make([]frailAct, f.more)
	for n := range acts {
		acts[n] = frailAct{f.may[random.IntN(len(f.may))].name, frailUsers[random.IntN(len(frailUsers))]}
	}
	return acts
}

var errNothing = errors.New("there is no such thing")

// frailDeeds are what may happen to what a user has bought. Where there is no such thing, or
// Stripe does not let it, nothing does.
var frailDeeds = []frailDeed{
	{"renews", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.RenewSubscription(s.subscription(user).ID, true)
	}},
	{"fails to renew", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.RenewSubscription(s.subscription(user).ID, false)
	}},
	{"pays what is owed", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.PayInvoice(s.subscription(user).ID)
	}},
	{"ends", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.CancelSubscription(s.subscription(user).ID)
	}},
	{"is to end", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.changes(t, user, url.Values{"cancel_at_period_end": {"true"}})
	}},
	{"goes on", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.changes(t, user, url.Values{"cancel_at_period_end": {"false"}})
	}},
	{"is refunded in part", func(s *frailShop, _ *testing.T, user domain.UserID) (err error) {
		s.refunds[user], err = s.box.Refund(s.payment(user).ID, 500)
		return err
	}},
	{"is refunded", func(s *frailShop, _ *testing.T, user domain.UserID) (err error) {
		s.refunds[user], err = s.box.Refund(s.payment(user).ID, 0)
		return err
	}},
	{"has a refund sent back", func(s *frailShop, _ *testing.T, user domain.UserID) error { return s.box.FailRefund(s.refunds[user]) }},
	{"disputes", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		_, err := s.box.OpenDispute(s.payment(user).ID, sandbox.DisputeOptions{})
		return err
	}},
	{"loses a dispute", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.WinDispute(s.payment(user).Dispute)
	}},
	{"wins a dispute", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		return s.box.LoseDispute(s.payment(user).Dispute)
	}},
	{"pauses collection", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.changes(t, user, url.Values{"pause_collection[behavior]": {"void"}})
	}},
	{"takes two", func(s *frailShop, t *testing.T, user domain.UserID) error {
		now, err := s.gateway.FetchSubscription(t.Context(), domain.SubscriptionID(s.subscription(user).ID))
		if err != nil || len(now.Snapshot.Items) == 0 {
			return errNothing
		}
		return s.changes(t, user, url.Values{"items[0][id]": {now.Snapshot.Items[0].ID}, "items[0][quantity]": {"2"}})
	}},
	{"gets a credit note", func(s *frailShop, _ *testing.T, user domain.UserID) error {
		_, err := s.box.CreditInvoice(s.subscription(user).ID, sandbox.Credit{Amount: 700, Refund: 700})
		return err
	}},
	{"is deleted", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.post(t, http.MethodDelete, "/v1/customers/"+s.customers[user], nil)
	}},
	{"waits for a month", func(s *frailShop, t *testing.T, _ domain.UserID) error {
		for range 2 {
			s.passes(t, 16*day)
			s.arrives(t)
			s.reconciles(t)
		}
		return nil
	}},
	{"buys once", func(s *frailShop, t *testing.T, user domain.UserID) error {
		s.buys(t, user, "basic", fmt.Sprintf("key %d of %s", len(s.said), user))
		return nil
	}},
	{"has us end it with the period", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.ending(t, app.EndWish{User: user}, (*app.ChangeSubscription).Cancel)
	}},
	{"has us end it", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.ending(t, app.EndWish{User: user, When: app.WhenNow}, (*app.ChangeSubscription).Cancel)
	}},
	{"has us resume it", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.ending(t, app.EndWish{User: user}, (*app.ChangeSubscription).Resume)
	}},
	{"subscribes", func(s *frailShop, t *testing.T, user domain.UserID) error {
		if sub := s.subscription(user); sub.ID != "" && !sub.Ended {
			return errNothing
		}
		s.buys(t, user, "pro", fmt.Sprintf("key %d of %s", len(s.said), user))
		s.reconciles(t) // what is asked for next is about it, and its webhooks may never come
		return nil
	}},
	{"does not pay", func(s *frailShop, t *testing.T, user domain.UserID) error {
		return s.box.ExpireSession(string(s.begins(t, user, "basic", fmt.Sprintf("key %d of %s", len(s.said), user)).Session))
	}},
}

// begins starts a checkout.
func (s *frailShop) begins(t *testing.T, user domain.UserID, plan domain.PlanKey, key string) (order domain.Order) {
	t.Helper()
	s.until(t, "start a checkout", func() (err error) {
		order, err = s.checkout.Do(t.Context(), app.CheckoutRequest{User: user, Plan: plan, ClientKey: key})
		return err
	})
	return order
}

func (s *frailShop) buys(t *testing.T, user domain.UserID, plan domain.PlanKey, key string) {
	t.Helper()
	if err := s.box.Pay(string(s.begins(t, user, plan, key).Session)); err != nil {
		t.Fatal(err)
	}
	s.customers[user] = s.box.Payments()[0].Customer
}

func (s *frailShop) changes(t *testing.T, user domain.UserID, form url.Values) error {
	t.Helper()
	return s.post(t, http.MethodPost, "/v1/subscriptions/"+s.subscription(user).ID, form)
}

// subscription is the newest of a user.
func (s *frailShop) subscription(user domain.UserID) sandbox.SubscriptionState {
	for _, sub := range s.box.Subscriptions() {
		if sub.Metadata["user_id"] == string(user) || sub.Customer == s.customers[user] {
			return sub
		}
	}
	return sandbox.SubscriptionState{}
}

// payment is the newest of a user.
func (s *frailShop) payment(user domain.UserID) sandbox.PaymentState {
	for _, p := range s.box.Payments() {
		if p.Customer == s.customers[user] {
			return p
		}
	}
	return sandbox.PaymentState{}
}
