package webhooks

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AddEndpoint takes an empty version for the account's. Mu is held.
func (s *Sender) AddEndpoint(ownVersion, url, secret string, enabledEvents []string) *state.Endpoint {
	if secret == "" {
		secret = wire.NewID("whsec_", 32)
	}
	ep := &state.Endpoint{
		ID: wire.NewID("we_1", 23), URL: url, Secrets: []string{secret}, EnabledEvents: slices.Clone(enabledEvents),
		APIVersion: cmp.Or(ownVersion, wire.AccountVersion), OwnVersion: ownVersion, Created: s.NowUnix(),
	}
	s.Endpoints = append(s.Endpoints, ep)
	return ep
}

// RemoveEndpoint stops deliveries to it, repeated ones included.
func (s *Sender) RemoveEndpoint(endpointID string) {
	delete(s.slots, endpointID)
	s.Endpoints = slices.DeleteFunc(s.Endpoints, func(ep *state.Endpoint) bool { return ep.ID == endpointID })
}

// slotsOf has a place for each delivery that may be under way to an endpoint. Mu is held.
func (s *Sender) slotsOf(endpointID string) chan struct{} {
	slots := s.slots[endpointID]
	if slots == nil {
		slots = make(chan struct{}, deliveriesAtOnce)
		s.slots[endpointID] = slots
	}
	return slots
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
