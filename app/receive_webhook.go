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

// Do verifies, reads and processes one message. When it returns without an error
// the event and all that follows from it are stored. Errors: those of
// [ports.Gateway.ReadEvent] for a message that is not to come again, any other
// for one that is.
func (w *ReceiveWebhook) Do(ctx context.Context, payload []byte, signature string) (domain.Event, domain.Verdict, error) {
	event, err := w.gateway.ReadEvent(payload, signature)
	if err != nil {
		return domain.Event{}, domain.Verdict{}, err
	}
	verdict, err := w.fulfill.Event(ctx, event)
	return event, verdict, err
}
