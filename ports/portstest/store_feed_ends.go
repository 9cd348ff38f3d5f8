package portstest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const day = 24 * time.Hour

// announcing is a catalog that announces ends so long before them.
func announcing(leads ...time.Duration) domain.Catalog {
	c := feedCatalog
	c.AnnounceEnds = leads
	return c
}

// tellBy tells until there is no more, by a catalog.
func tellBy(t tb, s ports.Store, c domain.Catalog, now time.Time) ports.TellResult {
	t.Helper()
	for range 1000 {
		result, err := s.Tell(t.Context(), now, 10, func(untold []ports.Untold) []ports.Telling {
			all := make([]ports.Telling, len(untold))
			for i, of := range untold {
				all[i] = of.Tell(now, c)
			}
			return all
		})
		if err != nil {
			t.Fatalf("Tell: %v", err)
		}
		if !result.More && !result.Busy && (result.Next.IsZero() || result.Next.After(now)) {
			return result
		}
	}
	t.Fatalf("Tell: more and more to tell")
	return ports.TellResult{}
}

func testEndsAnnounced(t *testing.T, s ports.Store) {
	until, further := noon.Add(10*day), noon.Add(40*day)
	c := announcing(7*day, day)
	give(t, s, "ann", noon, projects("ann", 1, until))
	give(t, s, "bob", noon, projects("bob", 1, until))
	if result := tellBy(t, s, c, noon); result.End != 2 || !result.Next.Equal(until.Add(-7*day)) {
		t.Errorf("told up to %d, next %s", result.End, result.Next)
	}
	tellBy(t, s, c, noon.Add(4*day))
	if version := versionOf(t, s, "ann"); version != 1 {
		t.Errorf("version %d, want 1: an announcement changes nothing", version)
	}
	give(t, s, "ann", noon.Add(5*day), projects("ann", 1, further))
	tellBy(t, s, c, noon.Add(5*day))
	if result := tellBy(t, s, c, noon.Add(11*day)); !result.Next.Equal(further.Add(-7 * day)) {
		t.Errorf("next %s, want %s", result.Next, further.Add(-7*day))
	}
	right := func(until time.Time) *domain.Right {
		return &domain.Right{Feature: "projects", Value: domain.Limit(1), Since: noon, Until: until, EndsAt: until}
	}
	line := func(position int64, user domain.UserID, kind domain.RightChangeKind, version int64, at time.Time, before, after *domain.Right, lead time.Duration) domain.RightChange {
		l := domain.RightChange{
			Position: position, Kind: kind, User: user, Version: version, Feature: "projects", Before: before, After: after, Cause: domain.CauseTime, At: at, Lead: lead,
		}
		if kind != domain.RightChanged {
			l.EndsAt = until
		}
		if kind == domain.RightEndingWithdrawn || position == 5 {
			l.Cause = domain.CauseByHand
		}
		return l
	}
	first, second := right(until), right(further)
	wantEqual(t, "feed", feed(t, s, ports.FeedQuery{After: 2}).Changes, []domain.RightChange{
		line(3, "ann", domain.RightEnding, 1, until.Add(-7*day), first, first, 7*day),
		line(4, "bob", domain.RightEnding, 1, until.Add(-7*day), first, first, 7*day),
		line(5, "ann", domain.RightChanged, 2, noon.Add(5*day), first, second, 0),
		line(6, "ann", domain.RightEndingWithdrawn, 2, noon.Add(5*day), second, second, 0),
		line(7, "bob", domain.RightChanged, 2, until, first, nil, 0),
	})
}

// Lead times that a catalog has from now on are heeded once everybody was looked at again.
func testFeedLooksAgain(t *testing.T, s ports.Store) {
	until := noon.Add(10 * day)
	for n := range 5 {
		user := feedUser(n)
		give(t, s, user, noon, projects(user, 1, until))
	}
	give(t, s, "forever", noon, projects("forever", 1, time.Time{}))
	tellBy(t, s, feedCatalog, noon)
	var seen []domain.UserID
	for after := domain.UserID(""); ; {
		last, err := s.LookAgain(t.Context(), after, 2)
		if err != nil {
			t.Fatalf("LookAgain: %v", err)
		}
		if last == "" {
			break
		}
		seen, after = append(seen, last), last
	}
	wantEqual(t, "the last of each slice", seen, []domain.UserID{feedUser(1), feedUser(3), feedUser(4)})
	if result := tellBy(t, s, announcing(day), noon.Add(day)); result.End != 6 || !result.Next.Equal(until.Add(-day)) {
		t.Errorf("told up to %d, next %s, want 6, %s", result.End, result.Next, until.Add(-day))
	}
	if result := tellBy(t, s, announcing(day), until.Add(-day)); result.End != 11 {
		t.Errorf("told up to %d, want 11", result.End)
	}
}

