package main

import (
	"strings"
	"testing"
)

func TestMigrate_DownLosesNothingThatWasNotSaid(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := commandLine(t, "DATABASE_URL="+open(t))
			p.says(t, "migrate up")
			applied := func() int {
				return strings.Count(p.says(t, "migrate status"), "Z\n")
			}
			all := applied()
			code, said := p.exit(t, words("migrate down"))
			for _, want := range []string{"00018_currencies.sql", "column currency_chosen of orders", "backup", "say --yes"} {
				if code != 2 || !strings.Contains(said, want) {
					t.Errorf("exits with %d, want 2 and %q:\n%s", code, want, said)
				}
			}
			if left := applied(); left != all || all < 12 {
				t.Fatalf("%d migrations of %d are left, and --yes was not said", left, all)
			}
			for left := all - 1; left >= 6; left-- {
				command := "migrate down --yes"
				if left == all-2 { // 00017: an index, of which nobody misses anything
					command = "migrate down"
				}
				p.says(t, command)
				if got := applied(); got != left {
					t.Fatalf("%d migrations are left, want %d", got, left)
				}
			}
			p.says(t, "migrate down") // of which nobody misses anything: indexes
			if got := applied(); got != 5 {
				t.Errorf("%d migrations are left, want 5", got)
			}
			p.refuses(t, "migrate down", "table invoices")
		})
	}
}
