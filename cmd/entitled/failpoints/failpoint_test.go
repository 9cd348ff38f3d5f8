package failpoints

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	failpointRuns  = flag.Int("failpoints", 0, "in how many runs calls fail, each of a seed of its own: each call of a story in each way, then those of the next; 0: in a few on each store")
	failpointFirst = flag.Int("failpoints.first", 0, "the seed of the first of the runs")
)

// Whatever call fails, hangs, is rolled back or loses its answer, and wherever the process
// dies, with webhooks that never come, come twice, late and in any order, and with a database
// whose connections end at any message: once it was reconciled, everybody has what they have
// if nothing fails, the feed has told each change once, and all that is kept follows from what
// it is derived from; but for what somebody changes by hand, which is found.
func TestFailpoints_EachCallFailsInTurn(t *testing.T) {
	t.Parallel()
	eachCallFailsInTurn(t, purchaseStories, map[string]usually{"memory": {4, 1}, "SQLite": {1, 4}})
}

// The same of what users ask the service for themselves: to change, pause and end what they
// have, here or in the portal; and of what an operator does for them. What was answered is so,
// and nothing is charged or given back twice.
func TestFailpoints_EachCallOfAWishFailsInTurn(t *testing.T) {
	t.Parallel()
	eachCallFailsInTurn(t, wishStories, map[string]usually{"memory": {4, 2}, "Postgres": {1, 4}})
}

// usually is in how many runs calls fail unless that is said, and the seed of the first: on
// databases one in which the process dies.
type usually struct{ runs, from int }

func eachCallFailsInTurn(t *testing.T, kind frailStory, usual map[string]usually) {
	t.Helper()
	stories := &calmStories{kind: kind}
	for _, on := range frailStores {
		runs, from := usual[on.name].runs, usual[on.name].from
		if *failpointRuns > 0 {
			runs, from = *failpointRuns, *failpointFirst
		}
		if runs == 0 {
			continue
		}
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			server := &restarting{}
			if on.name == "Postgres" {
				server = startRestarting(t)
			}
			var did tally
			begun := time.Now()
			t.Cleanup(func() {
				t.Logf("%d runs in %s: %s", runs, time.Since(begun).Round(time.Millisecond), &did)
				if *failpointRuns == 0 && did.runs.Load() == int64(runs) && (did.deaths.Load() == 0 || did.flipped.Load() == 0) {
					t.Error("nobody died, or no row was changed by hand: this shows less than it says")
				}
			})
			for seed := from; seed < from+runs; seed++ {
				story, at, does := stories.chosen(t, seed)
				t.Run(fmt.Sprintf("seed %d, story %d, call %d is %s", seed, story.number, at, does), func(t *testing.T) {
					t.Parallel()
					random := rand.New(rand.NewPCG(uint64(seed), 1))
					s := newFrailShop(t, kind.catalog, on.open(t, server), random)
					s.starts(t, map[int]failure{at: does})
					s.plays(t, kind, story.number)
					s.ends()
					if diff := cmp.Diff(story.ends, s.holds(t)); diff != "" {
						t.Errorf("rights differ (-nothing fails +got):\n%s", diff)
					}
					if diff := cmp.Diff(story.books, s.books(t), cmpopts.EquateApprox(0, prorated)); diff != "" {
						t.Errorf("Stripe's books differ (-nothing fails +got):\n%s", diff)
					}
					s.verified(t)
					s.told(t)
					s.flips(t)
					did.add(s)
				})
			}
		})
	}
}

// tally is what happened in all runs.
type tally struct {
	runs, failed, deaths, dropped, twice, late, cuts, flipped atomic.Int64
}

func (d *tally) add(s *frailShop) {
	d.runs.Add(1)
	d.failed.Add(int64(s.failed))
	d.deaths.Add(int64(s.deaths))
	d.dropped.Add(int64(s.dropped))
	d.twice.Add(int64(s.twice))
	d.late.Add(int64(s.late))
	d.flipped.Add(int64(s.flipped))
	if s.on.cutter != nil {
		d.cuts.Add(int64(s.on.cutter.Cuts()))
	}
}

func (d *tally) String() string {
	return fmt.Sprintf("%d things failed and were done again, %d deaths, %d connections cut; webhooks: %d never came, %d came twice, %d late; %d rows changed by hand, and found",
		d.failed.Load(), d.deaths.Load(), d.cuts.Load(), d.dropped.Load(), d.twice.Load(), d.late.Load(), d.flipped.Load())
}

// calmStory is a story in which nothing fails.
type calmStory struct {
	number, calls int
	ends          map[string]string // what is held after it
	books         books
}

// calmStories are those of a kind that were played so far.
type calmStories struct {
	kind   frailStory
	mu     sync.Mutex
	played []calmStory
}

// spread is over how many calls of the first story the few usual runs are.
const spread = 12

// chosen is what a run is about: of so few that not each call can fail in each way, they are
// spread over the first story.
func (c *calmStories) chosen(t *testing.T, seed int) (calmStory, int, failure) {
	t.Helper()
	if story := c.number(t, 0); *failpointRuns == 0 {
		return story, 1 + (seed%spread)*story.calls/spread, failures[seed%len(failures)]
	}
	for number := 0; ; number++ {
		story := c.number(t, number)
		if all := story.calls * len(failures); seed >= all {
			seed -= all
			continue
		}
		return story, 1 + seed%story.calls, failures[seed/story.calls]
	}
}

func (c *calmStories) number(t *testing.T, number int) calmStory {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := len(c.played); n <= number; n++ {
		s := newFrailShop(t, c.kind.catalog, frailStores[0].open(t, nil), nil)
		s.starts(t, nil)
		s.plays(t, c.kind, n)
		s.ends()
		s.verified(t)
		s.told(t)
		story := calmStory{n, s.calls, s.holds(t), s.books(t)}
		c.played = append(c.played, story)
		t.Logf("story %d: %d calls; %v; held: %v; %+v", n, story.calls, s.said, story.ends, story.books)
	}
	return c.played[number]
}

// failsLater has more of a process fail than the call that it is about.
func (s *frailShop) failsLater(fails map[int]failure) map[int]failure {
	all := map[int]failure{}
	for at, does := range fails {
		all[at] = does
		if s.random.IntN(2) == 0 {
			all[at+1+s.random.IntN(15)] = failures[s.random.IntN(len(failures))]
		}
	}
	return all
}

// shuffled is what comes of what was sent: some of it never, some later, some twice, and all
// of it in any order.
func shuffled[T any](s *frailShop, sent []T) (now, later []T) {
	for _, e := range sent {
		switch s.random.IntN(8) {
		case 0:
			s.dropped++
		case 1:
			s.late++
			later = append(later, e)
		case 2:
			s.twice++
			now = append(now, e, e)
		default:
			now = append(now, e)
		}
	}
	now = slices.Clone(now)
	s.random.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
	return now, later
}
