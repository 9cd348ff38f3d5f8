package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	webhookPath = "/api/webhooks/stripe"
	maxWebhook  = 1 << 20
)

type webhookReceipt struct {
	Received bool           `json:"received"`
	Outcome  domain.Outcome `json:"outcome"`
}

// receiveWebhook takes the body to the byte, as the signature wants it. It answers
// 200 only after the event is stored, 4xx only to a message that is not to come
// again, and 5xx to all that is ours to solve: Stripe then sends it again.
func (s *Server) receiveWebhook(c echo.Context) error {
	r := c.Request()
	signature := r.Header.Get(signatureHeader)
	if err := checkSignatureForm(signature); err != nil {
		return err
	}
	body, err := s.readBody(c)
	if err != nil {
		return err
	}
	event, err := s.deps.ReceiveWebhook.Read(body, signature)
	if errors.Is(err, ports.ErrBadSignature) {
		s.bodies.rooms.put(body)
	}
	var verdict domain.Verdict
	if err == nil {
		s.bodies.proven(&exchangeOf(r.Context()).body)
		note(r.Context(), slog.String("event", string(event.ID)), slog.String("type", string(event.Type)))
		verdict, err = s.deps.ReceiveWebhook.Do(r.Context(), event)
	}
	switch {
	case err == nil:
	case errors.Is(err, ports.ErrBadSignature), errors.Is(err, ports.ErrUnreadable), errors.Is(err, ports.ErrThinEvent):
		return err
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return err // Stripe hung up, and will send it again
	default:
		return ours(err)
	}
	note(r.Context(), slog.String("outcome", string(verdict.Outcome)))
	if verdict.Outcome == domain.OutcomeQuarantined {
		s.deps.Log.LogAttrs(r.Context(), slog.LevelWarn, "event quarantined: a person has to look",
			slog.String("event", string(event.ID)), slog.String("type", string(event.Type)),
			slog.String("reason", redact(verdict.Reason)))
	}
	return c.JSON(http.StatusOK, webhookReceipt{true, verdict.Outcome})
}
