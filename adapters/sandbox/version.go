package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// accountVersion is the version of Stripe's API that the sandbox's account has: of
// requests that name none, and of events unless their endpoint has another.
const accountVersion = "2023-10-16"

// apiVersions are the versions whose shapes the sandbox can render. They sort as
// texts. Those between two descriptions of stripespec.Versions differ from them
// in what no object here has.
var apiVersions = []string{
	accountVersion, "2024-04-10", "2024-06-20", "2024-09-30.acacia", "2024-10-28.acacia", "2024-11-20.acacia", "2024-12-18.acacia",
	"2025-01-27.acacia", "2025-02-24.acacia", "2025-03-31.basil", "2025-04-30.basil", "2025-05-28.basil", "2025-06-30.basil",
	"2025-07-30.basil", "2025-08-27.basil", "2025-09-30.clover", "2025-10-29.clover", "2025-11-17.clover", "2025-12-15.clover",
	"2026-01-28.clover", "2026-02-25.clover", "2026-03-25.dahlia", "2026-04-22.dahlia", "2026-05-27.dahlia", "2026-06-24.dahlia",
	"2026-07-29.dahlia", "2026-08-26.dahlia", "2026-09-30.endive", newest,
}

// basil moved what ties subscriptions, invoices and payments together.
const basil = "2025-03-31.basil"

// clover made flexible the billing mode of new subscriptions, and put what a code promotes
// into a hash; dahlia renamed the
// values of ui_mode.
const (
	clover = "2025-09-30.clover"
	dahlia = "2026-03-25.dahlia"
)

// newest is of a release that there is no description of: it is shown like the newest
// that has one. The versions to come of that release are too: within one, Stripe only
// adds.
const newest = "2026-10-28.endive"

// isVersion tells whether the sandbox speaks a version of the API.
func isVersion(v string) bool {
	_, release, _ := strings.Cut(newest, ".")
	date, ofNewest := strings.CutSuffix(v, "."+release)
	_, err := time.Parse(time.DateOnly, date)
	return slices.Contains(apiVersions, v) || ofNewest && err == nil && v > newest
}

// readVersion is the version that the request is made in, and answered.
func readVersion(r *http.Request) (string, *apiError) {
	switch v := r.Header.Get("Stripe-Version"); {
	case v == "":
		return accountVersion, nil
	case !isVersion(v):
		return accountVersion, invalid("", "", "Invalid Stripe API version: %s. The sandbox speaks those from %s to %s.", v, accountVersion, newest)
	default:
		return v, nil
	}
}

// flexible reads the billing mode of a subscription that is made: what the parameter
// says, or what its version has for those that do not say.
func (c *call) flexible(name string) bool {
	if c.hasAny(name) {
		c.required(name + "[type]")
	}
	if mode := c.oneOf(name+"[type]", "classic", "flexible"); mode != "" {
		return mode == "flexible"
	}
	return c.version >= clover
}
