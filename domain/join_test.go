package domain_test

import (
	stdcmp "cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

const bob domain.UserID = "user_bob"

// What is derived can be checked without another delivery, and many times as often.
func TestRecord_ATrueHistoryInOrderEndsInTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := domaintest.Histories(ana).Draw(t, "history")
		wantTruth(t, "in order", h, accountTold(t, h, h.Facts...))
	})
}

// A delivery may raise doubts, which are put to Stripe: at once, or at the end. The
// answers are part of what the account is told.
func TestRecord_AnyDeliveryOfATrueHistoryEndsInTheTruth(t *testing.T) {
	t.Parallel()
	inBatches(t, anyDeliveryEndsInTheTruth)
}

func anyDeliveryEndsInTheTruth(t *rapid.T) {
	h := domaintest.Histories(ana).Draw(t, "history")
	inOrder := accountTold(t, h, h.Facts...)
	wantTruth(t, "in order", h, inOrder)
	for range 3 {
		got := accountTold(t, h, domaintest.Deliver(t, h.Facts...)...)
		wantSame(t, "shuffled: account", comparable(got), comparable(inOrder))
		wantSame(t, "shuffled: entitlements", fromThenOn(h, got), fromThenOn(h, inOrder))
	}
}

// fromThenOn are the entitlements of an account from the end of a history on: how much
// of what was before is still among them depends on who was asked when.
func fromThenOn(h domaintest.History, a domain.Account) []domain.Entitlement {
	kept := slices.DeleteFunc(domain.Entitlements(a, shop), func(e domain.Entitlement) bool {
		return !e.Until.IsZero() && !e.Until.After(h.End)
	})
	for n := range kept {
		kept[n].Part = 0
		if !kept[n].Since.After(h.End) {
			kept[n].Since = time.Time{}
		}
	}
	return kept
}

// wantTruth compares what an account gives with what is true, at every moment at which
// either may change.
func wantTruth(t *rapid.T, what string, h domaintest.History, a domain.Account) {
	t.Helper()
	entitlements := domain.Entitlements(a, shop)
	wantEnds(t, what, h, entitlements)
	moments := h.Moments()
	for _, e := range entitlements {
		for _, bound := range []time.Time{e.Since, e.Until} {
			if bound.After(h.End) {
				moments = append(moments, bound.Add(-time.Second), bound)
			}
		}
	}
	for _, at := range moments {
		rights := domain.Rights(entitlements, shop, at)
		for feature := range shop.Features {
			n := slices.IndexFunc(rights, func(r domain.Right) bool { return r.Feature == feature })
			given := func(entitled bool, limit int64) bool {
				return n < 0 && !entitled || n >= 0 && entitled && rights[n].Value.Limit == limit
			}
			if given(h.ValueAt(feature, at)) || given(h.ValueIfAsked(feature, at)) || aboutToBegin(entitlements, feature, at) {
				continue
			}
			entitled, limit := h.ValueAt(feature, at)
			got := "nothing"
			if n >= 0 {
				got = fmt.Sprint(rights[n].Value.Limit)
			}
			t.Fatalf("%s: %s at %s (the end is %s): got %s, want entitled %t, limit %d\n%s",
				what, feature, at.Format(time.DateTime), h.End.Format(time.DateTime), got, entitled, limit, h)
		}
	}
}

// aboutToBegin: what begins within the tolerance of clocks may be given already.
func aboutToBegin(entitlements []domain.Entitlement, feature domain.FeatureKey, at time.Time) bool {
	return slices.ContainsFunc(entitlements, func(e domain.Entitlement) bool {
		return e.Feature == feature && e.Since.After(at) && !e.Since.After(at.Add(domain.ClockTolerance))
	})
}

// inBatches checks a property some times as often as rapid does by itself: by
// default 2,000 times, with -rapid.checks=4000 20,000 times.
func inBatches(t *testing.T, property func(*rapid.T)) {
	for n := range 5 {
		t.Run(fmt.Sprint("batch ", n), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, property)
		})
	}
}

