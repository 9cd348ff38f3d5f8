package domain_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// Accounts are derived in room that is used again: what one has must never show in what
// another gets, nor change later.
func TestEntitlements_DerivedAtOnceAreEachOnesOwn(t *testing.T) {
	t.Parallel()
	var deriving sync.WaitGroup
	for n := range 16 {
		deriving.Go(func() {
			h := domaintest.Histories(ana).Example(n)
			a := h.Account
			var all [][]domain.Entitlement
			var texts []string
			for range 4 {
				for _, f := range h.Facts {
					a, _ = domain.Record(a, f, shop)
					held := domain.Entitlements(a, shop)
					all, texts = append(all, held), append(texts, cmp.Diff(nil, held))
				}
			}
			for i, held := range all {
				if cmp.Diff(nil, held) != texts[i] {
					t.Errorf("history %d: what was derived %dth is another now", n, i)
					return
				}
			}
			if diff := cmp.Diff(domain.Entitlements(a, shop), all[len(all)-1]); diff != "" {
				t.Errorf("history %d: derived again it differs:\n%s", n, diff)
			}
		})
	}
	deriving.Wait()
}
