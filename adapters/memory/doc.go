// Package memory holds the in-memory adapters: a [Store] and a [Gateway] that
// promise what the real ones promise, checked by the same contract suites. They
// make every rule and use case testable without a database, a network or Stripe.
//
// Invariant: values go in and come out as copies, so that nothing that is kept can
// be changed but through [Store.Update].
package memory
