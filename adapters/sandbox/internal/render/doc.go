// Package render writes the account's objects as Stripe shows them, one file per kind: with
// all that they have in any version of the API, of which wire.Object.In takes what one
// version has. It changes nothing.
package render
