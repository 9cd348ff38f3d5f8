package portstest

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func gatewayNameBuyer(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	request := ports.BuyerRequest{Customer: s.customer, User: s.user, Deployment: deployment}
	for _, c := range []struct {
		what      string
		say, want ports.Buyer
	}{
		{"both", ports.Buyer{Email: "ada@example.com", Name: "Ada"}, ports.Buyer{Email: "ada@example.com", Name: "Ada"}},
		{"the same again", ports.Buyer{Email: "ada@example.com", Name: "Ada"}, ports.Buyer{Email: "ada@example.com", Name: "Ada"}},
		{"another address", ports.Buyer{Email: "lovelace@example.com"}, ports.Buyer{Email: "lovelace@example.com", Name: "Ada"}},
		{"another name", ports.Buyer{Name: "Ada Lovelace"}, ports.Buyer{Email: "lovelace@example.com", Name: "Ada Lovelace"}},
		{"the first again", ports.Buyer{Email: "ada@example.com", Name: "Ada"}, ports.Buyer{Email: "ada@example.com", Name: "Ada"}},
		{"nothing", ports.Buyer{}, ports.Buyer{Email: "ada@example.com", Name: "Ada"}},
	} {
		request.Buyer = c.say
		if err := f.Gateway.NameBuyer(t.Context(), request); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := f.Buyer(t, s.customer); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.what, got, c.want)
		}
	}
}

// A customer that we did not make for this user may be anybody's.
func gatewayNameBuyerOfOthers(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for what, r := range map[string]ports.BuyerRequest{
		"another user's":        {User: "user_2", Deployment: deployment},
		"another deployment's":  {User: s.user, Deployment: "another"},
		"a name that is a part": {User: s.user[:3], Deployment: deployment},
	} {
		r.Customer, r.Buyer = s.customer, ports.Buyer{Email: "eve@example.com"}
		if err := f.Gateway.NameBuyer(t.Context(), r); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got := f.Buyer(t, s.customer); got != (ports.Buyer{}) {
			t.Errorf("%s: it is called %+v now", what, got)
		}
	}
}

func gatewayNameBuyerOfNobody(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	if f.DeleteCustomer != nil {
		f.DeleteCustomer(t, s.customer)
	}
	for _, id := range []domain.CustomerID{s.customer, "cus_unknown", "sub_1", ""} {
		if id == s.customer && f.DeleteCustomer == nil {
			continue
		}
		err := f.Gateway.NameBuyer(t.Context(), ports.BuyerRequest{
			Customer: id, User: s.user, Deployment: deployment, Buyer: ports.Buyer{Email: "ada@example.com"},
		})
		if !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%q: got %v, want %v", id, err, ports.ErrNotFound)
		}
	}
}
