package portstest

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func testHolders(t *testing.T, s ports.Store) {
	wantHolders := func(what string, at time.Time, want ...ports.Holding) {
		t.Helper()
		got, err := s.Holders(t.Context(), at)
		if err != nil {
			t.Fatalf("Holders: %v", err)
		}
		wantEqual(t, what, got, want)
	}
	wantHolders("of nobody", noon)

	order, sub, grant := domain.Source{Kind: domain.SourceOrder, ID: "o"}, domain.Source{Kind: domain.SourceSubscription, ID: "sub"}, domain.Source{Kind: domain.SourceGrant, ID: "g"}
	end := noon.Add(time.Hour)
	entitlement := func(feature domain.FeatureKey, of domain.Source, part int, plan domain.PlanKey, until time.Time) domain.Entitlement {
		return domain.Entitlement{Feature: feature, Source: of, Part: part, Plan: plan, Value: domain.Flag(), Since: noon, Until: until}
	}
	holds := map[domain.UserID][]domain.Entitlement{
		"ann": {
			entitlement("sso", order, 0, "pro", time.Time{}), // once and again: she is one user
			entitlement("sso", sub, 0, "pro", end),
			entitlement("seats", sub, 0, "team", end),
			entitlement("seats", sub, 1, "pro", end.Add(time.Hour)), // what is paid for after a grace
		},
		"bob": {
			entitlement("sso", order, 0, "pro", noon), // over
			entitlement("seats", sub, 2, "team", end),
			entitlement("sso", sub, 0, "basic", end),
			entitlement("sso", sub, 1, "basic", time.Time{}),
			entitlement("sso", grant, 0, "", time.Time{}), // of no plan
		},
		"cyd": {entitlement("export", grant, 0, "", time.Time{})},
	}
	for user, entitlements := range holds {
		update(t, s, touchOf(user), func(f ports.Found) ports.Kept {
			state := f.States[user]
			state.Account.CustomerKey, state.Entitlements = "key", entitlements
			return ports.Kept{States: []ports.State{state}}
		})
	}
	wantHolders("now", noon,
		ports.Holding{Plan: "basic", Feature: "sso", Users: 1},
		ports.Holding{Plan: "pro", Feature: "seats", Users: 1},
		ports.Holding{Plan: "pro", Feature: "sso", Users: 1},
		ports.Holding{Plan: "team", Feature: "seats", Users: 2})
	wantHolders("a moment before", noon.Add(-time.Microsecond),
		ports.Holding{Plan: "basic", Feature: "sso", Users: 1},
		ports.Holding{Plan: "pro", Feature: "seats", Users: 1},
		ports.Holding{Plan: "pro", Feature: "sso", Users: 2},
		ports.Holding{Plan: "team", Feature: "seats", Users: 2})
	wantHolders("when most is over", end,
		ports.Holding{Plan: "basic", Feature: "sso", Users: 1},
		ports.Holding{Plan: "pro", Feature: "seats", Users: 1},
		ports.Holding{Plan: "pro", Feature: "sso", Users: 1})
}
