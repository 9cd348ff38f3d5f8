package httpapi

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

func TestSyncUser_MendsWhatNoEventTold(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "pro")
	s.gateway.Pay(domain.SessionID(session)) // and all of its events are lost
	sync := func() string { return s.call("POST", "/api/admin/users/ada/sync", "", as("admin:ops")).text }
	if got, want := sync(), `{"changed":3,"invoices":1,"orders":1,"subscriptions":1,"user_id":"ada"}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if held := s.call("GET", "/api/entitlements/sso", "", as("user:ada")); held.json["entitled"] != true {
		t.Errorf("after it: %s", held.text)
	}
	if got, want := sync(), `{"changed":0,"invoices":1,"orders":1,"subscriptions":1,"user_id":"ada"}`+"\n"; got != want {
		t.Errorf("once more: got %s, want %s", got, want)
	}
	s.wantNone(s.call("POST", "/api/admin/users/nobody/sync", "", as("admin:ops")), "nothing is kept of this user")
}
