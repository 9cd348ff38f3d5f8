package stripe_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// What changes a subscription, and the portal, are calls that Stripe's description has,
// with a schedule and without.
func changesAgainstStripesDescription(t *testing.T, d descriptions) {
	t.Helper()
	for name, schedule := range map[string]bool{"with a schedule": true, "without": false} {
		gateway, asked := d.gateway(t, func(r *http.Response) error { return rewritten(r, func(o map[string]any) { fitting(o, schedule) }) })
		change := ports.ChangeRequest{
			Change: ports.Change{Subscription: "sub_1", Item: "si_1", Price: "price_1", Quantity: 2}, Deployment: "0123abcd",
			ProrationDate: time.Now(), IdempotencyKey: "k",
		}
		add, remove := change, change
		add.Change = ports.Change{Subscription: "sub_1", Kind: ports.ItemAdded, Price: "price_1", Quantity: 2}
		remove.Change = ports.Change{Subscription: "sub_1", Kind: ports.ItemRemoved, Item: "si_1"}
		end := ports.EndRequest{Subscription: "sub_1", Deployment: "0123abcd", IdempotencyKey: "k"}
		for does, call := range map[string]func() error{
			"change": func() error { _, err := gateway.ChangeSubscription(t.Context(), change); return err },
			"add":    func() error { _, err := gateway.ChangeSubscription(t.Context(), add); return err },
			"remove": func() error { _, err := gateway.ChangeSubscription(t.Context(), remove); return err },
			"preview of what is added": func() error {
				_, err := gateway.PreviewChange(t.Context(), ports.PreviewRequest{Change: add.Change, At: time.Now()})
				return err
			},
			"cancel": func() error { _, err := gateway.CancelSubscription(t.Context(), end, false); return err },
			"end":    func() error { _, err := gateway.CancelSubscription(t.Context(), end, true); return err },
			"resume": func() error {
				_, err := gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: end})
				return err
			},
			"pause": func() error {
				_, err := gateway.PauseCollection(t.Context(), ports.PauseRequest{Subscription: "sub_1", ResumesAt: time.Now().Add(time.Hour), IdempotencyKey: "k"})
				return err
			},
			"use a key": func() error { return gateway.UseKey(t.Context(), "cus_1", "k") },
			"resume collection": func() error {
				_, err := gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: end, Collect: true, Anew: true})
				return err
			},
			"resume collection at once": func() error {
				_, err := gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: end, Collect: true})
				return err
			},
			"preview": func() error {
				_, err := gateway.PreviewChange(t.Context(), ports.PreviewRequest{Change: change.Change, At: time.Now()})
				return err
			},
			"billing": func() error { _, err := gateway.FetchBilling(t.Context(), "sub_1"); return err },
			"refund": func() error {
				_, err := gateway.RefundDuplicate(t.Context(), ports.RefundRequest{PaymentIntent: "pi_1", Deployment: "0123abcd", IdempotencyKey: "k"})
				return err
			},
			"pay page": func() error { _, err := gateway.PayPage(t.Context(), "sub_1"); return err },
		} {
			if err := call(); err != nil {
				t.Errorf("%s %s: %v", does, name, err)
			}
		}
		if _, err := gateway.ScheduleChange(t.Context(), change); err != nil {
			t.Errorf("schedule %s: %v", name, err)
		}
		for _, part := range []string{"/v1/subscriptions/sub_1", "/v1/invoices/upcoming", "/v1/subscription_schedules"} {
			if all := strings.Join(asked(), " "); !strings.Contains(all, part) {
				t.Errorf("%s: %s was not called: %s", name, part, all)
			}
		}
	}
	portalAgainstStripesDescription(t, d)
}

func portalAgainstStripesDescription(t *testing.T, d descriptions) {
	t.Helper()
	gateway, _ := d.gateway(t, nil)
	products := []ports.PortalProduct{{ID: "prod_1", Prices: []domain.PriceID{"price_1", "price_2"}}}
	for name, offer := range map[string]ports.PortalOffer{
		"nothing":    {Deployment: "0123abcd"},
		"products":   {Deployment: "0123abcd", Products: products},
		"quantities": {Deployment: "0123abcd", Products: products, Quantities: true},
	} {
		if id, err := gateway.PortalConfiguration(t.Context(), offer); err != nil || !strings.HasPrefix(string(id), "bpc_") {
			t.Errorf("portal configuration of %s: got %q, %v", name, id, err)
		}
	}
	for _, flow := range ports.PortalFlows {
		url, err := gateway.OpenPortal(t.Context(), ports.PortalRequest{
			Customer: "cus_1", Configuration: "bpc_1", ReturnURL: "https://app.example/billing", Flow: flow, Subscription: "sub_1",
			Change: ports.Change{Subscription: "sub_1", Item: "si_1", Price: "price_1", Quantity: 2},
		})
		if err != nil || url == "" {
			t.Errorf("portal for %q: got %q, %v", flow, url, err)
		}
	}
}

// fitting gives the mock's samples what our calls go by: an item of the id that is
// changed, a schedule that governs, an invoice that can be paid.
func fitting(o map[string]any, schedule bool) {
	o["pause_collection"] = map[string]any{"behavior": "void", "resumes_at": nil}
	switch o["object"] {
	case "subscription":
		o["schedule"], o["cancel_at"], o["cancel_at_period_end"], o["status"] = nil, nil, true, "active"
		if schedule {
			o["schedule"] = "sub_sched_1"
		}
		if latest, expanded := o["latest_invoice"].(map[string]any); expanded {
			latest["id"] = "in_1" // in each version of the sample
		}
		for _, item := range o["items"].(map[string]any)["data"].([]any) {
			item.(map[string]any)["id"] = "si_1"
		}
	case "subscription_schedule":
		now := time.Now().Unix()
		o["id"], o["status"], o["end_behavior"] = "sub_sched_1", "active", "release"
		o["current_phase"] = map[string]any{"start_date": now, "end_date": now + 86400}
		phase := o["phases"].([]any)[0].(map[string]any)
		phase["start_date"], phase["end_date"] = now, now+86400
		o["phases"] = []any{phase}
	case "list":
		for _, one := range o["data"].([]any) {
			one := one.(map[string]any)
			if one["object"] == "invoice" {
				one["hosted_invoice_url"] = "https://invoice.stripe.com/i/1"
			}
		}
	}
}

func rewritten(r *http.Response, change func(map[string]any)) error {
	var answer map[string]any
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		return err
	}
	change(answer)
	body, err := json.Marshal(answer)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Del("Content-Length")
	return err
}
