package stripe_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Of several who plan at once one does, or one after the other.
func TestScheduleChange_AtOnceIsNoFailure(t *testing.T) {
	t.Parallel()
	f := fixture(t, sandbox.NewTest(t))
	sub := subscribed(t, f)
	var all sync.WaitGroup
	for _, key := range []string{"a", "b", "c", "d"} {
		all.Go(func() {
			_, err := f.Gateway.ScheduleChange(t.Context(), ports.ChangeRequest{
				Change:     ports.Change{Subscription: sub.ID, Item: sub.Items[0].ID, Price: f.Dearer.ID, Quantity: 1},
				Deployment: "0123abcd", IdempotencyKey: key,
			})
			if err != nil && !errors.Is(err, ports.ErrChangedMeanwhile) {
				t.Errorf("%s: got %v", key, err)
			}
		})
	}
	all.Wait()
	details, err := f.Gateway.FetchBilling(t.Context(), sub.ID)
	if err != nil || details.Planned == nil || len(details.Planned.Items) != 1 || details.Planned.Items[0].Price != f.Dearer.ID {
		t.Errorf("planned: %+v, %v", details.Planned, err)
	}
	for _, key := range []string{"a", "b"} {
		all.Go(func() {
			r := ports.ResumeRequest{EndRequest: ports.EndRequest{Subscription: sub.ID, Deployment: "0123abcd", IdempotencyKey: "resume " + key}}
			if _, err := f.Gateway.ResumeSubscription(t.Context(), r); err != nil {
				t.Errorf("taken back by %s: %v", key, err)
			}
		})
	}
	all.Wait()
}

func TestChangeSubscription_RemovesWhatWasUsed(t *testing.T) {
	t.Parallel()
	box := sandbox.NewTest(t)
	f := fixture(t, box)
	sub := subscribed(t, f)
	price, err := box.AddPrice(sandbox.PriceSpec{LookupKey: "calls", Product: "Calls", UnitAmount: 5, Currency: "usd", Interval: "month", Metered: true})
	if err != nil {
		t.Fatal(err)
	}
	change := ports.ChangeRequest{
		Change:     ports.Change{Subscription: sub.ID, Kind: ports.ItemAdded, Price: domain.PriceID(price.ID)},
		Deployment: "0123abcd", IdempotencyKey: "add",
	}
	added, err := f.Gateway.ChangeSubscription(t.Context(), change)
	if err != nil {
		t.Fatal(err)
	}
	if err := box.AddUsage(string(sub.ID), price.ID, 7); err != nil {
		t.Fatal(err)
	}
	for _, item := range added.Fact.Snapshot.Items {
		if item.ID != sub.Items[0].ID {
			change.Change = ports.Change{Subscription: sub.ID, Kind: ports.ItemRemoved, Item: item.ID}
		}
	}
	change.IdempotencyKey = "remove"
	for range 2 { // as a client repeats it
		if changed, err := f.Gateway.ChangeSubscription(t.Context(), change); err != nil || len(changed.Fact.Snapshot.Items) != 1 {
			t.Errorf("removed: got %+v, %v", changed.Fact.Snapshot.Items, err)
		}
	}
}
