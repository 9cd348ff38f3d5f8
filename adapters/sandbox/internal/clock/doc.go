// Package clock is the account's time: now, what is to happen later (timers.go), and moving
// on to it (advance.go). What happens then is the affair of who planned it.
package clock