// accountTold is the account after facts, and after Stripe was asked what they leave open. An
// answer may leave something open, too.
func accountTold(t *rapid.T, h domaintest.History, facts ...domain.Fact) domain.Account {
	a, open, latest := h.Account, map[domain.Ref]bool{}, time.Time{}
	record := func(f domain.Fact) {
		var verdict domain.Verdict
		a, verdict = domain.Record(a, f, shop)
		if verdict.Doubt != (domain.Doubt{}) {
			open[verdict.Doubt.Subject] = true
		}
	}
	ask := func(at time.Time) {
		for range 4 {
			for _, subject := range slices.SortedFunc(maps.Keys(open), compareRefs) {
				delete(open, subject)
				if f, found := h.Ask(subject, at); found {
					record(f)
				}
			}
		}
	}
	atOnce := rapid.Bool().Draw(t, "asked at once")
	for _, f := range facts {
		record(f)
		if at := atOf(f).Add(time.Second); at.After(latest) && at.Before(h.End) { // others' stories may go on longer
			latest = at
		}
		if atOnce {
			ask(latest)
		}
	}
	ask(h.End)
	if len(open) > 0 {
		t.Fatalf("asked at the end, and still in doubt: %v", open)
	}
	for id, i := range a.Invoices {
		if i.Status != domain.InvoiceDraft && !i.Complete {
			t.Fatalf("invoice %s has lines that nobody was asked for", id)
		}
	}
	return a
}

func compareRefs(a, b domain.Ref) int {
	return stdcmp.Or(stdcmp.Compare(a.Kind, b.Kind), stdcmp.Compare(a.ID, b.ID))
}

func atOf(f domain.Fact) time.Time {
	return reflect.ValueOf(f).FieldByName("At").Interface().(time.Time)
}

// comparable leaves out when, and from whom, an account learned what it knows: a
// doubt is raised by some deliveries and not by others.
func comparable(a domain.Account) domain.Account {
	a = a.Clone()
	for id, s := range a.Subscriptions {
		s.SeenAt, s.Precedence = time.Time{}, 0
		a.Subscriptions[id] = s
		if a.Customer == "" { // it is gone, and the end may not have been told: who asks learns of it
			delete(a.Subscriptions, id)
		}
	}
	for id, i := range a.Invoices {
		i.FirstSeenAt, i.SeenAt = time.Time{}, time.Time{}
		a.Invoices[id] = i
	}
	a.Charges, a.InvoicePayments = nil, nil
	return a
}

// Every fact is shown to both accounts, as a confused caller would: what is not
// of the account's own customer changes nothing. (A refund or dispute names no
// customer: the caller finds its account by the payment.)
func TestRecord_TwoUsersInterleavedNeverTouchEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hers, his := domaintest.Histories(ana).Draw(t, "ana"), domaintest.Histories(bob).Draw(t, "bob")
		all := domaintest.Deliver(t, slices.Concat(hers.Facts, his.Facts)...)
		for _, h := range []domaintest.History{hers, his} {
			shown := slices.DeleteFunc(slices.Clone(all), func(f domain.Fact) bool {
				return namesNoCustomer(f) && !slices.ContainsFunc(h.Facts, func(own domain.Fact) bool { return cmp.Equal(own, f) })
			})
			got := accountTold(t, h, shown...)
			wantSame(t, string(h.Account.User)+": account", comparable(got), comparable(accountTold(t, h, h.Facts...)))
			wantTruth(t, string(h.Account.User), h, got)
		}
	})
}

func namesNoCustomer(f domain.Fact) bool {
	switch f.(type) {
	case domain.RefundFact, domain.DisputeFact, domain.InvoicePaymentFact:
		return true
	default:
		return false
	}
}

