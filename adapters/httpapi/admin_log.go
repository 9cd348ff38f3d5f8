package httpapi

import (
	"context"
	"fmt"
	"strconv"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// keepAct keeps in the admin log what is about to be done: with which key, by whom if the
// request says so, about whom and about what else. What cannot be kept is not done.
func (s *Server) keepAct(ctx context.Context, user domain.UserID, about, by string) error {
	x := exchangeOf(ctx)
	return s.deps.AdminLog.Keep(ctx, ports.AdminAction{Key: x.caller.Name, By: by, Action: x.rule.act, User: user, About: about})
}

// ListAdminLog implements GET /api/admin/log.
func (s *Server) ListAdminLog(ctx context.Context, r ListAdminLogRequestObject) (ListAdminLogResponseObject, error) {
	query, limit, err := adminLogQuery(r.Params)
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, query.User, "", ""); err != nil {
		return nil, err
	}
	entries := []AdminLogEntry{}
	var next *string
	var last int64
	query.Limit = limit + 1 // one more tells whether there is more
	err = s.deps.AdminLog.Each(ctx, query, func(a ports.AdminAction) error {
		if len(entries) == limit {
			next = orNull(strconv.FormatInt(last, 10))
			return nil
		}
		last = a.Seq
		entries = append(entries, AdminLogEntry{
			At: a.At.UTC(), Key: orNull(a.Key), By: orNull(a.By), Action: a.Action, UserID: orNull(a.User), About: orNull(a.About),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ListAdminLog200JSONResponse{Entries: entries, Next: next}, nil
}

func adminLogQuery(p ListAdminLogParams) (query ports.AdminLogQuery, limit int, err error) {
	limit = eventsAtOnce
	if p.Limit != nil {
		limit = *p.Limit
	}
	if limit < 1 || limit > eventsMost {
		return query, limit, fmt.Errorf("%w: limit is a number from 1 to %d", errMalformed, eventsMost)
	}
	user, err := shortText("user_id", p.UserID)
	if err != nil {
		return query, limit, err
	}
	query.User = domain.UserID(user)
	if p.Cursor != nil {
		if query.Before, err = strconv.ParseInt(*p.Cursor, 10, 64); err != nil || query.Before < 1 {
			return query, limit, fmt.Errorf("%w: cursor is the next of an earlier answer, as it was", errMalformed)
		}
	}
	return query, limit, nil
}
