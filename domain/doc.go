// Package domain holds the billing rules: what Stripe says about a purchase goes
// in as facts, and what the user may do comes out as entitlements.
//
// Facts join; status is derived. An event is never an instruction but a fact
// about one Stripe object. [Record] joins a fact into the [Account] it belongs
// to, and joining is commutative, associative and idempotent, so that late,
// repeated and reordered deliveries end in the same account. [Entitlements] is a
// pure function of the account and the [Catalog].
//
// Invariant: this package imports the standard library only, does no I/O and has
// no clock. Times and ids are arguments. Values are passed by value and
// arguments are never changed.
//
// Look first at rules.go: every billing rule is a row there.
package domain
