package stripe_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// A preview equals what then happens, to the cent: whatever the subscription is changed
// to, whatever is added to it or removed, whenever within its period, now or at its end, and
// change after change.
func TestPreview_IsWhatThenHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		box := sandbox.New()
		defer func() { _ = box.Close() }()
		url, err := box.Listen("127.0.0.1:0")
		must(t, err)
		c := changer{box: box, url: url}
		c.gateway = c.open(t)
		defer c.gateway.Close()
		c.prices, c.addons = drawPrices(t, box, "Plan"), map[string]domain.PriceID{}
		for i, id := range drawPrices(t, box, "Add-on") {
			c.addons[intervals[i]] = id
		}
		c.subscribe(t)
		for step := range rapid.IntRange(1, 4).Draw(t, "changes") {
			c.change(t, step)
		}
	})
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// changer is a customer who cannot decide.
type changer struct {
	box     *sandbox.Sandbox
	url     string
	gateway *stripe.Gateway
	prices  []domain.PriceID
	addons  map[string]domain.PriceID // by interval
	sub     domain.Subscription
}

func (c *changer) open(t *rapid.T) *stripe.Gateway {
	t.Helper()
	gateway, err := stripe.New(stripe.Config{SecretKey: "sk_test_preview", WebhookSecrets: []string{"whsec_preview"}, APIBase: c.url, Clock: c.box.Now})
	must(t, err)
	return gateway
}

var intervals = []string{"month", "month", "month", "year"}

// drawPrices has some of a month and some of a year, one of them perhaps for nothing.
func drawPrices(t *rapid.T, box *sandbox.Sandbox, of string) []domain.PriceID {
	var ids []domain.PriceID
	for i, interval := range intervals {
		amount := rapid.Int64Range(0, 99_999).Draw(t, "amount")
		if i == 0 {
			amount++ // the first is bought by checkout
		}
		price, err := box.AddPrice(sandbox.PriceSpec{Product: fmt.Sprint(of, " ", i), UnitAmount: amount, Interval: interval})
		must(t, err)
		ids = append(ids, domain.PriceID(price.ID))
	}
	return ids
}

func (c *changer) subscribe(t *rapid.T) {
	t.Helper()
	customer, err := c.gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer"})
	must(t, err)
	session, err := c.gateway.CreateSession(t.Context(), ports.SessionRequest{
		User: "user_1", Customer: customer, IdempotencyKey: "order",
		Order: domain.Order{
			ID: "order", Plan: "pro", Mode: domain.ModeSubscription, Quantity: rapid.Int64Range(1, 20).Draw(t, "bought"),
			PriceID: c.prices[0], SuccessURL: "https://app.example/done",
		},
	})
	must(t, err)
	must(t, c.box.Pay(string(session.ID)))
	facts, err := c.gateway.FetchSession(t.Context(), session.ID)
	must(t, err)
	c.sub = facts[1].(domain.SubscriptionFact).Snapshot
}

func (c *changer) change(t *rapid.T, step int) {
	t.Helper()
	must(t, c.box.Advance(time.Duration(rapid.IntRange(0, 20*86400).Draw(t, "seconds later"))*time.Second))
	c.sub = c.now(t)
	r := ports.ChangeRequest{
		Change:     c.draw(t),
		Deployment: "0123abcd", IdempotencyKey: fmt.Sprint("change ", step), ProrationDate: c.box.Now().Truncate(time.Second),
	}
	later := r.Kind != ports.ItemAdded && rapid.Bool().Draw(t, "at the end of the period")
	p, err := c.gateway.PreviewChange(t.Context(), ports.PreviewRequest{Change: r.Change, At: r.ProrationDate, AtPeriodEnd: later})
	must(t, err)
	before := c.newest(t)
	if later {
		_, err = c.gateway.ScheduleChange(t.Context(), r)
		must(t, err)
	} else {
		// A moment passes between the preview and the click.
		must(t, c.box.Advance(time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds of thought"))*time.Second))
		changed, err := c.gateway.ChangeSubscription(t.Context(), r)
		must(t, err)
		if changed.Pending {
			t.Fatalf("a good card did not pay: %+v", changed)
		}
		made := c.newest(t)
		switch {
		case p.Now == nil && made.ID != before.ID && made.Total != 0: // what becomes free begins a period, by a bill of nothing
			t.Fatalf("nothing was to be due, and %+v was made", made)
		case p.Now != nil && made.ID == before.ID:
			t.Fatalf("%+v was to be due, and nothing was", p.Now)
		case p.Now != nil:
			same(t, "now", *p.Now, made)
		}
	}
	if p.Later != nil && rapid.Bool().Draw(t, "and renewed") {
		must(t, c.box.AdvanceTo(c.now(t).PeriodEnd().Add(2*time.Hour)))
		same(t, "later", *p.Later, c.newest(t))
	}
}

// draw is a change of the plan, or of an add-on. All that a subscription has is of one
// interval, so that the plan keeps its own beside an add-on.
func (c *changer) draw(t *rapid.T) ports.Change {
	t.Helper()
	change := ports.Change{Subscription: c.sub.ID, Quantity: rapid.Int64Range(1, 20).Draw(t, "quantity")}
	base, addon := -1, -1
	for i, item := range c.sub.Items {
		if slices.Contains(c.prices, item.Price) {
			base = i
		} else {
			addon = i
		}
	}
	interval := intervals[slices.Index(c.prices, c.sub.Items[base].Price)]
	switch kind := rapid.SampledFrom([]string{"plan", "add-on", "removal"}).Draw(t, "change"); {
	case kind == "add-on" && addon < 0:
		change.Kind, change.Price = ports.ItemAdded, c.addons[interval]
	case kind == "add-on":
		change.Item, change.Price = c.sub.Items[addon].ID, c.sub.Items[addon].Price
	case kind == "removal" && addon >= 0:
		change.Kind, change.Item, change.Quantity = ports.ItemRemoved, c.sub.Items[addon].ID, 0
	default:
		change.Item, change.Price = c.sub.Items[base].ID, rapid.SampledFrom(c.prices).Draw(t, "price")
		if addon >= 0 && intervals[slices.Index(c.prices, change.Price)] != interval {
			change.Price = c.sub.Items[base].Price
		}
	}
	return change
}

// now is how the subscription stands.
func (c *changer) now(t *rapid.T) domain.Subscription {
	t.Helper()
	gateway := c.open(t)
	defer gateway.Close()
	fact, err := gateway.FetchSubscription(t.Context(), c.sub.ID)
	must(t, err)
	return fact.Snapshot
}

// newest is the invoice that was made last. Each time it is asked for by a gateway of its
// own, as one does not ask so often.
func (c *changer) newest(t *rapid.T) domain.Invoice {
	t.Helper()
	gateway := c.open(t)
	defer gateway.Close()
	all, err := gateway.FetchInvoices(t.Context(), c.sub.ID)
	must(t, err)
	return all[0].Invoice
}

func same(t *rapid.T, when string, p ports.InvoicePreview, i domain.Invoice) {
	t.Helper()
	if p.Total != i.Total || p.Currency != i.Currency || when == "now" && p.AmountDue != i.AmountDue {
		t.Fatalf("%s: previewed %+v, and it was %+v", when, p, i)
	}
}
