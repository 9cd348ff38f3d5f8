package memory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Redact implements [ports.Store].
func (s *Store) Redact(ctx context.Context, before time.Time, limit int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var over []domain.ProcessedEvent
	for _, r := range s.receipts {
		if !r.Redacted && r.Outcome.Final() && r.ReceivedAt.Before(before) {
			over = append(over, r)
		}
	}
	slices.SortFunc(over, func(a, b domain.ProcessedEvent) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	over = over[:min(max(limit, 0), len(over))]
	for _, r := range over {
		r.Payload, r.Redacted, r.WaitsFor = nil, true, domain.Ref{}
		s.receipts[r.ID] = r
	}
	return len(over), nil
}

// Forget implements [ports.Store].
func (s *Store) Forget(ctx context.Context, user, as domain.UserID) error {
	if err := s.await(ctx, 0); err != nil {
		return err
	}
	defer func() { <-s.updating }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	state, kept := s.states[user]
	if kept {
		state.Account.User = as
		s.states[as] = state
		delete(s.states, user)
	}
	for ref, owner := range s.owners {
		if owner == user {
			s.owners[ref] = as
		}
	}
	for i := range s.changes {
		if s.changes[i].User == user {
			s.changes[i].User, kept = as, true
		}
	}
	s.forgetInFeed(user, as)
	s.forgetInDeliveries(user, as)
	kept = s.forgetInReceipts(user, as) || kept
	kept = s.forgetInAdminLog(user, as) || kept
	if !kept {
		return ports.ErrNotFound
	}
	return nil
}

func (s *Store) forgetInFeed(user, as domain.UserID) {
	if told, have := s.feed.told[user]; have {
		s.feed.told[as] = told
		delete(s.feed.told, user)
	}
	for i := range s.feed.lines {
		if s.feed.lines[i].User == user {
			s.feed.lines[i].User = as
		}
	}
}

// forgetInDeliveries takes what receivers answered to messages about the user, or in the user's
// words; and to messages of which the feed does not know any more whom they were about.
func (s *Store) forgetInDeliveries(user, as domain.UserID) {
	about := map[int64]bool{}
	for _, line := range s.feed.lines {
		about[line.Position] = line.User == as
	}
	for _, all := range s.endpoints.deliveries {
		for i := range all {
			if d := &all[i]; d.Answer != "" && (about[d.First] || d.First > 0 && d.First <= s.feed.pruned || strings.Contains(d.Answer, string(user))) {
				d.Answer = forgottenText
			}
		}
	}
}

// isForgotten tells whether a line of the feed is of a user who was forgotten.
func (s *Store) isForgotten(position int64) bool {
	n := position - s.feed.pruned - 1
	return n >= 0 && n < int64(len(s.feed.lines)) && s.feed.lines[n].User.Forgotten()
}

const forgottenText = "(forgotten)"

func (s *Store) forgetInReceipts(user, as domain.UserID) (kept bool) {
	for id, r := range s.receipts {
		switch {
		case r.User == user:
			r.User, r.Payload, r.Redacted, kept = as, nil, true, true
			if strings.Contains(r.Reason, string(user)) {
				r.Reason = forgottenText
			}
		case r.Outcome == domain.OutcomeQuarantined:
			for _, end := range []string{",", ":"} {
				r.Reason = strings.ReplaceAll(r.Reason, "user "+string(user)+end, "user "+string(as)+end)
			}
		}
		s.receipts[id] = r
	}
	return kept
}

func (s *Store) forgetInAdminLog(user, as domain.UserID) (kept bool) {
	for i := range s.adminLog {
		a := &s.adminLog[i]
		if a.User == user {
			a.User, kept = as, true
			if strings.Contains(a.About, string(user)) {
				a.About = forgottenText
			}
			if a.By == string(user) {
				a.By = string(as)
			}
		}
	}
	return kept
}
