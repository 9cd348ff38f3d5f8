package state

// InvoiceLine is one amount on an invoice.
type InvoiceLine struct {
	ID, Price, Description, Item string // item is the subscription item, empty for a one-time price
	InvoiceItem                  string // of a line that waited to be invoiced, and of a one-time price
	Quantity, Amount             int64
	Start, End                   int64
	Created                      int64 // of the invoice item
	Proration                    bool
	Metadata                     map[string]string
	Discount                     int64    // taken off the amount
	Credited                     int64    // by credit notes
	Credits                      []string // the lines that a prorated credit is for
	CreditsInvoice               string   // their invoice
}

// Charged is what the line comes to.
func (l InvoiceLine) Charged() int64 { return l.Amount - l.Discount }
