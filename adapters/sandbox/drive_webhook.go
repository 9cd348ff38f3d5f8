package sandbox

import (
	"fmt"
	"slices"
)

// WebhookEndpoint is where events are sent.
type WebhookEndpoint struct {
	ID            string // we_...
	URL           string
	Secrets       []string // one signature for each; two while a secret is rolled
	EnabledEvents []string // event types; "*" or none for all
	APIVersion    string   // of the events that it is sent
}

// AddWebhookEndpoint sends events from now on to url, signed with secret; an
// empty secret is replaced by a random one, as Stripe makes it. enabledEvents
// are event types; none means all.
func (s *Sandbox) AddWebhookEndpoint(url, secret string, enabledEvents ...string) WebhookEndpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return shownEndpoint(s.addEndpoint("", url, secret, enabledEvents))
}

// AddWebhookEndpointAt is AddWebhookEndpoint for an endpoint with an api_version
// of its own, which shows the same events in the shapes of that version. It fails
// for a version that the sandbox does not know.
func (s *Sandbox) AddWebhookEndpointAt(apiVersion, url, secret string, enabledEvents ...string) (WebhookEndpoint, error) {
	if !IsVersion(apiVersion) {
		return WebhookEndpoint{}, fmt.Errorf("sandbox: API version %q is not known: take %s", apiVersion, alternatives(apiVersions))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return shownEndpoint(s.addEndpoint(apiVersion, url, secret, enabledEvents)), nil
}

func shownEndpoint(ep *endpoint) WebhookEndpoint {
	return WebhookEndpoint{
		ID: ep.id, URL: ep.url, Secrets: slices.Clone(ep.secrets), EnabledEvents: slices.Clone(ep.enabledEvents), APIVersion: ep.apiVersion,
	}
}

// SetWebhookSecrets replaces the secrets of an endpoint: two of them while a
// secret is rolled, then the new one alone. It fails for an unknown endpoint
// and without a secret.
func (s *Sandbox) SetWebhookSecrets(endpointID string, secrets ...string) error {
	if len(secrets) == 0 || slices.Contains(secrets, "") {
		return fmt.Errorf("sandbox: a webhook endpoint needs a secret")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ep := s.endpointOf(endpointID)
	if ep == nil {
		return fmt.Errorf("sandbox: no such webhook endpoint: %s", endpointID)
	}
	ep.secrets = slices.Clone(secrets)
	return nil
}

// RemoveWebhookEndpoint stops deliveries to the endpoint, repeated ones
// included.
func (s *Sandbox) RemoveWebhookEndpoint(endpointID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeEndpoint(endpointID)
}
