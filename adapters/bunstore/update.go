package bunstore

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Update implements [ports.Store].
//
// In two trips: begin, make a row of every user named so that there is one to lock,
// lock, read; write what differs, commit. Two updates naming a user nobody
// has seen before meet at the unique key of accounts: the second waits for the
// first. Two deliveries of one event meet at the lock of the account it is about,
// and the second then reads the receipt that the first has kept. An event that is
// about no account has nothing to meet at: both keep a receipt, which is one row.
func (s *Store) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	w := wantedOf(touch)
	return s.try(ctx, "update", func(ctx context.Context) error {
		err := s.update(ctx, w, fn)
		if err != nil && w.lockWait > 0 {
			return lastTry{err}
		}
		return err
	})
}

// update is one try. Whatever ends it, a panic of fn too, it leaves nothing behind
// unless it commits.
func (s *Store) update(ctx context.Context, w wanted, fn func(ports.Found) (ports.Kept, error)) error {
	tx, err := s.begin(ctx, txOptions{lockWait: w.lockWait})
	if err != nil {
		return err
	}
	defer tx.rollback()

	held, err := s.hold(ctx, tx, w)
	if err != nil {
		return err
	}
	kept, err := fn(held.found(w))
	if err != nil {
		return callersError{err}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	writes, err := s.writes(held, kept)
	if err != nil || len(writes) == 0 {
		return err
	}
	return tx.commit(ctx, writes...)
}

// wanted is what a touch names, without what can name nothing.
type wanted struct {
	users  []string // sorted: rows are made in this order, so that two updates cannot wait for each other
	refs   []domain.Ref
	whole  []domain.Ref // of them, those of accounts that are wanted whole
	events []string
	odd    []domain.UserID // users whose id cannot be kept; they are found empty

	lockWait time.Duration
}

func wantedOf(touch ports.Touch) wanted {
	w := wanted{users: storables(touch.Users), events: storables(touch.Events), lockWait: touch.LockWait}
	w.refs, w.whole = storableRefs(touch.Refs), storableRefs(touch.Whole)
	for _, u := range touch.Users {
		if !storable(u) {
			w.odd = append(w.odd, u)
		}
	}
	return w
}

func storableRefs(refs []domain.Ref) []domain.Ref {
	var all []domain.Ref
	seen := map[domain.Ref]bool{}
	for _, r := range refs {
		if !seen[r] && storable(r.ID) && storable(r.Kind) {
			seen[r] = true
			all = append(all, r)
		}
	}
	return all
}

// held is what an update has locked and read. It stays as it was read, so that
// what fn returns can be compared with it.
type held struct {
	states   map[domain.UserID]*ports.State // of what was named of their accounts
	whole    map[domain.UserID]bool         // accounts that are read whole
	keys     map[domain.UserID]keptUnder
	rights   map[entitlementKey]string // under which purchase they are kept
	created  map[domain.UserID]bool    // rows made for this update's sake
	opened   purchases                 // parts that are read with what is kept apart of them
	owners   map[domain.Ref]domain.UserID
	receipts map[domain.EventID]domain.ProcessedEvent
}

func newHeld() held {
	return held{
		states: map[domain.UserID]*ports.State{}, whole: map[domain.UserID]bool{}, keys: map[domain.UserID]keptUnder{},
		rights: map[entitlementKey]string{}, created: map[domain.UserID]bool{}, opened: purchases{},
		owners: map[domain.Ref]domain.UserID{}, receipts: map[domain.EventID]domain.ProcessedEvent{},
	}
}

// add holds an account, of which nothing but itself has been read.
func (h held) add(account domain.Account, version int64) {
	h.states[account.User] = &ports.State{Account: account, Version: version}
	h.keys[account.User] = keptUnder{}
}

// found is a copy of what is held, fn's own.
func (h held) found(w wanted) ports.Found {
	f := ports.Found{
		States:   make(map[domain.UserID]ports.State, len(h.states)),
		Owners:   h.owners,
		Receipts: h.receipts,
		Apart:    map[domain.UserID]map[domain.InvoiceID]bool{},
	}
	for user, state := range h.states {
		f.States[user] = h.withoutSums(state.Clone())
		if apart := h.keys[user].apartOf(state.Account); len(apart) > 0 {
			f.Apart[user] = apart
		}
	}
	for _, user := range w.odd {
		f.States[user] = ports.State{Account: domain.NewAccount(user)}
	}
	return f
}

// withoutSums leaves out the sums of what was read itself.
func (h held) withoutSums(state ports.State) ports.State {
	user := state.Account.User
	maps.DeleteFunc(state.Account.Past, func(id domain.SubscriptionID, _ domain.Past) bool { return h.isWhole(user, id) })
	return state
}

// isWhole tells whether all of a subscription was read, what is kept apart of it too.
func (h held) isWhole(user domain.UserID, id domain.SubscriptionID) bool {
	key := h.keys[user][domain.Ref{Kind: domain.RefSubscription, ID: string(id)}]
	return h.whole[user] || h.opened[purchase{string(user), key}]
}

// userOf is the held state that a row belongs to.
func (h held) userOf(id string) (*ports.State, error) {
	state, have := h.states[domain.UserID(id)]
	if !have {
		return nil, fmt.Errorf("row of user %q, whose account is not held", id)
	}
	return state, nil
}
