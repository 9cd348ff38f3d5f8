package portstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const lease = 5 * time.Minute

// doubt is a question about a subscription, since a time in seconds after noon;
// -1: any answer will do.
func doubt(id string, since int) domain.Doubt {
	d := domain.Doubt{Subject: domain.Ref{Kind: domain.RefSubscription, ID: id}}
	if since >= 0 {
		d.Since = noon.Add(time.Duration(since) * time.Second)
	}
	return d
}

// question is due some seconds after noon.
func question(id string, since, due int) ports.Question {
	return ports.Question{Doubt: doubt(id, since), Due: noon.Add(time.Duration(due) * time.Second)}
}

func ask(t tb, s ports.Store, questions ...ports.Question) {
	t.Helper()
	update(t, s, ports.Touch{}, func(ports.Found) ports.Kept { return ports.Kept{Questions: questions} })
}

func answer(t tb, s ports.Store, doubts ...domain.Doubt) {
	t.Helper()
	update(t, s, ports.Touch{}, func(ports.Found) ports.Kept { return ports.Kept{Answered: doubts} })
}

func take(t tb, s ports.Store, now time.Time, limit int) []ports.Question {
	t.Helper()
	taken, err := s.TakeQuestions(t.Context(), now, lease, limit)
	if err != nil {
		t.Fatalf("TakeQuestions: %v", err)
	}
	return taken
}

// wantQuestions takes all that is kept. The expected ones are as they were asked:
// taking moves Due on and counts.
func wantQuestions(t tb, s ports.Store, what string, want ...ports.Question) {
	t.Helper()
	now := noon.Add(time.Hour)
	for i := range want {
		want[i].Due, want[i].Attempts = now.Add(lease<<want[i].Attempts), want[i].Attempts+1
	}
	wantEqual(t, what, take(t, s, now, 100), want)
}

func testQuestionKept(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		kept := everythingOf(f, "ann")
		kept.Questions = []ports.Question{question("sub_1", 1, 2)}
		return kept
	})
	err := s.Update(t.Context(), touchOf("ann"), func(f ports.Found) (ports.Kept, error) {
		return ports.Kept{Questions: []ports.Question{question("sub_2", 1, 2)}, Answered: []domain.Doubt{doubt("sub_1", 9)}}, errOurs
	})
	if !errors.Is(err, errOurs) {
		t.Errorf("Update: %v, want %v", err, errOurs)
	}
	wantQuestions(t, s, "questions after one update and one that failed", question("sub_1", 1, 2))
}

func testQuestionAgain(t *testing.T, s ports.Store) {
	for _, c := range []struct {
		what      string
		first     int
		then      int
		wantSince int
	}{
		{"later", 1, 5, 5},
		{"earlier", 5, 1, 5},
		{"the same", 5, 5, 5},
		{"a time after none", -1, 5, 5},
		{"none after a time", 5, -1, 5},
		{"none again", -1, -1, -1},
	} {
		t.Run(c.what, func(t *testing.T) {
			id := "sub_" + c.what
			ask(t, s, question(id, c.first, 10))
			take(t, s, noon.Add(10*time.Second), 1)
			again := question(id, c.then, 0)
			again.Attempts = 7
			ask(t, s, again)

			leased := noon.Add(10 * time.Second).Add(lease)
			if early := take(t, s, leased.Add(-time.Microsecond), 100); len(early) > 0 {
				t.Errorf("taken %v, before the first question is due again", early)
			}
			want := question(id, c.wantSince, 0)
			want.Due, want.Attempts = leased.Add(2*lease), 2
			wantEqual(t, "question", take(t, s, leased, 100), []ports.Question{want})

			ask(t, s, question("twice "+id, c.first, 3), question("twice "+id, c.then, 1))
			want = question("twice "+id, c.wantSince, 0)
			want.Due, want.Attempts = noon.Add(3*time.Second).Add(lease), 1
			wantEqual(t, "question asked twice in one update", take(t, s, noon.Add(3*time.Second), 100), []ports.Question{want})
			answer(t, s, doubt(id, 100), doubt("twice "+id, 100))
		})
	}
}

// testAnswered is of two kinds of subjects: a store may keep them in different ways.
func testAnswered(t *testing.T, s ports.Store) {
	for _, kind := range []domain.RefKind{domain.RefSubscription, domain.RefInvoice} {
		t.Run(string(kind), func(t *testing.T) { testAnsweredOf(t, s, kind) })
	}
}

