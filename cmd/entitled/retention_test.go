package main

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// The body of what is final goes once it is old enough, at the start too; its receipt
// stays, and so does whatever somebody has to look at.
func TestRetention_DropsTheBodiesOfWhatIsOldAndFinal(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := open(t)
			s := openShop(t, database, "RETENTION=4d")
			db := sqlOf(t, database)
			s.buys(t, "old", "basic")
			s.buys(t, "quarantined", "basic")
			s.Stop(t)
			for _, change := range []string{
				"UPDATE processed_events SET received_at = '2020-01-01 00:00:00+00:00' WHERE user_id IN ('old', 'quarantined')",
				"UPDATE processed_events SET outcome = 'quarantined' WHERE user_id = 'quarantined'",
			} {
				if _, err := db.ExecContext(t.Context(), change); err != nil {
					t.Fatal(err)
				}
			}
			s.program = startProgram(t, s.Cmd.Path, database, "RETENTION=4d", "STRIPE_API_BASE="+s.box.URL())
			s.eventually(t, "old bodies are dropped", func() bool { return strings.Contains(s.Log.String(), "bodies of old events redacted") })
			left := rowsOf(t, db, "SELECT user_id, count(*), sum(CASE WHEN redacted THEN 0 ELSE 1 END), sum(CASE WHEN length(payload) > 0 THEN 1 ELSE 0 END) "+
				"FROM processed_events WHERE user_id IN ('old', 'quarantined') GROUP BY user_id ORDER BY user_id")
			if len(left) != 2 || left[0][1] == "0" || left[0][2] != "0" || left[0][3] != "0" || left[1][1] != left[1][3] {
				t.Errorf("user, receipts, not redacted, with body: %v", left)
			}
			if held := s.Holds(t, "old"); held != "projects=10" {
				t.Errorf("holds %q once the bodies are gone", held)
			}
		})
	}
}
