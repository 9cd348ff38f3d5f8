package sandbox_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// scene is one thing that happens in a story.
type scene struct {
	name string
	do   func(s *teller)
}

// beginning is what all steps build on.
var beginning = []scene{
	{"for sale", func(s *teller) {
		s.post("product", "/v1/products", "name", "Pro")
		s.post("monthly", "/v1/prices", "product", "$product", "currency", "usd", "unit_amount", "2000", "recurring[interval]", "month", "lookup_key", "monthly")
		s.post("dear", "/v1/prices", "product", "$product", "currency", "usd", "unit_amount", "9000", "recurring[interval]", "month")
		s.post("once", "/v1/prices", "product", "$product", "currency", "usd", "unit_amount", "500")
		calls, err := s.box.AddPrice(sandbox.PriceSpec{ID: "price_calls", ProductID: "prod_calls", Product: "Calls", UnitAmount: 3, Interval: "month", Metered: true})
		s.does("metered", err)
		s.ids["metered"] = calls.ID
		s.post("coupon", "/v1/coupons", "percent_off", "25", "duration", "repeating", "duration_in_months", "2")
		s.post("code", "/v1/promotion_codes", "coupon", "$coupon", "code", "LESS", "max_redemptions", "3")
	}},
	{"customers", func(s *teller) {
		s.post("ada", "/v1/customers", "name", "Ada", "email", "ada@example.com", "payment_method", "pm_card_visa", "invoice_settings[default_payment_method]", "pm_card_visa", "metadata[user]", "u1")
		s.post("bob", "/v1/customers", "payment_method", "pm_card_chargeCustomerFail", "invoice_settings[default_payment_method]", "pm_card_chargeCustomerFail")
		s.post("eve", "/v1/customers", "payment_method", "pm_card_authenticationRequired", "invoice_settings[default_payment_method]", "pm_card_authenticationRequired")
	}},
}

