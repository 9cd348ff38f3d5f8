package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Store keeps everything in maps. One lock stands for all of a database's: updates
// run one at a time.
type Store struct {
	updating chan struct{} // of one place: who holds it may update
	mu       sync.RWMutex
	states   map[domain.UserID]ports.State
	owners   map[domain.Ref]domain.UserID
	receipts map[domain.EventID]domain.ProcessedEvent
	changes  []domain.Change
	feed     feed
	settings map[string]string
	adminLog []ports.AdminAction

	endpoints endpoints

	questions map[domain.Ref]ports.Question
}

var _ ports.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{
		updating:  make(chan struct{}, 1),
		states:    map[domain.UserID]ports.State{},
		owners:    map[domain.Ref]domain.UserID{},
		receipts:  map[domain.EventID]domain.ProcessedEvent{},
		settings:  map[string]string{},
		endpoints: newEndpoints(),
		feed:      feed{told: map[domain.UserID]domain.Told{}},

		questions: map[domain.Ref]ports.Question{},
	}
}

// Update implements [ports.Store].
func (s *Store) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	if err := s.await(ctx, touch.LockWait); err != nil {
		return err
	}
	defer func() { <-s.updating }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	found := s.find(touch)
	before := make(map[domain.UserID]ports.State, len(found.States)) // fn may change what it is given
	for user, state := range found.States {
		before[user] = state.Clone()
	}
	kept, err := fn(found)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, state := range kept.States {
		if _, locked := before[state.Account.User]; !locked {
			return fmt.Errorf("keep user %s, who was not found", state.Account.User)
		}
	}
	for _, change := range kept.Changes {
		if _, locked := before[change.User]; !locked {
			return fmt.Errorf("keep a change of user %s, who was not found", change.User)
		}
	}
	if err := s.conflict(kept); err != nil {
		return err
	}
	s.keep(kept, before)
	return nil
}

