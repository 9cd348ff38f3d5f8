package state

import (
	"crypto/sha256"
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// PaymentMethod is a card or a bank account that money can be taken from.
type PaymentMethod struct {
	ID, Customer            string
	Kind                    string // card, us_bank_account, sepa_debit or bacs_debit
	Number                  string // of a card
	ExpiryMonth, ExpiryYear int    // of a card
	CVC                     bool   // of a card: its security code was given, and is right
	Fails                   bool   // of a bank debit: it is returned
	Email, Name, Phone      string
	Address                 map[string]string
	Metadata                map[string]string
	Created                 int64
	SetUp                   bool // its owner has authenticated for payments to come
	Spent                   bool // it was detached, or used by a guest: it cannot be used again
}

// Card is what the sandbox knows of the card.
func (pm *PaymentMethod) Card() *TestCard { return CardsByNumber[pm.Number] }

// Refusal says why the bank does not let it pay, or nil.
func (pm *PaymentMethod) Refusal() *wire.Error {
	switch {
	case pm.Kind == "card":
		return pm.Card().Refuses
	case pm.Fails:
		return DebitReturned()
	}
	return nil
}

// RefusesKeeping says why the bank does not let it be kept for later, or nil.
func (pm *PaymentMethod) RefusesKeeping() *wire.Error {
	if pm.Kind != "card" {
		return nil
	}
	return pm.Card().RefusesKeeping()
}

// Usable says why the method cannot be used for the customer, "" for a guest.
func (pm *PaymentMethod) Usable(customer, param string) *wire.Error {
	switch {
	case pm.Spent:
		return wire.Invalid(param, "", "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.")
	case pm.Customer != "" && customer == "":
		return wire.Invalid(param, "", "The payment method `%s` you provided is attached to a customer so for security purposes you must provide the customer in the request.", pm.ID)
	case pm.Customer != "" && pm.Customer != customer:
		return wire.Invalid(param, "", "The PaymentMethod %s does not belong to the Customer %s. Please use this PaymentMethod with the Customer that it belongs to instead.", pm.ID, customer)
	}
	return nil
}

// MethodOf is what a subscription is charged to: its own default, else the
// customer's; nil for none.
func (a *Account) MethodOf(sub *Subscription) *PaymentMethod {
	if pm := a.PaymentMethods.Get(sub.DefaultMethod); pm != nil {
		return pm
	}
	if cu := a.Customers.Get(sub.Customer); cu != nil {
		return a.PaymentMethods.Get(cu.DefaultMethod)
	}
	return nil
}

// MethodFor is what an invoice is charged to: its own default, else that of its
// subscription, else the customer's; nil for none.
func (a *Account) MethodFor(in *Invoice) *PaymentMethod {
	if pm := a.PaymentMethods.Get(in.DefaultMethod); pm != nil {
		return pm
	}
	if sub := a.Subscriptions.Get(in.Subscription); sub != nil {
		return a.MethodOf(sub)
	}
	if cu := a.Customers.Get(in.Customer); cu != nil {
		return a.PaymentMethods.Get(cu.DefaultMethod)
	}
	return nil
}

// Shown is what a page calls it.
func (pm *PaymentMethod) Shown() string {
	if pm.Kind == "card" {
		return brandNames[pm.Card().Brand] + " ending in " + pm.Last4()
	}
	return "Bank account ending in " + pm.Last4()
}

// Asks tells whether the bank wants the owner of the method to authenticate. offSession
// is a payment that the owner is not there for.
func (pm *PaymentMethod) Asks(offSession bool) bool {
	if pm.Kind != "card" {
		return false
	}
	switch pm.Card().Asks {
	case asksAlways:
		return true
	case asksUntilKept:
		return !offSession || !pm.SetUp
	case asksPresent:
		return !offSession
	default:
		return false
	}
}

// DebitReturned is the error of a bank debit that came back.
func DebitReturned() *wire.Error {
	return &wire.Error{Status: http.StatusPaymentRequired, Kind: "invalid_request_error", Code: "payment_intent_payment_attempt_failed",
		Message: "The customer's bank account could not be debited."}
}

// Fingerprint is the same for the same number, and says nothing else.
func Fingerprint(number string) string {
	sum := sha256.Sum256([]byte(number))
	out := make([]byte, 16)
	for i := range out {
		out[i] = wire.Base62[int(sum[i])%62]
	}
	return string(out)
}

// Print is the fingerprint of a bank account, of which there is one that pays and
// one that does not.
func (pm *PaymentMethod) Print() string {
	if pm.Fails {
		return Fingerprint(pm.Kind + " fails")
	}
	return Fingerprint(pm.Kind)
}

// Last4 are those of Stripe's test numbers.
func (pm *PaymentMethod) Last4() string {
	switch pm.Kind {
	case "card":
		return pm.Number[len(pm.Number)-4:]
	case "sepa_debit":
		return "3000"
	case "bacs_debit":
		return "2345"
	}
	return "6789"
}

// brandNames are what readers call the brands of cards.
var brandNames = map[string]string{"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}

// MethodChoice narrows the types of payment methods that are chosen automatically. Allowed is
// all of them if empty.
type MethodChoice struct{ Allowed, Excluded []string }
