package sandbox

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// APIVersion is the version of Stripe's API that the sandbox's account has: of
// requests that name none, and of events unless their endpoint has another.
const APIVersion = wire.AccountVersion

// IsVersion tells whether the sandbox speaks a version of the API, such as
// "2026-08-26.dahlia".
func IsVersion(v string) bool { return wire.IsVersion(v) }
