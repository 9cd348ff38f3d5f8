package stripe_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
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

// A key is one removal's, of whatever kind of price, and is answered again for that one.
func TestChangeSubscription_RemovesOneItemByAKey(t *testing.T) {
	t.Parallel()
	for _, metered := range []bool{false, true} {
		box := sandbox.NewTest(t)
		f := fixture(t, box)
		sub := subscribed(t, f)
		remove := func(item string) (int, error) {
			changed, err := f.Gateway.ChangeSubscription(t.Context(), ports.ChangeRequest{
				Change:     ports.Change{Subscription: sub.ID, Kind: ports.ItemRemoved, Item: item},
				Deployment: "0123abcd", IdempotencyKey: fmt.Sprint("remove", sub.ID),
			})
			return len(changed.Fact.Snapshot.Items), err
		}
		used, other := addItem(t, box, f, sub.ID, metered), addItem(t, box, f, sub.ID, !metered)
		third := addItem(t, box, f, sub.ID, metered)
		for range 2 {
			if left, err := remove(used); err != nil || left != 3 {
				t.Errorf("metered %v: got %d items, %v", metered, left, err)
			}
		}
		for _, item := range []string{other, third} {
			if _, err := remove(item); !errors.Is(err, ports.ErrKeyMismatch) {
				t.Errorf("metered %v, another item by the key: got %v, want %v", metered, err, ports.ErrKeyMismatch)
			}
		}
		if left, err := remove(used); err != nil || left != 3 {
			t.Errorf("metered %v, late: got %d items, %v", metered, left, err)
		}
	}
}

// addItem adds a further item, of which something is used if it is metered.
func addItem(t *testing.T, box *sandbox.Sandbox, f portstest.GatewayFixture, sub domain.SubscriptionID, metered bool) string {
	t.Helper()
	name := rand.Text()
	price, err := box.AddPrice(sandbox.PriceSpec{LookupKey: name, Product: name, UnitAmount: 5, Currency: "usd", Interval: "month", Metered: metered})
	if err != nil {
		t.Fatal(err)
	}
	change := ports.Change{Subscription: sub, Kind: ports.ItemAdded, Price: domain.PriceID(price.ID)}
	added, err := f.Gateway.ChangeSubscription(t.Context(), ports.ChangeRequest{Change: change, Deployment: "0123abcd", IdempotencyKey: name})
	if err == nil && metered {
		err = box.AddUsage(string(sub), price.ID, 7)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range added.Fact.Snapshot.Items {
		if item.Price == change.Price {
			return item.ID
		}
	}
	t.Fatal("the item is not there")
	return ""
}
