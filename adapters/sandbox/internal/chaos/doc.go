// Package chaos is what goes wrong on purpose: planned, one request at a time (faults.go),
// or by itself, as often as it is told to, by a seed (dice.go). It only says what; those who
// send and answer do it.
package chaos
