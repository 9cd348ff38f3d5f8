package render

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func WebhookEndpoint(ep *state.Endpoint) wire.Object {
	status, events := "enabled", ep.EnabledEvents
	if ep.Disabled {
		status = "disabled"
	}
	if len(events) == 0 {
		events = []string{"*"}
	}
	return wire.Object{
		"id": ep.ID, "object": "webhook_endpoint", "api_version": wire.OrNull(ep.OwnVersion), "application": nil, "created": ep.Created,
		"description": wire.OrNull(ep.Description), "enabled_events": slices.Clone(events), "livemode": false,
		"metadata": wire.MetadataObject(ep.Metadata), "status": status, "url": ep.URL,
	}
}
