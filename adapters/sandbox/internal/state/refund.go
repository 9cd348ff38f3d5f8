package state

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// Refund is money on its way back to the buyer.
type Refund struct {
	ID, Charge, PaymentIntent, Currency string
	Status, Reason, FailureReason       string
	Amount                              int64 // minor units
	Metadata                            map[string]string
	Created                             int64
	ToCard                              bool
	Email                               string // where the buyer is asked for what is missing
}

// NothingToRefund is the error of an intent that took no money.
func NothingToRefund(intent string) *wire.Error {
	return wire.Invalid("", "", "This PaymentIntent (%s) does not have a successful charge to refund.", intent)
}

// RefusesRefund says why amount of the charge cannot go back, or nil.
func (a *Account) RefusesRefund(ch *Charge, amount int64) *wire.Error {
	left := ch.Amount - ch.Refunded
	switch {
	case ch.Status != "succeeded":
		return NothingToRefund(ch.PaymentIntent)
	case ch.Uncaptured:
		return wire.Invalid("", "", "Stripe can refund what is not captured, the sandbox does not: cancel the PaymentIntent (%s).", ch.PaymentIntent)
	case a.chargedBack(ch):
		return wire.Invalid("", "charge_disputed", "Charge %s has been charged back; cannot issue a refund.", ch.ID)
	case left == 0:
		return wire.Invalid("", "charge_already_refunded", "Charge %s has already been refunded.", ch.ID)
	case amount > left:
		return wire.Invalid("amount", "", "Refund amount (%s) is greater than unrefunded amount on charge (%s)",
			wire.FormatAmount(amount, ch.Currency), wire.FormatAmount(left, ch.Currency))
	}
	return nil
}
