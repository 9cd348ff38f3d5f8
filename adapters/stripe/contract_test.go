package stripe_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

// The gateway keeps its contract against a Stripe that has state.
func TestContractAgainstSandbox(t *testing.T) {
	t.Parallel()
	portstest.TestGateway(t, openSandbox)
}

func openSandbox(t *testing.T) portstest.GatewayFixture {
	t.Helper()
	return fixture(t, sandbox.NewTest(t))
}

func fixture(t *testing.T, box *sandbox.Sandbox) portstest.GatewayFixture {
	t.Helper()
	const secret = "whsec_contract"
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
		if spec.Product == "" {
			spec.Product = "Pro"
		}
		made, err := box.AddPrice(spec)
		must(t, err)
		return domain.Price{ID: domain.PriceID(made.ID), LookupKey: spec.LookupKey}
	}
	return portstest.GatewayFixture{
		Gateway:   gateway,
		OneTime:   price(sandbox.PriceSpec{LookupKey: "pro_once", UnitAmount: 9900}),
		Recurring: price(sandbox.PriceSpec{LookupKey: "pro_monthly", UnitAmount: 900, Interval: "month"}),
		Dearer:    price(sandbox.PriceSpec{LookupKey: "team_monthly", Product: "Team", UnitAmount: 2500, Interval: "month"}),
		Renew: func(t *testing.T, id domain.SubscriptionID) {
			t.Helper()
			must(t, box.RenewSubscription(string(id), true))
		},
		DeclineCards: func(t *testing.T, _ domain.CustomerID, id domain.SubscriptionID) {
			t.Helper()
			must(t, box.SetCard(string(id), "4000000000000341"))
		},
		ConfirmPortal: func(t *testing.T, url string) { t.Helper(); must(t, box.Portal(url).Confirm()) },
		Pay:           func(t *testing.T, id domain.SessionID) { t.Helper(); must(t, box.Pay(string(id))) },
		Expire:        func(t *testing.T, id domain.SessionID) { t.Helper(); must(t, box.ExpireSession(string(id))) },
		Buyer: func(t *testing.T, id domain.CustomerID) ports.Buyer {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, box.URL()+"/v1/customers/"+string(id), nil)
			must(t, err)
			r.SetBasicAuth("sk_test_contract", "")
			answer, err := http.DefaultClient.Do(r)
			must(t, err)
			defer answer.Body.Close()
			var called ports.Buyer
			must(t, json.NewDecoder(answer.Body).Decode(&called))
			return called
		},
		DeleteCustomer: func(t *testing.T, id domain.CustomerID) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, box.URL()+"/v1/customers/"+string(id), nil)
			must(t, err)
			r.SetBasicAuth("sk_test_contract", "")
			answer, err := http.DefaultClient.Do(r)
			must(t, err)
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Fatalf("delete %s: got %s", id, answer.Status)
			}
		},
		Refund: func(t *testing.T, payment domain.PaymentIntentID, amount int64) {
			t.Helper()
			_, err := box.Refund(string(payment), amount)
			must(t, err)
		},
		Dispute: func(t *testing.T, payment domain.PaymentIntentID) {
			t.Helper()
			_, err := box.OpenDispute(string(payment), sandbox.DisputeOptions{})
			must(t, err)
		},
		Credit: func(t *testing.T, invoice domain.InvoiceID, line string, amount int64) {
			t.Helper()
			credit(t, box, invoice, line, amount)
		},
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

// Every event of a paid subscription and of a failed bank debit is read, with a
// fact where it is about a purchase.
func TestReadEvent_AllOfTheSandbox(t *testing.T) {
	t.Parallel()
	box := sandbox.NewTest(t)
	f := fixture(t, box)
	customer, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer"})
	if err != nil {
		t.Fatal(err)
	}
	for order, pay := range map[string]func(session string) error{
		"order1": box.Pay,
		"order2": func(session string) error {
			return errors.Join(box.PayDelayed(session, false), box.SettleDelayed(session))
		},
	} {
		session, err := f.Gateway.CreateSession(t.Context(), ports.SessionRequest{
			User: "user_1", Customer: customer, IdempotencyKey: order,
			Order: domain.Order{
				ID: domain.OrderID(order), Plan: "pro", Mode: domain.ModeSubscription, Quantity: 1,
				PriceID: f.Recurring.ID, SuccessURL: "https://app.example/done",
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := pay(string(session.ID)); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[domain.EventType]bool{}
	for _, e := range box.Events() {
		got, err := f.Gateway.ReadEvent(e.Body, f.Sign(e.Body))
		if err != nil || string(got.Type) != e.Type || got.Object != e.ObjectID || !got.Created.Equal(e.Created) {
			t.Errorf("%s: got %+v, %v", e.Type, got, err)
		}
		if got.Fact != nil {
			seen[got.Type] = true
		}
	}
	for _, want := range []domain.EventType{
		"checkout.session.completed", "checkout.session.async_payment_failed", "customer.subscription.created",
		"customer.subscription.updated", "customer.subscription.deleted", "invoice.paid", "invoice.payment_failed",
	} {
		if !seen[want] {
			t.Errorf("no fact of %s", want)
		}
	}
}

// credit takes a part of a line back that was paid, and refunds it.
func credit(t *testing.T, box *sandbox.Sandbox, invoice domain.InvoiceID, line string, amount int64) {
	t.Helper()
	part := strconv.FormatInt(amount, 10)
	form := url.Values{
		"invoice": {string(invoice)}, "refund_amount": {part},
		"lines[0][type]": {"invoice_line_item"}, "lines[0][invoice_line_item]": {line}, "lines[0][amount]": {part},
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, box.URL()+"/v1/credit_notes", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("sk_test_contract", "")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(answer.Body)
		t.Fatalf("credit note: %s: %s", answer.Status, body)
	}
}
