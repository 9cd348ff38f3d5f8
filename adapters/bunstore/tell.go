package bunstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// feedLock is the advisory lock of who gives positions, on Postgres. On SQLite there is one
// writer anyway.
const feedLock = 0x656e7469 // "enti"

// stragglers is how far apart the numbers of rows may be that one statement has kept, since
// others keep theirs meanwhile: who tells the first of them tells all.
const stragglers = 10_000

// Tell implements [ports.Feed]. Positions are given after the commit of what they are given
// to, and in the order of their commits: who gives them holds a lock until they are kept.
func (s *Store) Tell(ctx context.Context, now time.Time, limit int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	var result ports.TellResult
	err := s.try(ctx, "tell what changed", func(ctx context.Context) error {
		var err error
		result, err = s.tell(ctx, stamp(now), limit, fn)
		return err
	})
	return result, err
}

func (s *Store) tell(ctx context.Context, now time.Time, limit int, fn func([]ports.Untold) []ports.Telling) (ports.TellResult, error) {
	if result, nothing, err := s.look(ctx, now); err != nil || nothing {
		return result, err
	}
	tx, err := s.begin(ctx, txOptions{})
	if err != nil {
		return ports.TellResult{}, err
	}
	defer tx.rollback()
	if free, err := s.lockFeed(ctx, tx); err != nil || !free {
		return ports.TellResult{Busy: err == nil}, err
	}
	u := untold{now: now, limit: limit}
	if err := u.read(ctx, s, tx); err != nil {
		return ports.TellResult{}, err
	}
	result := ports.TellResult{More: u.more() || u.moreDue(), End: u.end(), Next: u.next()}
	if len(u.changes)+len(u.due) == 0 {
		return result, nil
	}
	users, err := u.users()
	if err != nil {
		return ports.TellResult{}, err
	}
	tellings := fn(users)
	writes := s.keepTold(u, tellings)
	if err := tx.commit(ctx, writes...); err != nil {
		return ports.TellResult{}, err
	}
	for _, telling := range tellings {
		result.End += int64(len(telling.Changes))
		if due := telling.Told.Due; !due.IsZero() && (result.Next.IsZero() || due.Before(result.Next)) {
			result.Next = due
		}
	}
	return result, nil
}

// lockFeed tells whether nobody else is telling. The lock is taken by a statement of its own:
// what the next one sees is what was kept when it had it.
func (s *Store) lockFeed(ctx context.Context, tx transaction) (bool, error) {
	if !s.onPostgres() {
		return true, nil
	}
	var free []freeRow
	err := tx.trip(ctx, statement{sql: fmt.Sprintf("SELECT pg_try_advisory_xact_lock(%d) AS free", feedLock), rows: &free, same: true})
	return err == nil && free[0].Free, err
}

// freeRow says whether a lock was free.
type freeRow struct {
	Free bool `bun:"free"`
}

