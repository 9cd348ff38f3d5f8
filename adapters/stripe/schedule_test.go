package stripe_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

// What sales planned in Stripe's dashboard is not thrown away by a click, and what remains
// of a plan of ours whose making was interrupted is in nobody's way.
func TestSchedule_OfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for does, call := range map[string]func(portstest.GatewayFixture, ports.ChangeRequest) error{
		"schedule": func(f portstest.GatewayFixture, r ports.ChangeRequest) error {
			_, err := f.Gateway.ScheduleChange(t.Context(), r)
			return err
		},
		"change": func(f portstest.GatewayFixture, r ports.ChangeRequest) error {
			_, err := f.Gateway.ChangeSubscription(t.Context(), r)
			return err
		},
		"cancel": func(f portstest.GatewayFixture, r ports.ChangeRequest) error {
			_, err := f.Gateway.CancelSubscription(t.Context(), ports.EndRequest{Subscription: r.Subscription, Deployment: r.Deployment, IdempotencyKey: "k"}, false)
			return err
		},
		"resume": func(f portstest.GatewayFixture, r ports.ChangeRequest) error {
			_, err := f.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: ports.EndRequest{Subscription: r.Subscription, Deployment: r.Deployment, IdempotencyKey: "k"}})
			return err
		},
	} {
		for planned, want := range map[bool]error{true: ports.ErrScheduledElsewhere, false: nil} {
			box := sandbox.NewTest(t)
			f := fixture(t, box)
			sub := subscribed(t, f)
			plan(t, box, string(sub.ID), planned)
			r := ports.ChangeRequest{
				Change:     ports.Change{Subscription: sub.ID, Item: sub.Items[0].ID, Price: f.Dearer.ID, Quantity: 1},
				Deployment: "0123abcd", IdempotencyKey: "k",
			}
			if err := call(f, r); !errors.Is(err, want) {
				t.Errorf("%s, something planned: %t: got %v, want %v", does, planned, err, want)
			}
			now, err := f.Gateway.FetchSubscription(t.Context(), sub.ID)
			if planned && (err != nil || now.Snapshot.Items[0].Price != f.Recurring.ID || now.Snapshot.CancelAtPeriodEnd) {
				t.Errorf("%s: the subscription changed: %+v, %v", does, now, err)
			}
		}
	}
}

func subscribed(t *testing.T, f portstest.GatewayFixture) domain.Subscription {
	t.Helper()
	customer, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer"})
	if err != nil {
		t.Fatal(err)
	}
	session, err := f.Gateway.CreateSession(t.Context(), ports.SessionRequest{
		User: "user_1", Customer: customer, IdempotencyKey: "order",
		Order: domain.Order{ID: "order", Plan: "pro", Mode: domain.ModeSubscription, Quantity: 1, PriceID: f.Recurring.ID, SuccessURL: "https://app.example/done"},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Pay(t, session.ID)
	facts, err := f.Gateway.FetchSession(t.Context(), session.ID)
	if err != nil {
		t.Fatal(err)
	}
	return facts[1].(domain.SubscriptionFact).Snapshot
}

// plan makes a schedule as Stripe's dashboard does.
func plan(t *testing.T, box *sandbox.Sandbox, subscription string, next bool) {
	t.Helper()
	var made struct {
		ID           string
		CurrentPhase struct {
			Start int64 `json:"start_date"`
			End   int64 `json:"end_date"`
		} `json:"current_phase"`
		Phases []struct {
			Items []struct {
				Price    string
				Quantity int64
			}
		}
	}
	post(t, box, "/v1/subscription_schedules", url.Values{"from_subscription": {subscription}}, &made)
	if !next {
		return
	}
	item := made.Phases[0].Items[0]
	form := url.Values{
		"phases[0][start_date]": {strconv.FormatInt(made.CurrentPhase.Start, 10)}, "phases[0][end_date]": {strconv.FormatInt(made.CurrentPhase.End, 10)},
	}
	for _, phase := range []string{"phases[0]", "phases[1]"} {
		form.Set(phase+"[items][0][price]", item.Price)
		form.Set(phase+"[items][0][quantity]", strconv.FormatInt(item.Quantity, 10))
	}
	form.Set("phases[1][items][0][quantity]", "5")
	post(t, box, "/v1/subscription_schedules/"+made.ID, form, &made)
}

func post(t *testing.T, box *sandbox.Sandbox, path string, form url.Values, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, box.URL()+path, strings.NewReader(form.Encode()))
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
		t.Fatalf("%s: %s", path, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
