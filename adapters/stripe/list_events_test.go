package stripe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const aListedEvent = `{"id":"evt_1","object":"event","type":"customer.deleted","created":1793620800,"livemode":true,"api_version":"2022-11-15","data":{"object":{"id":"cus_1","object":"customer"}}}`

// An event is read as it was sent, what cannot be read is named, and the next page begins
// after the last one, read or not.
func TestListEvents_APage(t *testing.T) {
	t.Parallel()
	thin := `{"id":"evt_2","object":"v2.core.event","type":"v1.customer.deleted"}`
	g, asked := says(t, map[string]string{"/v1/events": `{"object":"list","has_more":true,"data":[` + aListedEvent + `,` + thin + `]}`})
	page, err := g.ListEvents(t.Context(), ports.EventQuery{
		Types: []domain.EventType{"customer.deleted"}, From: noon, Until: noon.Add(time.Hour), After: "evt_0",
	})
	if err != nil || len(page.Events) != 1 || page.Events[0].ID != "evt_1" || page.Events[0].APIVersion != "2022-11-15" || !page.Events[0].Livemode ||
		string(page.Events[0].Payload) != aListedEvent {
		t.Errorf("got %+v, %v", page, err)
	}
	if len(page.Unread) != 1 || page.Unread[0] != "evt_2" || page.Next != "evt_2" {
		t.Errorf("got %v unread and %q as the next, want evt_2", page.Unread, page.Next)
	}
	for _, part := range []string{"created[gte]=1793620800", "created[lte]=1793624400", "types[0]=customer.deleted", "starting_after=evt_0", "limit=100"} {
		if q := strings.NewReplacer("%5B", "[", "%5D", "]").Replace(asked.questions()[0]); !strings.Contains(q, part) {
			t.Errorf("asked %s, want %s in it", q, part)
		}
	}
}

// The list of a connected account is that account's, whether its events say so or not: else
// an event would be taken for the platform's, and again when it is replayed.
func TestListEvents_OfAConnectedAccount(t *testing.T) {
	t.Parallel()
	other := strings.Replace(aListedEvent, `"livemode"`, `"account":"acct_2","livemode"`, 1)
	g, _ := says(t, map[string]string{"/v1/events": aList(false, aListedEvent, other)}, func(c *Config) { c.Account = "acct_1" })
	page, err := g.ListEvents(t.Context(), ports.EventQuery{})
	if err != nil || len(page.Events) != 2 {
		t.Fatalf("got %+v, %v", page, err)
	}
	if got := []string{page.Events[0].Account, page.Events[1].Account}; got[0] != "acct_1" || got[1] != "acct_2" {
		t.Errorf("accounts %v", got)
	}
	if again, err := g.RereadEvent(page.Events[0].Payload); err != nil || again.Account != "acct_1" || again.Fact == nil {
		t.Errorf("read again it is %+v, %v", again, err)
	}
}

// Lists wait for a turn of their own: doubts and checkouts go on meanwhile.
func TestList_TakesTurnsOfItsOwn(t *testing.T) {
	t.Parallel()
	if all := newListings().Limit() + newQuestions().Limit(); all > 20 {
		t.Errorf("together %v calls a second, of the 25 that Stripe allows", all)
	}
	g, _ := says(t, map[string]string{"/v1/events": aList(false), "/v1/subscriptions/sub_1": `{"id":"sub_1","object":"subscription"}`})
	g.listings = rate.NewLimiter(rate.Every(time.Hour), 1)
	list := func(ctx context.Context) error { _, err := g.ListEvents(ctx, ports.EventQuery{}); return err }
	if err := list(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := list(t.Context()); !errors.Is(err, ports.ErrGatewayBusy) {
		t.Errorf("the second: got %v, want %v", err, ports.ErrGatewayBusy)
	}
	if _, err := g.FetchSubscription(t.Context(), "sub_1"); err != nil {
		t.Errorf("a question beside it: %v", err)
	}
}

func TestListObjects_OtherThings(t *testing.T) {
	t.Parallel()
	g, _ := says(t, map[string]string{"/v1/refunds": aList(false, `{"id":"ch_1","object":"charge"}`), "/v1/disputes": `{"object":"list","data":[],"has_more":true}`})
	for _, of := range []ports.ListedKind{ports.ListedRefunds, ports.ListedDisputes, "charge"} {
		if page, err := g.ListObjects(t.Context(), of, noon, ""); err == nil || errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%s: got %+v, %v, want an error", of, page, err)
		}
	}
}
