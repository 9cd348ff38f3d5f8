package webhooks

import (
	"testing"
	"time"
)

func TestRetryPolicy_LastsOverAnHour(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for n := 1; n < DefaultRetryPolicy.Attempts; n++ {
		sum += DefaultRetryPolicy.delay(n)
	}
	if first := DefaultRetryPolicy.delay(1); sum < time.Hour || first > 2*time.Second {
		t.Errorf("first retry after %v, last after %v", first, sum)
	}
}
