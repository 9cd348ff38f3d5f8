package state

// Customer is whoever buys, known by its id.
type Customer struct {
	ID, Email, Name, Description, Phone string
	Address                             map[string]string
	Locales                             []string
	Metadata                            map[string]string
	Created                             int64
	InvoicePrefix                       string
	Invoiced                            int64  // in the number of its newest invoice that is finalized
	DefaultMethod                       string // of its invoices
	Currency                            string // of what it was last to pay from period to period; empty: nothing yet
	Cardless                            bool   // a test has taken its card away
	Balance                             int64  // what it owes; a credit is negative
	Deleted                             bool
	TestClock                           string
}

// LiveCustomer is nil for an unknown or a deleted customer.
func (a *Account) LiveCustomer(id string) *Customer {
	if cu := a.Customers.Get(id); cu != nil && !cu.Deleted {
		return cu
	}
	return nil
}
