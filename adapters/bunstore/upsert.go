package bunstore

import (
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// keepOwner makes an upsert fail that would write a row of another user: the
// owner becomes NULL, which the column refuses, and natureOf calls that a
// conflict. It needs no look beforehand, and no race can get past it.
const keepOwner = "user_id = CASE WHEN t.user_id = EXCLUDED.user_id THEN t.user_id END"

// upsert writes rows, a pointer to a slice of them, whether they exist or not. Of
// one that exists, the columns named stay.
func (s *Store) upsert(rows any, stay ...string) *bun.InsertQuery {
	table := s.db.Table(reflect.TypeOf(rows).Elem().Elem())
	var key []string
	for _, field := range table.PKs {
		key = append(key, field.Name)
	}
	query := s.db.NewInsert().Model(rows).On("CONFLICT (?) DO UPDATE", bun.Safe(strings.Join(key, ", ")))
	for _, field := range table.DataFields {
		switch {
		case slices.Contains(stay, field.Name):
		case field.Name == "user_id" && table.Name != "processed_events":
			query = query.Set(keepOwner)
		default:
			query = query.Set("? = EXCLUDED.?", bun.Ident(field.Name), bun.Ident(field.Name))
		}
	}
	return query
}

func (s *Store) deleteEntitlements(rows []entitlementRow) *bun.DeleteQuery {
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = s.db.QueryGen().FormatQuery("(?, ?, ?, ?)", r.UserID, r.Feature, r.SourceKind, r.SourceID)
	}
	return s.db.NewDelete().Model((*entitlementRow)(nil)).
		Where("(user_id, feature, source_kind, source_id) IN (VALUES ?)", bun.Safe(strings.Join(keys, ", ")))
}
