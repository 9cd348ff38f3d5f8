package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// watched is a store of orders that counts the looks at them, and a timer that only the
// test lets run out.
type watched struct {
	*orderWaits
	mu     sync.Mutex
	orders map[domain.OrderID]ownedOrder
	err    error
	looks  atomic.Int64
	looked chan struct{}
	tick   chan time.Time
}

func newWatched() *watched {
	w := &watched{orders: map[domain.OrderID]ownedOrder{}, looked: make(chan struct{}, 10_000), tick: make(chan time.Time)}
	w.orderWaits = newOrderWaits(func(_ context.Context, id domain.OrderID) (ownedOrder, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.looks.Add(1)
		w.looked <- struct{}{}
		return w.orders[id], w.err
	}, func(time.Duration) <-chan time.Time { return w.tick })
	return w
}

func (w *watched) keep(id domain.OrderID, user domain.UserID, status domain.OrderStatus) ownedOrder {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orders[id] = ownedOrder{domain.Order{ID: id, Status: status}, user}
	return w.orders[id]
}

// wait has so many wait for an order, and returns once all do and it was looked at.
func (w *watched) wait(t *testing.T, ctx context.Context, now ownedOrder, callers int, most time.Duration) (answers chan ownedOrder, failures chan error) {
	t.Helper()
	w.orderWaits.mu.Lock()
	already, fresh := w.all, w.orderWaits.orders[now.order.ID] == nil
	w.orderWaits.mu.Unlock()
	answers, failures = make(chan ownedOrder, callers), make(chan error, callers)
	for range callers {
		go func() {
			got, err := w.settled(ctx, now, most)
			if err != nil {
				failures <- err
				return
			}
			answers <- got
		}()
	}
	w.waiting(t, already+callers)
	if fresh {
		<-w.looked
	}
	return answers, failures
}

func (w *watched) waiting(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		w.orderWaits.mu.Lock()
		all := w.all
		w.orderWaits.mu.Unlock()
		if all == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d wait, want %d", all, want)
		}
	}
}

func TestOrderWaits_OneLookServesAll(t *testing.T) {
	t.Parallel()
	w := newWatched()
	ada, eve := w.keep("ord_1", "ada", domain.OrderOpen), w.keep("ord_2", "eve", domain.OrderOpen)
	answers, _ := w.wait(t, t.Context(), ada, mostWaitsOfUser, time.Hour)
	others, _ := w.wait(t, t.Context(), eve, 1, time.Hour)
	before := w.looks.Load()

	w.wake([]domain.UserID{"nobody"})
	w.keep("ord_1", "ada", domain.OrderPaid)
	w.wake([]domain.UserID{"ada"})
	for range mostWaitsOfUser {
		if got := <-answers; got.order.Status != domain.OrderPaid || got.user != "ada" {
			t.Errorf("got %+v", got)
		}
	}
	if looks := w.looks.Load() - before; looks != 1 {
		t.Errorf("looked %d times when something was kept, want once", looks)
	}
	<-w.looked
	// Another process keeps what is not told of here: it is seen by looking now and then.
	w.tick <- time.Time{}
	<-w.looked
	w.keep("ord_2", "eve", domain.OrderPaid)
	w.tick <- time.Time{}
	if got := <-others; got.order.Status != domain.OrderPaid {
		t.Errorf("got %+v", got)
	}
	w.waiting(t, 0)
}

func TestOrderWaits_AreBounded(t *testing.T) {
	t.Parallel()
	w := newWatched()
	ctx, cancel := context.WithCancel(t.Context())
	adas := w.keep("ord_1", "ada", domain.OrderOpen)
	_, failures := w.wait(t, ctx, adas, mostWaitsOfUser, time.Hour)
	other := w.keep("ord_2", "ada", domain.OrderPending)
	if got, err := w.settled(ctx, other, time.Hour); err != nil || got != other {
		t.Errorf("one more of the same user: got %+v, %v, want how it stands", got, err)
	}
	for i := range mostWaits/mostWaitsOfUser - 1 {
		user := domain.UserID(fmt.Sprint("user_", i))
		w.wait(t, ctx, w.keep(domain.OrderID("ord_of_"+user), user, domain.OrderOpen), mostWaitsOfUser, time.Hour)
	}
	last := w.keep("ord_3", "eve", domain.OrderOpen)
	if got, err := w.settled(ctx, last, time.Hour); err != nil || got != last {
		t.Errorf("one more of all: got %+v, %v, want how it stands", got, err)
	}
	cancel()
	for range mostWaitsOfUser {
		if err := <-failures; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
	}
	w.waiting(t, 0)
	w.orderWaits.mu.Lock()
	defer w.orderWaits.mu.Unlock()
	if len(w.orderWaits.orders) != 0 || len(w.ofUser) != 0 {
		t.Errorf("%d orders of %d users are still waited for", len(w.orderWaits.orders), len(w.ofUser))
	}
}

func TestOrderWaits_EndWithWhatWasSeenLast(t *testing.T) {
	t.Parallel()
	w := newWatched()
	pending := w.keep("ord_1", "ada", domain.OrderPending)
	w.keep("ord_1", "ada", domain.OrderOpen)
	if got, err := w.settled(t.Context(), pending, 100*time.Millisecond); err != nil || got.order.Status != domain.OrderOpen {
		t.Errorf("got %+v, %v", got, err)
	}
	<-w.looked
	failing, failures := w.wait(t, t.Context(), pending, 3, time.Hour)
	w.mu.Lock()
	w.err = errors.New("the store is away")
	w.mu.Unlock()
	w.wake([]domain.UserID{"ada"})
	for range 3 {
		select {
		case err := <-failures:
			if err.Error() != "the store is away" {
				t.Errorf("got %v", err)
			}
		case got := <-failing:
			t.Errorf("got %+v of a store that is away", got)
		}
	}
	w.waiting(t, 0)
}

func TestOrderWaits_ManyAreLookedAtMoreSeldom(t *testing.T) {
	t.Parallel()
	w := newWatched()
	if got := w.after(firstPause); got != 2*firstPause {
		t.Errorf("the second pause is %s", got)
	}
	if got := w.after(longestPause); got != longestPause {
		t.Errorf("a later pause is %s", got)
	}
	for i := range 1000 {
		w.orderWaits.orders[domain.OrderID(fmt.Sprint(i))] = nil
	}
	if got := w.after(firstPause); got != 1000*crowdedPause {
		t.Errorf("with 1000 orders a pause is %s", got)
	}
}
