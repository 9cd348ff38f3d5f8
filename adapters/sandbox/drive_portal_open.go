package sandbox

import "fmt"

// OpenPortal makes a session of the billing portal for a customer, with the default
// configuration, as a shop does through the API, and returns where it is. It fails for a
// customer that is unknown or deleted.
func (s *Sandbox) OpenPortal(customerID, returnURL string) (url string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.liveCustomer(customerID) == nil {
		return "", fmt.Errorf("sandbox: no such customer: %s", customerID)
	}
	ps := &portalSession{
		id: newID("bps_1", 23), customer: customerID, configuration: s.defaultPortalConfiguration().id,
		returnURL: returnURL, created: s.nowUnix(), base: s.base,
	}
	s.portalSessions.add(ps.id, ps)
	s.emit("billing_portal.session.created", ps.object(), nil)
	return ps.url(), nil
}
