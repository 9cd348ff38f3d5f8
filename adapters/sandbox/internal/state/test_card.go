package state

import (
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// TestCard is a card that the sandbox knows, and what its bank does.
type TestCard struct {
	Number   string
	Brand    string          // visa unless it is named
	Names    []string        // Stripe's, as in pm_card_visa and tok_visa
	Does     string          // for a reader; empty for a card that the pages do not list
	Refuses  *wire.Error     // why it does not pay, nil if it does
	Keeps    bool            // it can be kept for later although it does not pay
	Asks     Asking          // when its owner has to authenticate
	Disputes *DisputeOptions // it pays, and is disputed soon after
}

// Asking is when the bank wants a card's owner to authenticate (3D Secure).
type Asking int

const (
	asksNever     Asking = iota
	asksPresent          // in payments that the owner is there for
	asksUntilKept        // so too in others, until the card was set up for them
	asksAlways
)

const (
	GoodCard     = "4242424242424242"
	DeclinedCard = "4000000000000002"
	FailingCard  = "4000000000000341" // can be kept for later, and fails when it is charged
)

// TestCards are Stripe's, as its page about testing names them, in the order in which
// the pages list them.
var TestCards = []TestCard{
	{Number: GoodCard, Names: []string{"visa"}, Does: "pays"},
	{Number: DeclinedCard, Names: []string{"chargeDeclined", "visa_chargeDeclined"}, Does: "is declined",
		Refuses: DeclinedAs("card_declined", "generic_decline", "Your card was declined.")},
	{Number: FailingCard, Names: []string{"chargeCustomerFail", "visa_chargeCustomerFail"}, Does: "can be saved, and fails when it is charged", Keeps: true,
		Refuses: DeclinedAs("card_declined", "generic_decline", "Your card was declined.")},
	{Number: "4000002760003184", Names: []string{"authenticationRequired"}, Does: "asks its owner each time, also when it renews", Asks: asksAlways},
	{Number: "4000002500003155", Names: []string{"authenticationRequiredOnSetup"}, Does: "asks its owner now, and no more when it renews", Asks: asksUntilKept},
	{Number: "4000008260003178", Names: []string{"authenticationRequiredChargeDeclinedInsufficientFunds"}, Does: "asks its owner, and is declined all the same",
		Asks: asksUntilKept, Keeps: true, Refuses: insufficientFunds},
	{Number: "4000000000000259", Names: []string{"createDispute"}, Does: "pays, and is disputed soon after", Disputes: &DisputeOptions{}},
	{Number: "4000000000001976", Names: []string{"createDisputeInquiry"}, Does: "pays, and the bank inquires soon after", Disputes: &DisputeOptions{Inquiry: true}},

	{Number: "4000003800000446", Names: []string{"authenticationRequiredSetupForOffSession"}, Asks: asksPresent},
	{Number: "4000000000003220", Names: []string{"threeDSecure2Required"}, Asks: asksAlways},
	{Number: "4000000000009995", Names: []string{"chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"}, Refuses: insufficientFunds},
	{Number: "4000000000009987", Names: []string{"chargeDeclinedLostCard", "visa_chargeDeclinedLostCard"},
		Refuses: DeclinedAs("card_declined", "lost_card", "Your card was declined.")},
	{Number: "4000000000009979", Names: []string{"chargeDeclinedStolenCard", "visa_chargeDeclinedStolenCard"},
		Refuses: DeclinedAs("card_declined", "stolen_card", "Your card was declined.")},
	{Number: "4000000000000069", Names: []string{"chargeDeclinedExpiredCard"}, Refuses: DeclinedAs("expired_card", "expired_card", "Your card has expired.")},
	{Number: "4000000000000127", Names: []string{"chargeDeclinedIncorrectCvc"},
		Refuses: DeclinedAs("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")},
	{Number: "4000000000000119", Names: []string{"chargeDeclinedProcessingError"},
		Refuses: DeclinedAs("processing_error", "processing_error", "An error occurred while processing your card. Try again in a little bit.")},
	{Number: "5555555555554444", Brand: "mastercard", Names: []string{"mastercard"}},
	{Number: "378282246310005", Brand: "amex", Names: []string{"amex"}},
}

var insufficientFunds = DeclinedAs("card_declined", "insufficient_funds", "Your card has insufficient funds.")

// DeclinedAs is a bank's refusal.
func DeclinedAs(code, reason, message string) *wire.Error {
	return &wire.Error{Status: http.StatusPaymentRequired, Kind: "card_error", Code: code, Decline: reason, Message: message}
}

var CardsByNumber, CardsByName = func() (numbers, names map[string]*TestCard) {
	numbers, names = map[string]*TestCard{}, map[string]*TestCard{}
	for i := range TestCards {
		card := &TestCards[i]
		if card.Brand == "" {
			card.Brand = "visa"
		}
		numbers[card.Number] = card
		for _, name := range card.Names {
			names[name] = card
		}
	}
	return numbers, names
}()

// IsTestCard tells whether the sandbox knows the number, digits alone.
func IsTestCard(number string) bool { return CardsByNumber[number] != nil }

// RefusesKeeping says why the bank does not let the card be kept for later, or nil.
func (card *TestCard) RefusesKeeping() *wire.Error {
	if card.Keeps {
		return nil
	}
	return card.Refuses
}

// UnknownCard is the error of a number that is none of the test cards.
func UnknownCard() *wire.Error {
	return &wire.Error{Status: http.StatusPaymentRequired, Kind: "card_error", Code: "incorrect_number",
		Message: "This is not one of the sandbox's test cards. Use 4242 4242 4242 4242."}
}
