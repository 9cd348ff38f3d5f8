package sandbox

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// WebhookEndpoint is where events are sent.
type WebhookEndpoint struct {
	ID            string // we_...
	URL           string
	Secrets       []string // one signature for each; two while a secret is rolled
	EnabledEvents []string // event types; "*" or none for all
	APIVersion    string   // of the events that it is sent
}

type endpoint struct {
	WebhookEndpoint
	ownVersion        string // that was asked for; empty for the account's
	description       string
	metadata          map[string]string
	created           int64
	disabled, removed bool
}

// AddWebhookEndpoint sends events from now on to url, signed with secret; an
// empty secret is replaced by a random one, as Stripe makes it. enabledEvents
// are event types; none means all.
func (s *Sandbox) AddWebhookEndpoint(url, secret string, enabledEvents ...string) WebhookEndpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addEndpoint("", url, secret, enabledEvents).clone()
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
	return s.addEndpoint(apiVersion, url, secret, enabledEvents).clone(), nil
}

// addEndpoint takes an empty version for the account's. mu is held.
func (s *Sandbox) addEndpoint(ownVersion, url, secret string, enabledEvents []string) *endpoint {
	if secret == "" {
		secret = newID("whsec_", 32)
	}
	ep := &endpoint{WebhookEndpoint: WebhookEndpoint{
		ID: newID("we_1", 23), URL: url, Secrets: []string{secret}, EnabledEvents: slices.Clone(enabledEvents),
		APIVersion: cmp.Or(ownVersion, APIVersion),
	}, ownVersion: ownVersion, created: s.nowUnix()}
	s.endpoints = append(s.endpoints, ep)
	return ep
}

func (w WebhookEndpoint) clone() WebhookEndpoint {
	w.Secrets, w.EnabledEvents = slices.Clone(w.Secrets), slices.Clone(w.EnabledEvents)
	return w
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
	ep.Secrets = slices.Clone(secrets)
	return nil
}

// RemoveWebhookEndpoint stops deliveries to the endpoint, repeated ones
// included.
func (s *Sandbox) RemoveWebhookEndpoint(endpointID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeEndpoint(endpointID)
}

func (s *Sandbox) removeEndpoint(endpointID string) {
	s.endpoints = slices.DeleteFunc(s.endpoints, func(ep *endpoint) bool {
		if ep.ID == endpointID {
			ep.removed = true
		}
		return ep.removed
	})
}

func (ep *endpoint) wants(kind string) bool {
	return !ep.disabled && (len(ep.EnabledEvents) == 0 || matchesType(ep.EnabledEvents, kind))
}

// matchesType tells whether one of types is kind, "*", or a prefix such as
// "checkout.session.*".
func matchesType(types []string, kind string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		prefix, wild := strings.CutSuffix(t, "*")
		return t == kind || wild && strings.HasPrefix(kind, prefix)
	})
}

// signature is the Stripe-Signature header: the time, and an HMAC over time
// and body for each secret.
func signature(t int64, body []byte, secrets []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "t=%d", t)
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(strconv.FormatInt(t, 10) + "."))
		mac.Write(body)
		b.WriteString(",v1=" + hex.EncodeToString(mac.Sum(nil)))
	}
	return b.String()
}