// anySteps may come in any order. What does not apply is refused, which is an answer too.
var anySteps = []scene{
	{"a trial with a coupon", func(s *teller) {
		s.post("trial", "/v1/subscriptions", "customer", "$ada", "items[0][price]", "$monthly", "trial_period_days", "10", "discounts[0][coupon]", "$coupon")
	}},
	{"a subscription", func(s *teller) {
		s.post("plain", "/v1/subscriptions", "customer", "$ada", "items[0][price]", "$monthly", "items[0][quantity]", "3", "metadata[a]", "b")
	}},
	{"one that will fail", func(s *teller) {
		s.post("failing", "/v1/subscriptions", "customer", "$bob", "items[0][price]", "$monthly", "trial_period_days", "1")
	}},
	{"one that is sent", func(s *teller) {
		s.post("sent", "/v1/subscriptions", "customer", "$ada", "items[0][price]", "$dear", "collection_method", "send_invoice", "days_until_due", "5")
	}},
	{"one that waits for its buyer", func(s *teller) {
		s.post("asking", "/v1/subscriptions", "customer", "$eve", "items[0][price]", "$monthly", "payment_behavior", "default_incomplete")
	}},
	{"one that asks for a card", func(s *teller) {
		s.post("cardless", "/v1/customers", "name", "Cardless")
		s.post("free", "/v1/subscriptions", "customer", "$cardless", "items[0][price]", "$monthly", "trial_period_days", "7", "payment_behavior", "default_incomplete", "expand[]", "pending_setup_intent")
	}},
	{"a metered one", func(s *teller) {
		s.post("calls", "/v1/subscriptions", "customer", "$ada", "items[0][price]", "$metered")
		s.does("usage", s.box.AddUsage(s.ids["calls"], s.ids["metered"], 1200))
	}},
	{"an upgrade that has to be paid", func(s *teller) {
		s.does("card", s.box.SetCard(s.ids["plain"], "4000000000000002"))
		sub := s.ask(http.MethodGet, "/v1/subscriptions/"+s.named("$plain"), nil)
		if items, ok := sub["items"].(map[string]any); ok {
			item, _ := items["data"].([]any)[0].(map[string]any)["id"].(string)
			s.post("", "/v1/subscriptions/$plain", "items[0][id]", item, "items[0][price]", "$dear", "payment_behavior", "pending_if_incomplete", "proration_behavior", "always_invoice")
		}
	}},
	{"the card is mended", func(s *teller) { s.does("card", s.box.SetCard(s.ids["plain"], "4242424242424242")) }},
	{"a downgrade that is planned", func(s *teller) {
		s.post("schedule", "/v1/subscription_schedules", "from_subscription", "$sent")
		at := fmt.Sprint(s.box.Now().Unix())
		s.post("", "/v1/subscription_schedules/$schedule", "phases[0][start_date]", at, "phases[0][items][0][price]", "$dear", "phases[0][iterations]", "1",
			"phases[1][items][0][price]", "$monthly", "phases[1][iterations]", "1", "end_behavior", "release")
	}},
	{"a pause of collection", func(s *teller) {
		s.post("", "/v1/subscriptions/$trial", "pause_collection[behavior]", "void", "pause_collection[resumes_at]", fmt.Sprint(s.box.Now().Add(20*day).Unix()))
	}},
	{"a cancellation that is to come", func(s *teller) {
		s.post("", "/v1/subscriptions/$plain", "cancel_at", fmt.Sprint(s.box.Now().Add(45*day).Unix()))
		s.post("", "/v1/subscriptions/$calls", "cancel_at_period_end", "true")
	}},
	{"a checkout with a promotion code", func(s *teller) {
		s.post("session", "/v1/checkout/sessions", "mode", "subscription", "line_items[][price]", "$monthly", "line_items[][quantity]", "1", "success_url", "https://shop.test/ok", "allow_promotion_codes", "true")
		s.does("code", s.box.Buyer().EntersCode(s.ids["session"], "LESS"))
		s.does("pay", s.box.Pay(s.ids["session"]))
	}},
	{"a checkout that stays open", func(s *teller) {
		s.post("open", "/v1/checkout/sessions", "mode", "payment", "line_items[0][price_data][currency]", "usd", "line_items[0][price_data][unit_amount]", "700",
			"line_items[0][price_data][product_data][name]", "Mug", "line_items[0][quantity]", "2", "success_url", "https://shop.test/ok", "customer", "$ada")
	}},
	{"a refund to a bank", func(s *teller) {
		if s.ids["debit"] != "" {
			id, err := s.box.Refund(s.ids["debit"], 100)
			s.made("debit refund", id, err)
		}
	}},
	{"a debit under way", func(s *teller) {
		s.post("debit", "/v1/checkout/sessions", "mode", "payment", "line_items[][price]", "$once", "line_items[][quantity]", "1", "success_url", "https://shop.test/ok",
			"payment_method_types[0]", "card", "payment_method_types[1]", "us_bank_account")
		s.does("pay", s.box.PayDelayed(s.ids["debit"], true))
	}},
	{"a buyer whose bank asks", func(s *teller) {
		s.post("bank", "/v1/checkout/sessions", "mode", "payment", "line_items[][price]", "$once", "line_items[][quantity]", "1", "success_url", "https://shop.test/ok")
		s.does("pay", s.box.PayWithCard(s.ids["bank"], "4000002760003184"))
	}},
	{"the bank is answered", func(s *teller) { s.does("answer", s.box.Authenticate(s.ids["bank"])) }},
	{"an intent that is disputed", func(s *teller) {
		s.post("disputed", "/v1/payment_intents", "amount", "1500", "currency", "usd", "payment_method", "pm_card_createDispute", "confirm", "true", "return_url", "https://shop.test/")
	}},
	{"an inquiry", func(s *teller) {
		s.post("asked about", "/v1/payment_intents", "amount", "1600", "currency", "usd", "payment_method", "pm_card_visa", "confirm", "true", "return_url", "https://shop.test/")
		id, err := s.box.OpenDispute(s.ids["asked about"], sandbox.DisputeOptions{Inquiry: true})
		s.made("inquiry", id, err)
	}},
	{"the inquiry escalates", func(s *teller) { s.does("escalate", s.box.EscalateDispute(s.ids["inquiry"])) }},
	{"refunds", func(s *teller) {
		s.post("back", "/v1/payment_intents", "amount", "1700", "currency", "usd", "payment_method", "pm_card_visa", "confirm", "true", "return_url", "https://shop.test/")
		s.post("refund", "/v1/refunds", "payment_intent", "$back", "amount", "300")
	}},
	{"an intent to be captured", func(s *teller) {
		s.post("hold", "/v1/payment_intents", "amount", "1800", "currency", "usd", "payment_method", "pm_card_visa", "confirm", "true", "capture_method", "manual", "return_url", "https://shop.test/")
	}},
	{"it is captured", func(s *teller) { s.post("", "/v1/payment_intents/$hold/capture") }},
	{"an intent that is declined", func(s *teller) {
		s.post("declined", "/v1/payment_intents", "amount", "1900", "currency", "usd", "payment_method", "pm_card_chargeDeclined", "confirm", "true", "return_url", "https://shop.test/")
	}},
	{"a card for later", func(s *teller) {
		s.post("setup", "/v1/setup_intents", "customer", "$ada", "payment_method", "pm_card_authenticationRequired", "confirm", "true", "usage", "off_session", "return_url", "https://shop.test/")
	}},
	{"it is answered", func(s *teller) { s.does("answer", s.box.FailAuthentication(s.ids["setup"])) }},
	{"an invoice by hand", func(s *teller) {
		s.post("waiting", "/v1/invoiceitems", "customer", "$ada", "amount", "400", "currency", "usd", "description", "Setup <fee> & more")
		s.post("invoice", "/v1/invoices", "customer", "$ada", "auto_advance", "true", "pending_invoice_items_behavior", "include")
		s.post("next item", "/v1/invoiceitems", "customer", "$ada", "amount", "250", "currency", "usd")
	}},
	{"a credit note", func(s *teller) {
		sub := s.ask(http.MethodGet, "/v1/subscriptions/"+s.named("$sent"), nil)
		if in, ok := sub["latest_invoice"].(string); ok {
			s.post("note", "/v1/credit_notes", "invoice", in, "amount", "100")
		}
	}},
	{"a way into the portal", func(s *teller) {
		s.post("portal", "/v1/billing_portal/sessions", "customer", "$ada", "return_url", "https://shop.test/", "flow_data[type]", "subscription_cancel",
			"flow_data[subscription_cancel][subscription]", "$trial")
	}},
	{"a cancellation there", func(s *teller) { s.does("cancel", s.box.Portal(s.ids["portal"]).Cancel(s.ids["trial"])) }},
	{"another endpoint", func(s *teller) {
		s.post("endpoint", "/v1/webhook_endpoints", "url", s.named("$hook")+"/second", "enabled_events[0]", "*", "api_version", "2026-08-26.dahlia")
	}},
	{"a test clock", func(s *teller) {
		s.post("clock", "/v1/test_helpers/test_clocks", "frozen_time", fmt.Sprint(s.box.Now().Unix()), "name", "stands")
	}},
	{"faults that wait", func(s *teller) {
		s.box.FailNext("GET /v1/coupons", sandbox.Fault{Status: 502, Body: "<html>"}, sandbox.Fault{}, sandbox.Fault{Status: 429})
	}},
	{"one of them is met", func(s *teller) { s.ask(http.MethodGet, "/v1/coupons", nil) }},
	{"a call with a key", func(s *teller) {
		s.askWith("kept", http.MethodPost, "/v1/customers", url.Values{"name": {"Once"}})
	}},
	{"and again", func(s *teller) {
		s.askWith("kept", http.MethodPost, "/v1/customers", url.Values{"name": {"Once"}})
	}},
	{"prices seen as they are now", func(s *teller) { s.post("", "/v1/prices/$dear", "nickname", "Dear", "active", "true") }},
	{"a preview", func(s *teller) { s.post("", "/v1/invoices/create_preview", "subscription", "$plain") }},
}

