package bunstore

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// State implements [ports.Store]. All tables are read as of one moment.
func (s *Store) State(ctx context.Context, user domain.UserID) (ports.State, error) {
	state := ports.State{Account: domain.NewAccount(user)}
	if !storable(user) {
		return state, ctx.Err()
	}
	err := s.try(ctx, "read the state of a user", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{readOnly: true})
		if err != nil {
			return err
		}
		defer tx.rollback()

		var accounts []accountRow
		var rows belongings
		users := []string{string(user)}
		trip := append(s.readWhole(users, nil, &rows), s.among(s.db.NewSelect().Model(&accounts), "user_id", users, &accounts))
		if err := tx.commit(ctx, trip...); err != nil {
			return err
		}
		h := newHeld()
		account, version := domain.NewAccount(user), int64(0)
		if len(accounts) > 0 {
			version = accounts[0].Version
			if account, err = accounts[0].toDomain(); err != nil {
				return err
			}
		}
		h.add(account, version)
		h.whole[user] = true
		if err := rows.into(&h); err != nil {
			return err
		}
		state = h.withoutSums(*h.states[user])
		return nil
	})
	return state, err
}

// Order implements [ports.Store].
func (s *Store) Order(ctx context.Context, id domain.OrderID) (domain.Order, domain.UserID, error) {
	if !storable(id) {
		return domain.Order{}, "", fmt.Errorf("order %.60q: %w", id, ports.ErrNotFound)
	}
	var row orderRow
	err := s.try(ctx, fmt.Sprintf("read order %s", id), func(ctx context.Context) error {
		return s.db.NewSelect().Model(&row).Where("id = ?", string(id)).Scan(ctx)
	})
	if err != nil {
		return domain.Order{}, "", err
	}
	return row.toDomain(), domain.UserID(row.UserID), nil
}

// Receipt implements [ports.Store].
func (s *Store) Receipt(ctx context.Context, id domain.EventID) (domain.ProcessedEvent, error) {
	if !storable(id) {
		return domain.ProcessedEvent{}, fmt.Errorf("event %.60q: %w", id, ports.ErrNotFound)
	}
	var row receiptRow
	err := s.try(ctx, fmt.Sprintf("read the receipt of event %s", id), func(ctx context.Context) error {
		return s.db.NewSelect().Model(&row).Where("id = ?", string(id)).Scan(ctx)
	})
	if err != nil {
		return domain.ProcessedEvent{}, err
	}
	return row.toDomain(), nil
}

// Changes implements [ports.Store].
func (s *Store) Changes(ctx context.Context, user domain.UserID) ([]domain.Change, error) {
	if !storable(user) {
		return nil, ctx.Err()
	}
	var rows []changeRow
	err := s.try(ctx, "read the changes of a user", func(ctx context.Context) error {
		rows = nil
		return s.db.NewSelect().Model(&rows).Where("user_id = ?", string(user)).Order("seq").Scan(ctx)
	})
	return domainOf(rows, changeRow.toDomain), err
}

// Users implements [ports.Store].
func (s *Store) Users(ctx context.Context, after domain.UserID, limit int) ([]domain.UserID, error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	var rows []accountRow
	err := s.try(ctx, "list users", func(ctx context.Context) error {
		rows = nil
		return s.db.NewSelect().Model(&rows).Column("user_id").Where("user_id > ?", clean(after)).
			Order("user_id").Limit(int64(limit)).Scan(ctx)
	})
	return domainOf(rows, func(r accountRow) domain.UserID { return domain.UserID(r.UserID) }), err
}

func domainOf[Row, Value any](rows []Row, toDomain func(Row) Value) []Value {
	if len(rows) == 0 {
		return nil
	}
	values := make([]Value, len(rows))
	for i, row := range rows {
		values[i] = toDomain(row)
	}
	return values
}
