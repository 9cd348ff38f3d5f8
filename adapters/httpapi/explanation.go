package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
)

// ExplainUser implements GET /api/admin/users/{user_id}/explain.
func (s *Server) ExplainUser(ctx context.Context, r ExplainUserRequestObject) (ExplainUserResponseObject, error) {
	user, err := userInPath(r.UserID)
	if err != nil {
		return nil, err
	}
	if err := s.keepAct(ctx, user, orZero(r.Params.Feature), ""); err != nil {
		return nil, err
	}
	told, err := s.deps.Explain.Do(ctx, user, domain.FeatureKey(orZero(r.Params.Feature)), orZero(r.Params.At))
	if err != nil {
		return nil, err
	}
	return ExplainUser200JSONResponse(explanationJSON(ctx, told)), nil
}

func explanationJSON(ctx context.Context, e domain.Explanation) Explanation {
	told := Explanation{
		UserID: string(e.User), At: e.At.UTC(), FromHistory: e.FromHistory, OutOfLine: e.OutOfLine,
		Features: make([]FeatureExplanation, len(e.Features)), Unmapped: sourcesJSON(e.Unmapped), BoughtTwice: boughtTwiceJSON(ctx, e.BoughtTwice),
	}
	for i, f := range e.Features {
		one := FeatureExplanation{
			Feature: string(f.Feature), Held: f.Held, Says: f.Says(),
			Sources: sourcesJSON(f.Sources), Plans: make([]string, len(f.Plans)),
		}
		for j, plan := range f.Plans {
			one.Plans[j] = string(plan)
		}
		if f.Held {
			one.Value, one.Since, one.Until = valueOrNull(f.Right.Value), moment(f.Right.Since), moment(f.Right.Until)
			one.Renews, one.EndsAt, one.InGrace = f.Right.Renews, moment(f.Right.EndsAt), f.Right.InGrace
		}
		told.Features[i] = one
	}
	return told
}

func sourcesJSON(sources []domain.SourceExplanation) []SourceExplanation {
	all := make([]SourceExplanation, len(sources))
	for i, s := range sources {
		all[i] = SourceExplanation{
			Kind: SourceKind(s.Source.Kind), ID: s.Source.ID, Plan: orNull(s.Plan), Price: orNull(s.Price), Quantity: s.Quantity,
			State: SourceExplanationState(s.State), Value: valueOrNull(s.Value), Since: moment(s.Since), Until: moment(s.Until),
			Renews: s.Ending.Renews, EndsAt: moment(s.EndsAt()), InGrace: s.Ending.InGrace,
			Says: s.Says(), Evidence: make([]Evidence, len(s.Evidence)),
		}
		if s.Rule != (domain.Rule{}) {
			all[i].Rule = &NullableRule{Table: s.Rule.Table, Row: s.Rule.Row, Effect: s.Rule.Effect}
		}
		if s.Last.Kind != "" {
			all[i].LastChange = &NullableChange{Kind: NullableChangeKind(s.Last.Kind), At: s.Last.At.UTC(), EventID: orNull(s.Last.Event)}
		}
		for j, e := range s.Evidence {
			all[i].Evidence[j] = evidenceJSON(e)
		}
	}
	return all
}

func evidenceJSON(e domain.Evidence) Evidence {
	details := make(map[string]string, len(e.Details))
	for _, d := range e.Details {
		details[d.Name] = d.Value
	}
	return Evidence{About: e.About, ID: e.ID, Says: e.Says, Details: details}
}
