package stripe_test

import (
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// A period does not begin while a schedule governs the subscription: what we planned is
// taken back with the pause.
func TestResume_OfWhatWasPlannedWhilePaused(t *testing.T) {
	t.Parallel()
	box := sandbox.NewTest(t)
	f := fixture(t, box)
	sub := subscribed(t, f)
	price, err := box.AddPrice(sandbox.PriceSpec{LookupKey: "one", Product: "one", UnitAmount: 5, Currency: "usd", Interval: "month"})
	if err != nil {
		t.Fatal(err)
	}
	added := ports.Change{Subscription: sub.ID, Kind: ports.ItemAdded, Price: domain.PriceID(price.ID), Quantity: 1}
	changed, err := f.Gateway.ChangeSubscription(t.Context(), ports.ChangeRequest{Change: added, Deployment: "0123abcd", IdempotencyKey: "add"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Gateway.PauseCollection(t.Context(), ports.PauseRequest{Subscription: sub.ID, IdempotencyKey: "pause"}); err != nil {
		t.Fatal(err)
	}
	f.Renew(t, sub.ID)
	removed := ports.Change{Subscription: sub.ID, Kind: ports.ItemRemoved}
	for _, item := range changed.Fact.Snapshot.Items {
		if string(item.Price) == price.ID {
			removed.Item = item.ID
		}
	}
	if _, err := f.Gateway.ScheduleChange(t.Context(), ports.ChangeRequest{Change: removed, Deployment: "0123abcd", IdempotencyKey: "end"}); err != nil {
		t.Fatal(err)
	}
	r := ports.ResumeRequest{EndRequest: ports.EndRequest{Subscription: sub.ID, Deployment: "0123abcd", IdempotencyKey: "resume"}, Collect: true, Anew: true}
	for range 2 { // as a client repeats it
		if fact, err := f.Gateway.ResumeSubscription(t.Context(), r); err != nil || fact.Snapshot.Pause != domain.PauseNone {
			t.Fatalf("got pause %q, %v, want it resumed", fact.Snapshot.Pause, err)
		}
	}
}
