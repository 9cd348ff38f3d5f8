package bunstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"
)

type settingRow struct {
	bun.BaseModel `bun:"table:settings"`

	Name  string `bun:"name,pk"`
	Value string `bun:"value"`
}

// Setting implements [ports.Store].
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var row settingRow
	err := s.try(ctx, fmt.Sprintf("read setting %s", name), func(ctx context.Context) error {
		return s.db.NewSelect().Model(&row).Where("name = ?", name).Scan(ctx)
	})
	return row.Value, err
}

// SetSetting implements [ports.Store].
func (s *Store) SetSetting(ctx context.Context, name, value string) error {
	return s.try(ctx, fmt.Sprintf("keep setting %s", name), func(ctx context.Context) error {
		_, err := s.db.NewInsert().Model(&settingRow{Name: name, Value: value}).
			On("CONFLICT (name) DO UPDATE").Set("value = EXCLUDED.value").Exec(ctx)
		return err
	})
}

// SwapSetting implements [ports.Store].
func (s *Store) SwapSetting(ctx context.Context, name, old, value string) (swapped bool, err error) {
	err = s.try(ctx, fmt.Sprintf("keep setting %s", name), func(ctx context.Context) error {
		var result sql.Result
		var err error
		if old == "" {
			result, err = s.db.NewInsert().Model(&settingRow{Name: name, Value: value}).On("CONFLICT (name) DO NOTHING").Exec(ctx)
		} else {
			result, err = s.db.NewUpdate().Model((*settingRow)(nil)).Set("value = ?", value).
				Where("name = ?", name).Where("value = ?", old).Exec(ctx)
		}
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		swapped = rows > 0
		return err
	})
	return swapped, err
}