// Positions go on whatever was removed, and the last line stays.
func testFeedPruned(t *testing.T, s ports.Store) {
	prune := func(before time.Time, limit, want int) {
		t.Helper()
		if n, err := s.PruneFeed(t.Context(), before, limit); err != nil || n != want {
			t.Errorf("pruned %d, %v, want %d", n, err, want)
		}
	}
	ends := func(first, last int64) {
		t.Helper()
		if page := feed(t, s, ports.FeedQuery{}); page.First != first || page.Last != last || int64(len(page.Changes)) != last-first+1 {
			t.Errorf("from %d to %d with %d lines, want from %d to %d", page.First, page.Last, len(page.Changes), first, last)
		}
	}
	prune(noon.Add(100*day), 10, 0)
	for n := range 6 {
		at := noon.Add(time.Duration(n) * day)
		give(t, s, "ann", noon, projects("ann", int64(n)+1, time.Time{})) // at is what counts: when it was told
		tell(t, s, at)
	}
	prune(noon, 10, 0)
	ends(1, 6)
	prune(noon.Add(3*day), 2, 2)
	ends(3, 6)
	prune(noon.Add(3*day), 2, 1)
	ends(4, 6)
	if page := feed(t, s, ports.FeedQuery{After: 4}); len(page.Changes) != 2 || page.Changes[0].Position != 5 {
		t.Errorf("after 4 there is %+v", page.Changes)
	}
	prune(noon.Add(100*day), 10, 2)
	ends(6, 6)
	prune(noon.Add(100*day), 10, 0)
	if result := tell(t, s, noon.Add(100*day)); result.End != 6 {
		t.Errorf("the feed ends at %d, want 6", result.End)
	}
	give(t, s, "ann", noon, projects("ann", 9, time.Time{}))
	tell(t, s, noon.Add(101*day))
	ends(6, 7)
}

// One after the other prunes while another tells: nobody sees a gap, nor the feed shorter.
func testFeedPrunedMeanwhile(t *testing.T, s ports.Store) {
	const changes = 40
	done := make(chan error, 2)
	for range 2 {
		go func() {
			for {
				if _, err := s.PruneFeed(t.Context(), noon.Add(time.Hour), 3); unlessOverloaded(err) != nil {
					done <- err
					return
				}
				page, err := s.Feed(t.Context(), ports.FeedQuery{Limit: 1000})
				if unlessOverloaded(err) != nil {
					done <- err
					return
				}
				for i, line := range page.Changes {
					if line.Position != page.First+int64(i) {
						done <- fmt.Errorf("position %d in place %d after %d", line.Position, i, page.First)
						return
					}
				}
				if page.Last == changes {
					done <- nil
					return
				}
			}
		}()
	}
	for n := range int64(changes) {
		give(t, s, "ann", noon, projects("ann", n+1, time.Time{}))
		tell(t, s, noon)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Random histories are told by a store, through however many processes, as they are told
// without one.
func testFeedHistories(t *testing.T, s ports.Store) {
	kinds := map[domain.RightChangeKind]int{}
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		user := domain.UserID(fmt.Sprintf("user_of_seed_%d", seed))
		c := announcing(7*day, day)
		var told domain.Told
		var want []domain.RightChange
		var known int
		version := int64(0)
		for now, steps := noon, 0; steps < 40; steps++ {
			now = now.Add(time.Duration(random.IntN(60)) * time.Hour)
			if random.IntN(3) == 0 {
				e := projects(user, int64(random.IntN(3)+1), now.Add(time.Duration(random.IntN(20*24)+1)*time.Hour))
				e.Ending = []domain.Ending{{}, {Renews: true}, {Renews: true, EndsAt: e.Until.Add(10 * day)}, {InGrace: true}}[random.IntN(4)]
				give(t, s, user, now, e)
			}
			if random.IntN(2) == 0 {
				continue // nobody tells
			}
			tellBy(t, s, c, now)
			changes := changesOf(t, s, user)
			lines, next := told.Tell(user, changes[known:], now, c)
			if known < len(changes) {
				version = changes[len(changes)-1].Version
			}
			known, want = len(changes), append(want, lines...)
			lines, told, version = next.Cross(user, version, now, c)
			want = append(want, lines...)
		}
		got := feed(t, s, ports.FeedQuery{User: user}).Changes
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(domain.RightChange{}, "Position"), cmpopts.IgnoreFields(domain.Right{}, "Sources")); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
		for _, line := range got {
			kinds[line.Kind]++
		}
	}
	if len(kinds) < 3 {
		t.Errorf("the histories have lines of %v alone", kinds)
	}
}
