package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// PreviewChange implements GET /api/subscription/preview.
func (s *Server) PreviewChange(ctx context.Context, r PreviewChangeRequestObject) (PreviewChangeResponseObject, error) {
	user, err := s.limitedUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	if when := string(orZero(r.Params.When)); when != "" && !slices.Contains(app.Whens, app.When(when)) {
		return nil, fmt.Errorf("%w: when is one of %s", errMalformed, strings.Join(wordsOf(app.Whens), ", "))
	}
	if r.Params.Quantity != nil && *r.Params.Quantity < 1 { // 0 would be priced as if none was said
		return nil, fmt.Errorf("%w: quantity is at least 1", errMalformed)
	}
	p, err := s.deps.Change.Preview(ctx, app.ChangeWish{
		User:     user,
		Plan:     domain.PlanKey(r.Params.Plan),
		Price:    domain.PriceKey(orZero(r.Params.Price)),
		Quantity: orZero(r.Params.Quantity),
		When:     app.When(orZero(r.Params.When)),
	})
	if err != nil {
		return nil, err
	}
	return PreviewChange200JSONResponse(previewJSON(p)), nil
}

func previewJSON(p app.ChangePreview) ChangePreview {
	shown := ChangePreview{
		SubscriptionID: string(p.Subscription), Plan: string(p.Plan), Price: orNull(p.Price), Quantity: p.Quantity,
		When: When(p.When), EffectiveAt: p.EffectiveAt.UTC(), ProrationDate: p.ProrationDate.UTC(),
		Lines: []PreviewLine{}, Rights: rightChangesJSON(p.Rights),
	}
	if now := p.Cost.Now; now != nil {
		shown.Currency = orNull(now.Currency)
		shown.DueNow, shown.FromBalance, shown.Credit = now.AmountDue, now.FromBalance(), max(-now.Total, 0)
		shown.Lines = append(shown.Lines, previewLines(now, PreviewLineDueNow)...)
	}
	if later := p.Cost.Later; later != nil {
		shown.Currency = orNull(later.Currency)
		shown.DueLater = &DueLater{Amount: later.Total, At: later.At.UTC()}
		shown.Lines = append(shown.Lines, previewLines(later, PreviewLineDueLater)...)
	}
	return shown
}

func previewLines(of *ports.InvoicePreview, due PreviewLineDue) []PreviewLine {
	lines := make([]PreviewLine, len(of.Lines))
	for i, l := range of.Lines {
		lines[i] = PreviewLine{
			Due: due, Description: l.Description, Amount: l.Amount, Quantity: l.Quantity, Proration: l.Proration,
			From: moment(l.From), Until: moment(l.Until),
		}
	}
	return lines
}

func rightChangesJSON(changes []app.RightChange) RightChanges {
	shown := RightChanges{Gained: []RightChange{}, Lost: []RightChange{}, More: []RightChange{}, Fewer: []RightChange{}}
	for _, c := range changes {
		one := RightChange{Feature: string(c.Feature), Before: valueOrNull(orZero(c.Before)), After: valueOrNull(orZero(c.After))}
		switch {
		case c.Before == nil:
			shown.Gained = append(shown.Gained, one)
		case c.After == nil:
			shown.Lost = append(shown.Lost, one)
		case c.More:
			shown.More = append(shown.More, one)
		default:
			shown.Fewer = append(shown.Fewer, one)
		}
	}
	return shown
}

