package api

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// maxEndpoints is how many webhook endpoints an account has at most.
const maxEndpoints = 16

var webhookEndpointRoutes = []route{
	{
		pattern: "POST /v1/webhook_endpoints",
		params:  []string{"url", "enabled_events[]", "api_version", "description", "metadata[*]"},
		do:      (*Server).createWebhookEndpoint,
	},
	{pattern: "GET /v1/webhook_endpoints/{id}", do: (*Server).retrieveWebhookEndpoint},
	{
		pattern: "POST /v1/webhook_endpoints/{id}",
		params:  []string{"url", "enabled_events[]", "description", "disabled", "metadata[*]"},
		do:      (*Server).updateWebhookEndpoint,
	},
	{pattern: "DELETE /v1/webhook_endpoints/{id}", do: (*Server).deleteWebhookEndpoint},
	{pattern: "GET /v1/webhook_endpoints", params: wire.ListParams, do: (*Server).listWebhookEndpoints},
}

// createWebhookEndpoint is the one call that shows the secret.
func (s *Server) createWebhookEndpoint(c *Call) (wire.Object, *wire.Error) {
	c.Required("url")
	version := c.Text("api_version")
	if version != "" && !wire.IsVersion(version) {
		c.Fail(wire.Invalid("api_version", "", "Invalid api_version: %s. The sandbox sends events in the versions from %s to %s.", version, wire.AccountVersion, wire.Newest))
	}
	var change state.Endpoint
	readEndpoint(&change, c)
	if !c.HasAny("enabled_events") {
		c.Fail(wire.MissingParam("enabled_events"))
	}
	if len(s.Endpoints) >= maxEndpoints {
		c.Fail(wire.Invalid("", "", "You have reached the maximum of %d test webhook endpoints.", maxEndpoints))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	ep := s.Webhooks.AddEndpoint(version, change.URL, "", change.EnabledEvents)
	ep.Description, ep.Metadata = change.Description, change.Metadata
	o := render.WebhookEndpoint(ep)
	o["secret"] = ep.Secrets[0]
	return o, nil
}

func (s *Server) retrieveWebhookEndpoint(c *Call) (wire.Object, *wire.Error) {
	ep := s.EndpointOf(c.id)
	if ep == nil {
		return nil, wire.NotFound("webhook endpoint", c.id, "")
	}
	return render.WebhookEndpoint(ep), nil
}

func (s *Server) updateWebhookEndpoint(c *Call) (wire.Object, *wire.Error) {
	ep := s.EndpointOf(c.id)
	if ep == nil {
		return nil, wire.NotFound("webhook endpoint", c.id, "")
	}
	change := *ep
	readEndpoint(&change, c)
	if c.Has("disabled") {
		change.Disabled = c.Flag("disabled")
	}
	if c.Err != nil {
		return nil, c.Err
	}
	*ep = change
	return render.WebhookEndpoint(ep), nil
}

func (s *Server) deleteWebhookEndpoint(c *Call) (wire.Object, *wire.Error) {
	if s.EndpointOf(c.id) == nil {
		return nil, wire.NotFound("webhook endpoint", c.id, "")
	}
	s.Webhooks.RemoveEndpoint(c.id)
	return wire.Object{"id": c.id, "object": "webhook_endpoint", "deleted": true}, nil
}

func (s *Server) listWebhookEndpoints(c *Call) (wire.Object, *wire.Error) {
	newestFirst := slices.Clone(s.Endpoints)
	slices.Reverse(newestFirst)
	return page[*state.Endpoint]{
		noun: "webhook endpoint", items: newestFirst,
		id:     func(ep *state.Endpoint) string { return ep.ID },
		keep:   func(*state.Endpoint) bool { return true },
		object: render.WebhookEndpoint,
	}.serve(c)
}

// readEndpoint changes what the request gives.
func readEndpoint(ep *state.Endpoint, c *Call) {
	if c.Has("url") {
		ep.URL = c.WebURL("url")
	}
	if c.HasAny("enabled_events") {
		ep.EnabledEvents = c.List("enabled_events")
		for _, kind := range ep.EnabledEvents {
			if kind != "*" && !wire.Known().Has("EVENT "+kind, c.Version) {
				c.Fail(wire.Invalid("enabled_events", "", "Invalid enabled_events: %s is not an event type of API version %s", kind, c.Version))
			}
		}
		if len(ep.EnabledEvents) == 0 {
			c.Fail(wire.Invalid("enabled_events", "parameter_invalid_empty", "You must enable at least one event type."))
		}
	}
	if c.Has("description") {
		ep.Description = c.Form.Get("description")
	}
	ep.Metadata = c.Metadata("metadata", ep.Metadata)
}
