package chaos

import (
	"path"
	"time"
)

// Fault is something that goes wrong with one API request; the zero fault does nothing.
type Fault struct {
	Status         int           // answered instead of performing the request
	Body           string        // of the answer; empty for an error object of Stripe's
	Remember       bool          // keep the answer for the request's idempotency key
	Delay          time.Duration // before anything else happens
	DropAfterApply bool          // perform the request, and close the connection without an answer
}

// PlannedFault is a fault that waits for a request.
type PlannedFault struct {
	Method, Path string
	Fault        Fault
}

// PlanFault has it go wrong with the next request that matches. Mu is held.
func (c *Chaos) PlanFault(method, path string, f Fault) {
	c.Planned = append(c.Planned, PlannedFault{method, path, f})
}

// TakeFault is what goes wrong with a request, planned or by chance.
func (c *Chaos) TakeFault(method, requestPath string) Fault {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	for i, f := range c.Planned {
		matches, _ := path.Match(f.Path, requestPath)
		if matches && (f.Method == "*" || f.Method == method) {
			c.Planned = append(c.Planned[:i:i], c.Planned[i+1:]...)
			return f.Fault
		}
	}
	return c.Dice.requestFault(method)
}

// InFront tells whether the request does not reach the API.
func (f Fault) InFront() bool { return f.Status != 0 && !f.Remember }
