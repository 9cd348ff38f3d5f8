package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// Ensure that commands leave the trace that the API does; a new one has to say whether
// it is about users.
func TestAdminLog_EveryCommandAboutUsersLeavesAnEntry(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, open(t))
			var g struct {
				ID string `json:"id"`
			}
			programtest.Decode(t, s.says(t, "grant ana sso --reason a~favor --by sam --json"), &g)
			table := []struct{ args, action, user, by, about string }{
				{"explain ana sso", "explain", "ana", "", "sso"},
				{"sync ana", "sync", "ana", "", ""},
				{"grant ana projects --limit 7 --reason a~favor --by sam", "grants.give", "ana", "sam", "projects"},
				{"grants ana", "grants.list", "ana", "", ""},
				{"revoke " + g.ID + " --reason a~mistake --by kim", "grants.revoke", "ana", "kim", g.ID},
				{"events list --user ana --outcome failed", "events.list", "ana", "", "outcome=failed"},
				{"events replay --user ana --outcome ignored", "events.replay", "ana", "", "outcome=ignored"},
				{"events replay --outcome ignored --dry-run", "events.list", "", "", "outcome=ignored"},
				{"events show evt_never", "events.show", "", "", "evt_never"},
				{"quarantine list --user ana", "events.list", "ana", "", "outcome=quarantined"},
				{"database mode --set test", "database.mode", "", "", "test"},
				{"database deployment --set other", "database.deployment", "", "", "other"},
				{"reconcile --dry-run --since 2026-01-31", "reconcile", "", "", "since=2026-01-31T00:00:00Z dry_run"},
				{"verify --user ana", "verify", "ana", "", ""},
				{"sync --customer cus_never", "restore", "", "", "cus_never"},
				{"user export ana", "user.export", "ana", "", ""},
				{"user forget bob --yes", "user.forget", "", "", ""},
				{"endpoints add https://app.example.com/hooks", "endpoints.add", "", "", "url=https://app.example.com/hooks"},
				{"endpoints list", "endpoints.list", "", "", ""},
				{"endpoints change ep_never --disable", "endpoints.change", "", "", "ep_never enabled=false"},
				{"endpoints rotate ep_never", "endpoints.rotate", "", "", "ep_never"},
				{"endpoints test ep_never", "endpoints.test", "", "", "ep_never"},
				{"endpoints deliveries ep_never", "endpoints.deliveries", "", "", "ep_never"},
				{"endpoints delete ep_never", "endpoints.delete", "", "", "ep_never"},
				{"admin-log --user ana", "admin_log.list", "ana", "", ""},
			}
			aboutNobody := []string{"dev", "sandbox", "serve", "migrate up", "migrate status", "migrate down", "catalog check", "version"}
			for _, command := range leaves(t) {
				command, _, _ = strings.Cut(command, " [")
				command, _, _ = strings.Cut(command, " <")
				listed := slices.Contains(aboutNobody, command)
				for _, row := range table {
					listed = listed || strings.HasPrefix(row.args, command)
				}
				if !listed {
					t.Errorf("%q is not in this test: does it leave an entry?", command)
				}
			}
			for _, row := range table {
				s.command(t, words(row.args))
				var last adminActionJSON
				out := s.says(t, "admin-log --json --limit 2")
				lines := strings.Split(strings.TrimSpace(out), "\n") // the first is of this question
				if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
					t.Fatal(err)
				}
				by := row.by
				if by == "" {
					by = systemUser()
				}
				want := adminActionJSON{At: last.At, By: by, Action: row.action, User: last.User, About: row.about}
				if last != want || string(last.User) != row.user {
					t.Errorf("%s left %+v, want %+v about %q", row.args, last, want, row.user)
				}
			}
			s.Call(t, "GET", "/api/admin/users/ana/grants", "", 200)
			s.says(t, "admin-log --user ana", "tests", "grants.list", "(command line)", "kim")
		})
	}
}
