package httpapi

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestVerify_OneUserASliceAndThePassOfTheService(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	admin := as("admin:ops")
	for n := range 3 {
		s.want(s.call("POST", fmt.Sprintf("/api/admin/users/user_%d/grants", n), `{"feature":"sso","reason":"contract"}`, admin), 201, "")
	}
	// What a user has is flipped by hand.
	err := s.store.Update(t.Context(), ports.Touch{Users: []domain.UserID{"user_1"}}, func(f ports.Found) (ports.Kept, error) {
		state := f.States["user_1"]
		state.Entitlements = nil
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	differs := func(answer reply, looked float64, next any) {
		t.Helper()
		users, _ := answer.json["users"].([]any)
		if answer.StatusCode != 200 || answer.json["looked"] != looked || answer.json["next"] != next || len(users) != 1 || answer.json["differences"] == 0.0 {
			t.Fatalf("%d %s, want one of %v users with a difference, and next %v", answer.StatusCode, answer.text, looked, next)
		}
		first := users[0].(map[string]any)["differences"].([]any)[0].(map[string]any)
		if users[0].(map[string]any)["user_id"] != "user_1" || first["table"] != "entitlements" || first["mend"] != "entitled sync user_1 derives it again" {
			t.Errorf("found: %s", answer.text)
		}
	}
	differs(s.call("POST", verifyPath, `{"user_id":"user_1","bodies":true}`, admin), 1, nil)
	differs(s.call("POST", verifyPath, "", admin), 3, nil)
	differs(s.call("POST", verifyPath, `{"limit":2}`, admin), 2, "user_1")
	if rest := s.call("POST", verifyPath, `{"limit":2,"after":"user_1"}`, admin); rest.json["looked"] != 1.0 || rest.json["differences"] != 0.0 || rest.json["next"] != nil {
		t.Errorf("the rest: %d %s", rest.StatusCode, rest.text)
	}
	s.wantNone(s.call("POST", verifyPath, `{"user_id":"nobody"}`, admin), "nothing is kept of this user")
	s.want(s.call("POST", verifyPath, `{"user_id":"user_1","after":"user_0"}`, admin), 422, "invalid_request")
	s.want(s.call("POST", verifyPath, `{"limit":101}`, admin), 400, "bad_request")
	s.wantNone(s.call("GET", verifyPath, "", admin), "no pass of verifying has begun yet")

	ctx, cancel := context.WithCancel(t.Context())
	service := app.NewVerify(s.store, s.gateway, catalog, app.Settings{VerifyEvery: time.Hour}, s.deps.Clock, time.After, memory.NewMeter())
	service.OnDifference(func(app.UserVerified) {})
	service.Run(ctx, 0, func(app.VerifyPass, error) { cancel() })
	if shown := s.call("GET", verifyPath, "", admin); shown.StatusCode != 200 || shown.json["looked"] != 3.0 || shown.json["different"] != 1.0 || shown.json["ended_at"] == nil {
		t.Errorf("the service's pass: %d %s", shown.StatusCode, shown.text)
	}
	if err := s.store.SetSetting(t.Context(), "catalog", "of another catalog"); err != nil {
		t.Fatal(err)
	}
	s.want(s.call("POST", verifyPath, "", admin), 409, "deriving")
}
