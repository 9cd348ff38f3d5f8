package sandbox

import (
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
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
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	return shownEndpoint(s.stripe.Webhooks.AddEndpoint("", url, secret, enabledEvents))
}

// AddWebhookEndpointAt is AddWebhookEndpoint for an endpoint with an api_version
// of its own, which shows the same events in the shapes of that version. It fails
// for a version that the sandbox does not know, and for a type of events that Stripe does not have.
func (s *Sandbox) AddWebhookEndpointAt(apiVersion, url, secret string, enabledEvents ...string) (WebhookEndpoint, error) {
	if !IsVersion(apiVersion) {
		return WebhookEndpoint{}, unknownVersion(apiVersion)
	}
	for _, kind := range enabledEvents {
		if !wire.Known().HasEvent(kind, apiVersion) {
			return WebhookEndpoint{}, fmt.Errorf("sandbox: %q is no type of events in version %s, such as customer.created or customer.*", kind, apiVersion)
		}
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	return shownEndpoint(s.stripe.Webhooks.AddEndpoint(apiVersion, url, secret, enabledEvents)), nil
}

// KeepWebhookEndpoint is AddWebhookEndpointAt for the endpoint that a program brings along,
// known by its description: if there is one already, as after Restore, that goes on, at the
// url and in the version given. An empty secret leaves the one that it has.
func (s *Sandbox) KeepWebhookEndpoint(description, apiVersion, url, secret string) (WebhookEndpoint, error) {
	if !IsVersion(apiVersion) {
		return WebhookEndpoint{}, unknownVersion(apiVersion)
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	at := slices.IndexFunc(s.stripe.Endpoints, func(ep *state.Endpoint) bool { return ep.Description == description })
	if at < 0 {
		ep := s.stripe.Webhooks.AddEndpoint(apiVersion, url, secret, nil)
		ep.Description = description
		return shownEndpoint(ep), nil
	}
	ep := s.stripe.Endpoints[at]
	ep.URL, ep.APIVersion, ep.OwnVersion = url, apiVersion, apiVersion
	if secret != "" {
		ep.Secrets = []string{secret}
	}
	return shownEndpoint(ep), nil
}

func unknownVersion(apiVersion string) error {
	return fmt.Errorf("sandbox: API version %q is not known: take %s", apiVersion, wire.Alternatives(wire.APIVersions))
}

func shownEndpoint(ep *state.Endpoint) WebhookEndpoint {
	return WebhookEndpoint{
		ID: ep.ID, URL: ep.URL, Secrets: slices.Clone(ep.Secrets), EnabledEvents: slices.Clone(ep.EnabledEvents), APIVersion: ep.APIVersion,
	}
}

// SetWebhookSecrets replaces the secrets of an endpoint: two of them while a
// secret is rolled, then the new one alone. It fails for an unknown endpoint
// and without a secret.
func (s *Sandbox) SetWebhookSecrets(endpointID string, secrets ...string) error {
	if len(secrets) == 0 || slices.Contains(secrets, "") {
		return fmt.Errorf("sandbox: a webhook endpoint needs a secret")
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	ep := s.stripe.EndpointOf(endpointID)
	if ep == nil {
		return fmt.Errorf("sandbox: no such webhook endpoint: %s", endpointID)
	}
	ep.Secrets = slices.Clone(secrets)
	return nil
}

// RemoveWebhookEndpoint stops deliveries to the endpoint, repeated ones
// included.
func (s *Sandbox) RemoveWebhookEndpoint(endpointID string) {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	s.stripe.Webhooks.RemoveEndpoint(endpointID)
}