// awaitFeed waits until nobody is telling, and keeps others from it.
func (s *Store) awaitFeed() []statement {
	if !s.onPostgres() {
		return nil
	}
	return []statement{{sql: fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", feedLock), same: true}}
}

// untold is what there is to tell.
type untold struct {
	now     time.Time
	limit   int
	due     []accountRow // locked; their user ids and versions
	changes []changeRow
	told    []toldRow
	ends    []endRow
	dues    []toldRow // the first that is due, if any is
}

type endRow struct {
	First int64 `bun:"first"`
	Last  int64 `bun:"last"`
}

// read locks the users who are due before it reads what changed: so nothing of theirs is kept
// in between, and the version that time gives follows all others. Whom an update holds is due
// again in a moment: nobody waits.
func (u *untold) read(ctx context.Context, s *Store, tx transaction) error {
	err := tx.trip(ctx, s.lockDue(u.now, u.limit, &u.due), s.untoldChanges(u.limit, &u.changes), s.feedEnds(&u.ends), s.nextDue(u.now, &u.dues))
	if err != nil {
		return err
	}
	if u.more() {
		u.due = nil // time has its turn when all else is told
	}
	ids := make([]string, 0, len(u.due)+len(u.changes))
	for _, account := range u.due {
		ids = append(ids, account.UserID)
	}
	for _, change := range u.changes {
		ids = append(ids, change.UserID)
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return nil
	}
	return tx.trip(ctx, s.among(s.db.NewSelect().Model(&u.told), "user_id", ids, &u.told))
}

// moreDue tells whether more users may be due than were locked: of as many as the limit some may
// be held by updates, and those are due again in a moment anyway.
func (u *untold) moreDue() bool { return 2*len(u.due) > u.limit }

// more tells whether more changes may wait than were read.
func (u *untold) more() bool { return len(u.changes) >= u.limit }

func (u *untold) end() int64 {
	if len(u.ends) == 0 {
		return 0
	}
	return u.ends[0].Last
}

// next is when the first of those who are not due now is.
func (u *untold) next() time.Time {
	if len(u.dues) == 0 {
		return time.Time{}
	}
	return stamp(u.dues[0].Due)
}

// users puts together what there is of each user: the one whose change came first is first.
func (u *untold) users() ([]ports.Untold, error) {
	var all []ports.Untold
	places := map[string]int{}
	add := func(user string) *ports.Untold {
		if _, have := places[user]; !have {
			places[user] = len(all)
			all = append(all, ports.Untold{User: domain.UserID(user)})
		}
		return &all[places[user]]
	}
	for _, row := range u.changes {
		of := add(row.UserID)
		of.Changes = append(of.Changes, row.toDomain())
	}
	for _, account := range u.due {
		of := add(account.UserID)
		of.Due, of.Version = true, account.Version
	}
	for _, row := range u.told {
		told, err := row.toDomain()
		if err != nil {
			return nil, err
		}
		add(row.UserID).Told = told
	}
	return all, nil
}

// lockDue locks the accounts of users whose time has come and whom no update holds.
func (s *Store) lockDue(now time.Time, limit int, rows *[]accountRow) statement {
	if s.onPostgres() {
		return statement{rows: rows, args: []any{now}, sql: fmt.Sprintf(`SELECT user_id, version FROM accounts
			WHERE user_id = ANY (ARRAY(SELECT user_id FROM rights_told WHERE due <= $1 ORDER BY due LIMIT %d))
			ORDER BY user_id FOR UPDATE SKIP LOCKED`, limit)}
	}
	return s.statement(s.db.NewSelect().Model(rows).Column("user_id", "version").Order("user_id").Where("user_id IN (?)",
		s.db.NewSelect().Model((*toldRow)(nil)).Column("user_id").Where("due <= ?", now).Order("due").Limit(int64(limit))), rows)
}

// untoldChanges reads the first changes that are not told, and what follows of their users,
// so that nothing is torn apart that was kept together.
func (s *Store) untoldChanges(limit int, rows *[]changeRow) statement {
	oneOf := "IN (%s)"
	if s.onPostgres() {
		oneOf = "= ANY (ARRAY(%s))" // a search by each number, whatever the tables were like when it was planned
	}
	query := fmt.Sprintf(`WITH slice AS MATERIALIZED (SELECT seq, user_id FROM entitlement_changes WHERE NOT told ORDER BY seq LIMIT %d),
			more AS MATERIALIZED (SELECT seq, user_id FROM entitlement_changes WHERE NOT told AND seq <= (SELECT max(seq) + %d FROM slice) ORDER BY seq)
		SELECT %s FROM entitlement_changes AS t WHERE t.seq `+fmt.Sprintf(oneOf, "SELECT seq FROM more WHERE user_id IN (SELECT user_id FROM slice)")+` ORDER BY t.seq`,
		limit, stragglers, s.list(source{rows: rows}))
	return statement{sql: query, rows: rows, same: true}
}

// feedEnds reads where the feed begins and ends; 0: it has nothing.
func (s *Store) feedEnds(rows *[]endRow) statement {
	return statement{rows: rows, same: true, sql: `SELECT COALESCE((SELECT position FROM right_changes ORDER BY position LIMIT 1), 0) AS first,
		COALESCE((SELECT position FROM right_changes ORDER BY position DESC LIMIT 1), 0) AS last`}
}

func (s *Store) nextDue(now time.Time, rows *[]toldRow) statement {
	if s.onPostgres() {
		return statement{sql: "SELECT due FROM rights_told WHERE due > $1 ORDER BY due LIMIT 1", args: []any{now}, rows: rows}
	}
	return s.statement(s.db.NewSelect().Model(rows).Column("due").Where("due > ?", now).Order("due").Limit(1), rows)
}

// keepTold gives positions, and remembers what is told.
func (s *Store) keepTold(u untold, tellings []ports.Telling) []statement {
	var changes []rightChangeRow
	var told []toldRow
	var counted []accountRow
	versions := make(map[string]int64, len(u.due))
	for _, account := range u.due {
		versions[account.UserID] = account.Version
	}
	for _, telling := range tellings {
		for _, change := range telling.Changes {
			changes = append(changes, rightChangeRowOf(change, u.end()+int64(len(changes))+1, u.now))
		}
		told = append(told, toldRowOf(telling.User, telling.Told))
		if version, due := versions[string(telling.User)]; due && telling.Version > version {
			counted = append(counted, accountRow{UserID: string(telling.User), Version: telling.Version})
		}
	}
	slices.SortFunc(told, func(a, b toldRow) int { return cmp.Compare(a.UserID, b.UserID) })
	var all []statement
	if len(changes) > 0 {
		all = append(all, s.insert(&changes, "", nil))
	}
	switch {
	case len(told) > len(u.told):
		all = append(all, s.upsert(&told))
	case len(told) > 0: // all were read
		all = append(all, s.overwrite(&told))
	}
	if len(u.changes) > 0 {
		all = append(all, s.markTold(u.changes))
	}
	if len(counted) > 0 {
		all = append(all, s.countVersions(counted))
	}
	return all
}

func (s *Store) markTold(rows []changeRow) statement {
	seqs := make([]int64, len(rows))
	for i, row := range rows {
		seqs[i] = row.Seq
	}
	if s.onPostgres() {
		return statement{sql: "UPDATE entitlement_changes SET told = true WHERE seq = ANY ($1)", args: []any{seqs}}
	}
	return statement{sql: s.db.QueryGen().FormatQuery("UPDATE entitlement_changes SET told = true WHERE seq IN (?)", bun.List(seqs))}
}

// countVersions counts accounts on that are locked.
func (s *Store) countVersions(rows []accountRow) statement {
	if s.onPostgres() {
		users, versions := make([]string, len(rows)), make([]int64, len(rows))
		for i, row := range rows {
			users[i], versions[i] = row.UserID, row.Version
		}
		return statement{args: []any{users, versions}, sql: "UPDATE accounts SET version = ($2::bigint[])[array_position($1::text[], user_id)] WHERE user_id = ANY ($1::text[])"}
	}
	query := s.db.NewInsert().Model(&rows).Returning("NULL").On("CONFLICT (user_id) DO UPDATE SET version = EXCLUDED.version")
	return s.statement(query, nil)
}
