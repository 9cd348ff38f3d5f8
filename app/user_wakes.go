package app

import (
	"context"
	"sync"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// userWakes has those who wait for something of a user look again: at once when something of
// the user is kept, and now and then, as another process may be the one that keeps it.
type userWakes struct {
	timer ports.Timer

	mu    sync.Mutex
	kept  map[domain.UserID]*userWake
	count int
}

// userWake is of one user for whom somebody waits.
type userWake struct {
	woken   chan struct{} // closed when something is kept
	waiting int
}

// mostWakes is how many may wait. More look once.
const mostWakes = 1000

func newUserWakes(timer ports.Timer) *userWakes {
	return &userWakes{timer: timer, kept: map[domain.UserID]*userWake{}}
}

// wake has those look who wait for these users.
func (w *userWakes) wake(users []domain.UserID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, user := range users {
		if one := w.kept[user]; one != nil {
			close(one.woken)
			one.woken = make(chan struct{})
		}
	}
}

// until looks again and again until it has seen enough, or ctx is done. Where too many wait
// it does not look.
func (w *userWakes) until(ctx context.Context, user domain.UserID, look func() (enough bool, err error)) (bool, error) {
	one, joined := w.join(user)
	if !joined {
		return false, nil
	}
	defer w.leave(user, one)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		woken := w.next(one) // before the look: what is kept during it is not missed
		if enough, err := look(); enough || err != nil && ctx.Err() == nil {
			return enough, err
		}
		select {
		case <-woken:
			pause = firstPause
		case <-w.timer(pause):
		case <-ctx.Done():
			return false, nil
		}
	}
}

func (w *userWakes) join(user domain.UserID) (*userWake, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count >= mostWakes {
		return nil, false
	}
	one := w.kept[user]
	if one == nil {
		one = &userWake{woken: make(chan struct{})}
		w.kept[user] = one
	}
	one.waiting++
	w.count++
	return one, true
}

func (w *userWakes) next(one *userWake) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return one.woken
}

func (w *userWakes) leave(user domain.UserID, one *userWake) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count--
	if one.waiting--; one.waiting == 0 {
		delete(w.kept, user)
	}
}
