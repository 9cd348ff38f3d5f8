package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// endpoints are where changes are delivered to.
type endpoints struct {
	all        map[ports.EndpointID]ports.Endpoint
	deliveries map[ports.EndpointID][]ports.Delivery
	attempts   int64 // ever
}

func newEndpoints() endpoints {
	return endpoints{all: map[ports.EndpointID]ports.Endpoint{}, deliveries: map[ports.EndpointID][]ports.Delivery{}}
}

// ownEndpoint is a copy that shares nothing.
func ownEndpoint(e ports.Endpoint) ports.Endpoint {
	e.Features, e.Causes, e.Delivered = slices.Clone(e.Features), slices.Clone(e.Causes), slices.Clone(e.Delivered)
	return e
}

// AddEndpoint implements [ports.Endpoints].
func (s *Store) AddEndpoint(ctx context.Context, e ports.Endpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, have := s.endpoints.all[e.ID]; have {
		return fmt.Errorf("%w: there is an endpoint %s", ports.ErrConflict, e.ID)
	}
	s.endpoints.all[e.ID] = ownEndpoint(e)
	return nil
}

// Endpoints implements [ports.Endpoints].
func (s *Store) Endpoints(ctx context.Context) ([]ports.Endpoint, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []ports.Endpoint
	for _, e := range s.endpoints.all {
		all = append(all, ownEndpoint(e))
	}
	slices.SortFunc(all, func(a, b ports.Endpoint) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, ctx.Err()
}

// Endpoint implements [ports.Endpoints].
func (s *Store) Endpoint(ctx context.Context, id ports.EndpointID) (ports.Endpoint, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, have := s.endpoints.all[id]
	if !have {
		return e, noEndpoint(id)
	}
	return ownEndpoint(e), ctx.Err()
}

func noEndpoint(id ports.EndpointID) error {
	return fmt.Errorf("endpoint %s: %w", id, ports.ErrNotFound)
}

// ChangeEndpoint implements [ports.Endpoints].
func (s *Store) ChangeEndpoint(ctx context.Context, id ports.EndpointID, fn func(*ports.Endpoint) ([]ports.Delivery, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	e, have := s.endpoints.all[id]
	if !have {
		return noEndpoint(id)
	}
	changed := ownEndpoint(e)
	deliveries, err := fn(&changed)
	if err != nil {
		return err
	}
	changed.ID, changed.CreatedAt = e.ID, e.CreatedAt
	s.endpoints.all[id] = ownEndpoint(changed)
	kept := s.endpoints.deliveries[id]
	for _, d := range deliveries {
		if d.Answer != "" && s.isForgotten(d.First) {
			d.Answer = forgottenText
		}
		s.endpoints.attempts++
		d.Seq = s.endpoints.attempts
		kept = append(kept, d)
	}
	s.endpoints.deliveries[id] = kept[max(0, len(kept)-ports.DeliveriesKept):]
	return nil
}

// DeleteEndpoint implements [ports.Endpoints].
func (s *Store) DeleteEndpoint(ctx context.Context, id ports.EndpointID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, have := s.endpoints.all[id]; !have {
		return noEndpoint(id)
	}
	delete(s.endpoints.all, id)
	delete(s.endpoints.deliveries, id)
	return ctx.Err()
}

// LeaseEndpoints implements [ports.Endpoints].
func (s *Store) LeaseEndpoints(ctx context.Context, lease ports.EndpointLease) ([]ports.Endpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var due []ports.Endpoint
	for _, e := range s.endpoints.all {
		if e.Disabled == "" && (e.Failures > 0) == lease.Failing && !e.NextAttempt.After(lease.Now) &&
			!e.LeasedUntil.After(lease.Now) && e.Cursor != s.feed.last() {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b ports.Endpoint) int {
		return cmp.Or(a.NextAttempt.Compare(b.NextAttempt), cmp.Compare(a.ID, b.ID))
	})
	due = due[:min(len(due), max(lease.Limit, 0))]
	for i := range due {
		due[i].LeasedUntil = lease.Until
		due[i].Turn++
		s.endpoints.all[due[i].ID] = ownEndpoint(due[i])
		due[i] = ownEndpoint(due[i])
	}
	return due, nil
}

// Deliveries implements [ports.Endpoints].
func (s *Store) Deliveries(ctx context.Context, id ports.EndpointID, limit int) ([]ports.Delivery, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	kept := slices.Clone(s.endpoints.deliveries[id])
	slices.Reverse(kept)
	return kept[:min(len(kept), limit)], ctx.Err()
}

// States implements [ports.Store].
func (s *Store) States(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.State, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	states := map[domain.UserID]ports.State{}
	for _, user := range users {
		states[user] = s.state(user)
	}
	return states, ctx.Err()
}
