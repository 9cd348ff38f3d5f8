package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type questionRow struct {
	bun.BaseModel `bun:"table:questions,alias:t"`

	Kind     string    `bun:"kind,pk"`
	ID       string    `bun:"id,pk"`
	Since    time.Time `bun:"since,nullzero"`
	Due      time.Time `bun:"due"`
	Attempts int64     `bun:"attempts"`
}

// anyAnswer stands for no time in questions about invoices. The program before does not
// know how to ask them, and would forget those without a time; those with one it leaves.
var anyAnswer = time.Unix(0, 0).UTC()

func questionRowOf(q ports.Question) questionRow {
	if q.Subject.Kind == domain.RefInvoice && q.Since.IsZero() {
		q.Since = anyAnswer
	}
	return questionRow{
		Kind: string(q.Subject.Kind), ID: q.Subject.ID, Since: stamp(q.Since),
		Due: stamp(q.Due), Attempts: int64(q.Attempts),
	}
}

// answeredRowOf is the row that an answer forgets, if that is from before it.
func answeredRowOf(d domain.Doubt) questionRow {
	row := questionRowOf(ports.Question{Doubt: d})
	if row.Since.Equal(anyAnswer) {
		row.Since = row.Since.Add(time.Microsecond)
	}
	return row
}

func (r questionRow) toDomain() ports.Question {
	subject := domain.Ref{Kind: domain.RefKind(r.Kind), ID: r.ID}
	if subject.Kind == domain.RefInvoice && r.Since.Equal(anyAnswer) {
		r.Since = time.Time{}
	}
	return ports.Question{
		Doubt: domain.Doubt{Subject: subject, Since: stamp(r.Since)},
		Due:   stamp(r.Due), Attempts: int(r.Attempts),
	}
}

// compare is the order in which questions are locked.
func (r questionRow) compare(s questionRow) int {
	return cmp.Or(cmp.Compare(r.Kind, s.Kind), cmp.Compare(r.ID, s.ID))
}

// keepQuestions takes over what is to be asked and what was answered.
//
// What was answered is also among what is asked, as a question that any answer
// settles: writing the rows locks them in their order, whether they exist or not,
// so that two updates cannot wait for each other; then the answered ones go.
func (c *changed) keepQuestions(asked []ports.Question, answered []domain.Doubt) error {
	rows, gone := map[domain.Ref]questionRow{}, map[domain.Ref]questionRow{}
	put := func(into map[domain.Ref]questionRow, subject domain.Ref, row questionRow) {
		if first, twice := into[subject]; twice {
			row.Due, row.Attempts = first.Due, first.Attempts
			if first.Since.After(row.Since) {
				row.Since = first.Since
			}
		}
		into[subject] = row
	}
	for _, q := range asked {
		put(rows, q.Subject, questionRowOf(q))
	}
	for _, doubt := range answered {
		if storable(doubt.Subject.ID) && storable(doubt.Subject.Kind) { // others were never asked
			put(gone, doubt.Subject, answeredRowOf(doubt))
			put(rows, doubt.Subject, questionRowOf(ports.Question{Doubt: domain.Doubt{Subject: doubt.Subject}}))
		}
	}
	c.questions = slices.SortedFunc(maps.Values(rows), questionRow.compare)
	c.answered = slices.SortedFunc(maps.Values(gone), questionRow.compare)
	for _, row := range c.questions {
		if err := checkIDs([]string{row.Kind, row.ID}); err != nil {
			return err
		}
	}
	return nil
}

// laterSince keeps when a question is due, and how often it was asked.
const laterSince = `CONFLICT (kind, id) DO UPDATE SET since =
	CASE WHEN t.since IS NULL OR t.since < EXCLUDED.since THEN EXCLUDED.since ELSE t.since END`

func (s *Store) deleteAnswered(rows []questionRow) statement {
	if s.onPostgres() {
		return statement{args: s.columns(&rows, 3, false), sql: `DELETE FROM questions AS t
			USING unnest($1::text[], $2::text[], $3::timestamptz[]) AS answered (kind, id, since)
			WHERE t.kind = answered.kind AND t.id = answered.id AND (t.since IS NULL OR t.since < answered.since)`}
	}
	each := make([]string, len(rows))
	for i, r := range rows {
		each[i] = s.db.QueryGen().FormatQuery("kind = ? AND id = ? AND (since IS NULL OR since < ?)", r.Kind, r.ID, bun.NullTime{Time: r.Since})
	}
	return s.statement(s.db.NewDelete().Model((*questionRow)(nil)).Where("?", bun.Safe(strings.Join(each, " OR "))), nil)
}

// TakeQuestions implements [ports.Store].
func (s *Store) TakeQuestions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]ports.Question, error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	var rows []questionRow
	err := s.try(ctx, "take questions", func(ctx context.Context) error {
		tx, err := s.begin(ctx, txOptions{})
		if err != nil {
			return err
		}
		defer tx.rollback()
		rows = nil
		return tx.commit(ctx, s.takeQuestions(now, lease, limit, &rows)...)
	})
	if err != nil {
		return nil, err
	}
	// The database returns them as they were, and in no order.
	slices.SortFunc(rows, func(a, b questionRow) int { return cmp.Or(a.Due.Compare(b.Due), a.compare(b)) })
	for i := range rows {
		rows[i].Due = now.Add(ports.LeaseOf(lease, int(rows[i].Attempts)))
		rows[i].Attempts++
	}
	return domainOf(rows, questionRow.toDomain), nil
}

// takeQuestions moves on what is due and returns what it was. On Postgres whoever
// takes at the same time passes over what is being taken; on SQLite nobody does.
func (s *Store) takeQuestions(now time.Time, lease time.Duration, limit int, rows *[]questionRow) []statement {
	dues := make([]time.Time, ports.MostDoublings+1) // by the attempts so far
	for attempts := range dues {
		dues[attempts] = stamp(now.Add(ports.LeaseOf(lease, attempts)))
	}
	if s.onPostgres() {
		// The limit is a few numbers of ours; for any, all that is due would be expected, and
		// joined with all that there is.
		return []statement{{rows: rows, args: []any{stamp(now), dues}, sql: fmt.Sprintf(`WITH taken AS MATERIALIZED (
				SELECT kind, id, since, due, attempts FROM questions WHERE due <= $1 ORDER BY due LIMIT %d FOR UPDATE SKIP LOCKED
			)
			UPDATE questions AS t SET attempts = t.attempts + 1,
				due = ($2::timestamptz[])[LEAST(t.attempts + 1, cardinality($2::timestamptz[]))]
			FROM taken WHERE t.kind = taken.kind AND t.id = taken.id
			RETURNING taken.*`, limit)}}
	}
	take := s.db.NewSelect().Model(rows).Where("due <= ?", stamp(now)).Order("due").Limit(int64(limit))
	var due strings.Builder
	due.WriteString("CASE attempts")
	for attempts, at := range dues[:ports.MostDoublings] {
		due.WriteString(s.db.QueryGen().FormatQuery(" WHEN ? THEN ?", attempts, at))
	}
	due.WriteString(s.db.QueryGen().FormatQuery(" ELSE ? END", dues[ports.MostDoublings]))
	move := s.db.NewUpdate().Model((*questionRow)(nil)).Set("due = ?", bun.Safe(due.String())).Set("attempts = attempts + 1").
		Where("(kind, id) IN (?)", s.db.NewSelect().Model((*questionRow)(nil)).Column("kind", "id").
			Where("due <= ?", stamp(now)).Order("due").Limit(int64(limit)))
	return []statement{s.statement(take, rows), s.statement(move, nil)}
}
