package main

import (
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
)

// Ensure that who asks for what is older than Stripe's list hears that it was not looked at.
func TestReconciled_SaysWhatIsTooOldToBeListed(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	for from, want := range map[time.Time]bool{asked: false, asked.AddDate(0, 2, 0): true} {
		said := reconciled(app.ReconcileRun{Query: app.ReconcileQuery{Since: asked}, From: from})
		if got := strings.Contains(said, "not since 2026-08-01T00:00:00Z: Stripe lists events of 30 days"); got != want {
			t.Errorf("from %s it says %q", from, said)
		}
	}
}
