package state

// Discount is a coupon that was given: to a checkout, an invoice or a subscription.
type Discount struct {
	ID, Coupon, PromotionCode                 string
	Customer, Session, Subscription, Invoiced string
	Start, End                                int64 // end is 0 for one that lasts, or is used up by one invoice
}

// AmountsOff is what it takes off each of several amounts. Nothing is taken off a credit, and
// no amount becomes less than nothing.
func (a *Account) AmountsOff(d *Discount, amounts []int64) []int64 {
	out := make([]int64, len(amounts))
	if d == nil {
		return out
	}
	co := a.Coupons.Get(d.Coupon)
	var all int64
	for i, amount := range amounts {
		out[i] = (max(0, amount)*co.Percent + 5_000) / 10_000
		all += max(0, amount)
	}
	if co.Amount == 0 || all == 0 {
		return out
	}
	// An amount is shared out by what the lines come to.
	left, rest := min(co.Amount, all), all
	for i, amount := range amounts {
		amount = max(0, amount)
		if rest > 0 {
			out[i] = (left*amount + rest/2) / rest
		}
		left, rest = left-out[i], rest-amount
	}
	return out
}

// ReduceInvoice takes a discount off every line that is no proration.
func (a *Account) ReduceInvoice(in *Invoice, d *Discount) {
	in.Discount = d
	amounts := make([]int64, len(in.Lines))
	for i, l := range in.Lines {
		if !l.Proration {
			amounts[i] = l.Amount
		}
	}
	for i, off := range a.AmountsOff(d, amounts) {
		in.Lines[i].Discount = off
	}
}

// DiscountAt is the subscription's discount if it still lasts at t, else nil.
func (sub *Subscription) DiscountAt(t int64) *Discount {
	if d := sub.Discount; d != nil && (d.End == 0 || t < d.End) {
		return d
	}
	return nil
}

// IDs is the list of the discounts, as ids.
func (d *Discount) IDs() []string {
	if d == nil {
		return []string{}
	}
	return []string{d.ID}
}

// HasPaid tells whether the customer has ever paid something.
func (a *Account) HasPaid(customer string) bool {
	for _, ch := range a.Charges.Order {
		if customer != "" && ch.Customer == customer && ch.Status == "succeeded" {
			return true
		}
	}
	return false
}

// ShareDiscounts has all that were given the same discount point to one, as before they were
// written down.
func (c *Contents) ShareDiscounts() {
	share := func(d **Discount) {
		if *d != nil {
			if listed := c.Discounts.Get((*d).ID); listed != nil {
				*d = listed
			}
		}
	}
	for _, cs := range c.Sessions.Order {
		share(&cs.Discount)
	}
	for _, sub := range c.Subscriptions.Order {
		share(&sub.Discount)
	}
	for _, invoices := range [][]*Invoice{c.Invoices.Order, c.Previews.Order} {
		for _, in := range invoices {
			share(&in.Discount)
		}
	}
}
