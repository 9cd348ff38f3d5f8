package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// buysUnder has a subscription bought and renewed in some weather, and returns which events
// the endpoint was sent, by type, in order.
func buysUnder(t *testing.T, chaos sandbox.Chaos) (*shop, []string) {
	t.Helper()
	s := newShop(t, sandbox.WithChaos(chaos))
	s.api = apiClient(s.URL(), "sk_test_123", 8)
	s.ok(s.Pay(s.open(params("subscription", s.monthly)).ID))
	s.ok(s.Advance(40 * day))
	var sent []string
	for _, d := range s.Deliveries() {
		if d.State != sandbox.DeliverySucceeded {
			t.Errorf("%s: %s after %d attempts", d.EventType, d.State, len(d.Attempts))
		}
		sent = append(sent, d.EventType)
	}
	return s, sent
}

func TestChaos_EachKindHappensAndNothingIsLost(t *testing.T) {
	t.Parallel()
	_, calm := buysUnder(t, sandbox.Chaos{})
	for name, tt := range map[string]struct {
		chaos sandbox.Chaos
		seen  func(*shop, []string) bool
	}{
		"duplicates": {sandbox.Chaos{Duplicates: 1}, func(s *shop, sent []string) bool {
			return len(sent) == 2*len(calm) && len(s.Events()) == len(calm)
		}},
		"twins": {sandbox.Chaos{Twins: 1}, func(s *shop, sent []string) bool {
			return len(sent) == 2*len(calm) && len(s.Events()) == 2*len(calm)
		}},
		"losses": {sandbox.Chaos{Losses: 1}, func(s *shop, _ []string) bool {
			return !slices.ContainsFunc(s.Deliveries(), func(d sandbox.Delivery) bool { return len(d.Attempts) != 2 || d.Attempts[0].Status != 0 })
		}},
		"delays": {sandbox.Chaos{Delays: 0.5, DelayUpTo: time.Hour}, func(s *shop, _ []string) bool {
			var told []string
			for _, e := range s.endpoint.accepted() {
				told = append(told, e.ID)
			}
			var made []string
			for _, e := range s.Events() {
				made = append(made, e.ID)
			}
			return len(told) == len(made) && !slices.Equal(told, made)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, sent := buysUnder(t, tt.chaos); !tt.seen(s, sent) {
				t.Errorf("in calm weather %d deliveries of %q, now %q", len(calm), calm, sent)
			}
		})
	}
}

// The API fails, too, and a client that repeats its requests has what it wanted, once. (It
// repeats a lost answer by itself, but neither a 429 nor a 500 of a POST.)
func TestChaos_AClientThatRepeatsGetsThere(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithChaos(sandbox.Chaos{Seed: 3, Failures: 0.3, LostAnswers: 0.3}))
	s.api = apiClient(s.URL(), "sk_test_123", 8)
	for n := range 15 {
		p := &stripe.CustomerParams{Name: stripe.String(fmt.Sprint("customer ", n))}
		p.SetIdempotencyKey(fmt.Sprint("customer-", n))
		for tries := 0; ; tries++ {
			_, err := s.api.Customers.New(p)
			if err == nil {
				break
			}
			if status := refusal(t, err).HTTPStatusCode; status != 429 && status != 500 || tries > 20 {
				t.Fatal(err)
			}
		}
	}
	failed := map[string]int{}
	for _, r := range s.Requests() {
		if r.Status != 200 {
			failed[fmt.Sprint(r.Status)]++
		}
		if !r.Answered {
			failed["no answer"]++
		}
	}
	made := 0
	for _, e := range s.Events() {
		if e.Type == "customer.created" {
			made++
		}
	}
	if failed["500"] == 0 || failed["429"] == 0 || failed["no answer"] == 0 || made != 15 {
		t.Errorf("failed: %v; %d customers were made", failed, made)
	}
}

func TestChaos_OfOneSeedIsTheSame(t *testing.T) {
	t.Parallel()
	of := func(seed uint64) string {
		_, sent := buysUnder(t, sandbox.Chaos{Seed: seed, Duplicates: 0.3, Twins: 0.3})
		return fmt.Sprint(sent)
	}
	first, again, other := of(1), of(1), of(2)
	if first != again || first == other {
		t.Errorf("seed 1: %s\nagain:  %s\nseed 2: %s", first, again, other)
	}
}

// A request that hangs is done once its time is over, and not where the client has left.
func TestChaos_ARequestHangs(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithChaos(sandbox.Chaos{Hangs: 1, HangFor: time.Hour}))
	ctx, leave := context.WithCancel(t.Context())
	p := &stripe.CustomerParams{}
	p.Context = ctx
	left := make(chan error)
	go func() {
		_, err := s.api.Customers.New(p)
		left <- err
	}()
	for len(s.Requests()) == 0 {
		runtime.Gosched()
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.SetChaos(sandbox.Chaos{Hangs: 1, HangFor: time.Nanosecond})
	if s.customer(); len(s.Events()) != 1 {
		t.Errorf("%d customers were made, want the one who waited for it", len(s.Events()))
	}
}

func TestChaos_PagesAreShortAndSaySo(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithChaos(sandbox.Chaos{PageLimit: 2}))
	for range 5 {
		s.customer()
	}
	p := &stripe.CustomerListParams{ListParams: stripe.ListParams{Limit: stripe.Int64(100)}}
	one := s.api.Customers.List(p)
	if got := one.CustomerList(); len(got.Data) != 2 || !got.HasMore {
		t.Errorf("the first page has %d, has_more %v", len(got.Data), got.HasMore)
	}
	all := 0
	for one.Next() {
		all++
	}
	if all != 5 || one.Err() != nil {
		t.Errorf("got %d of 5, %v", all, one.Err())
	}
	found := s.api.Customers.Search(&stripe.CustomerSearchParams{SearchParams: stripe.SearchParams{Query: "name:'Ada'", Limit: stripe.Int64(100)}})
	if got := found.CustomerSearchResult(); len(got.Data) != 2 || !got.HasMore {
		t.Errorf("the first page of a search has %d, has_more %v", len(got.Data), got.HasMore)
	}
}

func TestChaos_IsRefusedWhereNobodyCanMeanIt(t *testing.T) {
	t.Parallel()
	for _, wrong := range []sandbox.Chaos{
		{Duplicates: -0.1}, {Twins: 1.1}, {Losses: math.NaN()}, {HangFor: -1}, {PageLimit: -1},
	} {
		if wrong.Check() == nil {
			t.Errorf("%+v passes", wrong)
		}
	}
	s := newShop(t)
	s.SetChaos(sandbox.Chaos{Delays: 1, Hangs: 1})
	if got := s.Chaos(); got.DelayUpTo != 3*time.Second || got.HangFor != 30*time.Second {
		t.Errorf("what is late or hangs does so for %s and %s", got.DelayUpTo, got.HangFor)
	}
	for _, right := range []sandbox.Chaos{{}, {Delays: 1}, {Hangs: 1}, sandbox.DefaultChaos(1), sandbox.EverydayChaos(1)} {
		if err := right.Check(); err != nil {
			t.Errorf("%+v: %v", right, err)
		}
	}
}
