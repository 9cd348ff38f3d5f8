package bunstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// lock makes and locks the accounts that an update is about, in the order of their ids:
// from here on nobody else changes them. It reads them, and whose the names are, without
// what belongs to them.
func (s *Store) lock(ctx context.Context, tx transaction, w wanted) (h held, named purchases, err error) {
	h, named = newHeld(), purchases{}
	var trip []statement
	var made, locked []accountRow
	var refs []refRow
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
	if len(w.refs) > 0 {
		trip = append(trip, s.readRefs(w.refs, &refs))
	}
	if err := tx.trip(ctx, trip...); err != nil {
		return held{}, nil, err
	}
	for _, row := range made {
		h.created[domain.UserID(row.UserID)] = true
	}
	for _, row := range locked {
		account, err := row.toDomain()
		if err != nil {
			return held{}, nil, err
		}
		h.add(account)
	}
	for _, user := range w.users {
		if h.states[domain.UserID(user)] == nil {
			return held{}, nil, errStale // forgotten, while this update was waiting
		}
		h.whole[domain.UserID(user)] = true
	}
	for _, row := range refs {
		owner, name := domain.UserID(row.UserID), row.toDomain()
		if h.states[owner] == nil {
			return held{}, nil, errStale
		}
		h.owners[name] = owner
		h.whole[owner] = h.whole[owner] || w.whole[name]
		named[purchase{row.UserID, row.Purchase}] = true
		if part := partKey(row.Purchase); part != row.Purchase {
			named[purchase{row.UserID, part}] = true
			h.opened[purchase{row.UserID, part}] = true
		}
	}
	return h, named, nil
}

// lockAccounts finds the accounts by name and by user in one statement.
func (s *Store) lockAccounts(w wanted, rows *[]accountRow) statement {
	if !s.onPostgres() {
		// The transaction has the whole database to itself.
		query := s.db.NewSelect().Model(rows).WhereGroup("", func(q *bun.SelectQuery) *bun.SelectQuery {
			if len(w.users) > 0 {
				q = q.WhereOr("user_id IN (?)", bun.List(w.users))
			}
			if len(w.refs) > 0 {
				q = q.WhereOr("user_id IN (SELECT user_id FROM refs WHERE (kind, id) IN (VALUES ?))", bun.Safe(s.pairs(columns(w.refs))))
			}
			return q
		})
		return s.statement(query.Order("user_id"), rows)
	}
	kinds, ids := columns(w.refs)
	sql := s.fixed("lock accounts", func() string {
		query := s.db.NewSelect().Model(rows).
			Where("user_id = ANY (ARRAY(SELECT unnest($3::text[]) UNION ALL SELECT t.user_id FROM ?))", eachOf("refs", "kind", "id")).
			Order("user_id").For("UPDATE")
		return s.statement(query, rows).sql
	})
	return statement{sql: sql, rows: rows, args: []any{kinds, ids, w.users}}
}

// readHeld reads what belongs to the locked accounts, and the receipts. Of an account that
// is not wanted whole, it is what is kept with some purchases, unless there is something
// that may be about any: the program before knew of no purchases.
func (s *Store) readHeld(ctx context.Context, tx transaction, w wanted, h *held, named purchases) error {
	var whole []string
	part := purchases{}
	for user := range h.states {
		if h.whole[user] {
			whole = append(whole, string(user))
		} else {
			part[purchase{string(user), ""}] = true
		}
	}
	slices.Sort(whole)
	for one := range named {
		if !h.whole[domain.UserID(one.user)] {
			part[one] = true
		}
	}
	users, keys := part.columns()

	var rows, some belongings
	var receipts []receiptRow
	trip := append(s.readBelongings(whole, nil, &rows), s.readBelongings(users, keys, &some)...)
	if len(w.events) > 0 {
		query := s.db.NewSelect().Model(&receipts).ExcludeColumn("payload")
		trip = append(trip, s.among(query, "id", w.events, &receipts))
	}
	if len(trip) == 0 {
		return nil
	}
	if err := tx.trip(ctx, trip...); err != nil {
		return err
	}
	for _, row := range receipts {
		h.receipts[domain.EventID(row.ID)] = row.toDomain()
	}
	if err := errors.Join(rows.into(h), some.into(h)); err != nil {
		return err
	}
	return s.readRest(ctx, tx, h)
}

