package pages

import (
	"net/http"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
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

// shownCards are the test cards that a page lists.
var shownCards = func() (out []shownCard) {
	for _, card := range state.TestCards {
		if card.Does != "" {
			out = append(out, shownCard{inFours(card.Number), card.Does})
		}
	}
	return out
}()

// inFours writes a card number as cards show it.
func inFours(number string) string {
	var groups []string
	for ; len(number) > 4; number = number[4:] {
		groups = append(groups, number[:4])
	}
	return strings.Join(append(groups, number), " ")
}

// readCardFields tells whether all fields are filled in well.
func readCardFields(r *http.Request, now time.Time) (f cardFields, ok bool) {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	f = newCardFields(now)
	f.Number, f.Expiry, f.Cvc = get("cardNumber"), get("cardExpiry"), get("cardCvc")
	switch number := Digits(f.Number); {
	case len(number) < 12:
		f.NumberError = "Your card number is incomplete."
	case !state.IsTestCard(number):
		f.NumberError = state.UnknownCard().Message
	}
	if readExpiry(f.Expiry, now).IsZero() {
		f.ExpiryError = "Your card's expiration date is incomplete or in the past. Write it as MM/YY."
	}
	if n := len(Digits(f.Cvc)); n < 3 || n > 4 {
		f.CvcError = "Your card's security code is incomplete."
	}
	return f, f.NumberError == "" && f.ExpiryError == "" && f.CvcError == ""
}
