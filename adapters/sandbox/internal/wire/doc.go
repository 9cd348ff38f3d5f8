// Package wire is how Stripe's API speaks: its objects and lists, errors and their codes,
// parameters in bracket names, ids, amounts, and versions, in which objects differ
// (shape.go) and calls too (known.go, which reads known.txt).
//
// It knows nothing of an account, keeps nothing, and imports no other room.
package wire
