package stripe_test

import (
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports/portstest"
)

// The gateway keeps its contract against a Stripe that has state.
func TestContractAgainstSandbox(t *testing.T) {
	t.Parallel()
	portstest.TestGateway(t, openSandbox)
}

func openSandbox(t *testing.T) portstest.GatewayFixture {
	t.Helper()
	const secret = "whsec_contract"
	box := sandbox.NewTest(t)
	gateway, err := stripe.New(stripe.Config{
		SecretKey: "sk_test_contract", WebhookSecrets: []string{secret}, APIBase: box.URL(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)

	sign := func(payload []byte) string {
		return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{
			Payload: payload, Secret: secret, Timestamp: time.Now(),
		}).Header
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	price := func(spec sandbox.PriceSpec) domain.Price {
		spec.Product = "Pro"
		made, err := box.AddPrice(spec)
		must(t, err)
		return domain.Price{ID: domain.PriceID(made.ID), LookupKey: spec.LookupKey}
	}
	return portstest.GatewayFixture{
		Gateway:   gateway,
		OneTime:   price(sandbox.PriceSpec{LookupKey: "pro_once", UnitAmount: 9900}),
		Recurring: price(sandbox.PriceSpec{LookupKey: "pro_monthly", UnitAmount: 900, Interval: "month"}),
		Pay:       func(t *testing.T, id domain.SessionID) { t.Helper(); must(t, box.Pay(string(id))) },
		Expire:    func(t *testing.T, id domain.SessionID) { t.Helper(); must(t, box.ExpireSession(string(id))) },
		Completed: func(t *testing.T, id domain.SessionID) ([]byte, string) {
			t.Helper()
			for _, e := range box.Events() {
				if e.Type == "checkout.session.completed" && e.ObjectID == string(id) {
					return e.Body, sign(e.Body)
				}
			}
			t.Fatalf("the sandbox has no event for %s", id)
			return nil, ""
		},
		Sign: sign,
	}
}
