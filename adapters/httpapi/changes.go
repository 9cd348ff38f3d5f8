package httpapi

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// defaultChanges is how many changes a page has if nobody says.
const defaultChanges = 100

// ListChanges implements GET /api/changes: a page, or a stream for who accepts one.
func (s *Server) ListChanges(ctx context.Context, r ListChangesRequestObject) (ListChangesResponseObject, error) {
	query, err := feedQuery(r.Params)
	if err != nil {
		return nil, err
	}
	if err := s.deps.ReadChanges.Knows(ctx, query.Feature); err != nil {
		return nil, err
	}
	if exchangeOf(ctx).streams {
		return s.streamChanges(ctx, query)
	}
	wait, err := waitOf(r.Params.Wait)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		leave, err := s.deps.ReadChanges.Enter(exchangeOf(ctx).caller.Name)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	page, err := s.awaitChanges(ctx, query, wait)
	if err != nil {
		return nil, err
	}
	listed := make([]Change, len(page.Changes))
	for i, change := range page.Changes {
		listed[i] = changeJSON(change)
	}
	return ListChanges200JSONResponse{Body: Changes{Changes: listed, Next: page.Next}}, nil
}

// awaitChanges waits for changes, but not beyond the server's end: then it shows what there is.
func (s *Server) awaitChanges(ctx context.Context, query ports.FeedQuery, wait time.Duration) (app.ChangesPage, error) {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ending, cancel)()
	page, err := s.deps.ReadChanges.Do(waiting, query, wait)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return s.deps.ReadChanges.Do(ctx, query, 0)
	}
	return page, err
}

func feedQuery(p ListChangesParams) (ports.FeedQuery, error) {
	user, err := shortText("user_id", p.UserID)
	if err != nil {
		return ports.FeedQuery{}, err
	}
	feature, err := shortText("feature", p.Feature)
	if err != nil {
		return ports.FeedQuery{}, err
	}
	q := ports.FeedQuery{After: orZero(p.After), User: domain.UserID(user), Feature: domain.FeatureKey(feature), Limit: defaultChanges}
	if p.LastEventID != nil && *p.LastEventID != "" {
		if q.After, err = strconv.ParseInt(*p.LastEventID, 10, 64); err != nil {
			return ports.FeedQuery{}, fmt.Errorf("%w: Last-Event-ID is the id of an event of this stream, a number", errMalformed)
		}
	}
	if q.After < 0 {
		return ports.FeedQuery{}, fmt.Errorf("%w: after is a position, a whole number from 0", errMalformed)
	}
	if p.Limit != nil {
		q.Limit = *p.Limit
	}
	if q.Limit < 0 || q.Limit > app.MostChanges {
		return ports.FeedQuery{}, fmt.Errorf("%w: limit is a whole number from 0 to %d", errMalformed, app.MostChanges)
	}
	return q, nil
}

func changeJSON(c domain.RightChange) Change {
	cause := ChangeCause(c.Cause)
	if c.Cause == "" {
		cause = ChangeCauseEvent
	}
	return Change{
		Position: c.Position, Kind: changeKind(c.Kind), Ending: announcementJSON(c), UserID: string(c.User), Version: c.Version, Feature: string(c.Feature),
		Before: toldRightJSON(c.Before), After: toldRightJSON(c.After),
		Cause: cause, EventID: orNull(c.Event), At: c.At.UTC(),
	}
}

// changeKind is what a line of the feed tells, in the API's words.
func changeKind(kind domain.RightChangeKind) ChangeKind {
	if kind == domain.RightChanged {
		return ChangeKindChange
	}
	return ChangeKind(kind)
}

// announcementJSON is null of a change.
func announcementJSON(c domain.RightChange) *Announcement {
	if c.Kind == domain.RightChanged {
		return nil
	}
	return &Announcement{EndsAt: c.EndsAt.UTC(), LeadSeconds: int64(c.Lead / time.Second)}
}

// toldRightJSON is null for no right.
func toldRightJSON(r *domain.Right) *ToldRight {
	if r == nil {
		return nil
	}
	return &ToldRight{
		Value: featureValue(r.Value), Until: moment(r.Until), Renews: r.Renews, EndsAt: moment(r.EndsAt), InGrace: r.InGrace,
	}
}
