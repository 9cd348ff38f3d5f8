package api

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// expandCustomer shows a list of a customer that is there only if it is asked for.
// There are no tax ids here, and no sources, which came before payment methods.
func (s *Server) expandCustomer(o wire.Object, name, version string) {
	id, _ := o["id"].(string)
	if s.LiveCustomer(id) == nil {
		return
	}
	at := "/v1/customers/" + id + "/" + name
	switch name {
	case "sources", "tax_ids":
		o[name] = wire.ListOf(nil, false, at)
	case "subscriptions":
		o[name] = s.currentSubscriptions(id, at).In(version)
	}
}

// currentSubscriptions are those of a customer that have not ended, the newest first.
func (s *Server) currentSubscriptions(customer, at string) wire.Object {
	var out []wire.Object
	for _, sub := range s.Subscriptions.NewestFirst() {
		if sub.Customer != customer || sub.Terminal() {
			continue
		}
		if len(out) == wire.DefaultPage {
			return wire.ListOf(out, true, at)
		}
		out = append(out, s.Render.Subscription(sub))
	}
	return wire.ListOf(out, false, at)
}
