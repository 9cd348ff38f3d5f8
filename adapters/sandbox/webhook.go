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

// endpoint is where events are sent.
type endpoint struct {
	id, url           string
	secrets           []string // one signature for each; two while a secret is rolled
	enabledEvents     []string // event types; "*" or none for all
	apiVersion        string   // of the events that it is sent
	ownVersion        string   // that was asked for; empty for the account's
	description       string
	metadata          map[string]string
	created           int64
	disabled, removed bool
}

// addEndpoint takes an empty version for the account's. mu is held.
func (s *Sandbox) addEndpoint(ownVersion, url, secret string, enabledEvents []string) *endpoint {
	if secret == "" {
		secret = newID("whsec_", 32)
	}
	ep := &endpoint{
		id: newID("we_1", 23), url: url, secrets: []string{secret}, enabledEvents: slices.Clone(enabledEvents),
		apiVersion: cmp.Or(ownVersion, accountVersion), ownVersion: ownVersion, created: s.nowUnix(),
	}
	s.endpoints = append(s.endpoints, ep)
	return ep
}

func (s *Sandbox) removeEndpoint(endpointID string) {
	s.endpoints = slices.DeleteFunc(s.endpoints, func(ep *endpoint) bool {
		if ep.id == endpointID {
			ep.removed = true
		}
		return ep.removed
	})
}

func (ep *endpoint) wants(kind string) bool {
	return !ep.disabled && (len(ep.enabledEvents) == 0 || matchesType(ep.enabledEvents, kind))
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
