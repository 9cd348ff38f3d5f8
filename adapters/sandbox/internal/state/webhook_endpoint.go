package state

import (
	"slices"
	"strings"
)

// EndpointOf is nil for none.
func (a *Account) EndpointOf(id string) *Endpoint {
	for _, ep := range a.Endpoints {
		if ep.ID == id {
			return ep
		}
	}
	return nil
}

// Endpoint is where events are sent.
type Endpoint struct {
	ID, URL       string
	Secrets       []string // one signature for each; two while a secret is rolled
	EnabledEvents []string // event types; "*" or none for all
	APIVersion    string   // of the events that it is sent
	OwnVersion    string   // that was asked for; empty for the account's
	Description   string
	Metadata      map[string]string
	Created       int64
	Disabled      bool
}

// Wants tells whether events of a kind are sent to it.
func (ep *Endpoint) Wants(kind string) bool {
	return !ep.Disabled && (len(ep.EnabledEvents) == 0 || MatchesType(ep.EnabledEvents, kind))
}

// MatchesType tells whether one of types is kind, "*", or a prefix such as
// "checkout.session.*".
func MatchesType(types []string, kind string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		prefix, wild := strings.CutSuffix(t, "*")
		return t == kind || wild && strings.HasPrefix(kind, prefix)
	})
}