func testAnsweredOf(t *testing.T, s ports.Store, kind domain.RefKind) {
	doubt := func(id string, since int) domain.Doubt {
		d := doubt(id, since)
		d.Subject.Kind = kind
		return d
	}
	question := func(id string, since, due int) ports.Question {
		q := question(id, since, due)
		q.Subject.Kind = kind
		return q
	}
	for _, c := range []struct {
		what         string
		asked, told  int
		wantForgoten bool
	}{
		{"by an older answer", 5, 4, false},
		{"by one of the same second", 5, 5, false},
		{"by a newer answer", 5, 6, true},
		{"of any time, by an answer of some time", -1, 0, true},
		{"of any time, by one of any time", -1, -1, true},
		{"of some time, by one of any time", 5, -1, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			q, other := question("sub_1", c.asked, 0), question("sub_2", c.asked, 1)
			left := []ports.Question{other}
			if !c.wantForgoten {
				left = []ports.Question{q, other}
			}
			ask(t, s, q, other)
			answer(t, s, doubt("sub_1", c.told), doubt("sub_unknown", c.told))
			wantQuestions(t, s, "questions", left...)
			answer(t, s, doubt("sub_1", 100), doubt("sub_2", 100), doubt("sub_2", -1))
			wantQuestions(t, s, "questions after answers to all")

			update(t, s, ports.Touch{}, func(ports.Found) ports.Kept {
				return ports.Kept{Questions: []ports.Question{q}, Answered: []domain.Doubt{doubt("sub_1", c.told)}}
			})
			if taken := take(t, s, noon.Add(time.Minute), 1); len(taken) == 0 != c.wantForgoten {
				t.Errorf("asked and answered in one update: left %v", taken)
			}
			answer(t, s, doubt("sub_1", 100))
		})
	}
}

// testTakeAgain: the time between attempts doubles, up to a bound.
func testTakeAgain(t *testing.T, s ports.Store) {
	ask(t, s, question("sub_again", 5, 0))
	now := noon
	for attempts := range ports.MostDoublings + 3 {
		taken := take(t, s, now, 10)
		due := now.Add(lease << min(attempts, ports.MostDoublings))
		if len(taken) != 1 || !taken[0].Due.Equal(due) || taken[0].Attempts != attempts+1 {
			t.Fatalf("attempt %d: got %+v, want it due again at %s", attempts+1, taken, due)
		}
		if early := take(t, s, due.Add(-time.Microsecond), 10); len(early) > 0 {
			t.Fatalf("attempt %d: taken again before %s", attempts+1, due)
		}
		now = due
	}
}

func testTake(t *testing.T, s ports.Store) {
	ask(t, s, question("sub_3", 0, 3), question("sub_1", 0, 1), question("sub_0", 0, 9), question("sub_2", 0, 2))
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	for _, c := range []struct {
		what  string
		now   time.Time
		limit int
		want  map[string]int // the attempts
		order []string
	}{
		{"before any is due", noon, 9, nil, nil},
		{"none", at(3), 0, nil, nil},
		{"the longest due first", at(3), 2, map[string]int{"sub_1": 1, "sub_2": 1}, []string{"sub_1", "sub_2"}},
		{"what is left", at(3), 9, map[string]int{"sub_3": 1}, []string{"sub_3"}},
		{"while all are leased", at(3).Add(lease - time.Second), 9, map[string]int{"sub_0": 1}, []string{"sub_0"}},
		{"after the lease", at(3).Add(lease), 9, map[string]int{"sub_1": 2, "sub_2": 2, "sub_3": 2}, []string{"sub_1", "sub_2", "sub_3"}},
	} {
		var want []ports.Question
		for _, id := range c.order {
			want = append(want, ports.Question{Doubt: doubt(id, 0), Due: c.now.Add(lease << (c.want[id] - 1)), Attempts: c.want[id]})
		}
		wantEqual(t, c.what, take(t, s, c.now, c.limit), want)
	}
}

func testTakeAtOnce(t *testing.T, s ports.Store) {
	const all = 60
	questions := make([]ports.Question, all)
	for i := range questions {
		questions[i] = question(fmt.Sprintf("sub_%02d", i), 0, i%7)
	}
	ask(t, s, questions...)
	var mu sync.Mutex
	taken := map[string]int{}
	ctx := patiently(t)
	together(6, func(int) {
		for range 2 * all {
			some, err := s.TakeQuestions(ctx, noon.Add(time.Minute), lease, 3)
			if err != nil {
				t.Errorf("TakeQuestions: %v", err)
				return
			}
			mu.Lock()
			for _, q := range some {
				taken[q.Subject.ID]++
			}
			done := len(taken) == all
			mu.Unlock()
			if done {
				return
			}
		}
	})
	for _, q := range questions {
		if n := taken[q.Subject.ID]; n != 1 {
			t.Errorf("%s was taken %d times, want once", q.Subject.ID, n)
		}
	}
}

func testQuestionsOppositeOrders(t *testing.T, s ports.Store) {
	ctx := patiently(t)
	ids := []string{"sub_1", "sub_2", "sub_3", "sub_4"}
	together(12, func(i int) {
		for round := range 5 {
			var kept ports.Kept
			for j := range ids {
				if i%2 == 0 {
					j = len(ids) - 1 - j
				}
				if (i+j+round)%3 == 0 {
					kept.Answered = append(kept.Answered, doubt(ids[j], i+round))
				} else {
					kept.Questions = append(kept.Questions, question(ids[j], round, 0))
				}
			}
			if err := s.Update(ctx, ports.Touch{}, func(ports.Found) (ports.Kept, error) { return kept, nil }); err != nil {
				t.Errorf("Update: %v", err)
			}
			if _, err := s.TakeQuestions(ctx, noon, lease, 2); err != nil {
				t.Errorf("TakeQuestions: %v", err)
			}
		}
	})
}
