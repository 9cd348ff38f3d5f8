package wire

import (
	"slices"
	"sync"
)

// shapeChange is what a version of Stripe's API added to a kind of object, and
// what it took away.
type shapeChange struct {
	version, kind string
	adds, removes []string
}

// shapeChanges are all in which the versions differ, of each kind in the order of
// their coming. Objects are made with everything that they have in any version.
var shapeChanges = []shapeChange{
	{"2024-04-10", "product", []string{"marketing_features"}, []string{"features"}},
	{"2024-04-10", "price.recurring", []string{"meter"}, nil},
	{"2024-04-10", "plan", []string{"meter"}, nil},
	{"2024-04-10", "subscription", []string{"discounts"}, nil},
	{"2024-04-10", "subscription_item", []string{"discounts"}, nil},
	{"2024-04-10", "subscription_schedule.phases", []string{"discounts"}, nil},
	{"2024-04-10", "subscription_schedule.phases.items", []string{"discounts"}, nil},
	{"2024-09-30.acacia", "checkout.session.tax_id_collection", []string{"required"}, nil},
	{"2024-09-30.acacia", "payment_method", []string{"allow_redisplay"}, nil},
	{"2024-09-30.acacia", "dispute.payment_method_details.card", []string{"case_type"}, nil},
	{"2024-09-30.acacia", "credit_note", []string{"pretax_credit_amounts"}, nil},
	{"2024-09-30.acacia", "credit_note_line_item", []string{"pretax_credit_amounts"}, nil},
	{"2024-09-30.acacia", "subscription", []string{"invoice_settings"}, nil},
	{"2024-09-30.acacia", "test_helpers.test_clock", []string{"status_details"}, nil},
	{Basil, "charge", nil, []string{"invoice"}},
	{Basil, "checkout.session", nil, []string{"shipping_details"}},
	{Basil, "credit_note", []string{"post_payment_amount", "pre_payment_amount", "refunds", "total_taxes"}, []string{"refund", "tax_amounts"}},
	{Basil, "credit_note_line_item", []string{"taxes"}, []string{"amount_excluding_tax", "tax_amounts", "unit_amount_excluding_tax"}},
	{Basil, "dispute", []string{"enhanced_eligibility_types"}, nil},
	{Basil, "dispute.evidence", []string{"enhanced_evidence"}, nil},
	{Basil, "dispute.evidence_details", []string{"enhanced_eligibility"}, nil},
	{
		Basil, "invoice", []string{"amount_overpaid", "parent", "total_taxes"},
		[]string{"application_fee_amount", "charge", "discount", "paid", "paid_out_of_band", "payment_intent", "quote", "subscription",
			"subscription_details", "subscription_proration_date", "tax", "total_tax_amounts", "transfer_data"},
	},
	{
		Basil, "line_item", []string{"parent", "pricing", "taxes"},
		[]string{"amount_excluding_tax", "invoice_item", "price", "proration", "proration_details", "subscription_item", "tax_amounts",
			"tax_rates", "type", "unit_amount_excluding_tax"},
	},
	{Basil, "invoiceitem", []string{"parent", "pricing"}, []string{"price", "subscription", "subscription_item", "unit_amount", "unit_amount_decimal"}},
	{Basil, "payment_intent", nil, []string{"invoice"}},
	{Basil, "payment_method.card", []string{"regulated_status"}, nil},
	{Basil, "charge.payment_method_details.card", []string{"regulated_status"}, nil},
	{Basil, "plan", nil, []string{"aggregate_usage"}},
	{Basil, "price.recurring", nil, []string{"aggregate_usage"}},
	{Basil, "subscription_schedule.default_settings", nil, []string{"billing_thresholds"}},
	{Basil, "subscription_schedule.phases", nil, []string{"billing_thresholds", "coupon"}},
	{Basil, "subscription_schedule.phases.items", nil, []string{"billing_thresholds"}},
	{Basil, "subscription", nil, []string{"billing_thresholds", "current_period_end", "current_period_start", "discount"}},
	{Basil, "subscription_item", []string{"current_period_end", "current_period_start"}, []string{"billing_thresholds"}},
	{"2025-06-30.basil", "subscription", []string{"billing_mode"}, nil},
	{Clover, "subscription_schedule", []string{"billing_mode"}, nil},
	{Clover, "promotion_code", []string{"promotion"}, []string{"coupon"}},
	{"2025-09-30.clover", "discount", []string{"source"}, []string{"coupon"}},
	{"2025-09-30.clover", "subscription", []string{"billing_thresholds"}, nil},
	{"2025-09-30.clover", "subscription_item", []string{"billing_thresholds"}, nil},
	{"2026-03-25.dahlia", "dispute.payment_method_details.card", []string{"network"}, nil},
	{"2025-09-30.clover", "invoiceitem", []string{"net_amount"}, nil},
	{"2026-03-25.dahlia", "invoiceitem", []string{"quantity_decimal"}, nil},
	{"2026-03-25.dahlia", "invoice", []string{"amount_paid_off_stripe"}, nil},
	{"2026-03-25.dahlia", "line_item", []string{"subtotal"}, nil},
	{"2026-05-27.dahlia", "subscription", []string{"billing_schedules"}, nil},
	{Basil, "checkout.session", []string{"discounts"}, nil},
	{"2025-09-30.clover", "payment_intent", []string{"excluded_payment_method_types"}, nil},
	{"2026-08-26.dahlia", "payment_intent", []string{"allowed_payment_method_types"}, nil},
	{"2026-08-26.dahlia", "setup_intent", []string{"allowed_payment_method_types", "excluded_payment_method_types"}, nil},
	{"2024-04-10", "billing_portal.configuration.features", nil, []string{"subscription_pause"}},
	{"2024-10-28.acacia", "billing_portal.configuration.features.subscription_update", []string{"schedule_at_period_end"}, nil},
	{"2025-09-30.clover", "billing_portal.configuration", []string{"name"}, nil},
	{"2025-09-30.clover", "billing_portal.configuration.features.subscription_update", []string{"trial_update_behavior"}, nil},
	{"2025-12-15.clover", "billing_portal.configuration.features.subscription_update", []string{"billing_cycle_anchor"}, nil},
	{"2025-09-30.clover", "billing_portal.configuration.features.subscription_update.products", []string{"adjustable_quantity"}, nil},
}

