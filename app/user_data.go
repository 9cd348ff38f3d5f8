package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// UserData tells what is kept about one user, and forgets it.
type UserData struct {
	store ports.Store
	newID ports.NewID
}

// NewUserData returns the use case.
func NewUserData(store ports.Store, newID ports.NewID) *UserData { return &UserData{store, newID} }

// UserRecord is one thing that is kept about a user: one of the fields.
type UserRecord struct {
	State  *ports.State
	Change *domain.Change
	Event  *domain.ProcessedEvent // with its payload
	Action *ports.AdminAction
}

// Export tells of all that is kept about a user: the state, the history of rights, events
// with their bodies, and what operators asked for. It ends with the first error of tell.
// [ports.ErrNotFound]: nothing
// is kept but what operators asked for, of which it tells.
func (u *UserData) Export(ctx context.Context, user domain.UserID, tell func(UserRecord) error) error {
	known := false
	say := func(record UserRecord) error {
		known = true
		return tell(record)
	}
	state, err := u.store.State(ctx, user)
	if err != nil {
		return err
	}
	if len(state.Account.Refs()) > 0 {
		if err := say(UserRecord{State: &state}); err != nil {
			return err
		}
	}
	changes, err := u.store.Changes(ctx, user)
	if err != nil {
		return err
	}
	for n := range changes {
		if err := say(UserRecord{Change: &changes[n]}); err != nil {
			return err
		}
	}
	if err := u.exportEvents(ctx, user, say); err != nil {
		return err
	}
	actions := AdminLog{store: u.store}
	err = actions.Each(ctx, ports.AdminLogQuery{User: user}, func(a ports.AdminAction) error { return tell(UserRecord{Action: &a}) })
	if err == nil && !known {
		return fmt.Errorf("user %s: %w", user, ports.ErrNotFound)
	}
	return err
}

const exportPage = 100

func (u *UserData) exportEvents(ctx context.Context, user domain.UserID, say func(UserRecord) error) error {
	query := ports.ReceiptQuery{User: user, Limit: exportPage}
	for {
		page, err := u.store.Receipts(ctx, query)
		if err != nil {
			return err
		}
		for _, receipt := range page {
			whole, err := u.store.Receipt(ctx, receipt.ID)
			if err != nil {
				return err
			}
			if err := say(UserRecord{Event: &whole}); err != nil {
				return err
			}
			query.Before, query.BeforeID = receipt.ReceivedAt, receipt.ID
		}
		if len(page) < exportPage {
			return nil
		}
	}
}

// Forget puts an id that says nothing in the place of a user's, takes the bodies of the
// user's events and what else may say something of the person, and returns that id. Facts
// about money stay under it, and what Stripe still tells of them goes there.
//
// [ErrStillPays] if a subscription is live, which Stripe goes on charging; unless paying is
// no hindrance. [ports.ErrNotFound] if nothing is kept but what
// operators asked for.
func (u *UserData) Forget(ctx context.Context, user domain.UserID, evenIfPaying bool) (domain.UserID, error) {
	state, err := u.store.State(ctx, user)
	if err != nil {
		return "", err
	}
	if known, err := u.knows(ctx, user, state); err != nil || !known {
		return "", cmp.Or(err, fmt.Errorf("user %s: %w", user, ports.ErrNotFound))
	}
	if live := liveOf(state.Account); len(live) > 0 && !evenIfPaying {
		return "", fmt.Errorf("user %s %w (%s): Stripe would go on charging somebody of whom nothing is known here; cancel it first, or say --even-if-live",
			user, ErrStillPays, strings.Join(live, ", "))
	}
	err = u.store.Update(ctx, ports.Touch{Users: []domain.UserID{user}}, func(found ports.Found) (ports.Kept, error) {
		state := found.States[user]
		if len(state.Account.Refs()) == 0 {
			return ports.Kept{}, nil
		}
		state.Account = state.Account.WithoutPerson()
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		return "", fmt.Errorf("redact what is kept of a user: %w", err)
	}
	as := domain.ForgottenUser(u.newID())
	if err := forgetReconciled(ctx, u.store, user, as); err != nil {
		return "", err
	}
	if err := u.store.Forget(ctx, user, as); err != nil {
		return "", err
	}
	return as, nil
}

// Known tells whether anything is kept of a user but what operators asked for.
func (u *UserData) Known(ctx context.Context, user domain.UserID) (bool, error) {
	state, err := u.store.State(ctx, user)
	if err != nil {
		return false, err
	}
	return u.knows(ctx, user, state)
}

// knows tells whether anything is kept of a user but what operators asked for: whoever
// asks about a user who was mistyped is told so.
func (u *UserData) knows(ctx context.Context, user domain.UserID, state ports.State) (bool, error) {
	if len(state.Account.Refs())+len(state.Entitlements) > 0 {
		return true, nil
	}
	changes, err := u.store.Changes(ctx, user)
	if err != nil || len(changes) > 0 {
		return err == nil, err
	}
	receipts, err := u.store.Receipts(ctx, ports.ReceiptQuery{User: user, Limit: 1})
	return len(receipts) > 0, err
}

func liveOf(a domain.Account) []string {
	var live []string
	for id, s := range a.Subscriptions {
		if a.Live(s) {
			live = append(live, string(id))
		}
	}
	slices.Sort(live)
	return live
}
