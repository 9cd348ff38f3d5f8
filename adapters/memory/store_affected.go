package memory

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Affected implements [ports.Store].
func (s *Store) Affected(ctx context.Context, change domain.CatalogChange, after domain.UserID, limit int) (ports.Affected, error) {
	users, err := s.Users(ctx, after, limit)
	found := ports.Affected{Looked: len(users)}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, user := range users {
		found.Last = user
		if state := s.states[user]; state.Account.DependsOn(change, state.Entitlements) {
			found.Users = append(found.Users, user)
		}
	}
	return found, err
}
