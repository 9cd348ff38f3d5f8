package sandbox_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// lines are what an invoice bills, without the ids.
func lines(in tree) []string {
	var out []string
	for i := range in.len("lines.data") {
		l := in.down(fmt.Sprintf("lines.data.%d", i))
		out = append(out, strings.Join([]string{l.at("amount"), l.at("quantity"), l.at("price.id"), l.at("description"), l.at("period"), l.at("proration"), l.at("type")}, " | "))
	}
	return out
}

func TestPreview_IsTheNextInvoice(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	sub := s.created("items[0][price]", s.monthly, "items[0][quantity]", "2")
	s.post("/v1/customers/"+sub.at("customer"), values("balance", "-500"))
	path := "/v1/invoices/upcoming?customer=" + sub.at("customer")
	var got tree
	if events := s.after(func() { got = s.fetch("", path) }); events != "" {
		t.Errorf("a preview makes events: %s", events)
	}
	got.wants(t, "the preview", map[string]string{"id": "<none>", "status": "draft", "billing_reason": "upcoming", "subscription": sub.at("id"), "total": "4000",
		"starting_balance": "-500", "amount_due": "3500", "ending_balance": "0", "number": "null", "next_payment_attempt": fmtInt(s.sub(sub.at("id")).CurrentPeriodEnd + 3600), "period_end": sub.at("current_period_end"),
		"lines.data.0.period.start": sub.at("current_period_end")})
	stripespec.Validate(t, "invoice", []byte(mustJSON(got)))
	s.fetch("", "/v1/invoices/upcoming/lines?subscription="+sub.at("id")).wants(t, "its lines", map[string]string{"data.0.amount": "4000", "data.1": "<none>"})
	if old := s.fetch("", path); !slices.Equal(lines(old), lines(got)) {
		t.Errorf("a preview changes something: %v", lines(old))
	}
	in := must[*stripe.Invoice](t)(s.api.Invoices.Upcoming(&stripe.InvoiceUpcomingParams{Customer: stripe.String(sub.at("customer"))}))
	if in.AmountDue != 3500 || in.NextPaymentAttempt == 0 {
		t.Errorf("got %+v", in)
	}
	s.ok(s.RenewSubscription(sub.at("id"), true))
	made := s.fetch("", "/v1/invoices/"+s.sub(sub.at("id")).LatestInvoice.ID)
	if !slices.Equal(lines(made), lines(got)) || made.at("amount_due") != "3500" {
		t.Errorf("previewed %v, made %v", lines(got), lines(made))
	}
	s.post("/v1/subscriptions/"+sub.at("id"), values("cancel_at_period_end", "true"))
	for _, tt := range []struct {
		version, path string
		status        int
		code          string
	}{
		{"", path, 404, "invoice_upcoming_none"},
		{"", "/v1/invoices/upcoming", 400, "<none>"},
		{"", "/v1/invoices/upcoming?customer=cus_none", 400, "resource_missing"},
		{"", "/v1/invoices/upcoming?subscription=" + sub.at("id") + "&subscription_items[0][price]=none", 400, "resource_missing"},
		{"", path + "&coupon=x", 400, "parameter_unknown"},
		{dahlia, path, 404, "<none>"},
	} {
		status, answer := s.ask(tt.version, "GET", tt.path, nil)
		if e := parse(t, answer); status != tt.status || e.at("error.code") != tt.code {
			t.Errorf("%s: got %d %s", tt.path, status, answer)
		}
	}
}

func TestPreview_OfATrialEnds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.created("items[0][price]", s.monthly, "trial_period_days", "7")
	s.fetch("", "/v1/invoices/upcoming?subscription="+sub.at("id")).wants(t, "at its end", map[string]string{"total": "2000", "lines.data.0.period.start": sub.at("trial_end")})
	s.fetch("", "/v1/invoices/upcoming?subscription="+sub.at("id")+"&subscription_trial_end=now").wants(t, "now", map[string]string{"total": "2000"})
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "as it was", map[string]string{"status": "trialing", "trial_end": sub.at("trial_end")})
}

// What a preview says that a change costs is what the change costs then, line by line,
// whatever the change, and the preview changes nothing.
func TestPreview_CostsWhatTheChangeCosts(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	prices := []string{s.monthly, s.yearly, s.mustPrice(sandbox.PriceSpec{Product: "Seats", UnitAmount: 700, Interval: "month"}),
		s.mustPrice(sandbox.PriceSpec{Product: "Free", UnitAmount: 0, Interval: "month"}), s.meter()}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		sub := s.created("items[0][price]", prices[r.IntN(3)], "items[0][quantity]", fmt.Sprint(1+r.IntN(4)))
		id := sub.at("id")
		for range 2 {
			now.advance(time.Duration(r.IntN(9*24)) * time.Hour)
			price := prices[r.IntN(len(prices))]
			behavior := []string{"always_invoice", "create_prorations", "none"}[r.IntN(3)]
			item := []string{"[id]", s.fetch("", "/v1/subscriptions/"+id).at("items.data.0.id"), "[price]", price}
			if price != prices[4] {
				item = append(item, "[quantity]", fmt.Sprint(1+r.IntN(4)))
			}
			old := []string{"subscription", id, "subscription_proration_behavior", behavior}
			renamed := []string{"subscription", id, "subscription_details[proration_behavior]", behavior}
			change := []string{"proration_behavior", behavior}
			for i := 0; i < len(item); i += 2 {
				old = append(old, "subscription_items[0]"+item[i], item[i+1])
				renamed = append(renamed, "subscription_details[items][0]"+item[i], item[i+1])
				change = append(change, "items[0]"+item[i], item[i+1])
			}
			if r.IntN(2) == 0 {
				at := fmtInt(max(now.Now().Unix(), s.sub(id).CurrentPeriodStart)) // a renewal by hand is ahead of the clock
				old, renamed, change = append(old, "subscription_proration_date", at), append(renamed, "subscription_details[proration_date]", at), append(change, "proration_date", at)
			}
			before := s.fetch("", "/v1/subscriptions/"+id)
			var preview tree
			if events := s.after(func() { preview = s.fetch("", "/v1/invoices/upcoming?"+values(old...).Encode()) }); events != "" {
				t.Fatalf("seed %d: a preview makes events: %s", seed, events)
			}
			newer := s.postIn(acacia, "/v1/invoices/create_preview", values(renamed...))
			if seed == 0 {
				stripespec.ValidateIn(t, acacia, "invoice", []byte(mustJSON(newer)))
			}
			if !slices.Equal(lines(preview), lines(newer)) {
				t.Errorf("seed %d: upcoming %v, create_preview %v", seed, lines(preview), lines(newer))
			}
			if after := s.fetch("", "/v1/subscriptions/"+id); mustJSON(after) != mustJSON(before) {
				t.Fatalf("seed %d: a preview changes the subscription", seed)
			}
			after := s.post("/v1/subscriptions/"+id, values(change...))
			if after.at("latest_invoice") == before.at("latest_invoice") {
				s.ok(s.RenewSubscription(id, true))
			}
			made := s.fetch("", "/v1/invoices/"+s.sub(id).LatestInvoice.ID)
			if !slices.Equal(lines(preview), lines(made)) || preview.at("total") != made.at("total") || preview.at("amount_due") != made.at("amount_due") {
				t.Fatalf("seed %d, %s: previewed %s %v, made %s %v", seed, behavior, preview.at("total"), lines(preview), made.at("total"), lines(made))
			}
		}
	}
}
