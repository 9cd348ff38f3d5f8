package sandbox

import "net/http"

const (
	goodCard     = "4242424242424242"
	declinedCard = "4000000000000002"
	disputedCard = "4000000000000259"
	inquiredCard = "4000000000001976"
	failingCard  = "4000000000000341" // can be kept for later, and fails when it is charged
)

// testCards are the cards that the sandbox knows, and how each ends.
var testCards = map[string]*apiError{
	goodCard:     nil,
	disputedCard: nil,
	inquiredCard: nil,
	failingCard: {status: http.StatusPaymentRequired, kind: "card_error", code: "card_declined",
		decline: "generic_decline", message: "Your card was declined."},
	declinedCard: {status: http.StatusPaymentRequired, kind: "card_error", code: "card_declined",
		decline: "generic_decline", message: "Your card was declined."},
}

// disputedCards are test cards that pay and are disputed soon after.
var disputedCards = map[string]disputeOptions{
	disputedCard: {},
	inquiredCard: {Inquiry: true},
}
