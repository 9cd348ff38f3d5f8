package portstest

import (
	"errors"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// renewal is news of a subscription that is expected some seconds after noon; -1: it is
// not.
func renewal(id string, due int) domain.Expectation {
	e := domain.Expectation{Subject: domain.Ref{Kind: domain.RefRenewal, ID: id}}
	if due >= 0 {
		e.Due = noon.Add(time.Duration(due) * time.Second)
	}
	return e
}

func expect(t tb, s ports.Store, expected ...domain.Expectation) {
	t.Helper()
	update(t, s, ports.Touch{}, func(ports.Found) ports.Kept { return ports.Kept{Expected: expected} })
}

// taken is what was expected once it was taken so often, at a time.
func taken(e domain.Expectation, now time.Time, attempts int) ports.Question {
	return ports.Question{
		Doubt: domain.Doubt{Subject: e.Subject, Since: e.Due}, Due: now.Add(ports.LeaseOf(lease, attempts-1)), Attempts: attempts,
	}
}

func testExpected(t *testing.T, s ports.Store) {
	early, late := renewal("sub_1", 1), renewal("sub_2", 3)
	completion := domain.Expectation{Subject: domain.Ref{Kind: domain.RefCompletion, ID: "sub_1"}, Due: noon.Add(2 * time.Second)}
	expect(t, s, late, completion, early)
	ask(t, s, question("sub_1", 0, 2)) // of another kind: that is another subject

	at := noon.Add(2 * time.Second)
	asked := question("sub_1", 0, 2)
	asked.Due, asked.Attempts = at.Add(lease), 1
	wantEqual(t, "what is due", take(t, s, at, 9), []ports.Question{taken(early, at, 1), taken(completion, at, 1), asked})
	if again := take(t, s, at, 9); len(again) > 0 {
		t.Errorf("taken %v within the lease", again)
	}
	later := at.Add(lease)
	wantEqual(t, "what is due after the lease", take(t, s, later, 9),
		[]ports.Question{taken(late, later, 1), taken(completion, later, 2), taken(early, later, 2), {Doubt: asked.Doubt, Due: later.Add(2 * lease), Attempts: 2}})
}

func testExpectedAgain(t *testing.T, s ports.Store) {
	expect(t, s, renewal("sub_1", 5))
	at := noon.Add(5 * time.Second)
	take(t, s, at, 1)
	expect(t, s, renewal("sub_1", 5)) // as kept: the attempts stay, and so does its turn
	if early := take(t, s, at.Add(lease-time.Microsecond), 9); len(early) > 0 {
		t.Errorf("taken %v: the same expected again is no news", early)
	}
	at = at.Add(lease)
	wantEqual(t, "the same", take(t, s, at, 9), []ports.Question{taken(renewal("sub_1", 5), at, 2)})

	for what, due := range map[string]int{"later": 20, "earlier": 3} {
		expect(t, s, renewal("sub_1", due))
		if early := take(t, s, noon.Add(time.Duration(due)*time.Second-time.Microsecond), 9); len(early) > 0 {
			t.Errorf("%s: taken %v before it is due", what, early)
		}
		wantEqual(t, what, take(t, s, at, 9), []ports.Question{taken(renewal("sub_1", due), at, 1)})
	}
	expect(t, s, renewal("sub_2", 7), renewal("sub_2", 8))
	wantEqual(t, "twice in one update", take(t, s, noon.Add(time.Minute), 9), []ports.Question{taken(renewal("sub_2", 8), noon.Add(time.Minute), 1)})
}

func testExpectedNoMore(t *testing.T, s ports.Store) {
	expect(t, s, renewal("sub_1", 1), renewal("sub_2", 2), renewal("sub_3", 3))
	expect(t, s, renewal("sub_2", -1), renewal("sub_unknown", -1))
	at := noon.Add(time.Minute)
	wantEqual(t, "left", take(t, s, at, 9), []ports.Question{taken(renewal("sub_1", 1), at, 1), taken(renewal("sub_3", 3), at, 1)})
	expect(t, s, renewal("sub_1", -1), renewal("sub_3", 9))
	at = at.Add(time.Minute)
	wantEqual(t, "left of those that were taken", take(t, s, at, 9), []ports.Question{taken(renewal("sub_3", 9), at, 1)})

	// An answer that makes news due again leaves them expected.
	update(t, s, ports.Touch{}, func(ports.Found) ports.Kept {
		return ports.Kept{
			Answered: []domain.Doubt{{Subject: renewal("sub_3", 0).Subject, Since: at}},
			Expected: []domain.Expectation{renewal("sub_3", 9)},
		}
	})
	wantEqual(t, "expected anew", take(t, s, at, 9), []ports.Question{taken(renewal("sub_3", 9), at, 1)})
}

func testExpectedKept(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		kept := everythingOf(f, "ann")
		kept.Expected = []domain.Expectation{renewal("sub_1", 1)}
		return kept
	})
	err := s.Update(t.Context(), touchOf("ann"), func(ports.Found) (ports.Kept, error) {
		return ports.Kept{Expected: []domain.Expectation{renewal("sub_1", -1), renewal("sub_2", 1)}}, errOurs
	})
	if !errors.Is(err, errOurs) {
		t.Errorf("Update: %v, want %v", err, errOurs)
	}
	at := noon.Add(time.Minute)
	wantEqual(t, "expected after one update and one that failed", take(t, s, at, 9), []ports.Question{taken(renewal("sub_1", 1), at, 1)})
}
