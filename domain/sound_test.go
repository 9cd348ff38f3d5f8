package domain_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// Whatever anybody says, true or not: what is derived from it makes sense, is the same
// each time, and is explained.
func TestEntitlements_AreSoundWhateverWasSaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(arbitraryFacts, 0, 10).Draw(t, "facts")
		a := after(arbitraryAccount, facts...)
		all := domain.Entitlements(a, shop)
		wantSame(t, "derived again", domain.Entitlements(deepCopy(a), shop), all)
		wantSame(t, "expected again", deepCopy(a).Expectations(), a.Expectations())
		if !slices.IsSortedFunc(all, domain.CompareEntitlements) {
			t.Errorf("not sorted: %+v", all)
		}
		for n, e := range all {
			if e.Value.Limit < 0 && e.Value.Limit != domain.Unlimited || !e.Until.IsZero() && !e.Since.Before(e.Until) {
				t.Errorf("no right is like this: %+v", e)
			}
			if n == 0 || all[n-1].Feature != e.Feature || all[n-1].Source != e.Source {
				if e.Part != 0 {
					t.Errorf("the first stretch is part %d: %+v", e.Part, e)
				}
			} else if before := all[n-1]; e.Part != before.Part+1 || before.Until.IsZero() || before.Until.After(e.Since) {
				t.Errorf("stretches overlap, or are not counted: %+v, %+v", before, e)
			}
		}
		for _, o := range a.Orders {
			if status := a.StatusOf(o); status != o.Status && !status.Paid() {
				t.Errorf("order %s is %s, and stands as %s", o.ID, o.Status, status)
			}
		}
		for _, at := range []time.Time{noon.Add(2 * time.Second), noon.Add(month)} {
			e := domain.Explain(a, shop, domain.Diff(nil, all), at)
			var held []domain.Right
			for _, f := range e.Features {
				if f.Held {
					held = append(held, f.Right)
				}
				for _, s := range f.Sources {
					if s.Says() == "" || f.Says() == "" || s.Rule == (domain.Rule{}) {
						t.Errorf("%s: nothing is said of %+v", f.Feature, s)
					}
				}
			}
			wantSame(t, "what holds", held, domain.Rights(all, shop, at))
		}
	})
}

// Facts about times before any calendar, and amounts that do not fit: nothing breaks.
func TestRecord_NothingFactsSayBreaksIt(t *testing.T) {
	t.Parallel()
	far := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	most := int64(1<<63 - 1)
	strange := []domain.Line{
		{ID: "", Kind: "unheard_of", Quantity: -most, Amount: -most - 1},
		{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_pro", Quantity: most, Amount: most, From: time.Time{}, Until: far},
		{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_pro", Quantity: most, Amount: most, From: noon, Until: far},
		{ID: "il_2", Kind: domain.LineCredit, Item: "si_1", Price: "price_pro", Quantity: -most - 1, Amount: -most - 1, From: noon, Until: far},
		{ID: "il_3", Kind: domain.LineChange, Item: "si_1", Price: "price_pro", Quantity: 3, Amount: 1, From: far, Until: noon},
	}
	invoice := invoiceSays(paid, 0, func(f *domain.InvoiceFact) {
		f.Invoice.Lines, f.Invoice.Total, f.Invoice.StartingBalance, f.Invoice.EndingBalance = strange, -most-1, -most-1, -most-1
	})
	item := domain.Item{ID: "si_1", Price: "price_pro", Quantity: most, PeriodStart: far, PeriodEnd: far}
	for _, status := range domain.SubscriptionStatuses {
		a := after(accountWith(ana), subscriptionSays(updated, far, status.Status, withItems(item)), invoice, disputeSays("charge.dispute.closed", far, "lost"))
		for _, at := range []time.Time{{}, noon, far} {
			domain.Explain(a, shop, nil, at)
			domain.Rights(domain.Entitlements(a, shop), shop, at)
		}
		a.Expectations()
	}
}

// Whatever happened: what is explained is what holds, now, in the past and in the
// future; the same is said each time; and every live source is named.
func TestExplain_AgreesWithWhatHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, past := bookOf(t)
		end := past[len(past)-1].at
		at := end.Add(time.Duration(rapid.IntRange(-5, 400*24*3600).Draw(t, "seconds")) * time.Second)

		e := domain.Explain(b.account, shop, b.changes, at)
		wantSame(t, "said a second time", domain.Explain(deepCopy(b.account), shop, b.changes, at), e)
		if e.OutOfLine {
			t.Errorf("out of line with its own catalog")
		}
		rights := domain.Rights(domain.EntitlementsAt(b.changes, at), shop, at)
		var held []domain.Right
		for _, f := range e.Features {
			if f.Held {
				held = append(held, f.Right)
			}
			for _, live := range f.Right.Sources {
				if !slices.ContainsFunc(f.Sources, func(s domain.SourceExplanation) bool {
					return s.Source == live.Source && s.State == domain.StateGives
				}) {
					t.Errorf("%s is given by %+v, which is not said", f.Feature, live.Source)
				}
			}
			for _, s := range f.Sources {
				if s.State == domain.StateGives && !f.Held {
					t.Errorf("%s: %+v gives it, and it is not held", f.Feature, s.Source)
				}
				if !e.FromHistory && (s.Rule == (domain.Rule{}) || len(s.Evidence) == 0) {
					t.Errorf("%s: nothing is said of why %+v %s", f.Feature, s.Source, s.State)
				}
				if !slices.Contains(domain.SourceStates, s.State) || s.Says() == "" {
					t.Errorf("%s: %+v has no state", f.Feature, s)
				}
			}
		}
		wantSame(t, "what holds", held, rights)
	})
}
