// Package life is the state machine: what becomes of the account's objects, when Stripe is
// asked for it and by itself as time goes on. pay.go has what a payment makes,
// payment_method.go what it is taken from, authentication.go how the owner of a card is
// asked, collection.go what happens to a subscription by itself, renewal.go what a new
// period does, invoice.go how an invoice ends, subscription_change.go what a change costs,
// refund.go and dispute.go how money goes back, emit.go the one place where events arise.
//
// It knows nothing of requests and pages: it is called with objects, and answers with an
// error in Stripe's terms.
package life
