package app

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// A message is what was told together. What was delivered is not a part of another message
// later on: the receiver knows that one, and would pass over what is new in it.
func TestSteps_AreTheSameFromWhereverTheyAreRead(t *testing.T) {
	t.Parallel()
	noon := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	line := func(user domain.UserID, version int64, kind domain.RightChangeKind, at time.Time) domain.RightChange {
		return domain.RightChange{User: user, Version: version, Kind: kind, At: at}
	}
	lines := []domain.RightChange{
		line("ann", 1, domain.RightChanged, noon),
		line("ann", 1, domain.RightEnding, noon.Add(time.Hour)), // two rights that end together
		line("ann", 1, domain.RightEnding, noon.Add(time.Hour)),
		line("ann", 1, domain.RightEnding, noon.Add(2*time.Hour)),
		line("ann", 2, domain.RightChanged, noon.Add(3*time.Hour)),
		line("ann", 2, domain.RightEndingWithdrawn, noon.Add(3*time.Hour)),
		line("bob", 2, domain.RightChanged, noon.Add(3*time.Hour)),
	}
	want := [][]domain.RightChange{lines[:1], lines[1:3], lines[3:4], lines[4:6], lines[6:]}
	for from := range want {
		if diff := cmp.Diff(want[from:], stepsOf(slices.Concat(want[from:]...))); diff != "" {
			t.Errorf("read from step %d on (-want +got):\n%s", from, diff)
		}
	}
}
