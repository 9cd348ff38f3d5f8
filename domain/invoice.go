package domain

import (
	"cmp"
	"slices"
	"time"
)

// InvoiceStatus is Stripe's, passed through. An invoice only moves forward: see
// [InvoiceStatuses].
type InvoiceStatus string

const (
	InvoiceDraft         InvoiceStatus = "draft" // nobody owes it yet
	InvoiceOpen          InvoiceStatus = "open"  // it is owed
	InvoiceUncollectible InvoiceStatus = "uncollectible"
	InvoiceVoid          InvoiceStatus = "void" // as if it had never been
	InvoicePaid          InvoiceStatus = "paid" // with money, with credit, or there was nothing to pay
)

// InvoiceStatuses lists every status in the order of rank: joining two is taking the
// one that stands later here. Stripe never changes a void invoice or a paid one.
var InvoiceStatuses = []InvoiceStatus{
	InvoiceDraft, InvoiceOpen, InvoiceUncollectible, InvoiceVoid, InvoicePaid,
}

// Rank is the status's place in [InvoiceStatuses]; -1 for an unknown one.
func (s InvoiceStatus) Rank() int { return slices.Index(InvoiceStatuses, s) }

// CollectionMethod is Stripe's: how an invoice is to be paid.
type CollectionMethod string

const (
	ChargeAutomatically CollectionMethod = "charge_automatically"
	SendInvoice         CollectionMethod = "send_invoice" // the buyer pays it, by its due date
)

// LineKind says what an invoice line is for.
type LineKind string

const (
	LineCycle  LineKind = "cycle"   // a period of a subscription item
	LineChange LineKind = "change"  // what is left of a period after a change; Stripe's proration
	LineCredit LineKind = "credit"  // what a change gives back; a proration too
	LineOneOff LineKind = "one_off" // anything else: a setup fee, support for a year
)

// LineKinds lists every kind of line.
var LineKinds = []LineKind{LineCycle, LineChange, LineCredit, LineOneOff}

// Line is a line of an invoice: what of which item is billed, from when until when.
type Line struct {
	ID       string // il_...; of an old API version without ids, its place
	Kind     LineKind
	Item     string // si_...; empty: not told, or of no item
	Price    PriceID
	Product  string
	Quantity int64 // of a metered price what was used; 1: not told
	Amount   int64 // minor currency units, before discounts and tax; negative: a credit
	From     time.Time
	Until    time.Time // UTC, exclusive
}

func compareLines(a, b Line) int {
	return cmp.Or(
		cmp.Compare(a.ID, b.ID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Price, b.Price),
		cmp.Compare(a.Product, b.Product), cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Amount, b.Amount),
		a.From.Compare(b.From), a.Until.Compare(b.Until),
	)
}

// Invoice is what we know of one of Stripe's: what is owed or paid, and for what.
type Invoice struct {
	ID            InvoiceID
	Subscription  SubscriptionID
	Status        InvoiceStatus
	BillingReason string // Stripe's: subscription_create, subscription_cycle, subscription_update, ...
	Method        CollectionMethod

	Currency        string // ISO 4217, lower case
	Total           int64  // minor currency units, after discounts and tax
	AmountDue       int64  // of Total, what is left for money to pay after the customer's credit
	AmountPaid      int64  // money that came, however it came
	StartingBalance int64  // the customer's balance before; negative is credit
	EndingBalance   int64  // and after it was finalized

	CreatedAt   time.Time // UTC; zero: not told
	FinalizedAt time.Time // UTC; zero: not told, or a draft
	DueAt       time.Time // UTC; of an invoice that is sent; zero: due at once
	PaidAt      time.Time // UTC

	// Lines are those of a finalized invoice, sorted by id: they change no more.
	Lines []Line
	// Complete: all lines are told. A message has room for the first ten.
	Complete bool

	// FirstSeenAt and SeenAt are when it was first and last told of, once finalized.
	FirstSeenAt time.Time
	SeenAt      time.Time
}

