package state

import "sync"

// Account is a Stripe account. Mu guards everything in it, and all that the rooms above
// keep beside it.
type Account struct {
	Mu sync.Mutex

	Base      string // address of the pages; empty while nobody has said it
	ReachedAt string // by the first request, for pages while Base is empty

	Contents
}

// Contents are all that an account holds, as data: a snapshot is these as JSON.
type Contents struct {
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

	Timers      []*Timer // the next one first
	Endpoints   []*Endpoint
	Deliveries  []*Delivery
	DeliverySeq int64                        // the newest delivery's id
	Idempotency map[string]*RememberedAnswer // by key
	Requests    []*Request
	LastEvent   int64 // the second of the newest event; kept if they are ordered
}

// New returns an account without any objects.
func New() *Account {
	return &Account{Contents: Contents{Idempotency: map[string]*RememberedAnswer{}}}
}