// passes are stretches of time.
var passes = []scene{
	{"a minute", func(s *teller) { s.does("advance", s.box.Advance(time.Minute)) }},
	{"two hours", func(s *teller) { s.does("advance", s.box.Advance(2*time.Hour)) }},
	{"four days", func(s *teller) { s.does("advance", s.box.Advance(4*day)) }},
	{"a month", func(s *teller) { s.does("advance", s.box.Advance(31*day)) }},
}

// tell has a story happen to a box, and in its place to another one that is restored from a
// snapshot before each of the steps that relay names.
func tell(t *testing.T, story []scene, hook string, relay func(n int) bool, options ...sandbox.Option) []string {
	t.Helper()
	s := &teller{t: t, box: newBoxFor(t, options...), ids: map[string]string{"hook": hook}}
	s.box.AddWebhookEndpoint(hook, "whsec_1")
	for n, scene := range story {
		if relay(n) {
			snapshot, err := s.box.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			next := newBoxFor(t) // the snapshot has the chaos, and all else
			if err := next.Restore(snapshot); err != nil {
				t.Fatalf("before %q: %v", scene.name, err)
			}
			if err := s.box.Close(); err != nil {
				t.Fatal(err)
			}
			s.box = next
		}
		s.noted = append(s.noted, "# "+scene.name)
		scene.do(s)
		s.rests()
	}
	s.looks()
	return s.withoutIDs()
}

