package sandbox

import "slices"

// maxEndpoints is how many webhook endpoints an account has at most.
const maxEndpoints = 16

var webhookEndpointRoutes = []route{
	{
		pattern: "POST /v1/webhook_endpoints",
		params:  []string{"url", "enabled_events[]", "api_version", "description", "metadata[*]"},
		do:      (*Sandbox).createWebhookEndpoint,
	},
	{pattern: "GET /v1/webhook_endpoints/{id}", do: (*Sandbox).retrieveWebhookEndpoint},
	{
		pattern: "POST /v1/webhook_endpoints/{id}",
		params:  []string{"url", "enabled_events[]", "description", "disabled", "metadata[*]"},
		do:      (*Sandbox).updateWebhookEndpoint,
	},
	{pattern: "DELETE /v1/webhook_endpoints/{id}", do: (*Sandbox).deleteWebhookEndpoint},
	{pattern: "GET /v1/webhook_endpoints", params: listParams, do: (*Sandbox).listWebhookEndpoints},
}

// createWebhookEndpoint is the one call that shows the secret.
func (s *Sandbox) createWebhookEndpoint(c *call) (object, *apiError) {
	c.required("url")
	version := c.text("api_version")
	if version != "" && !isVersion(version) {
		c.fail(invalid("api_version", "", "Invalid api_version: %s. The sandbox sends events in the versions from %s to %s.", version, accountVersion, newest))
	}
	var change endpoint
	change.read(c)
	if !c.hasAny("enabled_events") {
		c.fail(missingParam("enabled_events"))
	}
	if len(s.endpoints) >= maxEndpoints {
		c.fail(invalid("", "", "You have reached the maximum of %d test webhook endpoints.", maxEndpoints))
	}
	if c.err != nil {
		return nil, c.err
	}
	ep := s.addEndpoint(version, change.url, "", change.enabledEvents)
	ep.description, ep.metadata = change.description, change.metadata
	o := ep.object()
	o["secret"] = ep.secrets[0]
	return o, nil
}

func (s *Sandbox) retrieveWebhookEndpoint(c *call) (object, *apiError) {
	ep := s.endpointOf(c.id)
	if ep == nil {
		return nil, notFound("webhook endpoint", c.id, "")
	}
	return ep.object(), nil
}

func (s *Sandbox) updateWebhookEndpoint(c *call) (object, *apiError) {
	ep := s.endpointOf(c.id)
	if ep == nil {
		return nil, notFound("webhook endpoint", c.id, "")
	}
	change := *ep
	change.read(c)
	if c.has("disabled") {
		change.disabled = c.flag("disabled")
	}
	if c.err != nil {
		return nil, c.err
	}
	*ep = change
	return ep.object(), nil
}

func (s *Sandbox) deleteWebhookEndpoint(c *call) (object, *apiError) {
	if s.endpointOf(c.id) == nil {
		return nil, notFound("webhook endpoint", c.id, "")
	}
	s.removeEndpoint(c.id)
	return object{"id": c.id, "object": "webhook_endpoint", "deleted": true}, nil
}

func (s *Sandbox) listWebhookEndpoints(c *call) (object, *apiError) {
	newestFirst := slices.Clone(s.endpoints)
	slices.Reverse(newestFirst)
	return page[*endpoint]{
		noun: "webhook endpoint", items: newestFirst,
		id:     func(ep *endpoint) string { return ep.id },
		keep:   func(*endpoint) bool { return true },
		object: (*endpoint).object,
	}.serve(c)
}

// read changes what the request gives.
func (ep *endpoint) read(c *call) {
	if c.has("url") {
		ep.url = c.webURL("url")
	}
	if c.hasAny("enabled_events") {
		ep.enabledEvents = c.list("enabled_events")
		for _, kind := range ep.enabledEvents {
			if kind != "*" && !known().has("EVENT "+kind, c.version) {
				c.fail(invalid("enabled_events", "", "Invalid enabled_events: %s is not an event type of API version %s", kind, c.version))
			}
		}
		if len(ep.enabledEvents) == 0 {
			c.fail(invalid("enabled_events", "parameter_invalid_empty", "You must enable at least one event type."))
		}
	}
	if c.has("description") {
		ep.description = c.form.Get("description")
	}
	ep.metadata = c.metadata("metadata", ep.metadata)
}

func (s *Sandbox) endpointOf(id string) *endpoint {
	for _, ep := range s.endpoints {
		if ep.id == id {
			return ep
		}
	}
	return nil
}

func (ep *endpoint) object() object {
	status, events := "enabled", ep.enabledEvents
	if ep.disabled {
		status = "disabled"
	}
	if len(events) == 0 {
		events = []string{"*"}
	}
	return object{
		"id": ep.id, "object": "webhook_endpoint", "api_version": orNull(ep.ownVersion), "application": nil, "created": ep.created,
		"description": orNull(ep.description), "enabled_events": slices.Clone(events), "livemode": false,
		"metadata": metadataObject(ep.metadata), "status": status, "url": ep.url,
	}
}
