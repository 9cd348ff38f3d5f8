package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// Ensure that each route is a call of Stripe's, takes no parameter that Stripe does not
// know in that version, and says of all others that the sandbox does not serve them.
func TestRoutes_EveryParameterIsTakenOrRefusedAloud(t *testing.T) {
	t.Parallel()
	for _, v := range stripespec.Versions {
		calls := stripespec.Calls(t, v.Module)
		for _, rt := range allRoutes() {
			call := wire.SameIDs(rt.pattern)
			if got := wire.Known().Has(call, v.API); got != (calls[call] != nil) {
				t.Errorf("%s in %s: the sandbox thinks %v of whether Stripe has it", call, v.API, got)
			}
			if calls[call] == nil {
				continue
			}
			for _, name := range calls[call].Names() {
				if !wire.Known().Takes(call, v.API, name) {
					t.Errorf("%s in %s: Stripe takes %s; is its kind among the families of known_test.go?", call, v.API, name)
				}
			}
		}
	}
	for _, rt := range allRoutes() {
		for _, pattern := range rt.params {
			name := strings.ReplaceAll(strings.TrimSuffix(pattern, "[*]"), "[]", "[0]")
			if !slices.ContainsFunc(wire.APIVersions, func(version string) bool { return wire.Known().TakesSince(wire.SameIDs(rt.pattern), version, name) }) {
				t.Errorf("%s takes %s, which Stripe takes in no version", rt.pattern, pattern)
			}
		}
	}
}
