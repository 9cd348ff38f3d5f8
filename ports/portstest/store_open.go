package portstest

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func wantOpen(t tb, s ports.Store, what string, now time.Time, want ...ports.OpenQuestions) {
	t.Helper()
	got, err := s.OpenQuestions(t.Context(), now, lease)
	if err != nil {
		t.Fatalf("OpenQuestions: %v", err)
	}
	wantEqual(t, what, got, want)
}

func testOpenQuestions(t *testing.T, s ports.Store) {
	wantOpen(t, s, "none", noon)
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	charge := question("ch_1", -1, 20)
	charge.Subject.Kind = domain.RefCharge
	ask(t, s, question("sub_1", 5, 10), question("sub_2", 5, 30), charge)
	renewal := domain.Expectation{Subject: domain.Ref{Kind: domain.RefRenewal, ID: "sub_1"}, Due: noon.Add(100 * 24 * time.Hour)}
	update(t, s, ports.Touch{}, func(ports.Found) ports.Kept {
		return ports.Kept{Expected: []domain.Expectation{renewal}}
	})
	of := func(about domain.RefKind, count int, oldest time.Time) ports.OpenQuestions {
		return ports.OpenQuestions{About: about, Count: count, Oldest: oldest}
	}
	wantOpen(t, s, "before any is due", at(9))
	wantOpen(t, s, "once one is due", at(10), of(domain.RefSubscription, 1, at(10)))
	wantOpen(t, s, "once all are due but news", at(30),
		of(domain.RefCharge, 1, at(20)), of(domain.RefSubscription, 2, at(10)))

	answer(t, s, doubt("sub_2", 100), domain.Doubt{Subject: charge.Subject})

	// What was taken is not due, and open all the same, for as long as before.
	now := at(10)
	for attempts := range ports.MostDoublings + 4 {
		if taken := take(t, s, now, 10); len(taken) != 1 || taken[0].Subject.ID != "sub_1" {
			t.Fatalf("attempt %d: took %+v", attempts+1, taken)
		}
		wantOpen(t, s, "after an attempt", now, of(domain.RefSubscription, 1, at(10)))
		now = now.Add(ports.LeaseOf(lease, attempts))
	}
	wantOpen(t, s, "once news are due", renewal.Due,
		of(domain.RefRenewal, 1, renewal.Due), of(domain.RefSubscription, 1, at(10)))
	answer(t, s, doubt("sub_1", 100))
	wantOpen(t, s, "after the answer", now)
}
