// Package stripe is the real payment gateway: it calls Stripe through stripe-go
// v76, and it verifies and reads Stripe's webhook messages.
//
// Invariants:
//
//   - One reader for everything. Events and answers to calls go through the same
//     small structs, which accept every shape of an object since API version
//     2022-11-15. stripe-go's own structs are only used for requests: they decode
//     a newer shape without an error and come out empty.
//   - Reading never fails on what it does not need. A field of an unexpected type
//     is an absent field; only a message without an id, a type or a time is
//     unreadable.
//   - What is asked for is asked in one API version, the newest that the readers are
//     tested against; what is made is answered in that of the parameters.
//   - What is read can be stored: ids and words are bounded and free of control
//     characters, times are in the years 2000 to 2200.
//   - A call ends within the configured time, retries and pauses included, and
//     every call that creates something carries the caller's idempotency key.
//   - No error and no log line holds a key, a secret or a body.
//   - Nothing global is changed: two gateways in one process do not meet.
//
// To read another kind of object: a file like read_invoice.go and a row in kinds.
package stripe
