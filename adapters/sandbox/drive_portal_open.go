package sandbox

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// OpenPortal makes a session of the billing portal for a customer, with the default
// configuration, as a shop does through the API, and returns where it is. It fails for a
// customer that is unknown or deleted.
func (s *Sandbox) OpenPortal(customerID, returnURL string) (url string, err error) {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	if s.stripe.LiveCustomer(customerID) == nil {
		return "", fmt.Errorf("sandbox: no such customer: %s", customerID)
	}
	ps := &state.PortalSession{
		ID: wire.NewID("bps_1", 23), Customer: customerID, Configuration: s.stripe.DefaultPortalConfiguration().ID,
		ReturnURL: returnURL, Created: s.stripe.NowUnix(), Base: s.stripe.Base,
	}
	s.stripe.PortalSessions.Add(ps.ID, ps)
	s.stripe.Emit("billing_portal.session.created", render.PortalSession(ps), nil)
	return ps.URL(), nil
}
