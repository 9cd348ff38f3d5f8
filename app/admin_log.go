package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// AdminLog keeps and lists what is asked for with the rights of an operator: over HTTP
// with a service key of role admin, or on the command line.
type AdminLog struct {
	store ports.Store
	clock ports.Clock
}

// NewAdminLog returns the use case.
func NewAdminLog(store ports.Store, clock ports.Clock) *AdminLog { return &AdminLog{store, clock} }

// What operators ask for.
const (
	ActExplain      = "explain"
	ActSync         = "sync"
	ActGrantsList   = "grants.list"
	ActGrantsGive   = "grants.give"
	ActGrantsRevoke = "grants.revoke"
	ActEventsList   = "events.list"
	ActEventsShow   = "events.show"
	ActEventsReplay = "events.replay"
	ActAdminLogList = "admin_log.list"
	ActDatabaseMode = "database.mode"
	ActUserExport   = "user.export"
	ActUserForget   = "user.forget"
	ActRestore      = "restore"
	ActReconcile    = "reconcile"

	ActReconcileShow = "reconcile.show"
	ActVerify        = "verify"
	ActVerifyShow    = "verify.show"

	ActEndpointsList       = "endpoints.list"
	ActEndpointsShow       = "endpoints.show"
	ActEndpointsAdd        = "endpoints.add"
	ActEndpointsChange     = "endpoints.change"
	ActEndpointsDelete     = "endpoints.delete"
	ActEndpointsRotate     = "endpoints.rotate"
	ActEndpointsTest       = "endpoints.test"
	ActEndpointsDeliveries = "endpoints.deliveries"

	ActDatabaseDeployment = "database.deployment"
)

// mostAbout bounds what is kept of what an action is about, in bytes: a replay may name
// many events.
const mostAbout = 1000

// Keep adds an action to the log. Whoever is to do it does so only once it is kept.
func (l *AdminLog) Keep(ctx context.Context, action ports.AdminAction) error {
	action.At = kept(l.clock())
	if len(action.About) > mostAbout {
		action.About = strings.ToValidUTF8(action.About[:mostAbout], "") + " ..."
	}
	if err := l.store.LogAdmin(ctx, action); err != nil {
		return fmt.Errorf("keep %s in the admin log: %w", action.Action, err)
	}
	return nil
}

const adminLogPage = 200

// Each tells of the actions that the query names, the last kept first, at most q.Limit of
// them; 0: all. It ends with the first error of tell.
func (l *AdminLog) Each(ctx context.Context, q ports.AdminLogQuery, tell func(ports.AdminAction) error) error {
	left := q.Limit
	for {
		q.Limit = adminLogPage
		if left > 0 {
			q.Limit = min(left, adminLogPage)
		}
		page, err := l.store.AdminLog(ctx, q)
		if err != nil {
			return err
		}
		for _, action := range page {
			if err := tell(action); err != nil {
				return err
			}
			q.Before = action.Seq
		}
		if left -= len(page); left == 0 || len(page) < q.Limit {
			return nil
		}
	}
}

// About says which events a replay is for.
func (q ReplayQuery) About() string {
	var parts []string
	for _, id := range q.IDs {
		parts = append(parts, string(id))
	}
	for _, part := range []struct{ name, value string }{{"outcome", string(q.Outcome)}, {"type", string(q.Type)}} {
		if part.value != "" {
			parts = append(parts, part.name+"="+part.value)
		}
	}
	if !q.Since.IsZero() {
		parts = append(parts, "since="+q.Since.UTC().Format(time.RFC3339))
	}
	return strings.Join(parts, " ")
}
