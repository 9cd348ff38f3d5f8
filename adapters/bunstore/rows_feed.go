package bunstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// rightChangeRow is one line of the feed.
type rightChangeRow struct {
	bun.BaseModel `bun:"table:right_changes,alias:t"`

	Position int64     `bun:"position,pk"`
	UserID   string    `bun:"user_id"`
	Version  int64     `bun:"version"`
	Feature  string    `bun:"feature"`
	Before   string    `bun:"before"` // JSON of a right; empty: none
	After    string    `bun:"after"`
	EventID  string    `bun:"event_id"`
	Cause    string    `bun:"cause"`
	At       time.Time `bun:"at"`
	Kind     string    `bun:"kind"`
	EndsAt   time.Time `bun:"ends_at,nullzero"`
	Lead     int64     `bun:"lead"` // seconds
	ToldAt   time.Time `bun:"told_at,nullzero"`
}

// right is a right within JSON.
type right struct {
	Type   string `json:"type"`
	Limit  int64  `json:"limit"`
	Choice string `json:"choice,omitempty"`
	Since  moment `json:"since"`
	Until  moment `json:"until"`

	Renews  bool   `json:"renews,omitempty"`
	EndsAt  moment `json:"ends_at,omitempty"`
	InGrace bool   `json:"in_grace,omitempty"`
}

func rightChangeRowOf(c domain.RightChange, position int64, toldAt time.Time) rightChangeRow {
	return rightChangeRow{
		Position: position, UserID: string(c.User), Version: c.Version, Feature: string(c.Feature),
		Before: rightText(c.Before), After: rightText(c.After),
		EventID: clean(c.Event), Cause: clean(c.Cause), At: stamp(c.At),
		Kind: clean(c.Kind), EndsAt: stamp(c.EndsAt), Lead: int64(c.Lead / time.Second), ToldAt: stamp(toldAt),
	}
}

func rightText(r *domain.Right) string {
	if r == nil {
		return ""
	}
	value := valueRowOf(r.Value)
	return jsonText(right{
		Type: value.ValueType, Limit: value.ValueLimit, Choice: value.ValueChoice, Since: momentOf(r.Since), Until: momentOf(r.Until),
		Renews: r.Renews, EndsAt: momentOf(r.EndsAt), InGrace: r.InGrace,
	})
}

func (r rightChangeRow) toDomain() (domain.RightChange, error) {
	c := domain.RightChange{
		Position: r.Position, User: domain.UserID(r.UserID), Version: r.Version, Feature: domain.FeatureKey(r.Feature),
		Event: domain.EventID(r.EventID), Cause: domain.Cause(r.Cause), At: stamp(r.At),
		Kind: domain.RightChangeKind(r.Kind), EndsAt: stamp(r.EndsAt), Lead: time.Duration(r.Lead) * time.Second,
	}
	var err error
	if c.Before, err = rightOf(c.Feature, r.Before); err == nil {
		c.After, err = rightOf(c.Feature, r.After)
	}
	if err != nil {
		return domain.RightChange{}, fmt.Errorf("change %d of the feed: %w", r.Position, err)
	}
	return c, nil
}

func rightOf(feature domain.FeatureKey, text string) (*domain.Right, error) {
	if text == "" {
		return nil, nil
	}
	var r right
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, fmt.Errorf("right: %w", err)
	}
	return &domain.Right{
		Feature: feature, Value: valueRow{r.Type, r.Limit, r.Choice}.toDomain(),
		Since: r.Since.time(), Until: r.Until.time(), Renews: r.Renews, EndsAt: r.EndsAt.time(), InGrace: r.InGrace,
	}, nil
}

// toldRow is what the feed says of one user.
type toldRow struct {
	bun.BaseModel `bun:"table:rights_told,alias:t"`

	UserID       string    `bun:"user_id,pk"`
	Entitlements string    `bun:"entitlements"` // JSON of []toldEntitlement
	AsOf         time.Time `bun:"as_of,nullzero"`
	Due          time.Time `bun:"due,nullzero"`
	Announced    string    `bun:"announced"` // JSON of []announcedEnd
}

// announcedEnd is an end that was announced within JSON.
type announcedEnd struct {
	Feature string `json:"feature"`
	EndsAt  moment `json:"ends_at"`
}

// toldEntitlement is an entitlement within JSON.
type toldEntitlement struct {
	Feature    string `json:"feature"`
	SourceKind string `json:"kind"`
	SourceID   string `json:"id"`
	stretch
}

func toldRowOf(user domain.UserID, told domain.Told) toldRow {
	all := make([]toldEntitlement, len(told.Entitlements))
	for i, e := range told.Entitlements {
		all[i] = toldEntitlement{string(e.Feature), string(e.Source.Kind), e.Source.ID, stretchOf(e)}
	}
	ends := make([]announcedEnd, len(told.Announced))
	for i, end := range told.Announced {
		ends[i] = announcedEnd{string(end.Feature), momentOf(end.EndsAt)}
	}
	return toldRow{UserID: string(user), Entitlements: jsonText(all), AsOf: stamp(told.AsOf), Due: stamp(told.Due), Announced: jsonText(ends)}
}

func (r toldRow) toDomain() (domain.Told, error) {
	var all []toldEntitlement
	var ends []announcedEnd
	if err := errors.Join(json.Unmarshal([]byte(r.Entitlements), &all), json.Unmarshal([]byte(r.Announced), &ends)); err != nil {
		return domain.Told{}, fmt.Errorf("what the feed says of user %s: %w", r.UserID, err)
	}
	told := domain.Told{AsOf: stamp(r.AsOf), Due: stamp(r.Due)}
	for _, end := range ends {
		told.Announced = append(told.Announced, domain.AnnouncedEnd{Feature: domain.FeatureKey(end.Feature), EndsAt: end.EndsAt.time()})
	}
	for _, e := range all {
		told.Entitlements = append(told.Entitlements, e.stretch.toDomain(domain.Entitlement{
			Feature: domain.FeatureKey(e.Feature), Source: domain.Source{Kind: domain.SourceKind(e.SourceKind), ID: e.SourceID},
		}))
	}
	return told, nil
}
