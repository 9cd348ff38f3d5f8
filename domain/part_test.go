package domain

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestPart_IsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Min(-math.MaxInt64).Draw(t, "amount")
		whole := rapid.Int64Min(1).Draw(t, "whole")
		some := rapid.Int64Range(0, whole).Draw(t, "some")
		want := new(big.Int).Mul(big.NewInt(amount), big.NewInt(some))
		if want.Quo(want, big.NewInt(whole)); part(amount, some, whole) != want.Int64() {
			t.Errorf("got %d, want %s", part(amount, some, whole), want)
		}
	})
	for name, got := range map[string]int64{
		"more than all": part(7, 9, 3) - 7, "of nothing": part(7, 1, 0), "nothing": part(7, -1, 3), "the least": part(math.MinInt64, 1, 2) + math.MaxInt64/2,
	} {
		if got != 0 {
			t.Errorf("%s: off by %d", name, got)
		}
	}
}
