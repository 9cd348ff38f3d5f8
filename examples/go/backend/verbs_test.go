package backend

import (
	"errors"
	"slices"
	"testing"

	entitled "github.com/entitled-dev/entitled/clients/go"
)

// Every verb of the client, on a real service: a user buys, pauses, changes, ends and resumes.
func TestClient_EveryVerb(t *testing.T) {
	c, ctx := dev(t), t.Context()
	const ada = "ada of Go"
	if answer, err := c.Has(ctx, ada, "sso"); answer != entitled.No {
		t.Errorf("before: %s, %v", answer, err)
	}
	if answer, err := c.Has(ctx, ada, "ssso"); answer != entitled.Unknown || entitled.IsOutage(err) {
		t.Errorf("misspelled: %s, %v", answer, err)
	}
	plans, err := c.PlansFor(ctx, ada)
	if err != nil || len(plans.Plans) != 5 || plans.Plans[1].Action != entitled.ActionBuy || plans.Plans[1].Held {
		t.Errorf("plans: %+v, %v", plans, err)
	}
	if everybody, err := c.Plans(ctx); err != nil || everybody.UserID != "" || len(everybody.Plans) != 5 {
		t.Errorf("plans for everybody: %+v, %v", everybody, err)
	}

	checkout, err := c.Upgrade(ctx, ada, "pro", entitled.CheckoutRequest{Price: "monthly"}, entitled.IdempotencyKey("ada-1"))
	if err != nil || checkout.Purpose != entitled.PurposeCheckout || checkout.ExpiresAt.IsZero() {
		t.Fatalf("upgrade: %+v, %v", checkout, err)
	}
	again, err := c.Upgrade(ctx, ada, "pro", entitled.CheckoutRequest{Price: "monthly"}, entitled.IdempotencyKey("ada-1"))
	if err != nil || again.OrderID != checkout.OrderID {
		t.Errorf("the same click made %s, %v", again.OrderID, err)
	}
	if order, err := c.Order(ctx, checkout.OrderID); err != nil || order.Settled() {
		t.Errorf("not paid: %+v, %v", order, err)
	}
	pay(t, checkout.URL)
	if order, err := c.WaitOrder(ctx, checkout.OrderID); err != nil || order.Status != entitled.OrderStatusPaid || order.PaidAt.IsZero() {
		t.Errorf("paid: %+v, %v", order, err)
	}
	if order, err := c.SyncOrder(ctx, checkout.OrderID); err != nil || order.Status != entitled.OrderStatusPaid {
		t.Errorf("synced: %+v, %v", order, err)
	}

	if limit, err := c.Limit(ctx, ada, "projects"); limit != 100 {
		t.Errorf("projects: %d, %v", limit, err)
	}
	if !c.Allows(ctx, ada, "sso") {
		t.Error("sso is not allowed")
	}
	held, err := c.Entitlements(ctx, ada)
	if err != nil || len(held.Entitlements) != 3 || held.Entitlements[0].Value.String() != "100" || !held.Entitlements[0].Renews {
		t.Errorf("held: %+v, %v", held, err)
	}
	if now, err := c.Subscription(ctx, ada); err != nil || now.Subscription == nil || now.Subscription.Status != entitled.SubscribedStatusActive {
		t.Errorf("subscription: %+v, %v", now, err)
	}

	if euros, err := c.PlansIn(ctx, "eur", 7); err != nil || len(euros.Plans) != 5 || len(euros.Plans[2].Prices) == 0 {
		t.Errorf("plans in a currency: %+v, %v", euros, err)
	}
	var refused *entitled.Problem
	if _, err := c.Upgrade(ctx, ada+"'s neighbor", "pro", entitled.CheckoutRequest{Currency: "eur"}); !errors.As(err, &refused) || refused.Code != "currency_not_sold" {
		t.Errorf("a currency that the plan is not sold in: %v", err)
	}

	paused, err := c.Pause(ctx, ada, entitled.PauseRequest{})
	if err != nil || !paused.Paused || paused.PausesAt.IsZero() || !paused.ResumesAt.IsZero() {
		t.Errorf("pause: %+v, %v", paused, err)
	}
	if _, err := c.Change(ctx, ada, entitled.ChangeRequest{Plan: "team"}); !errors.As(err, &refused) || refused.Code != "subscription_paused" {
		t.Errorf("a change while it is paused: %v", err)
	}
	if resumed, err := c.Resume(ctx, ada, entitled.ResumeRequest{}); err != nil || resumed.Plan != "pro" {
		t.Errorf("resume: %+v, %v", resumed, err)
	}
	if now, err := c.Subscription(ctx, ada); err != nil || now.Subscription == nil || now.Subscription.Pause != nil {
		t.Errorf("resumed: %+v, %v", now, err)
	}

	yearly := entitled.ChangeRequest{Plan: "pro", Price: "yearly"}
	preview, err := c.Preview(ctx, ada, yearly)
	if err != nil || preview.When != entitled.WhenNow || preview.DueNow <= 0 || len(preview.Lines) == 0 {
		t.Errorf("preview: %+v, %v", preview, err)
	}
	yearly.ProrationDate = preview.ProrationDate
	if changed, err := c.Change(ctx, ada, yearly); err != nil || changed.Action != "none" || changed.Price != "yearly" {
		t.Errorf("change: %+v, %v", changed, err)
	}
	invoices, err := c.Invoices(ctx, ada, 10)
	if err != nil || !slices.ContainsFunc(invoices.Invoices, func(i entitled.Invoice) bool { return i.AmountPaid == preview.DueNow }) {
		t.Errorf("no invoice is as previewed, %d: %+v, %v", preview.DueNow, invoices, err)
	}
	if added, err := c.Change(ctx, ada, entitled.ChangeRequest{Plan: "priority", Price: "yearly"}); err != nil || added.Plan != "priority" || !c.Allows(ctx, ada, "support") {
		t.Errorf("add: %+v, %v", added, err)
	}
	if ending, err := c.Cancel(ctx, ada, entitled.EndRequest{Plan: "priority", When: entitled.WhenNow}); err != nil || ending.EndedAt.IsZero() || c.Allows(ctx, ada, "support") {
		t.Errorf("end what was added: %+v, %v", ending, err)
	}
	if ending, err := c.Cancel(ctx, ada, entitled.EndRequest{}); err != nil || ending.EndsAt.IsZero() {
		t.Errorf("cancel: %+v, %v", ending, err)
	}
	if resumed, err := c.Resume(ctx, ada, entitled.ResumeRequest{}); err != nil || !resumed.EndsAt.IsZero() {
		t.Errorf("resume: %+v, %v", resumed, err)
	}
	if portal, err := c.Portal(ctx, ada, entitled.PortalRequest{Flow: "payment_method_update"}); err != nil || portal.URL == "" {
		t.Errorf("portal: %+v, %v", portal, err)
	}
	if orders, err := c.Orders(ctx, ada, 5, ""); err != nil || len(orders.Orders) != 1 || orders.Orders[0].ID != checkout.OrderID {
		t.Errorf("orders: %+v, %v", orders, err)
	}
}
