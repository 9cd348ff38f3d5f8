package sandbox

import (
	"testing"
	"time"
)

func TestRetryPolicy_LastsOverAnHour(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for n := 1; n < defaultRetryPolicy.Attempts; n++ {
		sum += defaultRetryPolicy.delay(n)
	}
	if first := defaultRetryPolicy.delay(1); sum < time.Hour || first > 2*time.Second {
		t.Errorf("first retry after %v, last after %v", first, sum)
	}
}
