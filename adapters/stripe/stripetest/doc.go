// Package stripetest writes facts as the webhook bodies that Stripe would tell them
// in, in any API version, so that tests can send one true history through the real
// reader in many shapes.
//
// Where a field is, and in which versions, is written here once more and apart from
// the reader: nothing is shared with package stripe, and the reader's tolerance is
// not relied upon.
//
// Where to look first: [Body], then [Seen].
package stripetest
