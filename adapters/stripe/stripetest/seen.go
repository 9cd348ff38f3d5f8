package stripetest

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Seen is a fact as an API version can tell it: what a reader makes of its [Body].
// It is nil if the version does not tell it at all, see [Style.Tells].
//
//   - Since basil an invoice names neither payment intent nor charge (its payments
//     are not included unless asked for), and a charge no invoice.
//   - Since basil the period of a subscription is its items': without items, or
//     without an end, there is none.
//   - A snapshot's SeenAt and Precedence are never told.
func Seen(f domain.Fact, version string) domain.Fact {
	if untold(f, version) != "" {
		return nil
	}
	switch f := f.(type) {
	case domain.SubscriptionFact:
		s := f.Snapshot
		s.SeenAt, s.Precedence = time.Time{}, 0
		s.Items = slices.Clone(s.Items)
		if version >= basil && (len(s.Items) == 0 || s.PeriodEnd.IsZero()) {
			s.PeriodStart, s.PeriodEnd = time.Time{}, time.Time{}
		}
		f.Snapshot = s
		return f
	case domain.InvoiceFact:
		if version >= basil {
			f.PaymentIntent, f.Charge = "", ""
		}
		return f
	case domain.ChargeFact:
		if version >= basil {
			f.Invoice = ""
		}
		return f
	default:
		return f
	}
}
