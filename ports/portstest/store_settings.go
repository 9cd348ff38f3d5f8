package portstest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/entitled-dev/entitled/ports"
)

func testSwapSetting(t *testing.T, s ports.Store) {
	for _, c := range []struct {
		old, value string
		swapped    bool
		kept       string
	}{
		{"a", "b", false, ""}, // there is none
		{"", "a", true, "a"},
		{"", "b", false, "a"},
		{"b", "c", false, "a"},
		{"a", "it's", true, "it's"},
		{"it's", "it's", true, "it's"},
	} {
		swapped, err := s.SwapSetting(t.Context(), "name", c.old, c.value)
		if err != nil || swapped != c.swapped {
			t.Errorf("SwapSetting %q for %q: %t, %v, want %t", c.value, c.old, swapped, err, c.swapped)
		}
		if kept, _ := s.Setting(t.Context(), "name"); kept != c.kept {
			t.Errorf("SwapSetting %q for %q: kept is %q, want %q", c.value, c.old, kept, c.kept)
		}
	}
}

func testSwapSettingRace(t *testing.T, s ports.Store) {
	for _, old := range []string{"", "begun"} {
		if old != "" {
			if err := s.SetSetting(t.Context(), "name", old); err != nil {
				t.Fatal(err)
			}
		}
		var won atomic.Value
		var winners atomic.Int64
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				value := fmt.Sprintf("value %d", i)
				swapped, err := s.SwapSetting(t.Context(), "name", old, value)
				if err != nil {
					t.Errorf("SwapSetting: %v", err)
				}
				if swapped {
					winners.Add(1)
					won.Store(value)
				}
			})
		}
		wait.Wait()
		kept, err := s.Setting(t.Context(), "name")
		if err != nil || winners.Load() != 1 || kept != won.Load() {
			t.Fatalf("in place of %q: %d swapped, the last %v; kept is %q, %v", old, winners.Load(), won.Load(), kept, err)
		}
	}
}
