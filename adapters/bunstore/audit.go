package bunstore

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// auditRows are the rows of one user that are not the account's.
type auditRows struct {
	accounts []accountRow
	belong   belongings
	changes  []auditedChange
	lines    []rightChangeRow
	told     []toldRow
	names    []refRow
	ends     []endRow
}

// auditedChange is a change, and whether the feed says it.
type auditedChange struct {
	bun.BaseModel `bun:"table:entitlement_changes,alias:t"`
	changeRow

	Told bool `bun:"told"`
}

// Audit implements [ports.Auditor].
func (s *Store) Audit(ctx context.Context, user domain.UserID) (ports.Audit, error) {
	audit := ports.Audit{State: ports.State{Account: domain.NewAccount(user)}}
	if !storable(user) {
		return audit, ctx.Err()
	}
	err := s.try(ctx, "read all of a user", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{readOnly: true})
		if err != nil {
			return err
		}
		defer tx.rollback()
		audit, err = s.audit(ctx, tx, user)
		return err
	})
	return audit, err
}

func (s *Store) audit(ctx context.Context, tx transaction, user domain.UserID) (ports.Audit, error) {
	var rows auditRows
	if err := tx.trip(ctx, s.readAudit(user, &rows)...); err != nil {
		return ports.Audit{}, err
	}
	h := newHeld()
	account, version := domain.NewAccount(user), int64(0)
	var err error
	if len(rows.accounts) > 0 {
		version = rows.accounts[0].Version
		if account, err = rows.accounts[0].toDomain(); err != nil {
			return ports.Audit{}, err
		}
	}
	h.add(account, version)
	h.whole[user] = true
	if err := rows.belong.into(&h); err != nil {
		return ports.Audit{}, err
	}
	history, err := rows.history(version)
	if err != nil {
		return ports.Audit{}, err
	}
	held := *h.states[user]
	audit := ports.Audit{
		History: history, Names: domainOf(rows.names, refRow.toDomain),
		Apart: h.keys[user].apartOf(held.Account), Pasts: maps.Clone(held.Account.Past),
	}
	audit.State = h.withoutSums(held)
	var names []refRow
	var due []questionRow
	if err := tx.commit(ctx, s.namesOf(audit.State.Account.Refs(), &names), s.questionsOf(audit.State.Account.Expectations(), &due)); err != nil {
		return ports.Audit{}, err
	}
	audit.Owners = make(map[domain.Ref]domain.UserID, len(names))
	for _, row := range names {
		audit.Owners[row.toDomain()] = domain.UserID(row.UserID)
	}
	audit.Due = make(map[domain.Ref]ports.Question, len(due))
	for _, row := range due {
		question := row.toDomain()
		audit.Due[question.Subject] = question
	}
	audit.Misfiled = h.misfiled(user, rows.belong.entitlements, names)
	return audit, nil
}

func (s *Store) readAudit(user domain.UserID, rows *auditRows) []statement {
	users := []string{string(user)}
	trip := s.readWhole(users, nil, &rows.belong)
	return append(trip,
		s.among(s.db.NewSelect().Model(&rows.accounts), "user_id", users, &rows.accounts),
		// They are put in order here: for the sake of an order, the whole of a table may be read.
		s.among(s.db.NewSelect().Model(&rows.changes), "user_id", users, &rows.changes),
		s.among(s.db.NewSelect().Model(&rows.lines), "user_id", users, &rows.lines),
		s.among(s.db.NewSelect().Model(&rows.told), "user_id", users, &rows.told),
		s.among(s.db.NewSelect().Model(&rows.names), "user_id", users, &rows.names),
		s.feedEnds(&rows.ends),
	)
}

func (r *auditRows) history(version int64) (domain.History, error) {
	slices.SortFunc(r.changes, func(a, b auditedChange) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.SortFunc(r.lines, func(a, b rightChangeRow) int { return cmp.Compare(a.Position, b.Position) })
	h := domain.History{Version: version, Cut: len(r.ends) > 0 && r.ends[0].First > 1}
	for _, row := range r.changes {
		h.Changes = append(h.Changes, row.toDomain())
		if !row.Told {
			h.Untold++
		}
	}
	for _, row := range r.lines {
		line, err := row.toDomain()
		if err != nil {
			return h, err
		}
		h.Lines = append(h.Lines, line)
	}
	if len(r.told) > 0 {
		var err error
		if h.Told, err = r.told[0].toDomain(); err != nil {
			return h, err
		}
	}
	return h, nil
}

// namesOf reads whose names are.
func (s *Store) namesOf(refs []domain.Ref, rows *[]refRow) statement {
	refs = storableRefs(refs)
	kinds, ids := columns(refs)
	from := "refs AS t WHERE (t.kind, t.id) IN (VALUES " + s.tuples(kinds, ids) + ")"
	if s.onPostgres() {
		return statement{rows: rows, args: []any{kinds, ids}, sql: "SELECT " + s.list(source{rows: rows}) + " FROM " + string(s.named(nil))}
	}
	return statement{rows: rows, sql: "SELECT " + s.list(source{rows: rows}) + " FROM " + from}
}

// questionsOf reads the questions about news that are expected.
func (s *Store) questionsOf(expected []domain.Expectation, rows *[]questionRow) statement {
	subjects := make([]domain.Ref, len(expected))
	for n, e := range expected {
		subjects[n] = e.Subject
	}
	kinds, ids := columns(subjects)
	list := "SELECT " + s.list(source{rows: rows}) + " FROM "
	if s.onPostgres() {
		return statement{rows: rows, args: []any{kinds, ids}, sql: list + `unnest($1::text[], $2::text[]) AS wanted (kind, id),
			LATERAL (SELECT * FROM questions AS q WHERE q.kind = wanted.kind AND q.id = wanted.id OFFSET 0) AS t`}
	}
	return statement{rows: rows, sql: list + "questions AS t WHERE (t.kind, t.id) IN (VALUES " + s.tuples(kinds, ids) + ")"}
}

// misfiled are facts, rights and names that are kept with another purchase than what they
// belong to: an update of one would not find the other. What is kept with none is found by
// every update.
func (h held) misfiled(user domain.UserID, rights []entitlementRow, names []refRow) []domain.Difference {
	account, keys := h.states[user].Account, h.keys[user]
	parts, keyOf := account.Parts(), map[int]string{}
	facts := make([]domain.Ref, 0, len(keys))
	for fact := range keys {
		facts = append(facts, fact)
	}
	slices.SortFunc(facts, func(a, b domain.Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	var all []domain.Difference
	compare := func(table, id string, name domain.Ref, key string) {
		part, known := parts.Of(name)
		if key = partKey(key); key == "" {
			return
		}
		if !known { // a name of the account, and of none of its purchases
			all = append(all, domain.Difference{Table: table, ID: id, Field: "purchase", Got: key, Want: `""`})
			return
		}
		if want, have := keyOf[part]; have && want != key {
			all = append(all, domain.Difference{Table: table, ID: id, Field: "purchase", Got: key, Want: want})
			return
		}
		keyOf[part] = key
	}
	for _, fact := range facts {
		compare("facts", string(fact.Kind)+" "+fact.ID, fact, keys[fact])
	}
	for _, row := range rights {
		compare("entitlements", row.Feature+" of "+row.SourceKind+" "+row.SourceID, nameOfSource(row.source()), row.Purchase)
	}
	for _, row := range names {
		compare("refs", row.Kind+" "+row.ID, row.toDomain(), row.Purchase)
	}
	return all
}
