package stripetest

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Seen is a fact as an API version can tell it: what a reader makes of its [Body].
// It is nil if the version does not tell it at all, see [Style.Tells].
//
//   - Until acacia all items of a subscription are of one period, from the start of
//     the first to the end of the last.
//   - Until acacia an invoice names one payment and a credit note one refund. Since
//     basil an invoice names none, as its payments are not included unless asked for,
//     and a charge no invoice.
//   - Since basil a line that is there once is of no item.
//   - Customers are named as Accounts since dahlia.
//   - An event that a customer was deleted says that it is.
//   - When something was seen, and a snapshot's Precedence, are never told.
func Seen(f domain.Fact, version string) domain.Fact {
	if untold(f, version) != "" {
		return nil
	}
	switch f := f.(type) {
	case domain.SessionFact:
		f.CustomerAccount = since(dahlia, version, f.CustomerAccount)
		return f
	case domain.SubscriptionFact:
		f.Snapshot = seenSnapshot(f.Snapshot, version)
		return f
	case domain.InvoiceFact:
		f.CustomerAccount = since(dahlia, version, f.CustomerAccount)
		f.PaidWith = seenOne(f.PaidWith, version)
		if version >= basil {
			f.PaidWith = nil
		}
		f.Invoice.Lines = seenLines(f.Invoice.Lines, version)
		f.Invoice.FirstSeenAt, f.Invoice.SeenAt = time.Time{}, time.Time{}
		return f
	case domain.CreditNoteFact:
		f.CustomerAccount = since(dahlia, version, f.CustomerAccount)
		f.CreditNote.Refunds = seenOne(f.CreditNote.Refunds, version)
		return f
	case domain.ChargeFact:
		if version >= basil {
			f.Invoice = ""
		}
		return f
	case domain.CustomerFact:
		f.Deleted = f.Deleted || f.Type == "customer.deleted"
		return f
	default:
		return f
	}
}

func seenSnapshot(s domain.Subscription, version string) domain.Subscription {
	start, end := s.PeriodStart(), s.PeriodEnd()
	s.CustomerAccount = since(dahlia, version, s.CustomerAccount)
	s.SeenAt, s.Precedence = time.Time{}, 0
	s.Items = slices.Clone(s.Items)
	for i := range s.Items {
		if version < basil {
			s.Items[i].PeriodStart, s.Items[i].PeriodEnd = start, end
		}
	}
	return s
}

func seenLines(lines []domain.Line, version string) []domain.Line {
	lines = slices.Clone(lines)
	for i := range lines {
		if version >= basil && lines[i].Kind == domain.LineOneOff {
			lines[i].Item = ""
		}
	}
	return lines
}

// seenOne is what there is room for of several, until acacia: one.
func seenOne[T any](all []T, version string) []T {
	if version < basil && len(all) > 1 {
		return slices.Clone(all[:1])
	}
	return slices.Clone(all)
}

// since is what a field says that there is from some version on.
func since[T any](first, version string, value T) T {
	if version < first {
		var none T
		return none
	}
	return value
}
