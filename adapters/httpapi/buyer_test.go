package httpapi

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/ports"
)

func TestCheckout_NamesTheBuyer(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.want(s.call("POST", "/api/checkout/pro", `{"user_id":"ada","email":"ada@example.com","name":"Ada Lovelace"}`, as("app:shop")), 201, "")
	state, err := s.store.State(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.gateway.Buyer(state.Account.Customer), (ports.Buyer{Email: "ada@example.com", Name: "Ada Lovelace"}); got != want {
		t.Errorf("the customer is called %+v, want %+v", got, want)
	}
	if logged := s.log.String(); strings.Contains(logged, "ada@example.com") || strings.Contains(logged, "Lovelace") {
		t.Errorf("the log has personal data: %s", logged)
	}
	for body, c := range map[string]struct {
		as     string
		status int
		code   string
		says   string
	}{
		`{"email":"eve@example.com"}`:               {"user:ada", 403, "other_user", "AUTH_EMAIL_CLAIM"},
		`{"name":"Eve"}`:                            {"user:ada", 403, "other_user", "a service key alone"},
		`{"user_id":"ada","email":"ada"}`:           {"app:shop", 422, "invalid_request", "one address such as ada@example.com"},
		`{"user_id":"ada","email":"a@b, c@d"}`:      {"app:shop", 422, "invalid_request", "one address"},
		`{"user_id":"ada","email":""}`:              {"app:shop", 400, "bad_request", "email"},
		`{"user_id":"ada","name":"a\nb"}`:           {"app:shop", 422, "invalid_request", "no control characters"},
		`{"user_id":"ada","email":["ada@b.com"]}`:   {"app:shop", 400, "bad_request", "email"},
		`{"user_id":"ada","emails":"ada@b.com"}`:    {"app:shop", 400, "bad_request", "email"},
		`{"user_id":"ada","email":"ada@localhost"}`: {"app:shop", 422, "email_not_accepted", "correct it, or leave it out"},
	} {
		if c.code == "email_not_accepted" {
			s.gateway.FailNext(ports.ErrBuyerRefused)
		}
		got := s.call("POST", "/api/checkout/pro", body, as(c.as))
		if s.want(got, c.status, c.code); !strings.Contains(got.detail(), c.says) {
			t.Errorf("%s: the detail %q does not say %q", body, got.detail(), c.says)
		}
	}
}
