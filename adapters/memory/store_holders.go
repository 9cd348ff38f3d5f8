package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Holders implements [ports.Store].
func (s *Store) Holders(ctx context.Context, at time.Time) ([]ports.Holding, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	users := map[ports.Holding]int{} // by plan and feature
	for _, state := range s.states {
		held := map[ports.Holding]bool{}
		for _, e := range state.Entitlements {
			over := !e.Until.IsZero() && !e.Until.After(at)
			if !over && e.Source.Kind != domain.SourceGrant {
				held[ports.Holding{Plan: e.Plan, Feature: e.Feature}] = true
			}
		}
		for holding := range held {
			users[holding]++
		}
	}
	var all []ports.Holding
	for holding, n := range users {
		holding.Users = n
		all = append(all, holding)
	}
	slices.SortFunc(all, func(a, b ports.Holding) int {
		return cmp.Or(cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.Feature, b.Feature))
	})
	return all, nil
}
