package main

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// explanationJSON is an explanation for scripts.
type explanationJSON struct {
	User        domain.UserID            `json:"user_id"`
	At          time.Time                `json:"at"`
	FromHistory bool                     `json:"from_history"`
	OutOfLine   bool                     `json:"out_of_line"`
	Features    []featureExplanationJSON `json:"features"`
	Unmapped    []sourceExplanationJSON  `json:"unmapped"`
	BoughtTwice []boughtTwiceJSON        `json:"bought_twice"`
}

type boughtTwiceJSON struct {
	Older boughtJSON `json:"older"`
	Newer boughtJSON `json:"newer"`
	Says  string     `json:"says"`
}

type boughtJSON struct {
	Kind domain.SourceKind `json:"kind"`
	ID   string            `json:"id"`
	Plan domain.PlanKey    `json:"plan"`
}

type featureExplanationJSON struct {
	Feature domain.FeatureKey       `json:"feature"`
	Held    bool                    `json:"held"`
	Value   *valueJSON              `json:"value,omitempty"`
	Since   time.Time               `json:"since,omitzero"`
	Until   time.Time               `json:"until,omitzero"`
	Renews  bool                    `json:"renews"`
	EndsAt  time.Time               `json:"ends_at,omitzero"`
	InGrace bool                    `json:"in_grace"`
	Says    string                  `json:"says"`
	Sources []sourceExplanationJSON `json:"sources"`
	Plans   []domain.PlanKey        `json:"plans"`
}

type sourceExplanationJSON struct {
	Kind       domain.SourceKind  `json:"kind"`
	ID         string             `json:"id"`
	Plan       domain.PlanKey     `json:"plan,omitempty"`
	Price      domain.PriceID     `json:"price,omitempty"`
	Quantity   int64              `json:"quantity,omitempty"`
	State      domain.SourceState `json:"state"`
	Value      *valueJSON         `json:"value,omitempty"`
	Since      time.Time          `json:"since,omitzero"`
	Until      time.Time          `json:"until,omitzero"`
	Renews     bool               `json:"renews"`
	EndsAt     time.Time          `json:"ends_at,omitzero"`
	InGrace    bool               `json:"in_grace"`
	Says       string             `json:"says"`
	Rule       *ruleJSON          `json:"rule,omitempty"`
	LastChange *changeJSON        `json:"last_change,omitempty"`
	Evidence   []evidenceJSON     `json:"evidence"`
}

type ruleJSON struct {
	Table  string `json:"table"`
	Row    string `json:"row"`
	Effect string `json:"effect"`
}

type changeJSON struct {
	Kind  domain.ChangeKind `json:"kind"`
	At    time.Time         `json:"at"`
	Event domain.EventID    `json:"event,omitempty"`
}

type evidenceJSON struct {
	About   string            `json:"about"`
	ID      string            `json:"id"`
	Says    string            `json:"says"`
	Details map[string]string `json:"details"`
}

func explanationJSONOf(e domain.Explanation) explanationJSON {
	told := explanationJSON{
		User: e.User, At: e.At, FromHistory: e.FromHistory, OutOfLine: e.OutOfLine,
		Features: []featureExplanationJSON{}, Unmapped: sourcesJSONOf(e.Unmapped), BoughtTwice: []boughtTwiceJSON{},
	}
	for _, b := range e.BoughtTwice {
		told.BoughtTwice = append(told.BoughtTwice, boughtTwiceJSON{
			Older: boughtJSON{b.Older.Kind, b.Older.ID, b.OlderPlan}, Newer: boughtJSON{b.Newer.Kind, b.Newer.ID, b.NewerPlan}, Says: b.Says(),
		})
	}
	for _, f := range e.Features {
		one := featureExplanationJSON{
			Feature: f.Feature, Held: f.Held, Says: f.Says(),
			Sources: sourcesJSONOf(f.Sources), Plans: append([]domain.PlanKey{}, f.Plans...),
		}
		if f.Held {
			value := valueJSON(f.Right.Value)
			one.Value, one.Since, one.Until = &value, f.Right.Since, f.Right.Until
			one.Renews, one.EndsAt, one.InGrace = f.Right.Renews, f.Right.EndsAt, f.Right.InGrace
		}
		told.Features = append(told.Features, one)
	}
	return told
}

func sourcesJSONOf(sources []domain.SourceExplanation) []sourceExplanationJSON {
	all := []sourceExplanationJSON{}
	for _, s := range sources {
		one := sourceExplanationJSON{
			Kind: s.Source.Kind, ID: s.Source.ID, Plan: s.Plan, Price: s.Price, Quantity: s.Quantity,
			State: s.State, Since: s.Since, Until: s.Until,
			Renews: s.Ending.Renews, EndsAt: s.EndsAt(), InGrace: s.Ending.InGrace,
			Says: s.Says(), Evidence: []evidenceJSON{},
		}
		if s.Value.Type != "" {
			value := valueJSON(s.Value)
			one.Value = &value
		}
		if s.Rule != (domain.Rule{}) {
			one.Rule = &ruleJSON{s.Rule.Table, s.Rule.Row, s.Rule.Effect}
		}
		if s.Last.Kind != "" {
			one.LastChange = &changeJSON{s.Last.Kind, s.Last.At, s.Last.Event}
		}
		for _, e := range s.Evidence {
			details := map[string]string{}
			for _, d := range e.Details {
				details[d.Name] = d.Value
			}
			one.Evidence = append(one.Evidence, evidenceJSON{e.About, e.ID, e.Says, details})
		}
		all = append(all, one)
	}
	return all
}
