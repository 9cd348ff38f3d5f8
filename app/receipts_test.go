package app_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sort"
	"testing"
	"time"
	"weak"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// longList is a store with many receipts, three at each second. It knows which of those
// that it gave away are still held by somebody.
type longList struct {
	ports.Store
	begun   int // with so many
	count   int
	given   []weak.Pointer[[64]byte]
	longest int // page that was asked for
	arrives int // so many more come with each page that is read
}

func newLongList(count int) *longList {
	return &longList{Store: memory.NewStore(), begun: count, count: count}
}

func (l *longList) receipt(n int) domain.ProcessedEvent {
	mark := new([64]byte)
	l.given = append(l.given, weak.Make(mark))
	return domain.ProcessedEvent{
		ID: domain.EventID(fmt.Sprintf("evt_%08d", n)), Outcome: domain.OutcomeQuarantined,
		ReceivedAt: l.receivedAt(n), Payload: mark[:],
	}
}

func (l *longList) receivedAt(n int) time.Time {
	at := time.Unix(int64(n/3), 0).UTC()
	if n >= l.begun {
		at = at.Add(time.Second)
	}
	return at
}

// Receipts implements [ports.Store].
func (l *longList) Receipts(_ context.Context, q ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	l.longest = max(l.longest, q.Limit)
	n := l.count
	switch {
	case q.BeforeID != "":
		if _, err := fmt.Sscanf(string(q.BeforeID), "evt_%d", &n); err != nil {
			return nil, err
		}
	case !q.Before.IsZero():
		n = sort.Search(l.count, func(n int) bool { return !l.receivedAt(n).Before(q.Before) })
	}
	var page []domain.ProcessedEvent
	for n--; n >= 0 && len(page) < q.Limit; n-- {
		page = append(page, l.receipt(n))
	}
	l.count += l.arrives
	return page, nil
}

// held counts the receipts that somebody still has.
func (l *longList) held() int {
	runtime.GC()
	held := 0
	for _, mark := range l.given {
		if mark.Value() != nil {
			held++
		}
	}
	return held
}

// Ensure that what is listed and replayed is held page by page: what a replay takes of
// memory does not depend on how many events there are.
func TestReplay_HoldsNoMoreOfALongList(t *testing.T) {
	t.Parallel()
	for _, count := range []int{1, 199, 200, 201, 1_000, 30_000} {
		list := newLongList(count)
		list.arrives = 7 // what comes meanwhile is not replayed, however long it takes
		next, most := 0, 0
		err := app.NewReplay(list, nil).Each(t.Context(), app.ReplayQuery{Outcome: domain.OutcomeQuarantined}, func(r domain.ProcessedEvent) error {
			if want := fmt.Sprintf("evt_%08d", next); string(r.ID) != want {
				return fmt.Errorf("got %s, want %s: the first received first, each of them once", r.ID, want)
			}
			if next%(count/5+1) == count/10 {
				most = max(most, list.held())
			}
			next++
			return nil
		})
		if err != nil || next != count {
			t.Fatalf("of %d: %d, %v", count, next, err)
		}
		if pages := 2; most > pages*list.longest || list.longest > 1000 {
			t.Errorf("of %d: held %d at once, in pages of %d, want at most %d pages", count, most, list.longest, pages)
		}
	}
}

func TestReplay_BeginsWhereItIsTold(t *testing.T) {
	t.Parallel()
	list := newLongList(10_000)
	since, next := time.Unix(1000, 0), 3000
	err := app.NewReplay(list, nil).Each(t.Context(), app.ReplayQuery{Since: since}, func(r domain.ProcessedEvent) error {
		if want := fmt.Sprintf("evt_%08d", next); string(r.ID) != want {
			return fmt.Errorf("got %s, want %s", r.ID, want)
		}
		next++
		return nil
	})
	if err != nil || next != 10_000 {
		t.Errorf("up to %d, %v", next, err)
	}
}

func TestListReceipts_HoldsNoMoreOfALongList(t *testing.T) {
	t.Parallel()
	for count, limit := range map[int]int{100: 0, 30_000: 0, 30_001: 12_345} {
		list := newLongList(count)
		next, most, want := count, 0, count
		if limit > 0 {
			want = limit
		}
		err := app.NewListReceipts(list).Do(t.Context(), ports.ReceiptQuery{Limit: limit}, func(r domain.ProcessedEvent) error {
			next--
			if want := fmt.Sprintf("evt_%08d", next); string(r.ID) != want {
				return fmt.Errorf("got %s, want %s: the last received first, each of them once", r.ID, want)
			}
			if next%10_000 == 50 {
				most = max(most, list.held())
			}
			return nil
		})
		if err != nil || count-next != want {
			t.Fatalf("of %d: %d, %v", count, count-next, err)
		}
		if most > 2*list.longest || list.longest > 1000 {
			t.Errorf("of %d: held %d at once, in pages of %d", count, most, list.longest)
		}
	}
}

// Ensure that nothing is replayed if one of several ids is mistaken.
func TestReplay_LooksForAllIDsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	receive(t, w.store, domain.ProcessedEvent{ID: "evt_1", Outcome: domain.OutcomeQuarantined})
	err := w.replay.Do(t.Context(), app.ReplayQuery{IDs: []domain.EventID{"evt_1", "evt_2"}}, func(r domain.ProcessedEvent, _ domain.Verdict, _ error) {
		t.Errorf("%s was replayed", r.ID)
	})
	if !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("got %v, want %v", err, ports.ErrNotFound)
	}
}
