package bunstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// entitlementRow is what one source gives of one feature: the first stretch of time in
// columns, as the program before knows it, and all stretches in Later if there are
// more, or the first is not the first of all.
type entitlementRow struct {
	bun.BaseModel `bun:"table:entitlements,alias:t"`

	UserID     string `bun:"user_id,pk"`
	Feature    string `bun:"feature,pk"`
	SourceKind string `bun:"source_kind,pk"`
	SourceID   string `bun:"source_id,pk"`
	Plan       string `bun:"plan"`
	valueRow
	Since time.Time `bun:"since,nullzero"`
	Until time.Time `bun:"until,nullzero"`
	endingRow
	Later    string `bun:"later"`    // JSON of []stretch, or empty
	Purchase string `bun:"purchase"` // see factRow
}

// endingRow is how the first stretch ends.
type endingRow struct {
	Renews  bool      `bun:"renews"`
	EndsAt  time.Time `bun:"ends_at,nullzero"`
	InGrace bool      `bun:"in_grace"`
}

func endingRowOf(e domain.Ending) endingRow {
	return endingRow{Renews: e.Renews, EndsAt: stamp(e.EndsAt), InGrace: e.InGrace}
}

func (r endingRow) toDomain() domain.Ending {
	return domain.Ending{Renews: r.Renews, EndsAt: stamp(r.EndsAt), InGrace: r.InGrace}
}

// stretch is one stretch of time of a row.
type stretch struct {
	Part   int64  `json:"part"`
	Plan   string `json:"plan"`
	Type   string `json:"type"`
	Limit  int64  `json:"limit"`
	Choice string `json:"choice,omitempty"`
	Since  moment `json:"since"`
	Until  moment `json:"until"`

	Renews  bool   `json:"renews,omitempty"`
	EndsAt  moment `json:"ends_at,omitempty"`
	InGrace bool   `json:"in_grace,omitempty"`
}

// entitlementRowsOf makes rows of what a user has, sorted by key.
func entitlementRowsOf(user domain.UserID, all []domain.Entitlement) []entitlementRow {
	sorted := slices.SortedStableFunc(slices.Values(all), domain.CompareEntitlements)
	var rows []entitlementRow
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Feature == sorted[0].Feature && sorted[n].Source == sorted[0].Source {
			n++
		}
		rows = append(rows, entitlementRowOf(user, sorted[:n]))
		sorted = sorted[n:]
	}
	return rows
}

// entitlementRowOf is the row of stretches of one feature and source, sorted.
func entitlementRowOf(user domain.UserID, all []domain.Entitlement) entitlementRow {
	first := all[0]
	row := entitlementRow{
		UserID:  string(user),
		Feature: string(first.Feature), SourceKind: string(first.Source.Kind), SourceID: first.Source.ID,
		Plan: clean(first.Plan), valueRow: valueRowOf(first.Value),
		Since: stamp(first.Since), Until: stamp(first.Until), endingRow: endingRowOf(first.Ending),
	}
	if len(all) > 1 || first.Part != 0 {
		stretches := make([]stretch, len(all))
		for i, e := range all {
			stretches[i] = stretchOf(e)
		}
		row.Later = jsonText(stretches)
	}
	return row
}

func (r entitlementRow) stretches() ([]domain.Entitlement, error) {
	return withLater(r.first(), r.Later)
}

func (r entitlementRow) source() domain.Source {
	return domain.Source{Kind: domain.SourceKind(r.SourceKind), ID: r.SourceID}
}

// first is the stretch that the columns say.
func (r entitlementRow) first() domain.Entitlement {
	return domain.Entitlement{
		Feature: domain.FeatureKey(r.Feature),
		Source:  r.source(),
		Plan:    domain.PlanKey(r.Plan),
		Value:   r.valueRow.toDomain(),
		Since:   stamp(r.Since), Until: stamp(r.Until), Ending: r.endingRow.toDomain(),
	}
}

// withLater is the stretch that the columns of a row say and those after it. A program
// from before there were any writes the columns alone: where they say another first stretch
// than later does, what was later is no more. How the first one ends, the columns say: a
// program that does not know of it writes neither.
func withLater(first domain.Entitlement, later string) ([]domain.Entitlement, error) {
	if later == "" {
		return []domain.Entitlement{first}, nil
	}
	var stretches []stretch
	if err := json.Unmarshal([]byte(later), &stretches); err != nil {
		return nil, fmt.Errorf("stretches of feature %s from %s %s: %w", first.Feature, first.Source.Kind, first.Source.ID, err)
	}
	all := make([]domain.Entitlement, len(stretches))
	for i, s := range stretches {
		all[i] = s.toDomain(first)
	}
	if len(all) > 0 {
		first.Part, all[0].Ending = all[0].Part, first.Ending
	}
	if len(all) == 0 || all[0] != first {
		first.Part = 0
		return []domain.Entitlement{first}, nil
	}
	return all, nil
}

func stretchOf(e domain.Entitlement) stretch {
	value := valueRowOf(e.Value)
	return stretch{
		Part: int64(e.Part), Plan: clean(e.Plan), Type: value.ValueType, Limit: value.ValueLimit, Choice: value.ValueChoice,
		Since: momentOf(e.Since), Until: momentOf(e.Until),
		Renews: e.Renews, EndsAt: momentOf(e.EndsAt), InGrace: e.InGrace,
	}
}

// toDomain is the stretch, of the feature and source of another one.
func (s stretch) toDomain(of domain.Entitlement) domain.Entitlement {
	return domain.Entitlement{
		Feature: of.Feature, Source: of.Source, Part: int(s.Part), Plan: domain.PlanKey(s.Plan),
		Value: valueRow{s.Type, s.Limit, s.Choice}.toDomain(),
		Since: s.Since.time(), Until: s.Until.time(),
		Ending: domain.Ending{Renews: s.Renews, EndsAt: s.EndsAt.time(), InGrace: s.InGrace},
	}
}

// entitlementKey is what identifies a row of a user.
type entitlementKey struct{ user, feature, kind, id string }

func (r entitlementRow) key() entitlementKey {
	return entitlementKey{r.UserID, r.Feature, r.SourceKind, r.SourceID}
}
