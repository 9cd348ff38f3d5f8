package bunstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// hold makes and locks the accounts that an update is about, in the order of their ids:
// from here on nobody else changes them. In the same trip, after the lock, it reads whose
// the names are, what is kept with them or all of the account, and the receipts. A trip more
// reads the rest of an account that has something that may be about any of its purchases:
// the program before knew of no purchases.
func (s *Store) hold(ctx context.Context, tx transaction, w wanted) (held, error) {
	h := newHeld()
	var made, locked []accountRow
	var names []refRow
	var receipts []receiptRow
	var named, whole belongings
	var trip []statement
	if len(w.users) > 0 {
		blank := make([]accountRow, len(w.users))
		for i, id := range w.users {
			blank[i] = accountRow{UserID: id}
		}
		trip = append(trip, s.insert(&blank, doNothing, &made))
	}
	if len(w.users)+len(w.refs) > 0 {
		trip = append(trip, s.lockAccounts(w, &locked))
	}
	if len(w.refs)+len(w.events) > 0 {
		trip = append(trip, s.readNamed(w, &named, &names, &receipts)...)
	}
	if len(w.users)+len(w.whole) > 0 {
		trip = append(trip, s.readWhole(w.users, w.whole, &whole)...)
	}
	if err := tx.trip(ctx, trip...); err != nil {
		return held{}, err
	}
	if err := errors.Join(h.holdAccounts(w, made, locked), h.holdNames(w, names)); err != nil {
		return held{}, err
	}
	for _, row := range receipts {
		h.receipts[domain.EventID(row.ID)] = row.toDomain()
	}
	if err := errors.Join(named.into(&h), whole.into(&h)); err != nil {
		return held{}, err
	}
	return h, s.readRest(ctx, tx, &h)
}

func (h held) holdAccounts(w wanted, made, locked []accountRow) error {
	for _, row := range made {
		h.created[domain.UserID(row.UserID)] = true
	}
	for _, row := range locked {
		account, err := row.toDomain()
		if err != nil {
			return err
		}
		h.add(account, row.Version)
	}
	for _, user := range w.users {
		if h.states[domain.UserID(user)] == nil {
			return errStale // forgotten, while this update was waiting
		}
		h.whole[domain.UserID(user)] = true
	}
	return nil
}

// holdNames: a name may have become known while this update was waiting for a lock. Then
// the update begins anew, see [errStale].
func (h held) holdNames(w wanted, names []refRow) error {
	for _, row := range names {
		owner, name := domain.UserID(row.UserID), row.toDomain()
		if h.states[owner] == nil {
			return errStale
		}
		h.owners[name] = owner
		h.whole[owner] = h.whole[owner] || slices.Contains(w.whole, name)
		if isApart(row.Purchase) {
			h.opened[purchase{row.UserID, partKey(row.Purchase)}] = true
		}
	}
	return nil
}

// lockAccounts finds the accounts by name and by user in one statement.
func (s *Store) lockAccounts(w wanted, rows *[]accountRow) statement {
	if !s.onPostgres() {
		// The transaction has the whole database to itself.
		return s.statement(s.db.NewSelect().Model(rows).Order("user_id").
			Where("user_id IN (?) OR user_id IN (SELECT t.user_id FROM ?)", bun.List(w.users), s.named(w.refs)), rows)
	}
	kinds, ids := columns(w.refs)
	sql := s.fixed("lock accounts", func() string {
		return s.statement(s.db.NewSelect().Model(rows).Order("user_id").For("UPDATE").
			Where("user_id = ANY (ARRAY(SELECT unnest($3::text[]) UNION ALL SELECT t.user_id FROM ?))", s.named(nil)), rows).sql
	})
	return statement{sql: sql, rows: rows, args: []any{kinds, ids, w.users}}
}

// readRest reads accounts whole of which something may be about any purchase.
func (s *Store) readRest(ctx context.Context, tx transaction, h *held) error {
	var users []string
	for user, keys := range h.keys {
		if !h.whole[user] && keys.some("") {
			h.whole[user] = true
			h.states[user].Entitlements = nil // or they would be there twice
			users = append(users, string(user))
		}
	}
	if len(users) == 0 {
		return nil
	}
	slices.Sort(users)
	var rows belongings
	if err := tx.trip(ctx, s.readWhole(users, nil, &rows)...); err != nil {
		return err
	}
	return rows.into(h)
}

// among narrows a query to rows whose column is one of some ids.
func (s *Store) among(query *bun.SelectQuery, column string, ids []string, rows any) statement {
	if s.onPostgres() {
		return s.statement(query.Where("? = ANY ($1)", bun.Ident(column)), rows, ids)
	}
	return s.statement(query.Where("? IN (?)", bun.Ident(column), bun.List(ids)), rows)
}

// statement lets Bun write the SQL of a query.
func (s *Store) statement(query bun.Query, rows any, args ...any) statement {
	sql, err := query.AppendQuery(s.db.QueryGen(), nil)
	if err != nil {
		panic(err) // Bun refuses a query only for what is fixed in the code
	}
	return statement{sql: string(sql), args: args, rows: rows}
}

// tuples writes columns as rows, (a, b), ...; without any, as one that equals nothing.
func (s *Store) tuples(columns ...[]string) string {
	if len(columns[0]) == 0 {
		return "(NULL" + strings.Repeat(", NULL", len(columns)-1) + ")"
	}
	rows := make([]string, len(columns[0]))
	for i := range rows {
		values := make([]string, len(columns))
		for n, column := range columns {
			values[n] = s.db.QueryGen().FormatQuery("?", column[i])
		}
		rows[i] = "(" + strings.Join(values, ", ") + ")"
	}
	return strings.Join(rows, ", ")
}

func columns(refs []domain.Ref) (kinds, ids []string) {
	kinds, ids = make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		kinds[i], ids[i] = string(r.Kind), r.ID
	}
	return kinds, ids
}

// storables keeps the ids that can have been kept, sorted and each once.
func storables[ID ~string](ids []ID) []string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		if storable(id) {
			all = append(all, string(id))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
