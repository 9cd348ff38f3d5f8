// Package sandbox is a stateful Stripe in a box: the part of Stripe's API that
// selling through Checkout needs, with the hosted pages and the signed webhooks,
// over HTTP and in memory. Each request is made and answered in the version of the
// API that it names, from 2023-10-16 on. The real stripe-go client talks to it through BackendConfig.URL, so what a
// test proves against the sandbox it proves about the code that talks to Stripe.
//
// The invariant: whatever the sandbox answers or sends is what Stripe would,
// in shape and in order of cause, or it is refused with an error. Objects
// validate against Stripe's own OpenAPI descriptions (see the conformance tests),
// parameters that it does not take are refused rather than ignored, and
// events arrive at least once and in no promised order.
//
// Deliberately absent: live keys, authentication of people, persistence,
// taxes, and the account's balance with
// its transactions. Nothing outlives the process, but ids are random, so none
// comes twice after a restart. Invoices are finalized at once, not after an hour.
//
// Three things do not happen by the clock but when they are told to, so that a test
// says when: a subscription's renewal, the end of its trial, and another attempt to
// collect an invoice.
//
// Where to look first: pay.go for what a payment makes, payment_method.go for what it is
// taken from, DIVERGENCES.md for what differs from Stripe, renewal.go for what later
// periods do, invoice_life.go for how an invoice ends, subscription_change.go for
// what a change costs, refund_life.go and dispute_life.go for how money goes back,
// portal_action.go for what customers change by themselves, event.go for the one place where events arise, shape.go for the one where API
// versions differ in what they show, known.go for what they take, api.go for the way
// of a request. DIVERGENCES.md lists what differs from Stripe. A test drives it through the
// files drive*.go and Stripe's own calls.
package sandbox