// compare fails with the first note that differs.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	at := ""
	for i := range want {
		if len(want[i]) > 2 && want[i][:2] == "# " {
			at = want[i]
		}
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("after %s, note %d differs:\ngot  %s\nwant %s", at, i, slices.Concat(got, make([]string, len(want)))[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d notes, want %d", len(got), len(want))
	}
}

// checkNothingRefused is for a story each of whose steps is to apply.
func checkNothingRefused(t *testing.T, notes []string) {
	t.Helper()
	for _, note := range notes {
		if refused.MatchString(note) {
			t.Errorf("this does not apply, and so proves nothing: %s", note)
		}
	}
}

var refused = regexp.MustCompile(`^POST \S+ 40[04] |^[a-z ]+: sandbox: .*no such`)

func never(int) bool  { return false }
func always(int) bool { return true }

// Ensure that whoever talks to a sandbox cannot tell that it was written down and restored, at
// any point of a story with everything in it. What may differ is left out by the story: ids
// that are made later, and when exactly a refused webhook is sent again.
func TestSnapshot_TheStoryGoesOnAsIfNothingHadBeen(t *testing.T) {
	t.Parallel()
	hook := refusesFirst(t)
	story := slices.Concat(beginning, anySteps, passes, anySteps[8:], passes[1:], passes[1:])
	chaos := sandbox.WithChaos(sandbox.Chaos{
		Seed: 5, Duplicates: 0.2, Twins: 0.2, Delays: 0.3, DelayUpTo: time.Hour, Losses: 0.2, Failures: 0.1, LostAnswers: 0.1,
	})
	want := tell(t, story, hook, never, chaos)
	checkNothingRefused(t, want[:slices.Index(want, "# a minute")])
	compare(t, tell(t, story, hook, always, chaos), want)
}

// Ensure it for stories that nobody has thought of, restored at a few points.
func TestSnapshot_AnyStoryGoesOn(t *testing.T) {
	t.Parallel()
	hook := refusesFirst(t)
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			story := slices.Clone(beginning)
			for range 30 {
				pool := anySteps
				if random.IntN(4) == 0 {
					pool = passes
				}
				story = append(story, pool[random.IntN(len(pool))])
			}
			points := []int{random.IntN(len(story)), random.IntN(len(story)), random.IntN(len(story))}
			chaos := sandbox.WithChaos(sandbox.Chaos{Seed: seed, Duplicates: 0.1, Twins: 0.1, Losses: 0.1})
			want := tell(t, story, hook, never, chaos)
			compare(t, tell(t, story, hook, func(n int) bool { return slices.Contains(points, n) }, chaos), want)
		})
	}
}
