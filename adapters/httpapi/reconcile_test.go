package httpapi

import (
	"context"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// Who asks for it is told at once; the service does it, and shows how far it is.
func TestReconcile_IsLeftToTheService(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	admin := as("admin:ops")
	s.wantNone(s.call("GET", reconcilePath, "", admin), "nothing was reconciled yet")
	s.want(s.call("POST", reconcilePath, `{"dry_run":"yes"}`, admin), 400, "bad_request")
	s.want(s.call("POST", reconcilePath, `{"since":"2100-01-01T00:00:00Z"}`, admin), 422, "invalid_request")

	_, session := s.buy("ada", "pro")
	s.gateway.Pay(domain.SessionID(session)) // and all of its events are lost
	begun := s.call("POST", reconcilePath, `{"user_id":"ada"}`, admin)
	if begun.StatusCode != 202 || begun.json["ended_at"] != nil || begun.json["user_id"] != "ada" || begun.json["scheduled"] != false {
		t.Fatalf("begun: %d %s", begun.StatusCode, begun.text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var working sync.WaitGroup
	working.Go(func() {
		s.deps.Reconcile.Run(ctx, 0, func(run app.ReconcileRun, err error) {
			if err != nil {
				t.Error(err)
			}
			cancel()
		})
	})
	working.Wait()
	shown := s.call("GET", reconcilePath, "", admin)
	if shown.StatusCode != 200 || shown.json["ended_at"] == nil || shown.json["changed"] != 3.0 || shown.json["failure"] != nil {
		t.Errorf("shown: %d %s", shown.StatusCode, shown.text)
	}
	if held := s.call("GET", "/api/entitlements/sso", "", as("user:ada")); held.json["entitled"] != true {
		t.Errorf("after it: %s", held.text)
	}
}
