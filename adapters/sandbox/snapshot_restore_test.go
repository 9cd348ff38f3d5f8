package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// Ensure that one box can be brought back to a point as often as one likes, as a test does
// that tries several ends of one story.
func TestRestore_BringsABoxBackToAPoint(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	fork := must[[]byte](t)(s.Snapshot())
	at := s.Now()
	for _, status := range []stripe.SubscriptionStatus{"canceled", "past_due"} {
		s.ok(s.SetSubscriptionStatus(sub.ID, string(status)))
		s.ok(s.Advance(10 * day))
		if got := s.sub(sub.ID).Status; got != status {
			t.Errorf("got %s, want %s", got, status)
		}
		s.ok(s.Restore(fork))
		if got := s.sub(sub.ID).Status; got != "active" {
			t.Errorf("restored it is %s", got)
		}
		if since := s.Now().Sub(at); since < -time.Minute || since > day {
			t.Errorf("the clock is %s after the snapshot's", since)
		}
	}
	s.toEnd(sub.ID)
	s.ok(s.Advance(2 * time.Hour))
	if got := len(s.invoicesOf(sub.ID)); got != 2 {
		t.Errorf("there are %d invoices after the renewal", got)
	}
}

// Ensure that the links to pages lead to where the restored sandbox is.
func TestRestore_PagesAreWhereTheBoxIs(t *testing.T) {
	t.Parallel()
	one, other := newShop(t), newShop(t)
	session := one.open(params("payment", one.once))
	other.ok(other.Restore(must[[]byte](t)(one.Snapshot())))
	got := must[*stripe.CheckoutSession](t)(other.api.CheckoutSessions.Get(session.ID, nil)).URL
	if !strings.HasPrefix(session.URL, one.URL()+"/") || got != other.URL()+strings.TrimPrefix(session.URL, one.URL()) {
		t.Errorf("the page was at %s, and is at %s", session.URL, got)
	}
	other.ok(other.Pay(session.ID))
}

// Ensure that what cannot be restored says why, and changes nothing.
func TestRestore_RefusesWhatIsNoSnapshotOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	good := must[[]byte](t)(s.Snapshot())
	s.ok(s.CancelSubscription(sub.ID))
	s.ok(s.WaitIdle(context.Background()))
	before := len(s.Events())
	given := sandbox.New(sandbox.WithClock(time.Now))
	defer given.Close()
	for name, tt := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":      {nil, "this is no snapshot"},
		"a part":       {good[:len(good)/2], "only a part of one"},
		"of another":   {[]byte(`{"format": "other", "version": 1}`), "no snapshot of a sandbox"},
		"newer":        {bytes.Replace(good, []byte(`"version":1`), []byte(`"version":2`), 1), "newer program (version 2, and this one reads 1)"},
		"older":        {bytes.Replace(good, []byte(`"version":1`), []byte(`"version":0`), 1), "older program"},
		"changed":      {bytes.Replace(good, []byte(`\"active\"`), []byte(`\"paused\"`), 1), "changed by hand"},
		"under a test": {must[[]byte](t)(given.Snapshot()), "WithClock"},
	} {
		if err := s.Restore(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if got := s.sub(sub.ID).Status; got != "canceled" || len(s.Events()) != before {
		t.Errorf("a snapshot that was refused has changed something: %s, %d events instead of %d", got, len(s.Events()), before)
	}
}

// Ensure that a snapshot is taken from a program that has read its JSON and written it in its own
// way, as those of other languages do.
func TestRestore_TakesASnapshotThatWasReadAndWrittenAnew(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	name := "Ada & Böb <\u2028>"
	ada := must[*stripe.Customer](t)(s.api.Customers.New(&stripe.CustomerParams{Name: &name}))
	var read map[string]any
	s.ok(json.Unmarshal(must[[]byte](t)(s.Snapshot()), &read))
	var written bytes.Buffer
	e := json.NewEncoder(&written)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	s.ok(e.Encode(read))
	s.ok(s.Restore(written.Bytes()))
	if got := must[*stripe.Customer](t)(s.api.Customers.Get(ada.ID, nil)).Name; got != name {
		t.Errorf("got %q", got)
	}
	read["state"] = map[string]any{"Contents": nil} // of a program before this one, or none
	if err := s.Restore(must[[]byte](t)(json.Marshal(read))); err == nil {
		t.Error("a state that is no text was taken")
	}
}

// Ensure that a delivery that nobody has answered when the state was written down is made
// again, and that the old one no longer counts.
func TestRestore_ADeliveryUnderWayIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]sandbox.Option{"ordered": sandbox.WithOrderedEvents(), "in any order": func(*sandbox.Sandbox) {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived, answer := make(chan string, 10), make(chan struct{})
			hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				arrived <- r.URL.Path
				<-answer
			}))
			defer hook.Close()
			box := sandbox.NewTest(t, option, sandbox.WithWebhookEndpoint(hook.URL+"/hook", "whsec_1"))
			api := apiClient(box.URL(), "sk_test_123", 0)
			must[*stripe.Customer](t)(api.Customers.New(&stripe.CustomerParams{Name: stripe.String("Ada")}))
			<-arrived
			snapshot := must[[]byte](t)(box.Snapshot())
			if err := box.Restore(snapshot); err != nil {
				t.Fatal(err)
			}
			close(answer)
			<-arrived
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := box.WaitDelivered(ctx); err != nil {
				t.Fatal(err)
			}
			if d := box.Deliveries(); len(d) != 1 || d[0].State != sandbox.DeliverySucceeded || len(d[0].Attempts) != 1 {
				t.Errorf("got deliveries %+v", d)
			}
		})
	}
}
