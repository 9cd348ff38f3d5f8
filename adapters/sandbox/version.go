package sandbox

import (
	"net/http"
	"slices"
)

// APIVersion is the version of Stripe's API that the sandbox's account has: of
// requests that name none, of every request that changes something, and of
// events unless their endpoint has another.
const APIVersion = "2023-10-16"

// apiVersions are the versions whose shapes the sandbox can render. They sort as
// texts. Those between two descriptions of stripespec.Versions differ from them
// in what no object here has.
var apiVersions = []string{
	APIVersion, "2024-04-10", "2024-06-20", "2024-09-30.acacia", "2024-10-28.acacia", "2024-11-20.acacia", "2024-12-18.acacia",
	"2025-01-27.acacia", "2025-02-24.acacia", "2025-03-31.basil", "2025-04-30.basil", "2025-05-28.basil", "2025-06-30.basil",
	"2025-07-30.basil", "2025-08-27.basil", "2025-09-30.clover", "2025-10-29.clover", "2025-11-17.clover", "2025-12-15.clover",
	"2026-01-28.clover", "2026-02-25.clover", "2026-03-25.dahlia", "2026-04-22.dahlia", "2026-05-27.dahlia", "2026-06-24.dahlia",
	"2026-07-29.dahlia", "2026-08-26.dahlia",
}

// basil moved what ties subscriptions, invoices and payments together.
const basil = "2025-03-31.basil"

// readVersion is the version that the request is to be answered in. Only answers
// differ by version here: what parameters mean is that of APIVersion.
func readVersion(r *http.Request) (string, *apiError) {
	v := r.Header.Get("Stripe-Version")
	switch {
	case v == "" || v == APIVersion:
	case !slices.Contains(apiVersions, v):
		return APIVersion, invalid("", "", "Invalid Stripe API version: %s. The sandbox speaks %s, and answers a GET in any version up to %s.",
			v, APIVersion, apiVersions[len(apiVersions)-1])
	case r.Method != http.MethodGet:
		return APIVersion, invalid("", "", "The sandbox takes parameters of version %s alone, and %s was asked for: only a GET is answered in another version.", APIVersion, v)
	default:
		return v, nil
	}
	return APIVersion, nil
}
