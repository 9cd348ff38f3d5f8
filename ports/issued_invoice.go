package ports

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// IssuedInvoice is an invoice as its buyer is shown it. Amounts are in minor currency
// units.
type IssuedInvoice struct {
	ID           domain.InvoiceID
	Subscription domain.SubscriptionID // empty: it is for none
	Number       string                // as printed on it
	Status       domain.InvoiceStatus
	Currency     string // ISO 4217, lower case
	Total        int64  // after discounts and tax; negative: the buyer has it as credit
	AmountDue    int64  // of Total, after credit
	AmountPaid   int64
	CreatedAt    time.Time // UTC
	DueAt        time.Time // UTC; zero: when it was finalized
	PaidAt       time.Time // UTC; zero: it is not
	PeriodStart  time.Time // UTC; of what it bills, as it says itself
	PeriodEnd    time.Time
	HostedURL    string // Stripe's page to look at it, and to pay it while it is open
	PDF          string // an address of the document
}
