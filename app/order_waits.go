package app

import (
	"context"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ownedOrder is an order and whose it is.
type ownedOrder struct {
	order domain.Order
	user  domain.UserID
}

// orderWaits has one look at an order for all who wait for it: at once, when something
// of its user is kept, and now and then, as another process may be the one that keeps
// it.
type orderWaits struct {
	look  func(context.Context, domain.OrderID) (ownedOrder, error)
	timer ports.Timer

	mu     sync.Mutex
	orders map[domain.OrderID]*orderWait
	ofUser map[domain.UserID]int
	all    int
}

// orderWait is one order that somebody waits for.
type orderWait struct {
	woken   chan struct{} // holds a token if something may have changed
	over    chan struct{} // closed when the order is settled, or cannot be read
	last    ownedOrder
	err     error
	waiting int
	cancel  context.CancelFunc
}

// How many may wait, of one user (some tabs of a browser, and whoever asks for it) and in
// all. More are answered at once.
const (
	mostWaitsOfUser = 10
	mostWaits       = 1000
)

// Between two looks at an order. Where many are waited for, each is looked at more
// seldom, so that all together take no more than one look in crowdedPause.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
	crowdedPause = 5 * time.Millisecond
)

func newOrderWaits(look func(context.Context, domain.OrderID) (ownedOrder, error), timer ports.Timer) *orderWaits {
	return &orderWaits{
		look: look, timer: timer,
		orders: map[domain.OrderID]*orderWait{}, ofUser: map[domain.UserID]int{},
	}
}

// settled waits until the order is settled or the time is over, and returns how it
// stands then. Where too many wait already, that is now.
func (w *orderWaits) settled(ctx context.Context, now ownedOrder, most time.Duration) (ownedOrder, error) {
	one, joined := w.join(now)
	if !joined {
		return now, nil
	}
	defer w.leave(one, now)
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	select {
	case <-one.over:
	case <-timeout.C:
	case <-ctx.Done():
		return ownedOrder{}, ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return one.last, one.err
}

// wake has a look at the orders of users of whom something was kept.
func (w *orderWaits) wake(users []domain.UserID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, user := range users {
		if w.ofUser[user] == 0 {
			continue
		}
		for _, one := range w.orders {
			if one.last.user == user {
				one.wake()
			}
		}
	}
}

func (o *orderWait) wake() {
	select {
	case o.woken <- struct{}{}:
	default: // there will be a look after this anyway
	}
}

func (w *orderWaits) join(now ownedOrder) (*orderWait, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all >= mostWaits || w.ofUser[now.user] >= mostWaitsOfUser {
		return nil, false
	}
	one := w.orders[now.order.ID]
	if one == nil {
		ctx, cancel := context.WithCancel(context.Background())
		one = &orderWait{woken: make(chan struct{}, 1), over: make(chan struct{}), last: now, cancel: cancel}
		one.wake() // it may have been settled since it was read
		w.orders[now.order.ID] = one
		go w.watch(ctx, one, now.order.ID)
	}
	one.waiting++
	w.ofUser[now.user]++
	w.all++
	return one, true
}

func (w *orderWaits) leave(one *orderWait, of ownedOrder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all--
	if w.ofUser[of.user]--; w.ofUser[of.user] == 0 {
		delete(w.ofUser, of.user)
	}
	if one.waiting--; one.waiting == 0 {
		w.forget(one, of.order.ID)
	}
}

// forget ends the watch. Who asks from here on begins a new one.
func (w *orderWaits) forget(one *orderWait, id domain.OrderID) {
	if w.orders[id] == one {
		delete(w.orders, id)
	}
	one.cancel()
}

// watch looks at an order until it is settled or nobody waits for it.
func (w *orderWaits) watch(ctx context.Context, one *orderWait, id domain.OrderID) {
	for pause := firstPause; ; pause = w.after(pause) {
		select {
		case <-one.woken:
			pause = firstPause
		case <-w.timer(pause):
		case <-ctx.Done():
			return
		}
		seen, err := w.look(ctx, id)
		if ctx.Err() != nil || w.saw(one, id, seen, err) {
			return
		}
	}
}

// saw keeps what a look showed, and tells whether it was the last.
func (w *orderWaits) saw(one *orderWait, id domain.OrderID, seen ownedOrder, err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		one.last = seen
		if !seen.order.Status.Settled() {
			return false
		}
	}
	one.err = err
	close(one.over)
	w.forget(one, id)
	return true
}

func (w *orderWaits) after(pause time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(min(2*pause, longestPause), time.Duration(len(w.orders))*crowdedPause)
}
