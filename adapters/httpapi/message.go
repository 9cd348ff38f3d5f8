package httpapi

import (
	"encoding/json"

	"github.com/entitled-dev/entitled/app"
)

// WriteMessage writes what is posted to an endpoint: the user's entitlements, subscription and
// changes in the words in which the API says them.
func WriteMessage(m app.Message) ([]byte, error) {
	if m.Test {
		return json.Marshal(EndpointMessage{Type: EndpointTest, Timestamp: m.At.UTC()})
	}
	data := EndpointMessageData{
		UserID: string(m.User), Version: m.Rights.Version, AsOf: m.Rights.AsOf.UTC(),
		Changes: make([]Change, len(m.Changes)), Entitlements: make([]Entitlement, len(m.Rights.Rights)),
	}
	for i, change := range m.Changes {
		data.Changes[i] = changeJSON(change)
	}
	for i, right := range m.Rights.Rights {
		data.Entitlements[i] = rightJSON(right)
	}
	if m.Subscription != nil {
		subscription := subscriptionJSON(*m.Subscription)
		data.Subscription = &subscription
	}
	return json.Marshal(EndpointMessage{Type: EntitlementsChanged, Timestamp: m.At.UTC(), Data: &data})
}
