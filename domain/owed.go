package domain

// This file tells which invoices of a subscription are owed.

// unpaid tells whether an invoice is open or was given up: what it took back, nobody got
// anything for.
func (b *Bill) unpaid() bool {
	return b.Invoice.Status == InvoiceOpen || b.Invoice.Status == InvoiceUncollectible
}

// saysOwed tells whether the status says that something is owed.
func (p *Purchase) saysOwed() bool {
	return p.Subscription.Status == StatusPastDue || p.Subscription.Status == StatusUnpaid
}

// owed are the invoices that are open; if there are none, and the status says that
// something is owed, those that were given up.
func (p *Purchase) owed() []*Bill {
	if open := p.billsThat(InvoiceOpen); len(open) > 0 || !p.saysOwed() {
		return open
	}
	return p.billsThat(InvoiceUncollectible)
}

// billsThat are the invoices with a status.
func (p *Purchase) billsThat(are InvoiceStatus) []*Bill {
	var all []*Bill
	for _, bill := range p.Bills {
		if bill.Invoice.Status == are {
			all = append(all, bill)
		}
	}
	return all
}
