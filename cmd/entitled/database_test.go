package main

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// A key that Stripe does not take says nothing about what the database is for.
func TestDatabaseMode_IsKeptOnceStripeTakesTheKeyAndSetBackWhileNothingWasSold(t *testing.T) {
	t.Parallel()
	const liveKey = "STRIPE_SECRET_KEY=sk_live_0123456789abcdef"
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, open(t))
			s.Call(t, "GET", "/api/plans", "", 200) // Stripe has answered
			s.Stop(t)
			s.says(t, "database mode", "test")
			code, said := s.exit(t, []string{"serve"}, liveKey)
			if code != 2 || !strings.Contains(said, "use a database for each mode") || !strings.Contains(said, "entitled database mode --set") {
				t.Errorf("a live key: exits with %d, %s", code, said)
			}
			s.says(t, "database mode --set live", "live")
			s.says(t, "database mode", "live")
			s.says(t, "database mode --set test", "test")

			wrong := startProgram(t, s.Cmd.Path, open(t), "STRIPE_API_BASE="+s.box.URL(), liveKey)
			wrong.Call(t, "GET", "/api/plans", "", 502) // Stripe has answered 401
			wrong.Stop(t)
			wrong.says(t, "database mode", "not known yet")
			right := startProgram(t, s.Cmd.Path, envOf(wrong.Cmd.Env, "DATABASE_URL"), "STRIPE_API_BASE="+s.box.URL())
			right.Call(t, "POST", "/api/checkout/basic", `{"user_id":"ana"}`, 201)
			right.Stop(t)
			right.says(t, "database mode", "test")
			if code, said := right.exit(t, words("database mode --set live")); code != 2 || !strings.Contains(said, "order ord_") {
				t.Errorf("set to live with an open checkout: exits with %d, %s", code, said)
			}
			if code, said := right.exit(t, words("database mode --set prod")); code != 2 || !strings.Contains(said, "test") {
				t.Errorf("set to a mode that is none: exits with %d, %s", code, said)
			}
		})
	}
}
