package domaintest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// story is one purchase while it is being told.
type story struct {
	t        *rapid.T
	now      time.Time
	customer domain.CustomerID
	name     string // part of every id

	order domain.Order // as kept before Stripe said anything; none of a subscription made in the dashboard
	facts []domain.Fact
	sub   *subscriber // of a subscription

	tells    string        // which events about money the endpoint is sent
	paid     []*collection // money that came, oldest first
	charges  []domain.ChargeFact
	bought   bool      // a one-time purchase that is paid
	boughtAt time.Time // when

	turns map[string]int // what was told, for counting
}

func newStory(t *rapid.T, user domain.UserID, n int) *story {
	return &story{
		t: t, now: Noon.Add(time.Duration(n) * time.Second),
		customer: CustomerOf(user), name: fmt.Sprintf("%s_%d", user, n),
		tells: rapid.SampledFrom([]string{"everything", "everything", "refunds", "charges"}).Draw(t, "tells"),
		turns: map[string]int{},
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

// choose is a pick that is counted.
func (s *story) choose(label string, from ...string) string {
	picked := s.pick(label, from...)
	s.turn(label, picked)
	return picked
}

// turn counts something that the story tells.
func (s *story) turn(label, value string) { s.turns[label+": "+value]++ }

func (s *story) chance(label string) bool { return rapid.Bool().Draw(s.t, label) }

// seldom is a chance of one in n.
func (s *story) seldom(label string, n int) bool {
	return rapid.IntRange(1, n).Draw(s.t, label) == n
}

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