// In is the object as the version shows it: this is the one place where versions
// differ. The object itself stays as it was made.
func (o Object) In(version string) Object { return Shaped(o, kindOf(o, "", ""), version) }

// kindOf is an object's name. A hash that carries none is named by where it is.
func kindOf(o Object, within, place string) string {
	if kind, ok := o["object"].(string); ok {
		return kind
	}
	return within + "." + place
}

// Shaped is what a version shows of a hash whose kind is told by where it is.
func Shaped(o Object, kind, version string) Object {
	if kind == "event" {
		return o // it was rendered when it was made, and never changes
	}
	hidden := hiddenIn(version, kind)
	out := make(Object, len(o))
	for name, v := range o {
		if slices.Contains(hidden, name) {
			continue
		}
		switch v := v.(type) {
		case Object:
			out[name] = Shaped(v, kindOf(v, kind, name), version)
		case []Object:
			list := make([]Object, len(v))
			for i, each := range v {
				list[i] = Shaped(each, kindOf(each, kind, name), version)
			}
			out[name] = list
		default:
			out[name] = shownIn(version, kind, name, v)
		}
	}
	return out
}

// shownIn is the value of a property as the version has it: there is one whose values were
// renamed.
func shownIn(version, kind, name string, v any) any {
	if mode, ok := v.(string); ok && name == "ui_mode" && kind == "checkout.session" {
		return uiModeIn(version, mode)
	}
	return v
}

// uiModes are the values of a session's ui_mode, and what dahlia made of their names.
var uiModes = []struct{ name, renamed string }{{"hosted", "hosted_page"}, {"embedded", "embedded_page"}, {"custom", "elements"}}

func uiModeIn(version, mode string) string {
	for _, m := range uiModes {
		if m.name == mode && version >= Dahlia {
			return m.renamed
		}
	}
	return mode
}

// UIModes are the names that a version has for them.
func UIModes(version string) []string {
	var out []string
	for _, m := range uiModes {
		if m.name != "custom" || version >= Basil {
			out = append(out, uiModeIn(version, m.name))
		}
	}
	return out
}

// UIMode is what a version's name stands for, by the oldest one; hosted if it is empty.
func UIMode(name string) string {
	for _, m := range uiModes {
		if name == m.name || name == m.renamed {
			return m.name
		}
	}
	return uiModes[0].name
}

// hiddenIn are the properties of a kind that the version does not have. Every object of every
// answer asks, so each pair is looked up once.
func hiddenIn(version, kind string) []string {
	asked := [2]string{version, kind}
	if hidden, known := hiddenKnown.Load(asked); known {
		return hidden.([]string)
	}
	hidden := findHidden(version, kind)
	hiddenKnown.Store(asked, hidden)
	return hidden
}

var hiddenKnown sync.Map // []string by version and kind, of which there are some hundreds

func findHidden(version, kind string) []string {
	var hidden []string
	for _, c := range shapeChanges {
		switch {
		case c.kind != kind:
		case c.version <= version:
			hidden = slices.DeleteFunc(hidden, func(name string) bool { return slices.Contains(c.adds, name) })
			hidden = append(hidden, c.removes...)
		default:
			hidden = append(hidden, c.adds...)
		}
	}
	return hidden
}
