package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// keepQuestions asks first and forgets then: an answer settles what was asked in
// the same update too.
func (s *Store) keepQuestions(kept ports.Kept) {
	for _, q := range kept.Questions {
		if before, known := s.questions[q.Subject]; known {
			if before.Since.After(q.Since) {
				q.Since = before.Since
			}
			q.Due, q.Attempts = before.Due, before.Attempts
		}
		s.questions[q.Subject] = q
	}
	for _, answer := range kept.Answered {
		q, known := s.questions[answer.Subject]
		if known && (q.Since.IsZero() || q.Since.Before(answer.Since)) {
			delete(s.questions, answer.Subject)
		}
	}
	s.keepExpected(kept.Expected)
}

// keepExpected remembers in Since what was expected: Due moves on with every attempt.
func (s *Store) keepExpected(expected []domain.Expectation) {
	for _, e := range expected {
		before, known := s.questions[e.Subject]
		switch {
		case e.Due.IsZero():
			delete(s.questions, e.Subject)
		case !known || !before.Since.Equal(e.Due):
			s.questions[e.Subject] = ports.Question{Doubt: domain.Doubt{Subject: e.Subject, Since: e.Due}, Due: e.Due}
		}
	}
}

// TakeQuestions implements [ports.Store].
func (s *Store) TakeQuestions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]ports.Question, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	due := slices.SortedFunc(maps.Values(s.questions), func(a, b ports.Question) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Subject.Kind, b.Subject.Kind), cmp.Compare(a.Subject.ID, b.Subject.ID))
	})
	var taken []ports.Question
	for _, q := range due[:min(limit, len(due))] {
		if q.Due.After(now) {
			break
		}
		q.Due, q.Attempts = now.Add(ports.LeaseOf(lease, q.Attempts)), q.Attempts+1
		s.questions[q.Subject] = q
		taken = append(taken, q)
	}
	return taken, nil
}
