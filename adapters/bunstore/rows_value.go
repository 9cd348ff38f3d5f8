package bunstore

import "github.com/entitled-dev/entitled/domain"

// valueRow is how much of a feature a row gives. A choice is kept as a flag that says which:
// the program before, which may run beside this one, knows no other types.
type valueRow struct {
	ValueType   string `bun:"value_type"`
	ValueLimit  int64  `bun:"value_limit"`
	ValueChoice string `bun:"value_choice"` // empty: it is no choice
}

func valueRowOf(v domain.Value) valueRow {
	if v.Type == domain.FeatureChoice {
		return valueRow{ValueType: string(domain.FeatureFlag), ValueChoice: clean(v.Choice)}
	}
	return valueRow{ValueType: clean(v.Type), ValueLimit: v.Limit}
}

func (r valueRow) toDomain() domain.Value {
	if r.ValueChoice != "" {
		return domain.Choice(r.ValueChoice)
	}
	return domain.Value{Type: domain.FeatureType(r.ValueType), Limit: r.ValueLimit}
}
