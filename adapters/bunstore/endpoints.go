package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// AddEndpoint implements [ports.Endpoints].
func (s *Store) AddEndpoint(ctx context.Context, e ports.Endpoint) error {
	if err := checkIDs([]string{string(e.ID)}); err != nil {
		return err
	}
	row := endpointRowOf(e)
	return s.try(ctx, fmt.Sprintf("add endpoint %s", e.ID), func(ctx context.Context) error {
		result, err := s.db.NewInsert().Model(&row).On("CONFLICT (id) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		if added, err := result.RowsAffected(); err != nil || added > 0 {
			return err
		}
		return callersError{fmt.Errorf("%w: there is an endpoint %s", ports.ErrConflict, e.ID)}
	})
}

// Endpoints implements [ports.Endpoints].
func (s *Store) Endpoints(ctx context.Context) ([]ports.Endpoint, error) {
	var rows []endpointRow
	err := s.try(ctx, "list endpoints", func(ctx context.Context) error {
		rows = nil
		return s.db.NewSelect().Model(&rows).Order("created_at", "id").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	return endpointsOf(rows)
}

func endpointsOf(rows []endpointRow) ([]ports.Endpoint, error) {
	var all []ports.Endpoint
	for _, row := range rows {
		e, err := row.toPort()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// Endpoint implements [ports.Endpoints].
func (s *Store) Endpoint(ctx context.Context, id ports.EndpointID) (ports.Endpoint, error) {
	var row endpointRow
	err := s.try(ctx, fmt.Sprintf("read endpoint %.60q", id), func(ctx context.Context) error {
		return s.db.NewSelect().Model(&row).Where("id = ?", clean(id)).Scan(ctx)
	})
	if err != nil {
		return ports.Endpoint{}, err
	}
	return row.toPort()
}

// ChangeEndpoint implements [ports.Endpoints].
func (s *Store) ChangeEndpoint(ctx context.Context, id ports.EndpointID, fn func(*ports.Endpoint) ([]ports.Delivery, error)) error {
	return s.try(ctx, fmt.Sprintf("change endpoint %.60q", id), func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{})
		if err != nil {
			return err
		}
		defer tx.rollback()
		e, err := s.lockEndpoint(ctx, tx, id)
		if err != nil {
			return err
		}
		changed := e
		deliveries, err := fn(&changed)
		if err != nil {
			return callersError{err}
		}
		changed.ID, changed.CreatedAt = e.ID, e.CreatedAt
		row := endpointRowOf(changed)
		return tx.commit(ctx, append(s.keepDeliveries(id, deliveries), s.statement(s.db.NewUpdate().Model(&row).WherePK(), nil))...)
	})
}

func (s *Store) lockEndpoint(ctx context.Context, tx transaction, id ports.EndpointID) (ports.Endpoint, error) {
	var rows []endpointRow
	query := s.db.NewSelect().Model(&rows).Where("id = ?", clean(id))
	if s.onPostgres() {
		query = query.For("UPDATE")
	}
	if err := tx.trip(ctx, s.statement(query, &rows)); err != nil {
		return ports.Endpoint{}, err
	}
	if len(rows) == 0 {
		return ports.Endpoint{}, callersError{fmt.Errorf("endpoint %.60q: %w", id, ports.ErrNotFound)}
	}
	return rows[0].toPort()
}

// keepDeliveries adds deliveries, and takes the oldest of the endpoint's beyond what is kept.
func (s *Store) keepDeliveries(id ports.EndpointID, deliveries []ports.Delivery) []statement {
	if len(deliveries) == 0 {
		return nil
	}
	deliveries = deliveries[max(0, len(deliveries)-ports.DeliveriesKept):]
	rows := make([]deliveryRow, len(deliveries))
	for i, d := range deliveries {
		rows[i] = deliveryRowOf(id, d)
	}
	kept := s.db.NewSelect().Model((*deliveryRow)(nil)).Column("seq").Where("endpoint_id = ?", clean(id)).
		Order("seq DESC").Limit(1).Offset(ports.DeliveriesKept)
	all := []statement{s.statement(s.db.NewInsert().Model(&rows).ExcludeColumn("seq").Returning("NULL"), nil)}
	if slices.ContainsFunc(rows, func(row deliveryRow) bool { return row.Answer != "" }) {
		all = append(all, s.forgetAnswers(id, rows))
	}
	return append(all,
		s.statement(s.db.NewDelete().Model((*deliveryRow)(nil)).Where("endpoint_id = ?", clean(id)).Where("seq <= (?)", kept), nil))
}

// forgetAnswers takes what receivers answered to messages about users who were forgotten while
// they were sent.
func (s *Store) forgetAnswers(id ports.EndpointID, rows []deliveryRow) statement {
	var firsts []int64
	for _, row := range rows {
		firsts = append(firsts, row.First)
	}
	forgotten := s.db.NewSelect().Model((*rightChangeRow)(nil)).Column("position").
		Where("position BETWEEN ? AND ?", slices.Min(firsts), slices.Max(firsts)).Where("user_id LIKE ?", string(domain.ForgottenUser("%")))
	return s.statement(s.db.NewUpdate().Model((*deliveryRow)(nil)).Set("answer = ?", forgottenText).
		Where("endpoint_id = ?", clean(id)).Where("answer <> ''").Where("first_position IN (?)", forgotten), nil)
}

// DeleteEndpoint implements [ports.Endpoints].
func (s *Store) DeleteEndpoint(ctx context.Context, id ports.EndpointID) error {
	return s.try(ctx, fmt.Sprintf("delete endpoint %.60q", id), func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{})
		if err != nil {
			return err
		}
		defer tx.rollback()
		if _, err := s.lockEndpoint(ctx, tx, id); err != nil {
			return err
		}
		return tx.commit(ctx,
			s.statement(s.db.NewDelete().Model((*deliveryRow)(nil)).Where("endpoint_id = ?", clean(id)), nil),
			s.statement(s.db.NewDelete().Model((*endpointRow)(nil)).Where("id = ?", clean(id)), nil))
	})
}

