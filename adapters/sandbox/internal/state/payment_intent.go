package state

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// PaymentIntent is a payment to be made, with one charge or several in a row.
type PaymentIntent struct {
	MethodChoice
	ID, Customer, Invoice, Status, Currency string
	Description, ClientSecret, LatestCharge string
	Amount                                  int64 // minor units
	Metadata                                map[string]string
	MethodTypes                             []string
	LastError                               *wire.Error
	Created, CanceledAt                     int64
	CancelReason                            string
	PaymentMethod                           string // that pays, or is to pay
	FailedMethod                            string // of LastError
	SetupFutureUsage                        string
	ReceiptEmail                            string
	StatementDescriptor, StatementSuffix    string
	Shipping                                *Shipping
	ReturnURL                               string // where the owner of a card goes on after authenticating
	Portal                                  string // the session of the billing portal where it is paid
	Hosted                                  bool   // it is paid on the page of its invoice
	Authenticated                           bool   // the owner of the card has authenticated for the charge to come
	Manual                                  bool   // it is captured by a call of its own
	Redirects                               string // automatic_payment_methods: always or never; empty if they are not automatic
}
