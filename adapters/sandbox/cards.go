package sandbox

import "net/http"

// testCard is a card that the sandbox knows, and what its bank does.
type testCard struct {
	number   string
	brand    string          // visa unless it is named
	names    []string        // Stripe's, as in pm_card_visa and tok_visa
	does     string          // for a reader; empty for a card that the pages do not list
	refuses  *apiError       // why it does not pay, nil if it does
	keeps    bool            // it can be kept for later although it does not pay
	asks     asking          // when its owner has to authenticate
	disputes *disputeOptions // it pays, and is disputed soon after
}

// asking is when the bank wants a card's owner to authenticate (3D Secure).
type asking int

const (
	asksNever     asking = iota
	asksPresent          // in payments that the owner is there for
	asksUntilKept        // so too in others, until the card was set up for them
	asksAlways
)

const (
	goodCard     = "4242424242424242"
	declinedCard = "4000000000000002"
	failingCard  = "4000000000000341" // can be kept for later, and fails when it is charged
)

// testCards are Stripe's, as its page about testing names them, in the order in which
// the pages list them.
var testCards = []testCard{
	{number: goodCard, names: []string{"visa"}, does: "pays"},
	{number: declinedCard, names: []string{"chargeDeclined", "visa_chargeDeclined"}, does: "is declined",
		refuses: declinedAs("card_declined", "generic_decline", "Your card was declined.")},
	{number: failingCard, names: []string{"chargeCustomerFail", "visa_chargeCustomerFail"}, does: "can be saved, and fails when it is charged", keeps: true,
		refuses: declinedAs("card_declined", "generic_decline", "Your card was declined.")},
	{number: "4000002760003184", names: []string{"authenticationRequired"}, does: "asks its owner each time, also when it renews", asks: asksAlways},
	{number: "4000002500003155", names: []string{"authenticationRequiredOnSetup"}, does: "asks its owner now, and no more when it renews", asks: asksUntilKept},
	{number: "4000008260003178", names: []string{"authenticationRequiredChargeDeclinedInsufficientFunds"}, does: "asks its owner, and is declined all the same",
		asks: asksUntilKept, keeps: true, refuses: insufficientFunds},
	{number: "4000000000000259", names: []string{"createDispute"}, does: "pays, and is disputed soon after", disputes: &disputeOptions{}},
	{number: "4000000000001976", names: []string{"createDisputeInquiry"}, does: "pays, and the bank inquires soon after", disputes: &disputeOptions{Inquiry: true}},

	{number: "4000003800000446", names: []string{"authenticationRequiredSetupForOffSession"}, asks: asksPresent},
	{number: "4000000000003220", names: []string{"threeDSecure2Required"}, asks: asksAlways},
	{number: "4000000000009995", names: []string{"chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"}, refuses: insufficientFunds},
	{number: "4000000000009987", names: []string{"chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"},
		refuses: declinedAs("card_declined", "lost_card", "Your card was declined.")},
	{number: "4000000000009979", names: []string{"chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"},
		refuses: declinedAs("card_declined", "stolen_card", "Your card was declined.")},
	{number: "4000000000000069", names: []string{"chargeDeclinedExpiredCard"}, refuses: declinedAs("expired_card", "expired_card", "Your card has expired.")},
	{number: "4000000000000127", names: []string{"chargeDeclinedIncorrectCvc"},
		refuses: declinedAs("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")},
	{number: "4000000000000119", names: []string{"chargeDeclinedProcessingError"},
		refuses: declinedAs("processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit.")},
	{number: "5555555555554444", brand: "mastercard", names: []string{"mastercard"}},
	{number: "378282246310005", brand: "amex", names: []string{"amex"}},
}

var insufficientFunds = declinedAs("card_declined", "insufficient_funds", "Your card has insufficient funds.")

// declinedAs is a bank's refusal.
func declinedAs(code, reason, message string) *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: "card_error", code: code, decline: reason, message: message}
}

var cardsByNumber, cardsByName = func() (numbers, names map[string]*testCard) {
	numbers, names = map[string]*testCard{}, map[string]*testCard{}
	for i := range testCards {
		card := &testCards[i]
		if card.brand == "" {
			card.brand = "visa"
		}
		numbers[card.number] = card
		for _, name := range card.names {
			names[name] = card
		}
	}
	return numbers, names
}()

// isTestCard tells whether the sandbox knows the number, digits alone.
func isTestCard(number string) bool { return cardsByNumber[number] != nil }

// refusesKeeping says why the bank does not let the card be kept for later, or nil.
func (card *testCard) refusesKeeping() *apiError {
	if card.keeps {
		return nil
	}
	return card.refuses
}

// unknownCard is the error of a number that is none of the test cards.
func unknownCard() *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: "card_error", code: "incorrect_number",
		message: "This is not one of the sandbox's test cards. Use 4242 4242 4242 4242."}
}

// declined tells whether it is a bank's refusal, and no fault of the request.
func (e *apiError) declined() bool { return e.kind == "card_error" && e.code != "incorrect_number" }
