package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// DatabaseMode shows which of Stripe's modes a database is for, and sets it while
// nothing was sold.
type DatabaseMode struct {
	store ports.Store
}

// NewDatabaseMode returns the use case.
func NewDatabaseMode(store ports.Store) *DatabaseMode { return &DatabaseMode{store} }

// The modes that a database can be for.
const (
	modeTest = "test"
	modeLive = "live"
)

func modeOf(livemode bool) string {
	if livemode {
		return modeLive
	}
	return modeTest
}

// undecided is kept in place of what no longer counts.
const undecided = "undecided"

// KeptMode is what a database is for.
type KeptMode struct {
	Mode         string // test or live; empty: not known yet
	Account      string // the connected account; empty: the key's own
	AccountKnown bool   // Account counts: Stripe has taken a key for it
}

// Show reads what the database is for.
func (d *DatabaseMode) Show(ctx context.Context) (KeptMode, error) {
	var kept KeptMode
	var err error
	if kept.Mode, err = d.mode(ctx); err != nil {
		return kept, err
	}
	kept.Account, kept.AccountKnown, err = d.kept(ctx, settingAccount)
	return kept, err
}

// Set makes the database one of a mode and forgets the account: the next one that Stripe
// takes a key for counts. Where something was sold already it changes nothing, and
// another mode than the one that was sold in is a [Misfit].
func (d *DatabaseMode) Set(ctx context.Context, mode string) (KeptMode, error) {
	if mode != modeTest && mode != modeLive {
		return KeptMode{}, fmt.Errorf("%w: a mode is %s or %s, not %q", ErrBadRequest, modeTest, modeLive, mode)
	}
	kept, err := d.Show(ctx)
	if err != nil {
		return kept, err
	}
	sold, err := d.sold(ctx)
	switch {
	case err != nil:
		return kept, err
	case sold != "" && kept.Mode == mode:
		return kept, nil
	case sold != "":
		return kept, Misfit(fmt.Sprintf("the database stays in %s mode, since there is %s: use another database for %s mode", kept.Mode, sold, mode))
	}
	if err := d.store.SetSetting(ctx, settingAccount, undecided); err != nil {
		return kept, err
	}
	return KeptMode{Mode: mode}, d.store.SetSetting(ctx, settingMode, mode)
}

// kept reads a setting that a database has only once Stripe has taken a key.
func (d *DatabaseMode) kept(ctx context.Context, name string) (value string, known bool, err error) {
	value, err = d.store.Setting(ctx, name)
	if errors.Is(err, ports.ErrNotFound) || value == undecided {
		return "", false, nil
	}
	return value, err == nil, err
}

// mode is the one that is kept or, before Stripe has answered a call, the one of what it
// has sent: that was signed, and taken as this mode's.
func (d *DatabaseMode) mode(ctx context.Context) (string, error) {
	mode, known, err := d.kept(ctx, settingMode)
	if err != nil || known {
		return mode, err
	}
	event, found, err := d.received(ctx)
	if err != nil || !found {
		return "", err
	}
	return modeOf(event.Livemode), nil
}

// received finds an event that was not ignored, as all of the other mode are.
func (d *DatabaseMode) received(ctx context.Context) (domain.ProcessedEvent, bool, error) {
	for _, outcome := range domain.Outcomes {
		if outcome == domain.OutcomeIgnored {
			continue
		}
		receipts, err := d.store.Receipts(ctx, ports.ReceiptQuery{Outcome: outcome, Limit: 1})
		if err != nil {
			return domain.ProcessedEvent{}, false, fmt.Errorf("look for events: %w", err)
		}
		if len(receipts) > 0 {
			return receipts[0], true, nil
		}
	}
	return domain.ProcessedEvent{}, false, nil
}

const soldPage = 64

// sold names something that was sold, or may yet be paid; empty: nothing was.
func (d *DatabaseMode) sold(ctx context.Context) (string, error) {
	event, found, err := d.received(ctx)
	if err != nil || found {
		return fmt.Sprintf("event %s", event.ID), err
	}
	var last domain.UserID
	for {
		users, err := d.store.Users(ctx, last, soldPage)
		if err != nil {
			return "", fmt.Errorf("list users: %w", err)
		}
		if len(users) == 0 {
			return "", nil
		}
		last = users[len(users)-1]
		for _, user := range users {
			state, err := d.store.State(ctx, user)
			if err != nil {
				return "", fmt.Errorf("look for purchases: %w", err)
			}
			if sale := saleOf(state.Account); sale != "" {
				return sale, nil
			}
		}
	}
}

// saleOf names something that Stripe has made for a user. An order without a checkout
// and a customer who has bought nothing are none.
func saleOf(a domain.Account) string {
	for id, order := range a.Orders {
		if order.Session != "" {
			return fmt.Sprintf("order %s", id)
		}
	}
	for id := range a.Subscriptions {
		return fmt.Sprintf("subscription %s", id)
	}
	return ""
}
