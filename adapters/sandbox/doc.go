// Package sandbox is a stateful Stripe in a box: the part of Stripe's API that
// selling through Checkout needs, with the hosted pages and the signed webhooks,
// over HTTP and in memory. Each request is made and answered in the version of the
// API that it names, from 2023-10-16 on. The real stripe-go client talks to it
// through BackendConfig.URL, so what a test proves against the sandbox it proves
// about the code that talks to Stripe.
//
// The invariant: whatever the sandbox answers or sends is what Stripe would,
// in shape and in order of cause, or it is refused with an error. Objects
// validate against Stripe's own OpenAPI descriptions (see the conformance tests),
// parameters that it does not take are refused rather than ignored, and
// events arrive at least once and in no promised order. DIVERGENCES.md lists what
// differs all the same.
//
// It has a clock, the wall's, that Advance moves forward: periods end and are billed
// an hour later, trials end, failed payments are tried again and given up, disputes
// are lost that nobody answers. Two kinds of test say themselves when something
// happens: those with a clock of their own (WithClock), and those that bring a
// moment forward with one of the verbs, such as RenewSubscription, which bills at
// once. WithChaos has things go wrong by a seed; WithOrderedEvents has events come in
// order, which Stripe does not promise.
//
// Deliberately absent: live keys, authentication of people, persistence, taxes, and
// the account's balance with its transactions. Nothing outlives the process, but ids
// are random, so none comes twice after a restart.
//
// Where to look first: pay.go for what a payment makes, payment_method.go for what it
// is taken from, authentication.go for cards whose owner is asked, life.go for what happens by itself and clock.go for when, renewal.go
// for what later periods do, invoice_life.go for how an invoice ends,
// subscription_change.go for what a change costs, refund_life.go and dispute_life.go
// for how money goes back, portal_action.go for what customers change by themselves,
// event.go for the one place where events arise, archive.go for how many of them are
// kept, chaos.go for what goes wrong with them, shape.go for the one where API versions differ in what they show, known.go
// for what they take, api.go for the way of a request. A test drives it through the
// files drive*.go and Stripe's own calls.
package sandbox
