package stripe

import (
	"encoding/json"
	"errors"

	"github.com/entitled-dev/entitled/domain"
)

// object is any of Stripe's objects, decoded in one go before its kind is known:
// here the fields that several kinds have, in the embedded structs those of one
// kind, each beside its reader. No two may claim one JSON name at the same
// depth: encoding/json would drop both.
type object struct {
	ID              word     `json:"id"`
	Kind            word     `json:"object"`
	Deleted         bool     `json:"deleted"` // it is no more, and this is all that is left of it
	Created         number   `json:"created"`
	Status          word     `json:"status"`
	Amount          number   `json:"amount"`
	Currency        word     `json:"currency"`
	Customer        ref      `json:"customer"`
	CustomerAccount ref      `json:"customer_account"` // since dahlia
	Subscription    ref      `json:"subscription"`
	Invoice         ref      `json:"invoice"`
	PaymentIntent   ref      `json:"payment_intent"`
	Charge          ref      `json:"charge"`
	Lines           lines    `json:"lines"`
	Metadata        metadata `json:"metadata"`

	sessionFields
	subscriptionFields
	invoiceFields
	invoicePaymentFields
	creditNoteFields
	chargeFields
}

// metadata is what we look for in an object's metadata.
type metadata struct {
	OrderID    word `json:"order_id"`
	UserID     word `json:"user_id"`
	Plan       word `json:"plan"`
	Price      word `json:"price"`
	PriceID    word `json:"price_id"`
	Currency   word `json:"currency"`
	Deployment word `json:"deployment"`
}

func (m metadata) claim() domain.Claim {
	return domain.Claim{
		Deployment: domain.DeploymentID(m.Deployment), Order: domain.OrderID(m.OrderID), User: domain.UserID(m.UserID),
	}
}

// readObject reads one object out of an answer; what cannot be read is empty.
func readObject(body []byte) *object {
	o := new(object)
	if !decode(body, o) {
		return new(object)
	}
	return o
}

// decode reads JSON as far as it fits: a field of another type than we expect
// stays empty and takes nothing else with it. It is false for what is not JSON.
func decode(body []byte, into any) bool {
	err := json.Unmarshal(body, into)
	var misfit *json.UnmarshalTypeError
	return err == nil || errors.As(err, &misfit)
}
