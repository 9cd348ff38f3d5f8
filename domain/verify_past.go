package domain

// VerifyPasts holds the sums of what ended long ago against the invoices that they are of: all
// of those stay kept. The account is whole; apart are its invoices that are only in a sum where
// they are not named, and kept are the sums, of which an empty one says that there is nothing.
func VerifyPasts(a Account, apart map[InvoiceID]bool, kept map[SubscriptionID]Past) []Difference {
	got, want := map[string]Past{}, map[string]Past{}
	for id, past := range kept {
		if !past.none() {
			got[string(id)] = past
		}
	}
	if len(got)+len(apart) == 0 {
		return nil
	}
	d := derive(a, Catalog{})
	defer d.free()
	for n := range d.purchases {
		p := &d.purchases[n]
		var ended []*Bill
		for _, bill := range p.Bills {
			if apart[bill.Invoice.ID] {
				ended = append(ended, bill)
			}
		}
		if len(ended) > 0 && p.Source.Kind == SourceSubscription {
			want[p.Source.ID] = Past{}.with(ended)
		}
	}
	return differences("subscription_pasts", got, want)
}
