// Package statefile keeps a sandbox in a file, so that a process can be ended and started
// again without its Stripe forgetting everything.
package statefile
