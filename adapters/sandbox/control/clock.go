package control

import (
	"sync"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// clock runs as the wall clock does, and is moved on from it.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// advance moves the sandbox's time, and makes happen what falls due by that.
func (c *clock) advance(box *sandbox.Sandbox, d time.Duration) error {
	c.mu.Lock()
	c.ahead += d
	c.mu.Unlock()
	box.RunDue()
	return nil
}
