// Package control is the sandbox as a process: Stripe's API as the sandbox serves it,
// and beside it, under /_sandbox/, a way for programs in any language to do what a Go
// test does by the verbs of package sandbox: move the clock, pay, decline, refund,
// dispute, renew, look at events, plan faults, begin anew.
//
// At /sandbox it serves the workbench, a page that does the same by hand, to this machine
// alone.
//
// It decides nothing: each operation is one verb of the sandbox. openapi.yaml, which it
// serves itself, describes them; a test holds the two against each other.
//
// Where to look first: routes.go for the operations, server.go for what they work on.
package control
