package webhooks

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// Resume goes on with the deliveries of contents that were put in the place of others. An
// attempt that was under way is made again, and so is one that waited for the wall's clock;
// what waits for the account's clock has its timer. Mu is held.
func (s *Sender) Resume() {
	s.lines, s.due, s.unfinished = map[string]*line{}, 0, map[int64]*state.Delivery{}
	waits := map[int64]bool{}
	for _, t := range s.Timers {
		if t.Kind == deliveryDue {
			waits[t.Number] = true
		}
	}
	for _, d := range s.Deliveries {
		if d.State == state.DeliveryPending {
			s.unfinished[d.ID] = d
		}
	}
	for _, d := range s.Deliveries {
		if d.Due = false; d.State == state.DeliveryPending && !waits[d.ID] {
			s.send(d)
		}
	}
	s.movedOn()
}
