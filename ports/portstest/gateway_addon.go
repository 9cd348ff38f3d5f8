package portstest

import (
	"errors"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func (s subscriber) adding(quantity int64, key string) ports.ChangeRequest {
	return ports.ChangeRequest{
		Change:     ports.Change{Subscription: s.sub.ID, Kind: ports.ItemAdded, Price: s.Dearer.ID, Quantity: quantity},
		Deployment: deployment, IdempotencyKey: string(s.sub.ID) + " " + key,
	}
}

func (s subscriber) removing(item, key string) ports.ChangeRequest {
	return ports.ChangeRequest{
		Change:     ports.Change{Subscription: s.sub.ID, Kind: ports.ItemRemoved, Item: item},
		Deployment: deployment, IdempotencyKey: string(s.sub.ID) + " " + key,
	}
}

// added is the item of the dearer price.
func (s subscriber) added(t *testing.T, sub domain.Subscription) domain.Item {
	t.Helper()
	for _, item := range sub.Items {
		if item.Price == s.Dearer.ID {
			return item
		}
	}
	t.Fatalf("got %+v, want one of %s", sub.Items, s.Dearer.ID)
	return domain.Item{}
}

func gatewayAddon(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	for _, try := range []string{"the first time", "the same again"} {
		changed, err := s.Gateway.ChangeSubscription(t.Context(), s.adding(3, "add"))
		if err != nil || changed.Pending {
			t.Fatalf("%s: got %+v, %v", try, changed, err)
		}
		items := changed.Fact.Snapshot.Items
		if item := s.added(t, changed.Fact.Snapshot); len(items) != 2 || item.Quantity != 3 || !item.PeriodEnd.Equal(s.sub.PeriodEnd()) {
			t.Errorf("%s: got %+v, want 3 of the dearer price beside what there was", try, items)
		}
		if n := len(s.invoices(t)); n != 2 {
			t.Errorf("%s: there are %d invoices, want the first and that of what was added", try, n)
		}
	}
	item := s.added(t, s.now(t, s.sub.ID))
	for range 2 {
		changed, err := s.Gateway.ChangeSubscription(t.Context(), s.removing(item.ID, "remove"))
		if err != nil {
			t.Fatal(err)
		}
		s.is(t, "removed", changed.Fact.Snapshot, s.Recurring, 2)
	}
	if _, err := s.Gateway.ChangeSubscription(t.Context(), s.adding(3, "add")); err != nil {
		t.Fatal(err)
	}
	now := s.now(t, s.sub.ID)
	s.is(t, "after a late repetition", now, s.Recurring, 2)
	if now.Status != domain.StatusActive || len(s.invoices(t)) != 2 {
		t.Errorf("after all that: got %+v with %d invoices, want it active, and nothing billed or given back", now, len(s.invoices(t)))
	}
}

func gatewayAddonUnpaid(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	s.DeclineCards(t, s.customer, s.sub.ID)
	changed, err := s.Gateway.ChangeSubscription(t.Context(), s.adding(1, "add"))
	if err != nil || !changed.Pending || changed.PayURL == "" {
		t.Fatalf("got %+v, %v, want what waits, and where it is paid", changed, err)
	}
	s.is(t, "unpaid", changed.Fact.Snapshot, s.Recurring, 2)
}

func gatewayAddonPreview(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	r := s.adding(2, "add")
	r.ProrationDate = time.Now().Truncate(time.Second)
	p, err := s.Gateway.PreviewChange(t.Context(), s.preview(r, r.ProrationDate, false))
	if err != nil || p.Now == nil || p.Later == nil {
		t.Fatalf("got %+v, %v, want what is due now and later", p, err)
	}
	if n := len(s.now(t, s.sub.ID).Items); n != 1 {
		t.Fatalf("a preview added something: there are %d items", n)
	}
	if _, err := s.Gateway.ChangeSubscription(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.same(t, "now", *p.Now, s.invoices(t)[0].Invoice)
	s.Renew(t, s.sub.ID)
	s.same(t, "later", *p.Later, s.invoices(t)[0].Invoice)
}

func gatewayAddonPlanned(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	changed, err := s.Gateway.ChangeSubscription(t.Context(), s.adding(1, "add"))
	if err != nil {
		t.Fatal(err)
	}
	added := s.added(t, changed.Fact.Snapshot)
	fewer, remove := s.to(s.Recurring, 1, "fewer"), s.removing(added.ID, "remove")
	remove.Also = []ports.Change{fewer.Change}
	for _, r := range []ports.ChangeRequest{fewer, remove} {
		if changed, err = s.Gateway.ScheduleChange(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if len(changed.Fact.Snapshot.Items) != 2 {
			t.Errorf("planned: got %+v, want what there was", changed.Fact.Snapshot.Items)
		}
	}
	s.plans(t, s.Recurring, 1)
	s.Renew(t, s.sub.ID)
	now := s.now(t, s.sub.ID)
	s.is(t, "in the next period", now, s.Recurring, 1)
	if now.Status != domain.StatusActive {
		t.Errorf("in the next period: got %+v, want it to go on", now)
	}
}

func gatewayAddonRefused(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	only := s.sub.Items[0].ID
	again, named, priced := s.adding(1, "again"), s.adding(1, "named"), s.removing(only, "priced")
	again.Price, named.Item, priced.Price = s.Recurring.ID, only, s.Recurring.ID
	for name, r := range map[string]ports.ChangeRequest{
		"the price that there is": again, "an item that there is": named,
		"the last item": s.removing(only, "last"), "no item": s.removing("", "none"), "an item at a price": priced,
	} {
		if changed, err := s.Gateway.ChangeSubscription(t.Context(), r); !errors.Is(err, ports.ErrGatewayRefused) {
			t.Errorf("%s: got %+v, %v, want %v", name, changed, err, ports.ErrGatewayRefused)
		}
	}
	if changed, err := s.Gateway.ScheduleChange(t.Context(), s.adding(1, "later")); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("at the end of the period: got %+v, %v, want %v", changed, err, ports.ErrGatewayRefused)
	}
	s.is(t, "after all that", s.now(t, s.sub.ID), s.Recurring, 2)
}
