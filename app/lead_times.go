package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// settingLeadTimes are the lead times by which everybody was last looked at.
const settingLeadTimes = "announce_ends"

// lookAgainSlice is how many users are made due in one transaction.
const lookAgainSlice = 500

// leadTimes has everybody looked at again when the catalog has other lead times than before:
// when a user is due next was found out by those. It does so once more when programs with the
// catalog before should be gone.
type leadTimes struct {
	store    ports.Store
	announce []time.Duration
	clock    ports.Clock

	after domain.UserID // how far this pass has come
	pass  int
	due   time.Time // of the pass, not before
	over  bool
}

// heed makes a slice of users due, if that is to be done, and tells whether there are more.
// What fails is tried again after a while.
func (l *leadTimes) heed(ctx context.Context) (more bool, err error) {
	if l.over || l.clock().Before(l.due) {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	if more, err = l.slice(ctx); err != nil {
		l.due = l.clock().Add(tellRest)
	}
	return more, err
}

func (l *leadTimes) slice(ctx context.Context) (more bool, err error) {
	if l.pass == 0 {
		if l.over, err = l.same(ctx); err != nil || l.over {
			return false, err
		}
		l.pass = 1
	}
	last, err := l.store.LookAgain(ctx, l.after, lookAgainSlice)
	switch {
	case err != nil:
		return false, fmt.Errorf("look again, by other lead times: %w", err)
	case last != "":
		l.after = last
		return true, nil
	case l.pass == 1:
		l.pass, l.after, l.due = 2, "", l.clock().Add(overlap)
		return false, nil
	}
	if err := l.store.SetSetting(ctx, settingLeadTimes, l.text()); err != nil {
		return false, fmt.Errorf("keep by which lead times was looked: %w", err)
	}
	l.over = true
	return false, nil
}

// same tells whether the lead times are those of before.
func (l *leadTimes) same(ctx context.Context) (bool, error) {
	before, err := l.store.Setting(ctx, settingLeadTimes)
	if err != nil && !errors.Is(err, ports.ErrNotFound) {
		return false, fmt.Errorf("read by which lead times was looked: %w", err)
	}
	return before == l.text(), nil
}

func (l *leadTimes) text() string {
	texts := make([]string, len(l.announce))
	for i, lead := range l.announce {
		texts[i] = lead.String()
	}
	return strings.Join(texts, " ")
}
