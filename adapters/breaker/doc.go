// Package breaker stands between the questions and a Stripe that does not answer:
// [ports.Breaker] over sony/gobreaker.
//
// Invariant: it knows what an error of a call says about Stripe, and of Stripe itself
// nothing.
package breaker