// Facts need not be true for joining to be a join: whatever anybody says about an
// account, saying it in another order or again makes no difference.
func TestRecord_ArbitraryFactsCommuteAndRepeatWithoutEffect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(arbitraryFacts, 2, 8).Draw(t, "facts")
		want := after(arbitraryAccount, facts...)
		for range 4 {
			got := after(arbitraryAccount, domaintest.Deliver(t, facts...)...)
			wantSame(t, "another delivery: account", got, want)
			wantSame(t, "another delivery: entitlements", domain.Entitlements(got, shop), domain.Entitlements(want, shop))
		}
	})
}

// Two facts are the smallest case, and the one whose counterexample is readable.
func TestRecord_AnyTwoFactsCommuteInAnyState(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := after(arbitraryAccount, rapid.SliceOfN(arbitraryFacts, 0, 4).Draw(t, "before")...)
		f, g := arbitraryFacts.Draw(t, "f"), arbitraryFacts.Draw(t, "g")
		wantSame(t, "f then g, and g then f", after(state, f, g), after(state, g, f))
		wantSame(t, "f twice", after(state, f, f), after(state, f))
	})
}

func TestRecord_TheVerdictSaysWhetherAnythingChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := after(arbitraryAccount, rapid.SliceOfN(arbitraryFacts, 0, 4).Draw(t, "before")...)
		got, verdict := domain.Record(state, arbitraryFacts.Draw(t, "fact"), shop)
		same := equal(got, state)
		switch verdict.Outcome {
		case domain.OutcomeApplied:
			if same {
				t.Errorf("applied, but nothing changed")
			}
		case domain.OutcomeIgnored:
			if same == verdict.Kept {
				t.Errorf("ignored, kept: %v, and the account is the same: %v", verdict.Kept, same)
			}
		case domain.OutcomeUnchanged:
			if !same {
				t.Errorf("%s, but the account changed", verdict.Outcome)
			}
		case domain.OutcomeQuarantined: // says both: we know more, and a person has to look
		default:
			t.Errorf("outcome %q", verdict.Outcome)
		}
		needsReason := verdict.Outcome == domain.OutcomeIgnored || verdict.Outcome == domain.OutcomeQuarantined
		if needsReason != (verdict.Reason != "") {
			t.Errorf("outcome %s with reason %q", verdict.Outcome, verdict.Reason)
		}
	})
}

// What is joined in place is what is joined into a copy; what is ignored leaves no trace.
func TestJoin_IsRecordInPlace(t *testing.T) {
	t.Parallel()
	ignoring := deepCopyCatalog(shop)
	ignoring.Ignored.Prices = []domain.PriceID{"price_unmapped"}
	rapid.Check(t, func(t *rapid.T) {
		want := arbitraryAccount
		got := deepCopy(want)
		for _, fact := range rapid.SliceOfN(arbitraryFacts, 1, 8).Draw(t, "facts") {
			before := deepCopy(got)
			recorded, said := domain.Record(want, fact, ignoring)
			verdict := got.Join(fact, ignoring)
			want = recorded
			wantSame(t, "the verdict", verdict, said)
			wantSame(t, "the account", got, want)
			if verdict.Outcome == domain.OutcomeIgnored && !verdict.Kept {
				wantSame(t, "what ignores the fact", got, before)
			}
		}
	})
}

func TestRecord_ArgumentsAreNeverChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		state := after(arbitraryAccount, rapid.SliceOfN(arbitraryFacts, 0, 6).Draw(t, "before")...)
		fact := arbitraryFacts.Draw(t, "fact")
		account, said, catalog := deepCopy(state), deepCopyFact(fact), deepCopyCatalog(shop)

		next, _ := domain.Record(state, fact, shop)
		entitlements := domain.Entitlements(next, shop)
		copied := slices.Clone(entitlements)
		domain.Rights(entitlements, shop, noon)
		domain.Diff(entitlements, domain.Entitlements(state, shop))
		after(next, rapid.SliceOfN(arbitraryFacts, 0, 6).Draw(t, "later")...) // it shares with the first what did not change

		wantSame(t, "the account", state, account)
		wantSame(t, "the fact", fact, said)
		wantSame(t, "the catalog", shop, catalog)
		wantSame(t, "the entitlements", entitlements, copied)
	})
}
