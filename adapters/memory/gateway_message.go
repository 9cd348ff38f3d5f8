package memory

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ReadEvent implements [ports.Gateway] for what [Gateway.Message] made.
func (g *Gateway) ReadEvent(payload []byte, signature string) (domain.Event, error) {
	if !hmac.Equal([]byte(signature), []byte(g.Sign(payload))) {
		return domain.Event{}, ports.ErrBadSignature
	}
	return g.RereadEvent(payload)
}

// RereadEvent implements [ports.Gateway] for what [Gateway.Message] made.
func (g *Gateway) RereadEvent(payload []byte) (domain.Event, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, known := g.events[string(payload)]
	if !known {
		return domain.Event{}, ports.ErrUnreadable
	}
	return e, nil
}

// Message is an event as it would come off the wire.
func (g *Gateway) Message(e domain.Event) (payload []byte, signature string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	payload = []byte(e.ID)
	e.Payload = payload
	g.events[string(payload)] = e
	return payload, g.Sign(payload)
}

// Sign returns the signature that a payload must come with, in the form of Stripe's.
func (g *Gateway) Sign(payload []byte) string {
	mac := hmac.New(sha256.New, []byte("memory"))
	mac.Write(payload)
	return "t=0,v1=" + hex.EncodeToString(mac.Sum(nil))
}
