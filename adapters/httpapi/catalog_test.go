package httpapi

import (
	"maps"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// shelf is the usual catalog with one plan more, or another in place of one.
func shelf(plans ...domain.Plan) *domain.Catalog {
	sold := catalog
	sold.Plans = maps.Clone(catalog.Plans)
	for _, plan := range plans {
		sold.Plans[plan.Key] = plan
	}
	return &sold
}

// free is a plan that every user holds.
var free = domain.Plan{Key: "free", Name: "Free", Default: true, Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(3)}}

func TestCheckout_WhatIsSoldOnceIsNotSoldAgain(t *testing.T) {
	t.Parallel()
	life := catalog.Plans["basic"]
	life.Once = true
	s := start(t, setup{sold: shelf(life)})
	order, session := s.buy("ada", "basic")
	s.buy("ada", "basic") // nothing is held yet: the same checkout is found
	s.pay(session)
	got := s.call("POST", "/api/checkout/basic", "", as("user:ada"))
	s.want(got, 409, "already_held")
	if !strings.Contains(got.detail(), order) {
		t.Errorf("the detail %q does not say by which order", got.detail())
	}
	s.buy("eve", "basic")
}

func TestEntitlements_EveryUserHasADefaultPlan(t *testing.T) {
	t.Parallel()
	s := start(t, setup{sold: shelf(free)})
	got := s.call("GET", "/api/entitlements", "", as("user:nobody")).text
	want := `{"as_of":"2026-12-01T09:30:00Z","entitlements":[{"ends_at":null,"feature":"projects","in_grace":false,"renews":false,"since":null,` +
		`"sources":[{"id":"free","kind":"default","plan":"free"}],"until":null,"value":3}],"user_id":"nobody","version":0}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	one := s.call("GET", "/api/entitlements/projects?user_id=nobody", "", as("app:backend"))
	if one.json["entitled"] != true || one.json["value"] != 3.0 {
		t.Errorf("got %s", one.text)
	}
	why := s.call("GET", "/api/admin/users/nobody/explain?feature=projects", "", as("admin:ops"))
	if !strings.Contains(why.text, "plan free is held by every user") {
		t.Errorf("it is not said why: %s", why.text)
	}
	s.want(s.call("POST", "/api/checkout/free", "", as("user:nobody")), 422, "unknown_price")
	if users, err := s.store.Users(t.Context(), "", 10); err != nil || len(users) != 0 {
		t.Errorf("something is kept of %v, %v", users, err)
	}
}
