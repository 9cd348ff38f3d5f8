package wire

import "strings"

// endive is the release that there is no description of.
const endive = "2026-09-30.endive"

// endiveParams are what it changed of what calls take, by the types of Stripe's client for
// Node: names are patterns, see MatchesParam.
var endiveParams = []struct {
	call       string
	gone, came string
}{
	{"POST /v1/checkout/sessions", "payment_method_types", "allowed_payment_method_types[]"},
	{"POST /v1/payment_intents", "payment_method_types", ""},
	{"POST /v1/payment_intents/{id}", "payment_method_types", ""},
	{"POST /v1/payment_intents/{id}/confirm", "payment_method_types", ""},
	{"POST /v1/setup_intents", "payment_method_types", ""},
	{"POST /v1/setup_intents/{id}", "payment_method_types", ""},
	{"POST /v1/subscriptions/{id}", "billing_cycle_anchor", "billing_cycle_anchor[type]"},
	{"POST /v1/subscriptions/{id}/resume", "billing_cycle_anchor", "billing_cycle_anchor[type]"},
	{"POST /v1/subscriptions/{id}/resume", "", "payment_behavior"},
	{"POST /v1/subscription_schedules", "", "pause_schedules[*]"},
	{"POST /v1/subscription_items", "", "current_trial[*]"},
	{"POST /v1/subscription_items/{id}", "", "current_trial[*]"},
}

// TakesSince is takes, of versions that came after all descriptions too.
func (k *knowledge) TakesSince(call, version, name string) bool {
	if version < endive {
		return k.Takes(call, version, name)
	}
	top, _, _ := strings.Cut(name, "[")
	came, gone := false, false
	for _, change := range endiveParams {
		if change.call == call {
			came = came || change.came != "" && MatchesParam(change.came, name)
			gone = gone || change.gone == top
		}
	}
	return came || !gone && k.Takes(call, version, name)
}

// AnchorParam is where a version of the API says how the billing cycle goes on.
func AnchorParam(version string) string {
	if version >= endive {
		return "billing_cycle_anchor[type]"
	}
	return "billing_cycle_anchor"
}
