package render

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// testClockLife is how long Stripe keeps one.
const testClockLife = 30 * 24 * time.Hour

func (r *Renderer) TestClock(clock *state.TestClock) wire.Object {
	status, details := "ready", wire.Object{}
	if clock.Advancing {
		status, details = "advancing", wire.Object{"advancing": wire.Object{"target_frozen_time": clock.Target}}
	}
	return wire.Object{
		"id": clock.ID, "object": "test_helpers.test_clock", "created": clock.Created, "deletes_after": clock.Created + int64(testClockLife/time.Second),
		"frozen_time": clock.Target, "livemode": false, "name": wire.OrNull(clock.Name), "status": status, "status_details": details,
	}
}

// testClockOf is the clock that a customer was made with, as what is made for it shows it.
func (r *Renderer) testClockOf(customerID string) any {
	cu := r.Customers.Get(customerID)
	if cu == nil {
		return nil
	}
	return wire.OrNull(cu.TestClock)
}
