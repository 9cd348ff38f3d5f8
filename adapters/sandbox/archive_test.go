package sandbox

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestArchive_GivesBackWhatItKeeps(t *testing.T) {
	t.Parallel()
	var a archive
	var kept []archived
	text := func(n int) string { // some of none, some longer than a block
		return strings.Repeat(fmt.Sprint("the text of number ", n, "; "), n*n%700*(1+n/390*10))
	}
	const texts = 400
	raw := 0
	for n := range texts {
		kept = append(kept, a.put([]byte(text(n))))
		raw += len(text(n))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3 * texts {
		if n := r.IntN(texts); string(a.get(kept[n])) != text(n) {
			t.Fatalf("text %d is another", n)
		}
	}
	size := cap(a.open)
	for _, b := range a.blocks {
		size += cap(b)
	}
	if len(a.blocks) < 5 || size > raw/5 {
		t.Errorf("%d bytes in %d blocks, of %d", size, len(a.blocks), raw)
	}
}
