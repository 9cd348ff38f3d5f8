package httpapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// adminLog is all that was kept, the last first.
func (s *service) adminLog() []ports.AdminAction {
	s.Helper()
	all, err := s.store.AdminLog(s.Context(), ports.AdminLogQuery{Limit: 1000})
	if err != nil {
		s.Fatal(err)
	}
	return all
}

// Ensure that nothing which only operators may do is done without a trace, routes of
// tomorrow included.
func TestAdminLog_EveryOperatorsRouteLeavesOneEntry(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	given := s.call("POST", "/api/admin/users/ada/grants", `{"feature":"sso","reason":"a favor"}`, as("admin:ops"))
	grant := given.json["id"].(string)
	bodies := map[string]string{
		"/api/admin/users/:user_id/grants": `{"feature":"sso","reason":"a favor"}`,
		"/api/admin/grants/:id/revoke":     `{"reason":"a mistake"}`,
		"/api/admin/events/replay":         `{"outcome":"quarantined"}`,
		endpointsPath:                      `{"url":"https://app.example.com/hooks"}`,
		endpointPath:                       `{"enabled":true}`,
	}
	service := app.NewVerify(s.store, s.gateway, catalog, app.Settings{VerifyEvery: time.Hour}, s.deps.Clock, time.After, memory.NewMeter())
	verified, done := context.WithCancel(t.Context()) // so that there is a pass to show
	service.Run(verified, 0, func(app.VerifyPass, error) { done() })
	receiver := newReceiver(t)
	added := s.call("POST", endpointsPath, `{"url":"`+receiver.URL+`"}`, as("admin:ops"))
	endpoint := added.json["endpoint"].(map[string]any)["id"].(string)
	names := map[string]bool{}
	for _, r := range rules {
		if slices.Contains(r.roles, ports.RoleUser) || slices.Contains(r.roles, ports.RoleApp) || r.roles == nil || r.path == metricsPath {
			continue // open to users or the product too, or counts, which are about nobody
		}
		before := len(s.adminLog())
		body := ""
		if r.method == "POST" || r.method == "PATCH" {
			body = bodies[r.path]
		}
		id := grant
		if strings.HasPrefix(r.path, endpointsPath) {
			id = endpoint
		}
		path := strings.NewReplacer(":id", id, ":user_id", "ada").Replace(r.path)
		if got := s.call(r.method, path, body, as("admin:ops")); got.StatusCode >= 300 {
			t.Errorf("%s %s: %d %s", r.method, path, got.StatusCode, got.text)
		}
		all := s.adminLog()
		if len(all) != before+1 {
			t.Errorf("%s %s left %d entries, want one", r.method, r.path, len(all)-before)
			continue
		}
		entry := all[0]
		if entry.Key != "ops" || entry.Action == "" || names[entry.Action] || !entry.At.Equal(s.clock.Now()) {
			t.Errorf("%s %s left %+v, want the key, the time and a name of its own", r.method, r.path, entry)
		}
		names[entry.Action] = true
		if about := strings.Contains(r.path, ":user_id") || strings.Contains(r.path, "grants"); about && entry.User != "ada" {
			t.Errorf("%s %s left %+v, want that it was about ada", r.method, r.path, entry)
		}
		// Who may not do it has done nothing.
		for _, other := range []string{"app:backend", "user:ada", "nobody"} {
			s.call(r.method, path, body, as(other))
		}
		if all := s.adminLog(); len(all) != before+1 {
			t.Errorf("%s %s leaves an entry for who may not", r.method, r.path)
		}
	}
}

// Whoever asks may name any person; the key is the one thing that is proved.
func TestAdminLog_HasTheKeyWhoeverIsNamed(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	given := s.call("POST", "/api/admin/users/ada/grants", `{"feature":"sso","reason":"a favor","by":"the boss"}`, as("admin:ops"))
	s.want(given, 201, "")
	revoked := s.call("POST", "/api/admin/grants/"+given.json["id"].(string)+"/revoke", `{"reason":"a mistake","by":"anna"}`, as("admin:night"))
	s.want(revoked, 200, "")
	s.want(s.call("POST", "/api/admin/events/replay", `{"ids":["evt_never"]}`, as("admin:ops")), 404, "not_found")
	got := []string{}
	for _, a := range s.adminLog() {
		got = append(got, fmt.Sprintf("%s by %q: %s %s %s", a.Key, a.By, a.Action, a.User, a.About))
	}
	want := []string{
		`ops by "": events.replay  evt_never`,
		fmt.Sprintf(`night by "anna": grants.revoke ada %s`, given.json["id"]),
		`ops by "the boss": grants.give ada sso`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAdminLog_WhatCannotBeKeptIsNotDone(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.store.logFails.Store(true)
	s.want(s.call("POST", "/api/admin/users/ada/grants", `{"feature":"sso","reason":"a favor"}`, as("admin:ops")), 503, "unavailable")
	s.want(s.call("GET", "/api/admin/users/ada/grants", "", as("admin:ops")), 503, "unavailable")
	s.store.logFails.Store(false)
	if got := s.call("GET", "/api/admin/users/ada/grants", "", as("admin:ops")); len(got.json["grants"].([]any)) != 0 {
		t.Errorf("was given: %s", got.text)
	}
}

func TestAdminLog_EveryEntryIsOnOnePage(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for n := range 5 {
		s.call("GET", fmt.Sprintf("/api/admin/users/u%d/grants", n), "", as("admin:ops"))
	}
	var users []string
	cursor, pages := "", 0
	for more := true; more; pages++ {
		page := s.call("GET", "/api/admin/log?limit=2"+cursor, "", as("admin:ops"))
		s.want(page, 200, "")
		for _, entry := range page.json["entries"].([]any) {
			if user, _ := entry.(map[string]any)["user_id"].(string); user != "" {
				users = append(users, user)
			}
		}
		var next string
		next, more = page.json["next"].(string)
		cursor = "&cursor=" + next
	}
	if want := []string{"u4", "u3", "u2", "u1", "u0"}; !slices.Equal(users, want) || pages != 3 {
		t.Errorf("got %v on %d pages, want %v on 3: what is kept meanwhile moves no page", users, pages, want)
	}
	one := s.call("GET", "/api/admin/log?user_id=u3", "", as("admin:ops"))
	if entries := one.json["entries"].([]any); len(entries) != 2 { // that, and this question
		t.Errorf("about one user: %s", one.text)
	}
	for _, odd := range []string{"limit=0", "limit=201", "cursor=x", "cursor=-1", "user_id="} {
		s.want(s.call("GET", "/api/admin/log?"+odd, "", as("admin:ops")), 400, "bad_request")
	}
}
