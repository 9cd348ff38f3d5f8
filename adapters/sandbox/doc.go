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
// Snapshot writes all of it down, and Restore goes on from there, in this process or in
// another one.
//
// Deliberately absent: live keys, authentication of people, taxes, and the account's
// balance with its transactions. Ids are random, so none comes twice after a restart.
//
// Inside there are rooms, in internal/, each with one door and one thought. A room imports
// those before it in this list, where it needs them, and none behind it (house_test.go says
// so):
//
//	wire      how Stripe's API speaks: objects, errors, parameters, versions
//	state     what the account holds, as data
//	clock     its time, and what is to happen later
//	chaos     what goes wrong on purpose
//	render    the objects as Stripe shows them
//	webhooks  events on their way to endpoints
//	life      the state machine: what becomes of objects, and the events that tell of it
//	api       requests: routes, parameters, idempotency, expansion
//	pages     Checkout, the billing portal, invoices, receipts
//
// In each of them a kind of object has its file, so that a new kind is one more file in
// state, render, life and api, a table in state.Account and a line in api's allRoutes.
//
// This package is what users see: options, the verbs that drive an account (drive*.go), and
// looks at it (look*.go). It holds the lock, state.Account.Mu, while it does so.
package sandbox
