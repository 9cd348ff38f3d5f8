package state

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// SetupIntent keeps a payment method for later, without a payment.
type SetupIntent struct {
	MethodChoice
	ID, Customer, Status, ClientSecret, Description string
	Metadata                                        map[string]string
	MethodTypes                                     []string
	LastError                                       *wire.Error
	Created                                         int64
	PaymentMethod                                   string // that is kept, or is to be
	FailedMethod                                    string // of LastError
	Usage                                           string
	CancelReason                                    string
	Subscription                                    string // whose pending_setup_intent it is
	ReturnURL                                       string // where the owner of a card goes on after authenticating
	Portal                                          string // the session of the billing portal where the method is given
	Redirects                                       string // automatic_payment_methods: always or never; empty if they are not automatic
}

// Settled tells whether the intent has come to an end.
func (si *SetupIntent) Settled() bool { return si.Status == "succeeded" || si.Status == "canceled" }
