package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// feed is what was told, and how far.
type feed struct {
	told  map[domain.UserID]domain.Told
	upTo  int // so many of the store's changes are told of
	lines []domain.RightChange
}

// Tell implements [ports.Feed]. All that is untold is told at once: memory needs no slices.
func (s *Store) Tell(ctx context.Context, now time.Time, _ int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return ports.TellResult{}, err
	}
	if untold := s.untold(now); len(untold) > 0 {
		s.keepTold(fn(untold))
	}
	s.feed.upTo = len(s.changes)
	result := ports.TellResult{End: int64(len(s.feed.lines))}
	for _, told := range s.feed.told {
		if !told.Due.IsZero() && (result.Next.IsZero() || told.Due.Before(result.Next)) {
			result.Next = told.Due
		}
	}
	return result, nil
}

// untold are users with changes, in the order of the first of them, and users who are due.
func (s *Store) untold(now time.Time) []ports.Untold {
	var all []ports.Untold
	places := map[domain.UserID]int{}
	add := func(user domain.UserID) *ports.Untold {
		place, have := places[user]
		if !have {
			place = len(all)
			places[user] = place
			told := s.feed.told[user]
			told.Entitlements = slices.Clone(told.Entitlements)
			all = append(all, ports.Untold{User: user, Told: told})
		}
		return &all[place]
	}
	for _, change := range s.changes[s.feed.upTo:] {
		of := add(change.User)
		of.Changes = append(of.Changes, change)
	}
	for _, user := range slices.Sorted(maps.Keys(s.feed.told)) {
		if due := s.feed.told[user].Due; !due.IsZero() && !due.After(now) {
			of := add(user)
			of.Due, of.Version = true, s.states[user].Version
		}
	}
	return all
}

func (s *Store) keepTold(tellings []ports.Telling) {
	for _, telling := range tellings {
		for _, line := range telling.Changes {
			line.Position = int64(len(s.feed.lines)) + 1
			s.feed.lines = append(s.feed.lines, line)
		}
		s.feed.told[telling.User] = telling.Told
		if telling.Version > 0 {
			state := s.state(telling.User)
			state.Version = telling.Version
			s.states[telling.User] = state
		}
	}
}

// Feed implements [ports.Feed].
func (s *Store) Feed(ctx context.Context, q ports.FeedQuery) (ports.FeedPage, error) {
	if err := ctx.Err(); err != nil {
		return ports.FeedPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	page := ports.FeedPage{Last: int64(len(s.feed.lines)), First: min(1, int64(len(s.feed.lines)))}
	for _, line := range s.feed.lines[min(max(q.After, 0), page.Last):] {
		if len(page.Changes) == q.Limit {
			break
		}
		if (q.User == "" || q.User == line.User) && (q.Feature == "" || q.Feature == line.Feature) {
			page.Changes = append(page.Changes, line)
		}
	}
	return page, nil
}
