package domaintest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// History is what truly happened to one user: what Stripe says of it, and what is
// true in the end.
type History struct {
	Account domain.Account // before the first fact
	Facts   []domain.Fact  // each purchase's in its order, one purchase after the other
	Truth   []domain.Entitlement
	// End is later than everything.
	End time.Time

	subscriptions map[domain.SubscriptionID][]domain.SubscriptionFact // as they were, in order
	charges       []domain.ChargeFact
}

// Histories makes true histories of a user: up to three purchases side by side,
// what became of their money, and rights given by hand. Times are whole seconds and
// often the same.
func Histories(user domain.UserID) *rapid.Generator[History] {
	return rapid.Custom(func(t *rapid.T) History {
		h := History{Account: AccountWith(user), subscriptions: map[domain.SubscriptionID][]domain.SubscriptionFact{}}
		var stories []*story
		for n := range rapid.IntRange(1, 3).Draw(t, "purchases") {
			s := newStory(t, user, n)
			if rapid.Bool().Draw(t, "subscription") {
				s.subscribe()
			} else {
				s.buyOnce()
			}
			if s.order.ID != "" {
				h.Account = h.Account.WithOrder(s.order)
			}
			stories = append(stories, s)
		}
		if rapid.IntRange(0, 9).Draw(t, "by hand") == 0 {
			h.giveByHand(user)
		}
		gone := rapid.IntRange(0, 7).Draw(t, "customer") == 0
		for _, s := range stories {
			if gone {
				s.loseCustomer()
			}
			if s.sub != nil {
				h.subscriptions[s.sub.is.ID] = s.sub.was
			}
			h.Facts = append(h.Facts, s.facts...)
			h.charges = append(h.charges, s.charges...)
			h.Truth = append(h.Truth, s.truth()...)
			if s.now.After(h.End) {
				h.End = s.now
			}
		}
		if gone {
			h.Facts = append(h.Facts, domain.CustomerFact{Type: "customer.deleted", At: h.End, ID: CustomerOf(user)})
		}
		h.End = h.End.Add(time.Hour)
		sortEntitlements(h.Truth)
		return h
	})
}

// giveByHand adds a right that no fact has a say in.
func (h *History) giveByHand(user domain.UserID) {
	g := domain.Grant{
		ID: domain.GrantID("grant_" + user), Feature: "credits", Value: domain.Limit(7),
		Since: Noon, Until: Noon.Add(900 * Day), Reason: "a favor", By: "support", CreatedAt: Noon,
	}
	h.Account = h.Account.WithGrant(g)
	h.Truth = append(h.Truth, domain.Entitlement{
		Feature: g.Feature, Source: domain.Source{Kind: domain.SourceGrant, ID: string(g.ID)},
		Value: g.Value, Since: g.Since, Until: g.Until,
	})
}

// Subscription is what Stripe answers at the end of a second to the question how a
// subscription is; false: there is none.
func (h History) Subscription(id domain.SubscriptionID, at time.Time) (domain.SubscriptionFact, bool) {
	at = at.Truncate(time.Second)
	var told domain.SubscriptionFact
	found := false
	for _, was := range h.subscriptions[id] {
		if !was.At.After(at) {
			told, found = was, true
		}
	}
	told.Type, told.At = domain.TypeFetched, at
	return told, found
}

// Charge is what Stripe answers to the question what a payment intent or charge
// is; false: there is none.
func (h History) Charge(subject domain.Ref, at time.Time) (domain.ChargeFact, bool) {
	at = at.Truncate(time.Second)
	var told domain.ChargeFact
	found := false
	for _, was := range h.charges {
		named := subject.ID == string(was.ID) || subject.ID == string(was.PaymentIntent)
		if named && !was.At.After(at) {
			told, found = was, true
		}
	}
	told.Type, told.At = domain.TypeFetched, at.Add(-time.Second) // the time of an answer is a lower bound
	return told, found
}

// Deliver puts facts in the order in which they may be delivered: every one at
// least once, some more often, in any order.
func Deliver(t *rapid.T, facts ...domain.Fact) []domain.Fact {
	delivered := slices.Clone(facts)
	if len(facts) > 0 {
		again := rapid.SliceOfN(rapid.SampledFrom(facts), 0, len(facts)).Draw(t, "delivered again")
		delivered = append(delivered, again...)
	}
	return rapid.Permutation(delivered).Draw(t, "delivery")
}

// story is one purchase while it is being told.
type story struct {
	t        *rapid.T
	now      time.Time
	customer domain.CustomerID
	name     string // part of every id

	order domain.Order // as kept before Stripe said anything
	facts []domain.Fact
	sub   *subscriber // of a subscription

	tells    string        // which events about money the endpoint is sent
	paid     []*collection // what was paid, oldest first
	charges  []domain.ChargeFact
	bought   bool      // a one-time purchase that is paid
	boughtAt time.Time // when
}

func newStory(t *rapid.T, user domain.UserID, n int) *story {
	return &story{
		t: t, now: Noon.Add(time.Duration(n) * time.Second),
		customer: CustomerOf(user), name: fmt.Sprintf("%s_%d", user, n),
		tells: rapid.SampledFrom([]string{"everything", "everything", "refunds", "charges"}).Draw(t, "tells"),
	}
}

// soon lets some seconds pass, or none.
func (s *story) soon() {
	s.wait(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 2, 3600}).Draw(s.t, "soon")) * time.Second)
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *story) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(s.t, label)
}

func (s *story) chance(label string) bool { return rapid.Bool().Draw(s.t, label) }

// says adds a fact that Stripe tells.
func (s *story) says(f domain.Fact) { s.facts = append(s.facts, f) }

// loseCustomer: the shop deletes the customer, and with it all that still runs. Not
// every webhook about that need arrive.
func (s *story) loseCustomer() {
	if s.sub == nil {
		return
	}
	s.sub.orphaned = true
	if s.sub.ended() {
		return
	}
	s.wait(time.Hour)
	before := len(s.facts)
	s.sub.ends()
	if s.chance("the end is not told") {
		s.facts = s.facts[:before]
	}
}