// LeaseEndpoints implements [ports.Endpoints]. Whether there are any is looked at first: who
// finds none, as most do, writes nothing and waits for no writer.
func (s *Store) LeaseEndpoints(ctx context.Context, lease ports.EndpointLease) ([]ports.Endpoint, error) {
	if lease.Limit <= 0 {
		return nil, ctx.Err()
	}
	var rows []endpointRow
	err := s.try(ctx, "lease endpoints", func(ctx context.Context) error {
		rows = nil
		if some, err := s.dueEndpoints(lease).Exists(ctx); err != nil || !some {
			return err
		}
		tx, err := s.begin(ctx, txOptions{})
		if err != nil {
			return err
		}
		defer tx.rollback()
		due := s.dueEndpoints(lease).Column("id").Order("next_attempt", "id").Limit(int64(lease.Limit))
		if s.onPostgres() {
			due = due.For("UPDATE SKIP LOCKED")
		}
		return tx.commit(ctx, s.statement(s.db.NewUpdate().Model(&rows).With("due", due).
			Set("leased_until = ?", stamp(lease.Until)).Set("turn = turn + 1").
			Where("id IN (SELECT id FROM due)").Returning("*"), &rows))
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b endpointRow) int { // the database returns them in no order
		return cmp.Or(a.NextAttempt.Compare(b.NextAttempt), cmp.Compare(a.ID, b.ID))
	})
	return endpointsOf(rows)
}

func (s *Store) dueEndpoints(lease ports.EndpointLease) *bun.SelectQuery {
	failing := "failures = 0"
	if lease.Failing {
		failing = "failures > 0"
	}
	now := stamp(lease.Now)
	return s.db.NewSelect().Model((*endpointRow)(nil)).
		Where("disabled = ''").Where(failing).Where("next_attempt <= ?", now).
		Where("leased_until IS NULL OR leased_until <= ?", now).
		Where("feed_cursor <> COALESCE((SELECT max(position) FROM right_changes), 0)")
}

// Deliveries implements [ports.Endpoints].
func (s *Store) Deliveries(ctx context.Context, id ports.EndpointID, limit int) ([]ports.Delivery, error) {
	var rows []deliveryRow
	err := s.try(ctx, fmt.Sprintf("list deliveries to endpoint %.60q", id), func(ctx context.Context) error {
		rows = nil
		return s.db.NewSelect().Model(&rows).Where("endpoint_id = ?", clean(id)).Order("seq DESC").Limit(int64(limit)).Scan(ctx)
	})
	return domainOf(rows, deliveryRow.toPort), err
}