// await waits for the place of who may update.
func (s *Store) await(ctx context.Context, lockWait time.Duration) error {
	var waited <-chan time.Time
	if lockWait > 0 {
		timer := time.NewTimer(lockWait)
		defer timer.Stop()
		waited = timer.C
	}
	select {
	case s.updating <- struct{}{}:
		return nil
	case <-waited:
		return ports.ErrLocked
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) find(touch ports.Touch) ports.Found {
	found := ports.Found{
		States:   map[domain.UserID]ports.State{},
		Owners:   map[domain.Ref]domain.UserID{},
		Receipts: map[domain.EventID]domain.ProcessedEvent{},
	}
	named := map[domain.UserID][]domain.Ref{}
	for _, ref := range touch.Refs {
		if user, known := s.owners[ref]; known {
			found.Owners[ref] = user
			named[user] = append(named[user], ref)
		}
	}
	for user, names := range named {
		found.States[user] = s.part(user, names)
	}
	for _, ref := range touch.Whole {
		if user, known := found.Owners[ref]; known {
			found.States[user] = s.state(user)
		}
	}
	for _, user := range touch.Users {
		found.States[user] = s.state(user)
	}
	for _, id := range touch.Events {
		if receipt, known := s.receipts[id]; known {
			receipt.Payload = nil
			found.Receipts[id] = receipt
		}
	}
	return found
}

// part is what is kept of the purchases behind some names of a user: no more than has to
// be found, so that tests notice who takes it for the whole.
func (s *Store) part(user domain.UserID, names []domain.Ref) ports.State {
	whole := s.states[user]
	part := ports.State{Account: whole.Account.Part(names), Version: whole.Version}
	for _, e := range whole.Entitlements {
		if part.Account.Gives(e.Source) {
			part.Entitlements = append(part.Entitlements, e)
		}
	}
	return part.Clone()
}

// conflict finds a name that is another user's, before anything is kept.
func (s *Store) conflict(kept ports.Kept) error {
	names := map[domain.Ref]domain.UserID{}
	for _, state := range kept.States {
		user := state.Account.User
		for _, ref := range state.Account.Refs() {
			owner, known := s.owners[ref]
			if inKept, twice := names[ref]; twice {
				owner, known = inKept, true
			}
			if known && owner != user {
				return fmt.Errorf("%s %s belongs to another user: %w", ref.Kind, ref.ID, ports.ErrConflict)
			}
			names[ref] = user
		}
	}
	return nil
}

func (s *Store) keep(kept ports.Kept, found map[domain.UserID]ports.State) {
	for _, state := range kept.States {
		user := state.Account.User
		s.states[user] = s.join(state, found[user])
		for _, ref := range state.Account.Refs() {
			s.owners[ref] = user
		}
	}
	for _, receipt := range kept.Receipts {
		if before, known := s.receipts[receipt.ID]; known {
			receipt.Payload, receipt.ReceivedAt = before.Payload, before.ReceivedAt
			receipt.Redacted = receipt.Redacted || before.Redacted
		}
		if receipt.Redacted {
			receipt.Payload = nil
		}
		s.receipts[receipt.ID] = cloneReceipt(receipt)
	}
	s.keepChanges(kept.Changes)
	s.keepQuestions(kept)
}

// keepChanges adds changes, all of a user under one version.
func (s *Store) keepChanges(changes []domain.Change) {
	versions := map[domain.UserID]int64{}
	for _, change := range changes {
		if versions[change.User] == 0 {
			state := s.state(change.User)
			state.Version++
			s.states[change.User], versions[change.User] = state, state.Version
		}
		change.Seq, change.Version = int64(len(s.changes))+1, versions[change.User]
		s.changes = append(s.changes, change)
	}
}

// join is a state as it is to be kept: facts are replaced or added, never deleted.
// Entitlements are those that were not found, and those that there are of the others.
func (s *Store) join(state, found ports.State) ports.State {
	kept, fresh := s.state(state.Account.User), state.Clone()
	maps.Copy(kept.Account.Orders, fresh.Account.Orders)
	maps.Copy(kept.Account.Subscriptions, fresh.Account.Subscriptions)
	maps.Copy(kept.Account.Payments, fresh.Account.Payments)
	maps.Copy(kept.Account.Invoices, fresh.Account.Invoices)
	maps.Copy(kept.Account.InvoicePayments, fresh.Account.InvoicePayments)
	maps.Copy(kept.Account.Charges, fresh.Account.Charges)
	maps.Copy(kept.Account.Refunds, fresh.Account.Refunds)
	maps.Copy(kept.Account.Disputes, fresh.Account.Disputes)
	maps.Copy(kept.Account.CreditNotes, fresh.Account.CreditNotes)
	maps.Copy(kept.Account.Grants, fresh.Account.Grants)
	kept.Account.Customer, kept.Account.CustomerKey = fresh.Account.Customer, fresh.Account.CustomerKey
	kept.Account.FormerCustomers, kept.Account.DeletedCustomers = fresh.Account.FormerCustomers, fresh.Account.DeletedCustomers
	kept.Account.CustomerAccounts, kept.Account.Meanings = fresh.Account.CustomerAccounts, fresh.Account.Meanings
	kept.Entitlements = slices.DeleteFunc(kept.Entitlements, func(e domain.Entitlement) bool {
		return slices.Contains(found.Entitlements, e)
	})
	kept.Entitlements = append(kept.Entitlements, fresh.Entitlements...)
	slices.SortFunc(kept.Entitlements, domain.CompareEntitlements)
	return kept
}

// Fail implements [ports.Store].
func (s *Store) Fail(ctx context.Context, receipt domain.ProcessedEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	before, known := s.receipts[receipt.ID]
	if known {
		if before.Outcome.Final() {
			return nil
		}
		receipt.Payload, receipt.ReceivedAt = before.Payload, before.ReceivedAt
		receipt.User = cmp.Or(receipt.User, before.User)
	}
	receipt.Outcome, receipt.Attempts = domain.OutcomeFailed, before.Attempts+1
	s.receipts[receipt.ID] = cloneReceipt(receipt)
	return nil
}

func (s *Store) state(user domain.UserID) ports.State {
	if state, known := s.states[user]; known {
		return state.Clone()
	}
	return ports.State{Account: domain.NewAccount(user)}
}

// State implements [ports.Store].
func (s *Store) State(ctx context.Context, user domain.UserID) (ports.State, error) {
	if err := ctx.Err(); err != nil {
		return ports.State{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state(user), nil
}

// Entitlements implements [ports.Store].
func (s *Store) Entitlements(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.Rights, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	found := make(map[domain.UserID]ports.Rights, len(users))
	for _, user := range users {
		if kept := s.states[user]; len(kept.Entitlements) > 0 || kept.Version > 0 {
			found[user] = ports.Rights{Version: kept.Version, Entitlements: slices.Clone(kept.Entitlements)}
		}
	}
	return found, nil
}

// Order implements [ports.Store].
func (s *Store) Order(ctx context.Context, id domain.OrderID) (domain.Order, domain.UserID, error) {
	if err := ctx.Err(); err != nil {
		return domain.Order{}, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	user, known := s.owners[domain.Ref{Kind: domain.RefOrder, ID: string(id)}]
	if !known {
		return domain.Order{}, "", ports.ErrNotFound
	}
	return s.states[user].Account.Orders[id], user, nil
}

// Receipt implements [ports.Store].
func (s *Store) Receipt(ctx context.Context, id domain.EventID) (domain.ProcessedEvent, error) {
	if err := ctx.Err(); err != nil {
		return domain.ProcessedEvent{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	receipt, known := s.receipts[id]
	if !known {
		return domain.ProcessedEvent{}, ports.ErrNotFound
	}
	return cloneReceipt(receipt), nil
}

// Changes implements [ports.Store].
func (s *Store) Changes(ctx context.Context, user domain.UserID) ([]domain.Change, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []domain.Change
	for _, change := range s.changes {
		if change.User == user {
			found = append(found, change)
		}
	}
	return found, nil
}

// Users implements [ports.Store].
func (s *Store) Users(ctx context.Context, after domain.UserID, limit int) ([]domain.UserID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	users := slices.Sorted(maps.Keys(s.states))
	from, exact := slices.BinarySearch(users, after)
	if exact {
		from++
	}
	return slices.Clone(users[from:min(from+limit, len(users))]), nil
}

// Setting implements [ports.Store].
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	value, known := s.settings[name]
	if !known {
		return "", ports.ErrNotFound
	}
	return value, nil
}

// SetSetting implements [ports.Store].
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	s.settings[name] = value
	return nil
}

// SwapSetting implements [ports.Store].
func (s *Store) SwapSetting(ctx context.Context, name, old, value string) (swapped bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	kept, known := s.settings[name]
	if known != (old != "") || kept != old {
		return false, nil
	}
	s.settings[name] = value
	return true, nil
}

// Ready implements [ports.Store]: memory is always there.
func (s *Store) Ready(ctx context.Context) error { return ctx.Err() }

func cloneReceipt(r domain.ProcessedEvent) domain.ProcessedEvent {
	r.Payload = slices.Clone(r.Payload)
	return r
}
