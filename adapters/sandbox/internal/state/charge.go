package state

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// Charge is an attempt to take money, and what became of it.
type Charge struct {
	ID, PaymentIntent, Invoice, Customer, Status, Currency string
	Description, Method, MethodType, Email                 string
	FailureCode, FailureMessage, DeclineCode               string
	Amount, Refunded                                       int64 // minor units
	Disputed                                               bool  // now or once
	Metadata                                               map[string]string
	Created                                                int64
	Billing, PaidWith                                      wire.Object // as the method was then
	Shipping                                               *Shipping
	Uncaptured                                             bool // it is authorized alone
}
