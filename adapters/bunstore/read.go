package bunstore

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// State implements [ports.Store]. All tables are read as of one moment.
func (s *Store) State(ctx context.Context, user domain.UserID) (ports.State, error) {
	states, err := s.States(ctx, []domain.UserID{user})
	if err != nil {
		return ports.State{Account: domain.NewAccount(user)}, err
	}
	return states[user], nil
}

// States implements [ports.Store].
func (s *Store) States(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.State, error) {
	states := make(map[domain.UserID]ports.State, len(users))
	var names []string
	for _, user := range users {
		if _, twice := states[user]; !twice && storable(user) {
			names = append(names, string(user))
		}
		states[user] = ports.State{Account: domain.NewAccount(user)}
	}
	if len(names) == 0 {
		return states, ctx.Err()
	}
	err := s.try(ctx, "read the state of users", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{readOnly: true})
		if err != nil {
			return err
		}
		defer tx.rollback()

		var accounts []accountRow
		var rows belongings
		trip := append(s.readWhole(names, nil, &rows), s.among(s.db.NewSelect().Model(&accounts), "user_id", names, &accounts))
		if err := tx.commit(ctx, trip...); err != nil {
			return err
		}
		h, err := heldOf(names, accounts)
		if err != nil {
			return err
		}
		if err := rows.into(&h); err != nil {
			return err
		}
		for user, state := range h.states {
			states[user] = h.withoutSums(*state)
		}
		return nil
	})
	return states, err
}

// heldOf has an account for each of the users, empty for who has none.
func heldOf(users []string, accounts []accountRow) (held, error) {
	h := newHeld()
	for _, user := range users {
		h.add(domain.NewAccount(domain.UserID(user)), 0)
		h.whole[domain.UserID(user)] = true
	}
	for _, row := range accounts {
		account, err := row.toDomain()
		if err != nil {
			return h, err
		}
		h.add(account, row.Version)
	}
	return h, nil
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
