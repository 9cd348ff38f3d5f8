package state

import "sync"

// Account is a Stripe account: all its objects. Mu guards everything in it, and all
// that the rooms above keep beside it.
type Account struct {
	Mu sync.Mutex

	Base      string // address of the pages; empty while nobody has said it
	ReachedAt string // by the first request, for pages while Base is empty

	Products       Table[Product]
	Prices         Table[Price]
	Customers      Table[Customer]
	Sessions       Table[Session]
	Subscriptions  Table[Subscription]
	Invoices       Table[Invoice]
	InvoiceItems   Table[InvoiceItem]
	PaymentIntents Table[PaymentIntent]
	Charges        Table[Charge]
	Refunds        Table[Refund]
	Disputes       Table[Dispute]
	CreditNotes    Table[CreditNote]
	SetupIntents   Table[SetupIntent]
	TestClocks     Table[TestClock]
	PaymentMethods Table[PaymentMethod]
	Coupons        Table[Coupon]
	PromotionCodes Table[PromotionCode]
	Discounts      Table[Discount]
	Schedules      Table[Schedule]
	Events         Table[Event]
	Archive        Archive        // what the events tell
	Previews       Table[Invoice] // of whose lines there are more than were shown

	PortalSessions       Table[PortalSession]
	PortalConfigurations Table[PortalConfiguration]

	Endpoints   []*Endpoint
	Deliveries  []*Delivery
	Idempotency map[string]*RememberedAnswer // by key
	Requests    []*Request
	InvoiceSeq  int   // of the newest invoice's number
	LastEvent   int64 // the second of the newest event; kept if they are ordered
}

// New returns an account without any objects.
func New() *Account {
	return &Account{Idempotency: map[string]*RememberedAnswer{}}
}
