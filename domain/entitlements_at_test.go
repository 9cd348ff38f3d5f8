package domain_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// book is a user's account and history, kept as the service keeps them.
type book struct {
	account domain.Account
	held    []domain.Entitlement
	changes []domain.Change
}

// record joins a fact at a time of ours, brought by an event.
func (b *book) record(event domain.EventID, at time.Time, f domain.Fact) {
	account, _ := domain.Record(b.account, f, shop)
	b.settle(event, at, account, shop)
}

func (b *book) settle(event domain.EventID, at time.Time, account domain.Account, c domain.Catalog) {
	after := domain.Entitlements(account, c)
	for _, change := range domain.Diff(b.held, after) {
		change.Seq = int64(len(b.changes)) + 1
		change.User, change.Event, change.At = account.User, event, at
		b.changes = append(b.changes, change)
	}
	b.account, b.held = account, after
}

// kept is what was held from a time on.
type kept struct {
	at   time.Time
	held []domain.Entitlement
}

// bookOf tells a true history, one delivery after the other, and what was held
// after each.
func bookOf(t *rapid.T) (book, []kept) {
	h := domaintest.Histories(ana).Draw(t, "history")
	b := book{account: domain.NewAccount(ana)}
	b.settle("", noon, h.Account, shop) // what was given by hand
	now := noon
	past := []kept{{now, b.held}}
	for n, f := range domaintest.Deliver(t, h.Facts...) {
		now = now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "time passes")) * time.Second)
		b.record(domain.EventID(fmt.Sprintf("evt_%d", n)), now, f)
		past = append(past, kept{now, b.held})
	}
	return b, past
}

func TestEntitlementsAt_TheWholeHistoryGivesWhatIsHeldNow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, past := bookOf(t)
		end := past[len(past)-1].at
		wantSame(t, "replayed to the end", domain.EntitlementsAt(b.changes, end), b.held)
		wantSame(t, "replayed to any later time", domain.EntitlementsAt(b.changes, end.Add(month)), b.held)
	})
}

func TestEntitlementsAt_EveryMomentIsAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, past := bookOf(t)
		for n, k := range past {
			if n+1 < len(past) && past[n+1].at.Equal(k.at) {
				continue // what was held within a moment is what was held at its end
			}
			wantSame(t, "at "+k.at.String(), domain.EntitlementsAt(b.changes, k.at), k.held)
			if n+1 < len(past) {
				wantSame(t, "just before the next", domain.EntitlementsAt(b.changes, past[n+1].at.Add(-time.Nanosecond)), k.held)
			}
		}
		if before := domain.EntitlementsAt(b.changes, noon.Add(-time.Nanosecond)); len(before) > 0 {
			t.Errorf("before everything there was %v", before)
		}
	})
}

// Two processes whose clocks disagree write one user's history by turns.
func TestEntitlementsAt_ClocksThatDisagreeMakeNoStateThatNeverWas(t *testing.T) {
	t.Parallel()
	first := right("projects", "sub_1", domain.Limit(10), noon, time.Time{})
	second := first
	second.Value = domain.Limit(20)
	changes := []domain.Change{
		{Seq: 1, Kind: domain.ChangeGranted, Entitlement: first, At: noon.Add(2 * time.Second)},
		{Seq: 2, Kind: domain.ChangeUpdated, Entitlement: second, At: noon.Add(time.Second)}, // by a clock that is behind
	}
	for name, c := range map[string]struct {
		at   time.Time
		want []domain.Entitlement
	}{
		"before both":              {noon, nil},
		"after the one, by itself": {noon.Add(time.Second), nil},
		"after both":               {noon.Add(2 * time.Second), []domain.Entitlement{second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantSame(t, "entitlements", domain.EntitlementsAt(changes, c.at), c.want)
		})
	}
}