// ChangeSubscription implements POST /api/subscription/change.
func (s *Server) ChangeSubscription(ctx context.Context, r ChangeSubscriptionRequestObject) (ChangeSubscriptionResponseObject, error) {
	wish := orZero(r.Body)
	user, err := s.limitedUser(ctx, wish.UserID)
	if err != nil {
		return nil, err
	}
	key, err := clientKey(r.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	changed, err := s.deps.Change.Do(ctx, app.ChangeWish{
		User:          user,
		Plan:          domain.PlanKey(wish.Plan),
		Price:         domain.PriceKey(orZero(wish.Price)),
		Quantity:      orZero(wish.Quantity),
		When:          app.When(orZero(wish.When)),
		ProrationDate: orZero(wish.ProrationDate),
		ClientKey:     key,
	})
	if err != nil {
		return nil, err
	}
	note(ctx, slog.String("subscription", string(changed.Subscription.ID)))
	shown := ChangedSubscription{
		Action: ChangedSubscriptionActionNone, SubscriptionID: string(changed.Subscription.ID), Status: string(changed.Subscription.Status),
		Plan: string(changed.Plan), Price: orNull(changed.Price), Quantity: changed.Quantity,
		When: When(changed.When), EffectiveAt: moment(changed.EffectiveAt),
	}
	if changed.Pending {
		shown.Action, shown.URL = ChangedSubscriptionActionRedirect, orNull(changed.PayURL)
	}
	return ChangeSubscription200JSONResponse(shown), nil
}

// CancelSubscription implements POST /api/subscription/cancel.
func (s *Server) CancelSubscription(ctx context.Context, r CancelSubscriptionRequestObject) (CancelSubscriptionResponseObject, error) {
	wish := orZero(r.Body)
	ended, err := s.endSubscription(ctx, wish.UserID, r.Params.IdempotencyKey, s.deps.Change.Cancel, app.EndWish{
		Plan: domain.PlanKey(orZero(wish.Plan)), When: app.When(orZero(wish.When)),
	})
	if err != nil {
		return nil, err
	}
	return CancelSubscription200JSONResponse(ended), nil
}

// PauseSubscription implements POST /api/subscription/pause.
func (s *Server) PauseSubscription(ctx context.Context, r PauseSubscriptionRequestObject) (PauseSubscriptionResponseObject, error) {
	wish := orZero(r.Body)
	user, err := s.limitedUser(ctx, wish.UserID)
	if err != nil {
		return nil, err
	}
	key, err := clientKey(r.Params.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	paused, err := s.deps.Change.Pause(ctx, app.PauseWish{
		User: user, Plan: domain.PlanKey(orZero(wish.Plan)), ResumesAt: orZero(wish.ResumesAt), ClientKey: key,
	})
	if err != nil {
		return nil, err
	}
	sub := paused.Subscription
	note(ctx, slog.String("subscription", string(sub.ID)))
	return PauseSubscription200JSONResponse{
		SubscriptionID: string(sub.ID), Status: string(sub.Status), Plan: string(paused.Plan),
		Paused: sub.Pause != domain.PauseNone, PausesAt: moment(sub.PeriodEnd()), ResumesAt: moment(paused.ResumesAt),
	}, nil
}

// ResumeSubscription implements POST /api/subscription/resume.
func (s *Server) ResumeSubscription(ctx context.Context, r ResumeSubscriptionRequestObject) (ResumeSubscriptionResponseObject, error) {
	wish := orZero(r.Body)
	resumed, err := s.endSubscription(ctx, wish.UserID, r.Params.IdempotencyKey, s.deps.Change.Resume, app.EndWish{
		Plan: domain.PlanKey(orZero(wish.Plan)),
	})
	if err != nil {
		return nil, err
	}
	return ResumeSubscription200JSONResponse(resumed), nil
}

func (s *Server) endSubscription(ctx context.Context, named, rawKey *string,
	do func(context.Context, app.EndWish) (app.EndedSubscription, error), w app.EndWish,
) (EndingSubscription, error) {
	var err error
	if w.User, err = s.limitedUser(ctx, named); err != nil {
		return EndingSubscription{}, err
	}
	if w.ClientKey, err = clientKey(rawKey); err != nil {
		return EndingSubscription{}, err
	}
	ended, err := do(ctx, w)
	if err != nil {
		return EndingSubscription{}, err
	}
	sub := ended.Subscription
	note(ctx, slog.String("subscription", string(sub.ID)))
	return EndingSubscription{
		SubscriptionID: string(sub.ID), Status: string(sub.Status), Plan: string(ended.Plan),
		EndsAt: moment(ended.EndsAt()), EndedAt: moment(ended.EndedAt()),
	}, nil
}
