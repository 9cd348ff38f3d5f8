package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

func TestExplain_TellsWhoRevokedAGrantAndWhy(t *testing.T) {
	t.Parallel()
	given := domain.Grant{ID: "grant_1", Feature: "sso", Value: domain.Flag(), Since: noon, CreatedAt: noon, Reason: "a favor", By: "sam"}
	account := accountWith(ana).WithGrant(given)
	before := domain.Entitlements(account, shop)
	changes := domain.Diff(nil, before)
	changes[0].At = noon
	_, source := sourceIn(t, domain.Explain(account, shop, changes, noon), "sso", "grant_1")
	if got, want := source.LastSays(), "granted on 2026-03-01T12:00:00Z by sam: a favor"; got != want {
		t.Errorf("given: the last change is %q, want %q", got, want)
	}

	given.RevokedAt, given.RevokedBy, given.RevokedReason = noon.Add(day), "bob", "wrong user"
	account = account.WithGrant(given)
	revoked := domain.Diff(before, domain.Entitlements(account, shop))
	revoked[0].At = noon.Add(day)
	_, source = sourceIn(t, domain.Explain(account, shop, append(changes, revoked...), noon.Add(2*day)), "sso", "grant_1")
	if got, want := source.Says(), "gave it until it was revoked on 2026-03-02T12:00:00Z by bob: wrong user (manual grants: revoked -> nothing)"; got != want {
		t.Errorf("revoked: says %q, want %q", got, want)
	}
	if got, want := source.LastSays(), "revoked on 2026-03-02T12:00:00Z by bob: wrong user"; got != want {
		t.Errorf("revoked: the last change is %q, want %q", got, want)
	}
}

func TestExplain_WritesAmountsForPeople(t *testing.T) {
	t.Parallel()
	for currency, want := range map[string]string{
		"usd": "paid 19.05 usd", "ugx": "paid 19.05 ugx", "jpy": "paid 1905 jpy", "kwd": "paid 1.905 kwd", "": "paid 1905 (minor units)",
	} {
		a := after(accountWith(ana, pendingOrder("o1", "pass")), paidPass())
		for id, p := range a.Payments {
			p.Amount, p.Currency = 1905, currency
			a.Payments[id] = p
		}
		_, source := sourceIn(t, domain.Explain(a, shop, nil, noon), "projects", "o1")
		if got := evidenceOf(source, "payment", "pi_1"); got != want {
			t.Errorf("%q: says %q, want %q", currency, got, want)
		}
	}
}
