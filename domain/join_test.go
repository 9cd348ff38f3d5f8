package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"pgregory.net/rapid"
)

const bob domain.UserID = "user_bob"

func TestRecord_AnyDeliveryOfATrueHistoryEndsInTheTruth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := histories(ana).Draw(t, "history")
		inOrder := after(h.account, h.facts...)
		wantSame(t, "in order: entitlements", domain.Entitlements(inOrder, shop), h.truth)

		for range 4 {
			got := after(h.account, shuffled(t, h.facts...)...)
			wantSame(t, "shuffled: account", got, inOrder)
			wantSame(t, "shuffled: entitlements", domain.Entitlements(got, shop), h.truth)
		}
	})
}

// Every fact is shown to both accounts, as a confused caller would: what is not
// of the account's own customer changes nothing.
func TestRecord_TwoUsersInterleavedNeverTouchEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hers, his := histories(ana).Draw(t, "ana"), histories(bob).Draw(t, "bob")
		all := shuffled(t, slices.Concat(hers.facts, his.facts)...)
		for _, h := range []history{hers, his} {
			got := after(h.account, all...)
			wantSame(t, string(h.account.User)+": account", got, after(h.account, h.facts...))
			wantSame(t, string(h.account.User)+": entitlements", domain.Entitlements(got, shop), h.truth)
		}
	})
}

func TestRights_EntitledExactlyWhenTheRulesSaySo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := histories(ana).Draw(t, "history")
		entitlements := domain.Entitlements(after(h.account, shuffled(t, h.facts...)...), shop)

		moments := []time.Time{noon, noon.Add(time.Duration(rapid.IntRange(0, 400*24).Draw(t, "hours")) * time.Hour)}
		for _, e := range h.truth {
			moments = append(moments, e.Since.Add(-time.Second), e.Since, e.Until.Add(-time.Second), e.Until)
		}
		for _, at := range moments {
			rights := domain.Rights(entitlements, shop, at)
			for feature := range shop.Features {
				entitled, limit := entitledTo(h.truth, feature, at)
				n := slices.IndexFunc(rights, func(r domain.Right) bool { return r.Feature == feature })
				if (n >= 0) != entitled {
					t.Fatalf("%s at %s: entitled is %t, want %t", feature, at, n >= 0, entitled)
				}
				if entitled && rights[n].Value.Limit != limit {
					t.Fatalf("%s at %s: limit is %d, want %d", feature, at, rights[n].Value.Limit, limit)
				}
			}
		}
	})
}

// Facts need not be true for joining to be a join: whatever anybody says about an
// account, saying it in another order or again makes no difference.
func TestRecord_ArbitraryFactsCommuteAndRepeatWithoutEffect(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(arbitraryFacts, 2, 8).Draw(t, "facts")
		want := after(arbitraryAccount, facts...)
		for range 4 {
			got := after(arbitraryAccount, shuffled(t, facts...)...)
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
		case domain.OutcomeUnchanged, domain.OutcomeIgnored:
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
		scribble(next)

		wantSame(t, "the account", state, account)
		wantSame(t, "the fact", fact, said)
		wantSame(t, "the catalog", shop, catalog)
		wantSame(t, "the entitlements", entitlements, copied)
	})
}

// scribble changes everything in an account that its holder may change.
func scribble(a domain.Account) {
	for id := range a.Orders {
		a.Orders[id] = domain.Order{}
	}
	for id := range a.Subscriptions {
		a.Subscriptions[id] = domain.Subscription{}
	}
	clear(a.Payments)
}
