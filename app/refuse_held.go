package app

import (
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// refuseHeld keeps a user from buying what is sold once a second time, while it is held or
// its money is on the way. Who got the money back may buy it again.
func (s *StartCheckout) refuseHeld(a domain.Account, plan domain.Plan, now time.Time) error {
	if !plan.Once {
		return nil
	}
	if order, held := a.OrderThatGives(plan.Key, s.catalog, now); held {
		return fmt.Errorf("%w: plan %s is sold once, and this user has it by order %s", ErrAlreadyHeld, plan.Key, order)
	}
	if o, is := underWay(a, s.catalog, plan); is {
		return completedEarlier{o}
	}
	return nil
}
