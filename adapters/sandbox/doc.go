// Package sandbox is a stateful Stripe in a box: the part of Stripe's API at
// version 2023-10-16 that selling through Checkout needs, with the hosted page
// and the signed webhooks, over HTTP and in memory. A GET is answered in the API
// version that it asks for, as shape.go says. The real stripe-go client
// talks to it through BackendConfig.URL, so what a test proves against the
// sandbox it proves about the code that talks to Stripe.
//
// The invariant: whatever the sandbox answers or sends is what Stripe would,
// in shape and in order of cause, or it is refused with an error. Objects
// validate against Stripe's own OpenAPI description (see the conformance test),
// parameters that are not implemented are refused rather than ignored, and
// events arrive at least once and in no promised order.
//
// Deliberately absent: live keys, authentication of people, persistence,
// coupons, taxes, payment methods as objects, and the balance with its
// transactions. Nothing outlives the process,
// but ids are random, so none comes twice after a restart.
//
// Two things do not happen by the clock but when they are told to, so that a test
// says when: a subscription's renewal and the end of its trial.
//
// Where to look first: pay.go for what a payment makes, renewal.go for what later
// periods do, refund_life.go and dispute_life.go for how money goes back, event.go
// for the one place where events arise, api.go for the way of a request. A test
// drives it through drive.go, drive_money.go and drive_subscription.go.
package sandbox
