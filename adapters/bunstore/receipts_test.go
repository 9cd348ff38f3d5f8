package bunstore_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// A list without hits passes over no events, however many there are.
func TestReceipts_PassOverNothing(t *testing.T) {
	t.Parallel()
	queries := map[string]ports.ReceiptQuery{
		"outcome":          {Outcome: domain.OutcomeIgnored},
		"type":             {Type: "charge.refunded"},
		"type and outcome": {Type: "invoice.paid", Outcome: domain.OutcomeUnchanged},
		"user":             {User: "nobody"},
		"wait":             {WaitsFor: domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}},
	}
	const many = 3000
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		var receipts []domain.ProcessedEvent
		for i := range many {
			receipts = append(receipts, domain.ProcessedEvent{
				ID: domain.EventID(fmt.Sprintf("evt_%d", i)), Type: "invoice.paid", Outcome: domain.OutcomeApplied, User: "ann",
				Attempts: 1, ReceivedAt: began.Add(time.Duration(i) * time.Second),
			})
		}
		err := s.Update(t.Context(), ports.Touch{}, func(ports.Found) (ports.Kept, error) { return ports.Kept{Receipts: receipts}, nil })
		if err != nil {
			t.Fatal(err)
		}
		for what, q := range queries {
			for when, before := range map[string]time.Time{"first page": {}, "later page": began.Add(time.Hour)} {
				q.Before = before
				if got, err := s.Receipts(t.Context(), q); err != nil || len(got) > 0 {
					t.Errorf("%s: %v, %v, want none", what, got, err)
				}
				sql := s.ReceiptsSQL(q)
				if strings.HasPrefix(url, "sqlite:") {
					wantSearches(t, url, what, when, sql)
				} else {
					wantNonePassed(t, url, what, when, sql)
				}
			}
		}
	})
}

// wantSearches: SQLite does not tell how many rows it passed over, but by which columns
// it searches an index.
func wantSearches(t *testing.T, url, what, when, sql string) {
	t.Helper()
	for _, line := range query(t, database(t, url), "EXPLAIN QUERY PLAN "+sql) {
		step := line[3]
		bySome := strings.Contains(step, "(outcome=?") || strings.Contains(step, "(type=? AND outcome=?") ||
			strings.Contains(step, "(user_id=?") || strings.Contains(step, "(waits_for_kind=? AND waits_for_id=?")
		if strings.HasPrefix(step, "SEARCH") && !bySome || strings.HasPrefix(step, "SCAN t") && !strings.Contains(sql, "UNION ALL") || strings.Contains(step, "SCAN processed_events") {
			t.Errorf("%s, %s: %s", what, when, step)
		}
	}
}

func wantNonePassed(t *testing.T, url, what, when, sql string) {
	t.Helper()
	rows := query(t, database(t, url), "EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) "+sql)
	var plans []struct{ Plan plan }
	if err := json.Unmarshal([]byte(rows[0][0]), &plans); err != nil {
		t.Fatal(err)
	}
	plans[0].Plan.walk(func(p plan) {
		if p.Passed > 0 {
			t.Errorf("%s, %s: %s passes over %v rows", what, when, p.Node, p.Passed)
		}
	})
}
