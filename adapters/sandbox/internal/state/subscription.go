package state

// Subscription is what a customer pays for in periods.
type Subscription struct {
	ID, Customer, Status, Currency, Description string
	Items                                       []SubscriptionItem
	Metadata                                    map[string]string
	Created, Anchor                             int64
	TrialStart, TrialEnd                        int64
	CancelAtPeriodEnd                           bool
	CancelAt, CanceledAt, EndedAt               int64
	CancelReason, CancelComment, CancelFeedback string
	LatestInvoice, MissingPaymentMethod         string
	AutomaticTax                                bool
	Flexible                                    bool           // billing_mode
	DefaultMethod                               string         // the payment method that is charged; empty for the customer's
	SaveMethod                                  bool           // what pays becomes the default
	DaysUntilDue                                int64          // of invoices that are sent; 0 where the card is charged
	PauseBehavior                               string         // of pause_collection
	PauseResumesAt                              int64          // of pause_collection
	Resuming                                    string         // the invoice that resumes a paused one
	Pending                                     []InvoiceLine  // for the next invoice
	Update                                      *PendingUpdate // that waits for its payment
	Discount                                    *Discount
	Schedule                                    string // that plans its phases
	PendingSetup                                string // the setup intent that waits for a payment method
	Next                                        int64  // when something happens by itself that is planned
	Noticed                                     bool   // that the trial will end
	Announced                                   int64  // the end of the period whose next invoice was announced
}

// Terminal tells whether the subscription has ended for good.
func (sub *Subscription) Terminal() bool {
	return sub.Status == "canceled" || sub.Status == "incomplete_expired"
}

// Has tells whether one of the items has the price.
func (sub *Subscription) Has(price string) bool {
	for _, it := range sub.Items {
		if it.Price == price {
			return true
		}
	}
	return false
}

// BillingMode is flexible or classic.
func (sub *Subscription) BillingMode() string {
	if sub.Flexible {
		return "flexible"
	}
	return "classic"
}

// EndsWithPeriod tells whether it ends at the end of its period.
func (sub *Subscription) EndsWithPeriod() bool {
	return sub.CancelAt != 0 && sub.CancelAt <= sub.NextEnd()
}

// SetAnchor has all periods counted from t.
func (sub *Subscription) SetAnchor(t int64) {
	sub.Anchor = t
	for i := range sub.Items {
		sub.Items[i].Anchor = t
	}
}

// StartStatus is what it becomes once it has begun.
func (sub *Subscription) StartStatus() string {
	if sub.TrialEnd > 0 {
		return "trialing"
	}
	return "active"
}
