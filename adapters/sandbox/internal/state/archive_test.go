package state

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestArchive_GivesBackWhatItKeeps(t *testing.T) {
	t.Parallel()
	var a Archive
	var kept []Archived
	text := func(n int) string { // some of none, some longer than a block
		return strings.Repeat(fmt.Sprint("the text of number ", n, "; "), n*n%700*(1+n/390*10))
	}
	const texts = 400
	raw := 0
	for n := range texts {
		kept = append(kept, a.Put([]byte(text(n))))
		raw += len(text(n))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3 * texts {
		if n := r.IntN(texts); string(a.get(kept[n])) != text(n) {
			t.Fatalf("text %d is another", n)
		}
	}
	size := cap(a.Open)
	for _, b := range a.Blocks {
		size += cap(b)
	}
	if len(a.Blocks) < 5 || size > raw/5 {
		t.Errorf("%d bytes in %d blocks, of %d", size, len(a.Blocks), raw)
	}
}