// readRest reads accounts whole of which something may be about any purchase.
func (s *Store) readRest(ctx context.Context, tx transaction, h *held) error {
	var users []string
	for user, keys := range h.keys {
		if !h.whole[user] && keys.some("") {
			h.whole[user] = true
			users = append(users, string(user))
		}
	}
	if len(users) == 0 {
		return nil
	}
	slices.Sort(users)
	for _, user := range users {
		h.states[domain.UserID(user)].Entitlements = nil // or they would be there twice
	}
	var rows belongings
	if err := tx.trip(ctx, s.readBelongings(users, nil, &rows)...); err != nil {
		return err
	}
	return rows.into(h)
}

// belongings are the rows of some accounts.
type belongings struct {
	facts        []factTable
	entitlements []entitlementRow
}

// readBelongings reads the rows of some accounts, each table once: all of them; or, if keys
// are given, one for each of the users, what is kept with these.
func (s *Store) readBelongings(users, keys []string, rows *belongings) []statement {
	if len(users) == 0 {
		return nil
	}
	var all []statement
	rows.facts = factTables()
	for _, table := range rows.facts {
		all = append(all, table.read(s, users, keys))
	}
	return append(all, s.readEntitlements(users, keys, &rows.entitlements))
}

func (s *Store) readEntitlements(users, keys []string, rows *[]entitlementRow) statement {
	query := s.db.NewSelect().Model(rows).Order("user_id", "feature", "source_kind", "source_id")
	return s.ofPurchases(query, users, keys, rows)
}

// into puts rows where they belong. Of an account that is not whole, a right that is kept
// with no purchase and comes from nothing of what was read stays as it is.
func (rows belongings) into(h *held) error {
	for _, table := range rows.facts {
		if err := table.into(h); err != nil {
			return err
		}
	}
	for _, row := range rows.entitlements {
		state, err := h.userOf(row.UserID)
		if err != nil {
			return err
		}
		if user := state.Account.User; !h.whole[user] && row.Purchase == "" && !state.Account.Gives(row.source()) {
			continue
		}
		stretches, err := row.toDomain()
		if err != nil {
			return err
		}
		h.rights[row.key()] = row.Purchase
		state.Entitlements = append(state.Entitlements, stretches...)
	}
	return nil
}

// readRefs reads after the lock, so that what is known of the names of a locked account
// stays true; and it may meet a name that became known while this update was waiting: then
// the update begins anew, see [errStale].
func (s *Store) readRefs(refs []domain.Ref, rows *[]refRow) statement {
	query := s.db.NewSelect().Model(rows)
	if !s.onPostgres() {
		return s.statement(query.Where("(kind, id) IN (VALUES ?)", bun.Safe(s.pairs(columns(refs)))), rows)
	}
	kinds, ids := columns(refs)
	sql := s.fixed("names", func() string { return s.statement(query.ModelTableExpr("?", eachOf("refs", "kind", "id")), rows).sql })
	return statement{sql: sql, rows: rows, args: []any{kinds, ids}}
}

// ofPurchases narrows a query to rows of some users; or, if keys are given, to what each
// user has under the key beside it. (By two lists that are not joined, Postgres would look
// at all rows of the users, and filter them.)
func (s *Store) ofPurchases(query *bun.SelectQuery, users, keys []string, rows any) statement {
	switch {
	case len(keys) == 0:
		return s.among(query, "user_id", users, rows)
	case s.onPostgres():
		table := s.tableOf(rows).Name
		sql := s.fixed("purchases of "+table, func() string {
			return s.statement(query.ModelTableExpr("?", eachOf(table, "user_id", "purchase")), rows).sql
		})
		return statement{sql: sql, rows: rows, args: []any{users, keys}}
	default:
		return s.statement(query.Where("(user_id, purchase) IN (VALUES ?)", bun.Safe(s.pairs(users, keys))), rows)
	}
}

// eachOf are the rows of a table by pairs of two of its columns, on Postgres: $1 has the one
// and $2 the other, and each pair is one search of their index. As a plain join it would be
// planned by what the table was like when it was last looked at: while it was empty, that
// is to read all of it, and the plan stays while it grows.
func eachOf(table, one, other string) bun.Safe {
	return bun.Safe(fmt.Sprintf(`unnest($1::text[], $2::text[]) AS named (one, other),
		LATERAL (SELECT * FROM %s AS r WHERE r.%s = named.one AND r.%s = named.other OFFSET 0) AS t`, table, one, other))
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

// pairs writes two columns as (a, b), ...
func (s *Store) pairs(as, bs []string) string {
	all := make([]string, len(as))
	for i, a := range as {
		all[i] = s.db.QueryGen().FormatQuery("(?, ?)", a, bs[i])
	}
	return strings.Join(all, ", ")
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
