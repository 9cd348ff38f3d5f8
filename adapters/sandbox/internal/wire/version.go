package wire

import (
	"slices"
	"strings"
	"time"
)

// AccountVersion is the version of Stripe's API that the sandbox's account has: of
// requests that name none, and of events unless their endpoint has another.
const AccountVersion = "2023-10-16"

// APIVersions are the versions whose shapes the sandbox can render. They sort as
// texts. Those between two descriptions of stripespec.Versions differ from them
// in what no object here has.
var APIVersions = []string{
	AccountVersion, "2024-04-10", "2024-06-20", "2024-09-30.acacia", "2024-10-28.acacia", "2024-11-20.acacia", "2024-12-18.acacia",
	"2025-01-27.acacia", "2025-02-24.acacia", "2025-03-31.basil", "2025-04-30.basil", "2025-05-28.basil", "2025-06-30.basil",
	"2025-07-30.basil", "2025-08-27.basil", "2025-09-30.clover", "2025-10-29.clover", "2025-11-17.clover", "2025-12-15.clover",
	"2026-01-28.clover", "2026-02-25.clover", "2026-03-25.dahlia", "2026-04-22.dahlia", "2026-05-27.dahlia", "2026-06-24.dahlia",
	"2026-07-29.dahlia", "2026-08-26.dahlia", "2026-09-30.endive", Newest,
}

// Basil moved what ties subscriptions, invoices and payments together.
const Basil = "2025-03-31.basil"

// Clover made flexible the billing mode of new subscriptions, and put what a code promotes
// into a hash; dahlia renamed the
// values of ui_mode.
const (
	Clover = "2025-09-30.clover"
	Dahlia = "2026-03-25.dahlia"
)

// Newest is of a release that there is no description of: it is shown like the newest
// that has one. The versions to come of that release are too: within one, Stripe only
// adds.
const Newest = "2026-10-28.endive"

// IsVersion tells whether the sandbox speaks a version of the API.
func IsVersion(v string) bool {
	_, release, _ := strings.Cut(Newest, ".")
	date, ofNewest := strings.CutSuffix(v, "."+release)
	_, err := time.Parse(time.DateOnly, date)
	return slices.Contains(APIVersions, v) || ofNewest && err == nil && v > Newest
}
