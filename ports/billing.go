package ports

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// BillingDetails are what a billing page shows of a subscription, and no right depends on.
type BillingDetails struct {
	Method  *PaymentMethod // what pays for it; nil: nothing that is known
	Planned *PlannedChange // at the end of its period; nil: none
	// ResumesAt is when collection that is paused is resumed, in UTC; zero: it is not paused,
	// or nobody has said.
	ResumesAt time.Time
}

// PaymentMethod is what pays, in Stripe's words.
type PaymentMethod struct {
	Type  string // card, sepa_debit, ...
	Brand string // of a card: visa, mastercard, ...; else empty
	Last4 string // of a card or a bank account; may be empty
}

// PlannedChange is what a subscription becomes at a time, whoever planned it.
type PlannedChange struct {
	At    time.Time // UTC
	Items []PlannedItem
}

// PlannedItem is an item that a subscription is to have.
type PlannedItem struct {
	Price    domain.PriceID
	Quantity int64 // 0: the price is metered
}

// Billing is what pages show.
type Billing interface {
	// FetchBilling asks how a subscription is paid for, and what is planned for it.
	// [ErrNotFound] if there is no such subscription, or our key cannot see it.
	FetchBilling(ctx context.Context, id domain.SubscriptionID) (BillingDetails, error)
}
