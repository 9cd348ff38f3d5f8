package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	// replayTime is how long one request replays: no longer than others wait.
	replayTime = app.MaxWait
	// mostFailures are told of one by one. If more fail, it is for one reason.
	mostFailures = 100
)

// ReplayEvents implements POST /api/admin/events/replay.
func (s *Server) ReplayEvents(ctx context.Context, r ReplayEventsRequestObject) (ReplayEventsResponseObject, error) {
	query, err := replayQuery(*r.Body)
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, "", query.About(), ""); err != nil {
		return nil, err
	}
	replaying, cancel := context.WithTimeout(ctx, replayTime)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()

	told := Replayed{Outcomes: map[string]int{}, Failures: []ReplayFailure{}}
	var last time.Time
	err = s.deps.Replay.Do(replaying, query, func(receipt domain.ProcessedEvent, verdict domain.Verdict, err error) {
		told.Processed++
		last = receipt.ReceivedAt
		if err != nil {
			verdict.Outcome = domain.OutcomeFailed
			if len(told.Failures) < mostFailures {
				told.Failures = append(told.Failures, ReplayFailure{ID: string(receipt.ID), Reason: redact(err.Error())})
			}
		}
		told.Outcomes[string(verdict.Outcome)]++
	})
	note(ctx, slog.Int("replayed", told.Processed))
	outOfTime := replaying.Err() != nil && ctx.Err() == nil
	switch {
	case err == nil:
	case outOfTime && told.Processed > 0 && len(query.IDs) == 0:
		// They come in the order in which they were received: whoever goes on there
		// replays the last one twice, which changes nothing.
		told.NextSince = moment(last)
	case errors.Is(err, ports.ErrNotFound):
		said, _, _ := strings.Cut(err.Error(), ": ") // which event it is; the rest is the database's
		return nil, fmt.Errorf("%s: %w", said, errNeverReceived)
	default:
		return nil, err
	}
	return ReplayEvents200JSONResponse(told), nil
}

func replayQuery(r ReplayRequest) (app.ReplayQuery, error) {
	query := app.ReplayQuery{Outcome: domain.Outcome(orZero(r.Outcome)), Since: orZero(r.Since)}
	for _, id := range orZero(r.Ids) {
		query.IDs = append(query.IDs, domain.EventID(id))
	}
	byOutcome := r.Outcome != nil || r.Since != nil
	switch {
	case r.Ids != nil && byOutcome:
		return query, fmt.Errorf("%w: name the events by ids, or by outcome and since, not both", errMalformed)
	case r.Ids == nil && r.Outcome == nil:
		return query, fmt.Errorf("%w: say which events: ids, or an outcome such as quarantined", errMalformed)
	default:
		return query, nil
	}
}
