// Package domaintest makes true histories of purchases, for tests of everything
// that has to end in the right entitlements: a small model of Stripe tells what it
// would send, in order, and what is true in the end. Tests deliver that in any
// order, as often as they like, and compare.
//
// The truth is told a second time and by other means than the domain's: by what
// the model knows to have happened, without a table, a rank or a join.
//
// Where to look first: [Histories].
package domaintest
