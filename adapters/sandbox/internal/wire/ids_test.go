package wire

import "testing"

func TestNewID_IsRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		id := NewID("cus_", 14)
		if len(id) != 18 || seen[id] {
			t.Fatalf("got %s again or too short", id)
		}
		seen[id] = true
	}
}
