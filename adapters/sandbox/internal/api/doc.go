// Package api answers Stripe's API, one file per kind of object: routes, the parameters that
// they take, and what is wrong with them. What follows is done by life, and shown by render.
// api.go has the way of a request: key, version, planned faults, idempotency, parameters
// that there are not, the operation, expansion. portal_action.go has what customers change
// in the billing portal, which goes the way of the calls.
package api
