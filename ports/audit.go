package ports

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
)

// Auditor is the part of a [Store] that reads what is derived beside what it is derived from,
// so that one can be held against the other.
type Auditor interface {
	// Audit reads all that is kept of one user but receipts, as of one moment and without
	// locking. Of a user of whom nothing is known it is empty.
	Audit(ctx context.Context, user domain.UserID) (Audit, error)
}

// Audit is what is kept of one user.
type Audit struct {
	State   State
	History domain.History
	// Owners are whom the names of the account lead to; a name that leads nowhere has none.
	Owners map[domain.Ref]domain.UserID
	// Names are those that lead to the user, the account's or not. Not in any order.
	Names []domain.Ref
	// Due are the questions about the news that are expected of the account.
	Due map[domain.Ref]Question
	// Apart are the invoices that a store keeps apart, as [Kept.Ended] said, and Pasts the sums
	// of them that it keeps; a store that keeps nothing apart has neither.
	Apart map[domain.InvoiceID]bool
	Pasts map[domain.SubscriptionID]domain.Past
	// Misfiled is what the store itself finds: rows that an update would not find with what
	// they belong to.
	Misfiled []domain.Difference
}
