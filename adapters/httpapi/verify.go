package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

const (
	verifyPath = "/api/admin/verify"
	// verifyTime is what a slice takes, and one user with many events may take more.
	verifyTime = 20 * time.Second
	// mostShown is how many differences of one user are shown.
	mostShown = 100
)

// Verify implements POST /api/admin/verify.
func (s *Server) Verify(ctx context.Context, r VerifyRequestObject) (VerifyResponseObject, error) {
	var asked VerifyRequest
	if r.Body != nil {
		asked = *r.Body
	}
	query, about := app.VerifyQuery{Bodies: orZero(asked.Bodies)}, ""
	if query.Bodies {
		about = "bodies"
	}
	var after domain.UserID
	var err error
	if asked.UserID != nil {
		if query.User, err = userInPath(*asked.UserID); err != nil {
			return nil, err
		}
	}
	if asked.After != nil {
		if query.User != "" {
			return nil, fmt.Errorf("%w: user_id is of one user, and after of those who follow: say one of them", app.ErrBadRequest)
		}
		if after, err = userInPath(*asked.After); err != nil {
			return nil, err
		}
		about = strings.TrimSpace(about + " slice")
	}
	if err := s.keepAct(ctx, query.User, about, ""); err != nil {
		return nil, err
	}
	limit := app.MostVerified
	if asked.Limit != nil {
		limit = int(*asked.Limit)
	}
	slice, err := s.deps.Verify.Slice(ctx, query, after, limit)
	if err != nil {
		return nil, err
	}
	shown := Verified{Looked: slice.Looked, Next: orNull(string(slice.Next)), Users: []VerifiedUser{}}
	for _, found := range slice.Found {
		shown.Differences += len(found.Differences)
		shown.Unproven += len(found.Unproven)
		shown.Users = append(shown.Users, VerifiedUser{
			UserID: string(found.User), Differences: differencesJSON(found.User, found.Differences, app.Mend),
			Unproven: differencesJSON(found.User, found.Unproven, nil), Why: append([]string{}, found.Why...),
		})
	}
	note(ctx, slog.Int("differences", shown.Differences))
	return Verify200JSONResponse(shown), nil
}

func differencesJSON(user domain.UserID, all []domain.Difference, mend func(domain.Difference) string) []Difference {
	shown := make([]Difference, min(len(all), mostShown))
	for i := range shown {
		d := all[i]
		shown[i] = Difference{Table: d.Table, ID: d.ID, Field: orNull(d.Field), Got: d.Got, Want: d.Want}
		if mend != nil {
			shown[i].Mend = orNull(strings.ReplaceAll(mend(d), "USER", string(user)))
		}
	}
	return shown
}

// ShowVerify implements GET /api/admin/verify.
func (s *Server) ShowVerify(ctx context.Context, _ ShowVerifyRequestObject) (ShowVerifyResponseObject, error) {
	if err := s.keepAct(ctx, "", "", ""); err != nil {
		return nil, err
	}
	pass, err := s.deps.Verify.Last(ctx)
	if err != nil {
		return nil, err
	}
	note(ctx, slog.Int("differences", pass.Differences))
	return ShowVerify200JSONResponse{
		StartedAt: pass.StartedAt, EndedAt: moment(pass.EndedAt), Looked: pass.Looked, Different: pass.Different, Differences: pass.Differences,
	}, nil
}
