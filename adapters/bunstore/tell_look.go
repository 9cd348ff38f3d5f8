package bunstore

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// lookRow is what one statement finds out of what there is to tell.
type lookRow struct {
	Changed bool      `bun:"changed"`
	Due     time.Time `bun:"due,nullzero"` // when the first user is; may be past
	Last    int64     `bun:"last"`
}

// look finds out whether there is anything to tell, and changes nothing. Twice a second there
// is not: this costs one short statement, where telling takes a lock and asks for users.
func (s *Store) look(ctx context.Context, now time.Time) (result ports.TellResult, nothing bool, err error) {
	tx, err := s.begin(ctx, txOptions{readOnly: true})
	if err != nil {
		return ports.TellResult{}, false, err
	}
	defer tx.rollback()
	var rows []lookRow
	err = tx.commit(ctx, statement{rows: &rows, same: true, sql: `SELECT
		EXISTS (SELECT 1 FROM entitlement_changes WHERE NOT told) AS changed,
		(SELECT due FROM rights_told WHERE due IS NOT NULL ORDER BY due LIMIT 1) AS due,
		COALESCE((SELECT position FROM right_changes ORDER BY position DESC LIMIT 1), 0) AS last`})
	if err != nil {
		return ports.TellResult{}, false, err
	}
	found := rows[0]
	result = ports.TellResult{End: found.Last}
	if !found.Due.IsZero() {
		result.Next = stamp(found.Due)
	}
	return result, !found.Changed && (found.Due.IsZero() || found.Due.After(now)), nil
}
