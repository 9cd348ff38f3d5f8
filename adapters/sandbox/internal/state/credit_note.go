package state

// CreditNote takes back a part of a finalized invoice: before it is paid, or
// afterwards as a refund, for the customer's balance or outside of Stripe.
type CreditNote struct {
	ID, Invoice, Customer, Currency, Number string
	Status, Reason, Memo, Refund            string
	Lines                                   []CreditLine
	Before, After                           int64 // of its amount: of what was still to be paid, and of what was paid
	Refunded, Credited, OutOfBand           int64 // which together are what was paid
	Metadata                                map[string]string
	Created, VoidedAt                       int64
}

// CreditLine is what a credit note takes back of one line.
type CreditLine struct {
	ID, InvoiceLine, Description string // invoiceLine is empty for a line of its own
	Quantity, Amount             int64
}

// Amount is what is credited, in minor units.
func (cn *CreditNote) Amount() int64 { return cn.Before + cn.After }

// Kind is pre_payment, post_payment or mixed.
func (cn *CreditNote) Kind() string {
	switch {
	case cn.After == 0:
		return "pre_payment"
	case cn.Before == 0:
		return "post_payment"
	}
	return "mixed"
}

// CreditLine counts what a credit note takes back of a line.
func (in *Invoice) CreditLine(id string, amount int64) {
	for i := range in.Lines {
		if id != "" && in.Lines[i].ID == id {
			in.Lines[i].Credited += amount
		}
	}
}
