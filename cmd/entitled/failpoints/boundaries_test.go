package failpoints

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

var boundaryMonths = flag.Int("boundaries.months", 4, "for how many months, of which the first four have an end of each kind, a process ends and begins at each edge, by the box's clock; more than four: on SQLite, too")

// Months at Stripe, or years, in which the process ends and begins anew at each moment at which time
// changes something, or a period ends: a second before it, at it, and a second after it; and
// dies in the middle of telling. Each end and each beginning is told once, each announcement
// too, and of what goes on nothing is.
func TestBoundaries_RestartsAtEachEdge(t *testing.T) {
	t.Parallel()
	stores := frailStores[:1] // memory
	if *boundaryMonths > 4 {
		stores = frailStores[:2] // and SQLite
	}
	for _, on := range stores {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			b := newBoundaries(t, on.open(t, nil))
			b.plays(t)
			b.ends()
			b.told(t)
			b.verified(t)
			t.Logf("%d edges, %d processes, %d of them died", b.edges, b.processes, b.deaths)
			if diff := cmp.Diff(b.expected(), b.lines(t)); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// boundaries is a shop whose process is started anew at each edge.
type boundaries struct {
	*frailShop
	dice             *rand.Rand
	begin            time.Time
	next             time.Time // when time changes something, as the process says
	edges, processes int
}

func newBoundaries(t *testing.T, on frailStore) *boundaries {
	t.Helper()
	b := &boundaries{frailShop: newFrailShop(t, programtest.Catalog, on, nil), dice: rand.New(rand.NewPCG(1, 5))}
	b.sold.AnnounceEnds = []time.Duration{7 * day, day}
	b.pause = 0
	b.users = []domain.UserID{"goes", "ends", "stays", "fails", "once", "grant"}
	b.starts(t, nil)
	b.heeds(t)
	return b
}

// heeds waits until the catalog's lead times are those that count: there was another process
// before, for all that is known.
func (b *boundaries) heeds(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var telling sync.WaitGroup
	telling.Go(func() { b.tell.Run(ctx, func(err error) { t.Error(err) }) })
	for begun := time.Now(); b.verify(t, app.VerifyQuery{}, nil) != nil && time.Since(begun) < time.Minute; {
		b.passes(t, time.Minute)
		time.Sleep(time.Millisecond)
	}
	cancel()
	telling.Wait()
}

func (b *boundaries) month(n int) time.Time { return b.begin.AddDate(0, n, 0) }

// restarts ends the process and begins another one. One of four dies at one of its next calls.
func (b *boundaries) restarts(t *testing.T) {
	t.Helper()
	b.ends()
	fails := map[int]failure{}
	if b.dice.IntN(4) == 0 {
		fails[1+b.dice.IntN(4)] = []failure{diedFirst, diedAfter}[b.dice.IntN(2)]
	}
	b.starts(t, fails)
	b.processes++
}

// happens is what happens at the beginning of a month, but for what time does by itself.
func (b *boundaries) happens(t *testing.T, month int) {
	t.Helper()
	var err error
	switch month {
	case 1: // it ends with the period; the card is declined from now on
		err = errors.Join(
			b.changes(t, "ends", url.Values{"cancel_at_period_end": {"true"}}),
			b.box.SetCard(b.subscription("fails").ID, failingCard),
		)
	case 2: // it is to end, and once that is announced it is not
		err = b.changes(t, "stays", url.Values{"cancel_at_period_end": {"true"}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (b *boundaries) plays(t *testing.T) {
	t.Helper()
	for _, user := range []domain.UserID{"goes", "ends", "stays", "fails"} {
		b.buys(t, user, "pro", "key of "+string(user))
	}
	b.buys(t, "once", "basic", "key of once")
	b.begin = b.box.Now().Add(day) // of the months, away from where periods end
	grants := app.NewManualGrants(b.on.behind, b.sold, b.box.Now, b.newID)
	limit := int64(7)
	if _, err := grants.Give(t.Context(), app.GrantRequest{User: "grant", Feature: "projects", Limit: &limit, Since: b.month(1), Until: b.month(3), Reason: "a test", By: "eve"}); err != nil {
		t.Fatal(err)
	}
	b.looksAtEdge(t)
	month, stayed := 0, false
	for end := b.month(*boundaryMonths); b.box.Now().Before(end); {
		edge := b.edge(end)
		b.edges++
		for _, off := range []time.Duration{-time.Second, 0, time.Second} {
			if moment := edge.Add(off); moment.After(b.box.Now()) {
				if err := b.box.AdvanceTo(moment); err != nil {
					t.Fatal(err)
				}
			}
			b.restarts(t)
			b.looksAtEdge(t)
		}
		for ; !b.box.Now().Before(b.month(month + 1)); month++ {
			b.happens(t, month+1)
		}
		if sub := b.subscription("stays"); !stayed && !sub.CancelAt.IsZero() && sub.CancelAt.Sub(b.box.Now()) < 7*day {
			stayed = true
			if err := b.changes(t, "stays", url.Values{"cancel_at_period_end": {"false"}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// looksAtEdge tells what time did, takes what came from Stripe, and tells that.
func (b *boundaries) looksAtEdge(t *testing.T) {
	t.Helper()
	b.until(t, "tell", func() error {
		_, err := b.tell.Once(t.Context())
		return err
	})
	b.arrives(t)
	b.until(t, "tell", func() error {
		result, err := b.tell.Once(t.Context())
		b.next = result.Next
		return err
	})
}

// edge is the next moment at which something may happen: by our own clock, or by Stripe's,
// which bills an hour after a period's end and tries again days after it has failed.
func (b *boundaries) edge(end time.Time) time.Time {
	now := b.box.Now().Add(time.Second)
	edge := now.Add(5 * day)
	sooner := func(moment time.Time) {
		if moment.After(now) && moment.Before(edge) {
			edge = moment
		}
	}
	sooner(end)
	sooner(b.next)
	for _, sub := range b.box.Subscriptions() {
		sooner(sub.PeriodEnd)
		if begun := sub.PeriodEnd.AddDate(0, -1, 0); !sub.PeriodEnd.IsZero() {
			sooner(begun.Add(61 * time.Minute))
		}
	}
	return edge
}

// expected is what is told of rights that begin and end in a year, and of ends that come near.
func (b *boundaries) expected() map[string]int {
	want := map[string]int{
		"once projects begins": 1, "grant projects begins": 1, "grant projects ends": 1, "grant projects ending 168h0m0s": 1, "grant projects ending 24h0m0s": 1,
	}
	for _, feature := range []string{"projects", "sso"} {
		for _, user := range []string{"goes", "ends", "stays", "fails"} {
			want[user+" "+feature+" begins"] = 1
		}
		for _, user := range []string{"ends", "fails"} { // with the period, and with what is given in grace
			for _, what := range []string{"ends", "ending 168h0m0s", "ending 24h0m0s"} {
				want[user+" "+feature+" "+what] = 1
			}
		}
		for _, what := range []string{"ending 168h0m0s", "not ending"} {
			want["stays "+feature+" "+what] = 1
		}
	}
	return want
}

// lines counts what the feed says of beginnings, ends and announcements.
func (b *boundaries) lines(t *testing.T) map[string]int {
	t.Helper()
	page, err := b.on.behind.Feed(context.Background(), ports.FeedQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	for _, c := range page.Changes {
		of := fmt.Sprintf("%s %s ", c.User, c.Feature)
		switch {
		case c.Kind == domain.RightEnding:
			said[of+fmt.Sprint("ending ", c.Lead)]++
		case c.Kind == domain.RightEndingWithdrawn:
			said[of+"not ending"]++
		case c.Before == nil:
			said[of+"begins"]++
		case c.After == nil:
			said[of+"ends"]++
		}
	}
	return said
}
