package app

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ReceiveWebhook takes a message as it came off the wire.
type ReceiveWebhook struct {
	gateway ports.Gateway
	fulfill *Fulfill
}

// NewReceiveWebhook returns the use case.
func NewReceiveWebhook(gateway ports.Gateway, fulfill *Fulfill) *ReceiveWebhook {
	return &ReceiveWebhook{gateway, fulfill}
}

// Read verifies and reads one message. Errors: those of [ports.Gateway.ReadEvent], for a message
// that is not to come again. The event keeps the payload.
func (w *ReceiveWebhook) Read(payload []byte, signature string) (domain.Event, error) {
	return w.gateway.ReadEvent(payload, signature) //nolint:wrapcheck // a port's error says what it is about
}

// Do processes the event of one message. When it returns without an error the event and all that
// follows from it are stored; after any error it is to come again.
func (w *ReceiveWebhook) Do(ctx context.Context, event domain.Event) (domain.Verdict, error) {
	return w.fulfill.Event(ctx, event)
}
