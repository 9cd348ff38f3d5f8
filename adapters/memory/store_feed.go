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
	told   map[domain.UserID]domain.Told
	upTo   int   // so many of the store's changes are told of
	pruned int64 // so many lines were removed
	lines  []toldLine
}

type toldLine struct {
	domain.RightChange
	at time.Time
}

func (f *feed) last() int64 { return f.pruned + int64(len(f.lines)) }

// Tell implements [ports.Feed]. All that is untold is told at once: memory needs no slices.
func (s *Store) Tell(ctx context.Context, now time.Time, _ int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return ports.TellResult{}, err
	}
	if untold := s.untold(now); len(untold) > 0 {
		s.keepTold(fn(untold), now)
	}
	s.feed.upTo = len(s.changes)
	result := ports.TellResult{End: s.feed.last()}
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
			told.Entitlements, told.Announced = slices.Clone(told.Entitlements), slices.Clone(told.Announced)
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

func (s *Store) keepTold(tellings []ports.Telling, now time.Time) {
	for _, telling := range tellings {
		for _, line := range telling.Changes {
			line.Position = s.feed.last() + 1
			s.feed.lines = append(s.feed.lines, toldLine{line, now})
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
	page := ports.FeedPage{Last: s.feed.last()}
	if len(s.feed.lines) > 0 {
		page.First = s.feed.lines[0].Position
	}
	for _, line := range s.feed.lines[min(max(q.After-s.feed.pruned, 0), int64(len(s.feed.lines))):] {
		if len(page.Changes) == q.Limit {
			break
		}
		if (q.User == "" || q.User == line.User) && (q.Feature == "" || q.Feature == line.Feature) {
			page.Changes = append(page.Changes, line.RightChange)
		}
	}
	return page, nil
}

// PruneFeed implements [ports.Feed].
func (s *Store) PruneFeed(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < limit && n < len(s.feed.lines)-1 && s.feed.lines[n].at.Before(before) {
		n++
	}
	s.feed.lines = slices.Clone(s.feed.lines[n:])
	s.feed.pruned += int64(n)
	return n, nil
}

// LookAgain implements [ports.Feed].
func (s *Store) LookAgain(ctx context.Context, after domain.UserID, limit int) (last domain.UserID, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, user := range slices.Sorted(maps.Keys(s.feed.told)) {
		told := s.feed.told[user]
		if user <= after || told.Due.IsZero() {
			continue
		}
		if limit--; limit < 0 {
			break
		}
		told.Due = told.AsOf
		s.feed.told[user], last = told, user
	}
	return last, nil
}
