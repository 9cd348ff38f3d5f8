package domain

// Ids of ours and of Stripe's. They are types of their own so that one cannot be
// passed where another is expected.
type (
	// UserID is the product's own id of whoever is entitled: a person, a team,
	// an organization.
	UserID string
	// OrderID is ours; it travels through Stripe in client_reference_id and in
	// the metadata of everything a checkout makes.
	OrderID string
	// GrantID is ours; a [Grant] is made by a person, not by a purchase.
	GrantID string

	EventID         string // evt_...
	CustomerID      string // cus_...
	SessionID       string // cs_...
	SubscriptionID  string // sub_...
	PriceID         string // price_...
	InvoiceID       string // in_...
	PaymentIntentID string // pi_...
	ChargeID        string // ch_..., py_...
	RefundID        string // re_..., pyr_...
	DisputeID       string // dp_..., du_...
	CreditNoteID    string // cn_...
	// CustomerAccountID is how Stripe names a customer that is represented as an
	// Account (since dahlia): acct_...
	CustomerAccountID string
)

// RefKind says what a [Ref] refers to.
type RefKind string

const (
	RefUser          RefKind = "user"
	RefOrder         RefKind = "order"
	RefCustomer      RefKind = "customer"
	RefSession       RefKind = "checkout_session"
	RefSubscription  RefKind = "subscription"
	RefInvoice       RefKind = "invoice"
	RefPaymentIntent RefKind = "payment_intent"
	RefCharge        RefKind = "charge"
	RefRefund        RefKind = "refund"
	RefDispute       RefKind = "dispute"
	RefCreditNote    RefKind = "credit_note"
	RefGrant         RefKind = "grant"
	RefAccount       RefKind = "customer_account"
)

// What news is expected of; subjects of an [Expectation].
const (
	RefRenewal    RefKind = "renewal"    // a subscription, of which the next period or the end is due
	RefCompletion RefKind = "completion" // an order, whose checkout is over or whose subscription is due
	RefCollection RefKind = "collection" // an invoice, whose payment is due
)

// RefTwice is an order or a subscription that may have been bought beside another: the
// subject of a question of its own.
const RefTwice RefKind = "bought_twice"

// Ref is a name under which an account can be found.
type Ref struct {
	Kind RefKind
	ID   string
}

// refs keeps the references that name something: an absent id names nothing.
func refs(all ...Ref) []Ref {
	kept := make([]Ref, 0, len(all))
	for _, r := range all {
		if r.ID != "" {
			kept = append(kept, r)
		}
	}
	return kept
}
