package memory

import (
	"context"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Audit implements [ports.Auditor]. Nothing is misfiled: maps are all that there is.
func (s *Store) Audit(ctx context.Context, user domain.UserID) (ports.Audit, error) {
	if err := ctx.Err(); err != nil {
		return ports.Audit{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	audit := ports.Audit{State: s.state(user), Owners: map[domain.Ref]domain.UserID{}, Due: map[domain.Ref]ports.Question{}}
	h := &audit.History
	h.Version = audit.State.Version
	for n, change := range s.changes {
		if change.User != user {
			continue
		}
		h.Changes = append(h.Changes, change)
		if n >= s.feed.upTo {
			h.Untold++
		}
	}
	for _, line := range s.feed.lines {
		if line.User == user {
			h.Lines = append(h.Lines, line.RightChange)
		}
	}
	h.Told = s.feed.told[user]
	h.Told.Entitlements, h.Told.Announced = slices.Clone(h.Told.Entitlements), slices.Clone(h.Told.Announced)
	h.Cut = s.feed.pruned > 0
	for _, ref := range audit.State.Account.Refs() {
		if owner, known := s.owners[ref]; known {
			audit.Owners[ref] = owner
		}
	}
	for ref, owner := range s.owners {
		if owner == user {
			audit.Names = append(audit.Names, ref)
		}
	}
	for _, expected := range audit.State.Account.Expectations() {
		if question, kept := s.questions[expected.Subject]; kept {
			audit.Due[expected.Subject] = question
		}
	}
	return audit, nil
}
