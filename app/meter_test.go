package app_test

import (
	"testing"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestMeter_CountsWhatBecameOfEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.event(w.stripe.Pay(order.Session)[0])
	live, connect, other := purchase, purchase, w.event(domain.CustomerFact{Type: "customer.deleted", ID: "cus_x"})
	live.ID, live.Livemode = "evt_live", true
	connect.ID, connect.Account = "evt_connect", "acct_1"
	for _, e := range []domain.Event{purchase, purchase, live, connect, other, {ID: "evt_balance", Type: "balance.available"}} {
		if _, err := w.fulfill.Event(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	want := map[memory.EventCount]int{
		{Outcome: domain.OutcomeApplied}:                                 1,
		{Outcome: domain.OutcomeUnchanged}:                               1,
		{Outcome: domain.OutcomeIgnored, Cause: ports.CauseWrongMode}:    1,
		{Outcome: domain.OutcomeIgnored, Cause: ports.CauseOtherAccount}: 1,
		{Outcome: domain.OutcomeIgnored, Cause: ports.CauseStranger}:     1,
		{Outcome: domain.OutcomeIgnored, Cause: ports.CauseNoPurchase}:   1,
	}
	got := w.meter.Events()
	for count, n := range want {
		if got[count] != n {
			t.Errorf("%+v: %d, want %d", count, got[count], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("counted %v", got)
	}
}

// A deployment may sell for one connected account of a platform.
func TestFulfill_EventsOfTheConnectedAccountThatIsSoldFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	fulfill := app.NewFulfill(w.store, w.stripe, catalog, app.Settings{Account: "acct_1"}, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(fulfill.Close)
	event := w.event(w.stripe.Pay(order.Session)[0])
	for id, c := range map[domain.EventID]struct {
		account string
		want    domain.Outcome
	}{
		"evt_platform": {"", domain.OutcomeIgnored}, "evt_other": {"acct_2", domain.OutcomeIgnored}, "evt_ours": {"acct_1", domain.OutcomeApplied},
	} {
		event.ID, event.Account = id, c.account
		if verdict, err := fulfill.Event(t.Context(), event); err != nil || verdict.Outcome != c.want {
			t.Errorf("%s: %+v, %v, want %s", id, verdict, err, c.want)
		}
	}
}
