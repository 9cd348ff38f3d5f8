package bunstore

import (
	"context"
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
