package state

// InvoiceItem is what is to be billed: it waits for the customer's next invoice, or is a
// line of one. Prorations and what Checkout sells once are items too, which the lines
// themselves remember.
type InvoiceItem struct {
	ID, Customer, Subscription, Currency string
	Invoice                              string      // empty while it waits
	Line                                 InvoiceLine // while it waits
	Created                              int64
}

// BilledLine is the item's line, wherever it is.
func (a *Account) BilledLine(it *InvoiceItem) *InvoiceLine {
	if in := a.Invoices.Get(it.Invoice); in != nil {
		for i := range in.Lines {
			if in.Lines[i].InvoiceItem == it.ID {
				return &in.Lines[i]
			}
		}
	}
	return &it.Line
}

// WaitingLines are the lines of the items that wait for the customer's next invoice, or for
// that of the subscription.
func (a *Account) WaitingLines(customer, subscription, currency string) []InvoiceLine {
	var out []InvoiceLine
	for _, it := range a.InvoiceItems.Order {
		if it.Invoice == "" && it.Customer == customer && it.Currency == currency && (it.Subscription == "" || it.Subscription == subscription) {
			out = append(out, it.Line)
		}
	}
	return out
}
