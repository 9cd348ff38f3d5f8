package sandbox

// expandCustomer shows a list of a customer that is there only if it is asked for.
// There are no tax ids here, and no sources, which came before payment methods.
func (s *Sandbox) expandCustomer(o object, name, version string) {
	id, _ := o["id"].(string)
	if s.liveCustomer(id) == nil {
		return
	}
	at := "/v1/customers/" + id + "/" + name
	switch name {
	case "sources", "tax_ids":
		o[name] = listOf(nil, false, at)
	case "subscriptions":
		o[name] = s.currentSubscriptions(id, at).in(version)
	}
}

// currentSubscriptions are those of a customer that have not ended, the newest first.
func (s *Sandbox) currentSubscriptions(customer, at string) object {
	var out []object
	for _, sub := range s.subscriptions.newestFirst() {
		if sub.customer != customer || sub.terminal() {
			continue
		}
		if len(out) == defaultPage {
			return listOf(out, true, at)
		}
		out = append(out, s.subscriptionObject(sub))
	}
	return listOf(out, false, at)
}
