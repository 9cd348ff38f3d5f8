package app

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func TestFailedEvents_AreTriedMoreSeldom(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	failed := domain.ProcessedEvent{ReceivedAt: received, ProcessedAt: received.Add(time.Second)}
	var tried []int // hours later
	for hour := 1; hour <= 96; hour++ {
		if now := received.Add(time.Duration(hour) * time.Hour); dueAgain(failed, now) {
			failed.ProcessedAt = now
			tried = append(tried, hour)
		}
	}
	if want := []int{1, 2, 4, 8, 16, 32, 56, 80}; !slices.Equal(tried, want) {
		t.Errorf("tried after hours %v, want %v", tried, want)
	}
}