// join takes the further status and whatever either side knows.
func (i Invoice) join(j Invoice) Invoice {
	if cmp.Or(
		cmp.Compare(j.Status.Rank(), i.Status.Rank()),
		cmp.Compare(j.AmountPaid, i.AmountPaid),
		cmp.Compare(j.Total, i.Total),
		cmp.Compare(j.AmountDue, i.AmountDue),
		cmp.Compare(j.StartingBalance, i.StartingBalance),
		cmp.Compare(j.EndingBalance, i.EndingBalance),
		cmp.Compare(j.Currency, i.Currency),
	) > 0 {
		i.Status, i.Currency = j.Status, j.Currency
		i.AmountPaid, i.Total, i.AmountDue = j.AmountPaid, j.Total, j.AmountDue
		i.StartingBalance, i.EndingBalance = j.StartingBalance, j.EndingBalance
	}
	i.Subscription = max(i.Subscription, j.Subscription)
	i.BillingReason = max(i.BillingReason, j.BillingReason)
	i.Method = max(i.Method, j.Method)
	i.CreatedAt = earlier(i.CreatedAt, j.CreatedAt)
	i.FinalizedAt = earlier(i.FinalizedAt, j.FinalizedAt)
	i.DueAt = later(i.DueAt, j.DueAt) // it may be put off
	i.PaidAt = earlier(i.PaidAt, j.PaidAt)
	i.FirstSeenAt = earlier(i.FirstSeenAt, j.FirstSeenAt)
	i.SeenAt = later(i.SeenAt, j.SeenAt)
	switch {
	case i.Complete == j.Complete:
		i.Lines = joinLines(i.Lines, j.Lines)
	case j.Complete: // which has all of them, and names them
		i.Lines, i.Complete = j.Lines, true
	}
	return i
}

// joinLines is every line that either side knows, sorted by id.
func joinLines(a, b []Line) []Line {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, compareLines)
	joined := all[:0]
	for _, line := range all {
		if n := len(joined); n > 0 && joined[n-1].ID == line.ID {
			joined[n-1] = line // the greater one, so that the order of arrival does not matter
			continue
		}
		joined = append(joined, line)
	}
	return joined
}

func sameInvoice(a, b Invoice) bool {
	return a.head() == b.head() && slices.Equal(a.Lines, b.Lines)
}

// invoiceHead is an invoice without its lines, to be compared.
type invoiceHead struct {
	id                                                     InvoiceID
	subscription                                           SubscriptionID
	status                                                 InvoiceStatus
	reason                                                 string
	method                                                 CollectionMethod
	currency                                               string
	total, due, paid, starting, ending                     int64
	createdAt, finalizedAt, dueAt, paidAt, firstSeen, seen time.Time
	complete                                               bool
}

func (i Invoice) head() invoiceHead {
	return invoiceHead{
		i.ID, i.Subscription, i.Status, i.BillingReason, i.Method, i.Currency,
		i.Total, i.AmountDue, i.AmountPaid, i.StartingBalance, i.EndingBalance,
		i.CreatedAt, i.FinalizedAt, i.DueAt, i.PaidAt, i.FirstSeenAt, i.SeenAt, i.Complete,
	}
}

// settled tells whether nothing of it is owed any more because it was paid for.
func (i *Invoice) settled() bool { return i.Status == InvoicePaid }

// has tells whether a line of it fits.
func (i *Invoice) has(fits func(*Line) bool) bool {
	for n := range i.Lines {
		if fits(&i.Lines[n]) {
			return true
		}
	}
	return false
}

// costs tells whether anything is asked for what a line is about. Of a price in tiers the
// units may be over nothing, and a fee beside them is not; lines that are not told may be.
func (i *Invoice) costs(line *Line) bool {
	return line.Amount != 0 || !i.Complete ||
		i.has(func(l *Line) bool {
			return l.Amount != 0 && l.Item == line.Item && (l.Item != "" || l.Price == line.Price)
		})
}

// givesFree tells whether a line is for time that nothing is asked for.
func (i *Invoice) givesFree(line *Line) bool { return line.Kind != LineCredit && !i.costs(line) }

// dueAt is since when it is to be paid: an invoice that is sent has a due date, any
// other is due when it is billed.
func (i *Invoice) dueAt() time.Time {
	if !i.DueAt.IsZero() {
		return i.DueAt
	}
	return i.billedAt()
}

// billedAt is when it was finalized. What was not told is bounded by what was.
func (i *Invoice) billedAt() time.Time {
	for _, told := range [...]time.Time{i.FinalizedAt, i.CreatedAt, i.FirstSeenAt} {
		if !told.IsZero() {
			return told
		}
	}
	var from time.Time
	for n := range i.Lines {
		from = earlier(from, i.Lines[n].From)
	}
	return from
}
