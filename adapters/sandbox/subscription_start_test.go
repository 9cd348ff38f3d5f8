package sandbox_test

import (
	"slices"
	"testing"
	"time"
)

func TestCreateSubscription_WithATrialThatPauses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	ends := fmtInt(time.Now().Add(72 * time.Hour).Unix())
	sub := s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly, "trial_end", ends, "trial_settings[end_behavior][missing_payment_method]", "pause"))
	sub.wants(t, "on trial", map[string]string{"status": "trialing", "trial_end": ends, "billing_cycle_anchor": ends, "trial_settings.end_behavior.missing_payment_method": "pause"})
	s.toEnd(sub.at("id"))
	if got := s.sub(sub.at("id")).Status; got != "paused" {
		t.Errorf("after the trial: got %s", got)
	}
	s.refused(400, "/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly, "trial_end", ends, "trial_period_days", "3")).
		wants(t, "both", map[string]string{"error.code": "parameters_exclusive"})
}

// Since clover a cancellation can be bound to the first or the last period to end.
func TestSubscription_IsCanceledWithAPeriod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.withCard()
	sub := s.postIn(dahlia, "/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly, "items[1][price]", s.yearly, "cancel_at", "max_period_end"))
	month, year := sub.at("items.data.0.current_period_end"), sub.at("items.data.1.current_period_end")
	sub.wants(t, "at the making", map[string]string{"cancel_at": year, "cancel_at_period_end": "false"})
	s.postIn(dahlia, "/v1/subscriptions/"+sub.at("id"), values("cancel_at", "min_period_end")).wants(t, "changed", map[string]string{"cancel_at": month})
	s.postIn(dahlia, "/v1/subscriptions/"+sub.at("id"), values("cancel_at", "")).wants(t, "taken back", map[string]string{"cancel_at": "null", "canceled_at": "null"})
	s.refused(400, "/v1/subscriptions/"+sub.at("id"), values("cancel_at", "min_period_end")).wants(t, "before clover", map[string]string{"error.code": "parameter_invalid_integer"})
	s.postIn(dahlia, "/v1/subscriptions/"+sub.at("id"), values("cancel_at", "min_period_end"))
	s.toEnd(sub.at("id"))
	s.fetch(dahlia, "/v1/subscriptions/"+sub.at("id")).wants(t, "ended", map[string]string{"status": "canceled", "cancel_at": month})
}

// What was to end with its period, and is ended at once, did not end with its period.
func TestSubscription_CanceledAtOnceForgetsWhatWasPlanned(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, end := range map[string]func(string){
		"by call":          func(id string) { s.ask("", "DELETE", "/v1/subscriptions/"+id, nil) },
		"in the dashboard": func(id string) { s.ok(s.CancelSubscription(id)) },
	} {
		id := s.created("items[0][price]", s.monthly).at("id")
		s.post("/v1/subscriptions/"+id, values("cancel_at_period_end", "true"))
		end(id)
		s.fetch("", "/v1/subscriptions/"+id).wants(t, name, map[string]string{"status": "canceled", "cancel_at_period_end": "false", "cancel_at": "null"})
	}
	id := s.created("items[0][price]", s.monthly).at("id")
	s.post("/v1/subscriptions/"+id, values("cancel_at_period_end", "true"))
	s.toEnd(id)
	s.fetch("", "/v1/subscriptions/"+id).wants(t, "at its end", map[string]string{"status": "canceled", "cancel_at_period_end": "true"})
}

func TestInvoice_ShowsTheSecretOfItsPayment(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.postIn(dahlia, "/v1/subscriptions", values("customer", s.customer().ID, "items[0][price]", s.monthly, "payment_behavior", "default_incomplete",
		"expand[]", "latest_invoice.confirmation_secret"))
	secret := sub.at("latest_invoice.confirmation_secret.client_secret")
	if sub.at("latest_invoice.confirmation_secret.type") != "payment_intent" || len(secret) < 20 {
		t.Errorf("got %s", mustJSON(sub))
	}
	s.fetch(dahlia, "/v1/invoices/"+sub.at("latest_invoice.id")).wants(t, "not asked for", map[string]string{"confirmation_secret": "<none>"})
	s.refused(400, "/v1/subscriptions", values("customer", s.withCard(), "items[0][price]", s.monthly, "expand[]", "latest_invoice.confirmation_secret"))
}

// What is paid once is billed with the first period, also where a trial puts that off.
func TestSubscription_BillsWhatIsPaidOnceWithTheFirstPeriod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.coupon("percent_off", "50", "duration", "once")
	once := []string{"items[0][price]", s.monthly, "add_invoice_items[0][price]", s.once, "add_invoice_items[0][quantity]", "2", "expand[]", "latest_invoice"}
	for name, tt := range map[string]struct {
		pairs []string
		want  map[string]string
	}{
		"at once":         {nil, map[string]string{"status": "active", "latest_invoice.total": "11800", "latest_invoice.amount_paid": "11800", "latest_invoice.lines.data.1.amount": "2000"}},
		"with a trial":    {[]string{"trial_period_days", "7"}, map[string]string{"status": "trialing", "latest_invoice.amount_paid": "9800"}},
		"with a discount": {[]string{"coupon", coupon}, map[string]string{"status": "active", "latest_invoice.amount_paid": "5900"}},
		"unpaid yet":      {[]string{"payment_behavior", "default_incomplete", "trial_period_days", "7"}, map[string]string{"status": "incomplete", "latest_invoice.amount_due": "9800"}},
	} {
		sub := s.created(append(slices.Clone(once), tt.pairs...)...)
		sub.wants(t, name, tt.want)
		if sub.at("items.data.1") != "<none>" {
			t.Errorf("%s: it is an item: %s", name, mustJSON(sub))
		}
	}
	first := s.created(once...)
	s.ok(s.RenewSubscription(first.at("id"), true))
	s.fetch("", "/v1/subscriptions/"+first.at("id")+"?expand[]=latest_invoice").wants(t, "the next", map[string]string{"latest_invoice.total": "2000"})
	poor := s.customer().ID
	s.refused(400, "/v1/subscriptions", values("customer", poor, "items[0][price]", s.monthly, "trial_period_days", "7", "add_invoice_items[0][price]", s.once))
	for name, tt := range map[string]struct{ price, param string }{"a recurring price": {s.yearly, "add_invoice_items[0][price]"}, "no price": {"price_none", "add_invoice_items[0][price]"}} {
		s.refused(400, "/v1/subscriptions", values("customer", s.withCard(), "items[0][price]", s.monthly, "add_invoice_items[0][price]", tt.price)).wants(t, name, map[string]string{"error.param": tt.param})
	}
}
