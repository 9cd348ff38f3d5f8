package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	eventsAtOnce = 50
	eventsMost   = 200
)

// ListEvents implements GET /api/admin/events.
func (s *Server) ListEvents(ctx context.Context, r ListEventsRequestObject) (ListEventsResponseObject, error) {
	query, err := receiptQuery(r.Params)
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, query.User, aboutReceipts(query), ""); err != nil {
		return nil, err
	}
	limit := query.Limit
	query.Limit++ // one more tells whether there is more
	receipts, err := s.deps.Receipts(ctx, query)
	if err != nil {
		return nil, err
	}
	var next *string
	if len(receipts) > limit {
		receipts = receipts[:limit]
		next = orNull(cursorAfter(receipts[limit-1]))
	}
	events := make([]Event, len(receipts))
	for i, receipt := range receipts {
		events[i] = eventJSON(receipt)
	}
	return ListEvents200JSONResponse{Events: events, Next: next}, nil
}

func receiptQuery(p ListEventsParams) (ports.ReceiptQuery, error) {
	query := ports.ReceiptQuery{Outcome: domain.Outcome(orZero(p.Outcome)), Limit: eventsAtOnce}
	if p.Outcome != nil && !p.Outcome.Valid() {
		return query, fmt.Errorf("%w: outcome is one of %s", errMalformed, strings.Join(wordsOf(domain.Outcomes), ", "))
	}
	if p.Limit != nil {
		query.Limit = *p.Limit
	}
	if query.Limit < 1 || query.Limit > eventsMost {
		return query, fmt.Errorf("%w: limit is a number from 1 to %d", errMalformed, eventsMost)
	}
	kind, err := shortText("type", p.Type)
	if err != nil {
		return query, err
	}
	user, err := shortText("user_id", p.UserID)
	if err != nil {
		return query, err
	}
	query.Type, query.User = domain.EventType(kind), domain.UserID(user)
	if p.Cursor != nil {
		query.Before, query.BeforeID, err = readCursor(*p.Cursor)
	}
	return query, err
}

// aboutReceipts says which events are listed.
func aboutReceipts(q ports.ReceiptQuery) string {
	return app.ReplayQuery{Outcome: q.Outcome, Type: q.Type}.About()
}

// cursorAfter names the place behind a receipt in the listing. Clients take it as
// it is.
func cursorAfter(r domain.ProcessedEvent) string {
	return base64.RawURLEncoding.EncodeToString([]byte(r.ReceivedAt.UTC().Format(time.RFC3339Nano) + " " + string(r.ID)))
}

func readCursor(cursor string) (time.Time, domain.EventID, error) {
	place, err := base64.RawURLEncoding.DecodeString(cursor)
	stamp, id, _ := strings.Cut(string(place), " ")
	at, timeErr := time.Parse(time.RFC3339Nano, stamp)
	sane := at.Year() >= 2000 && at.Year() < 2200 && validUserID(id)
	if err != nil || timeErr != nil || !sane {
		return time.Time{}, "", fmt.Errorf("%w: cursor is the next of an earlier answer, as it was", errMalformed)
	}
	return at.UTC(), domain.EventID(id), nil
}

func eventJSON(r domain.ProcessedEvent) Event {
	return Event{
		ID: string(r.ID), Type: string(r.Type), Object: orNull(r.Object), UserID: orNull(r.User),
		Outcome: Outcome(r.Outcome), Reason: orNull(r.Reason), Attempts: r.Attempts,
		APIVersion: r.APIVersion, Livemode: r.Livemode,
		Created: r.Created.UTC(), ReceivedAt: r.ReceivedAt.UTC(), ProcessedAt: r.ProcessedAt.UTC(),
	}
}
