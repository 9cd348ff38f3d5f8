package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// cardFields are a form for a test card, with what is wrong beside each field.
type cardFields struct {
	Number, Expiry, Cvc                string
	NumberError, ExpiryError, CvcError string
	GoodCard, DeclinedCard             string
	FailingCard, ExpiryExample         string
	Listed                             bool // the page lists the test cards by itself
}

func newCardFields(now time.Time) cardFields {
	return cardFields{
		GoodCard: "4242 4242 4242 4242", DeclinedCard: "4000 0000 0000 0002", FailingCard: "4000 0000 0000 0341",
		ExpiryExample: now.AddDate(3, 0, 0).Format("01/06"),
	}
}

// shownCard is a test card, as a page lists it.
type shownCard struct{ Number, Does string }

var shownCards = []shownCard{
	{"4242 4242 4242 4242", "pays"},
	{"4000 0000 0000 0002", "is declined"},
	{"4000 0000 0000 0341", "can be saved, and fails when it is charged"},
	{"4000 0000 0000 0259", "pays, and is disputed soon after"},
	{"4000 0000 0000 1976", "pays, and the bank inquires soon after"},
}

// readCardFields tells whether all fields are filled in well.
func readCardFields(r *http.Request, now time.Time) (f cardFields, ok bool) {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	f = newCardFields(now)
	f.Number, f.Expiry, f.Cvc = get("cardNumber"), get("cardExpiry"), get("cardCvc")
	if _, known := testCards[digits(f.Number)]; len(digits(f.Number)) < 12 {
		f.NumberError = "Your card number is incomplete."
	} else if !known {
		f.NumberError = unknownCard().message
	}
	if readExpiry(f.Expiry, now).IsZero() {
		f.ExpiryError = "Your card's expiration date is incomplete or in the past. Write it as MM/YY."
	}
	if n := len(digits(f.Cvc)); n < 3 || n > 4 {
		f.CvcError = "Your card's security code is incomplete."
	}
	return f, f.NumberError == "" && f.ExpiryError == "" && f.CvcError == ""
}
