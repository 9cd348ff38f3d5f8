// Package app holds the use cases: one file, one verb. HTTP and the command line
// call them; they call the domain, and the world through ports.
//
// Invariant: app imports the standard library, the domain and the ports. It never
// sees HTTP, SQL or Stripe's types, it never asks the time itself, and it never
// calls the gateway inside a store's transaction.
package app
