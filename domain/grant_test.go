package domain_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// entitlementsFrom are those of one kind of source.
func entitlementsFrom(kind domain.SourceKind, a domain.Account) []domain.Entitlement {
	var from []domain.Entitlement
	for _, e := range domain.Entitlements(a, shop) {
		if e.Source.Kind == kind {
			from = append(from, e)
		}
	}
	return from
}

// Whatever Stripe says, true or not, and in whatever order: what a person gave
// stays as it was given, even if its id looks like one of Stripe's.
func TestGrant_NoFactTouchesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := arbitraryAccount
		for _, id := range []domain.GrantID{"grant_1", "sub_1", "o1"} {
			a = a.WithGrant(domain.Grant{
				ID: id, Feature: among[domain.FeatureKey](t, "feature", "sso", "projects", "credits", "no_longer_sold"),
				Value: among(t, "value", domain.Flag(), domain.Limit(3), domain.Limit(domain.Unlimited)),
				Since: instant(t, "since"), Until: instant(t, "until"), Reason: "a favor", By: "sam",
				CreatedAt: noon, RevokedAt: instant(t, "revoked"),
			})
		}
		given, gives := a.Grants, entitlementsFrom(domain.SourceGrant, a)
		for _, f := range rapid.SliceOfN(arbitraryFacts, 0, 8).Draw(t, "facts") {
			a, _ = domain.Record(a, f, shop)
		}
		wantSame(t, "grants", a.Grants, given)
		wantSame(t, "what they give", entitlementsFrom(domain.SourceGrant, a), gives)
	})
}
