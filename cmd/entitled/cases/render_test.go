package cases

import (
	"maps"
	"strconv"
	"strings"
)

// The API versions in which the shape of what is told here changed.
const (
	basilVersion  = "2025-03-31.basil"
	dahliaVersion = "2026-03-25.dahlia"
)

// linesWithObject is how many lines come with an invoice or a credit note; the others are
// asked for.
const linesWithObject = 10

// object is a Stripe object as JSON has it.
type object = map[string]any

// render writes an object as Stripe does in an API version. Cases are written in the
// words of basil, with all that any version has: periods of items, parent, pricing, all
// lines, payments; of a charge and an intent the invoice too. What is expanded is shown
// where a version leaves it out otherwise.
func render(v any, version string, expand []string) any {
	switch v := v.(type) {
	case []any:
		all := make([]any, len(v))
		for n, one := range v {
			all[n] = render(one, version, expand)
		}
		return all
	case object:
		return renderObject(v, version, expand)
	default:
		return v
	}
}

func renderObject(told object, version string, expand []string) object {
	o := maps.Clone(told)
	isBasil, isDahlia := version >= "2025-03-31", version >= "2026-03-25"
	switch o["object"] {
	case "subscription":
		renderSubscription(o, isBasil)
	case "invoice":
		renderInvoice(o, isBasil, version, expand)
	case "credit_note":
		renderLines(o, version)
	case "line_item":
		renderLine(o, isBasil, isDahlia)
	case "charge", "payment_intent":
		if isBasil {
			delete(o, "invoice")
		}
	}
	if isDahlia {
		renderDahlia(o)
	}
	return o
}

// renderSubscription: before basil there was one period for all items; where they
// differ, the smallest.
func renderSubscription(o object, isBasil bool) {
	items := listOf(o["items"])
	if items == nil || isBasil {
		return
	}
	var rendered []any
	smallest := 0.0
	for _, item := range items {
		item := maps.Clone(item.(object))
		start, end := number(item["current_period_start"]), number(item["current_period_end"])
		if length := end - start; end != 0 && (smallest == 0 || length < smallest) {
			smallest = length
			o["current_period_start"], o["current_period_end"] = start, end
		}
		delete(item, "current_period_start")
		delete(item, "current_period_end")
		rendered = append(rendered, item)
	}
	delete(o, "billing_mode")
	o["items"] = withData(o["items"].(object), rendered)
}

func renderInvoice(o object, isBasil bool, version string, expand []string) {
	var payments []any
	for _, p := range listOf(o["payments"]) {
		if at(p, "payment") != nil {
			payments = append(payments, p)
		}
	}
	if !isBasil {
		of := at(o, "parent", "subscription_details")
		o["subscription"] = at(of, "subscription")
		metadata := at(of, "metadata")
		if metadata == nil {
			metadata = object{}
		}
		o["subscription_details"] = object{"metadata": metadata}
		o["paid"], o["paid_out_of_band"] = o["status"] == "paid", false
		o["payment_intent"], o["charge"] = nil, nil
		for n, p := range payments {
			if n == 0 || at(p, "status") == "paid" {
				o["payment_intent"], o["charge"] = at(p, "payment", "payment_intent"), at(p, "charge")
			}
			if at(p, "status") == "paid" {
				break
			}
		}
		delete(o, "parent")
	}
	if isBasil && contains(expand, "payments") {
		var shown []any
		for _, p := range payments {
			p := maps.Clone(p.(object))
			delete(p, "charge")
			shown = append(shown, p)
		}
		o["payments"] = withData(o["payments"].(object), shown)
	} else {
		delete(o, "payments")
	}
	renderLines(o, version)
}

// renderLines leaves the first of an object's lines in it.
func renderLines(o object, version string) {
	list, ok := o["lines"].(object)
	if !ok {
		return
	}
	lines := listOf(list)
	few := lines[:min(len(lines), linesWithObject)]
	list = withData(list, render(few, version, nil).([]any))
	list["has_more"] = list["has_more"] == true || len(lines) > linesWithObject
	o["lines"] = list
}

func renderLine(o object, isBasil, isDahlia bool) {
	parent, ok := o["parent"].(object)
	if !ok {
		return
	}
	if !isBasil {
		kind, _ := parent["type"].(string)
		of, price := at(parent, kind), at(o, "pricing", "price_details")
		delete(o, "parent")
		delete(o, "pricing")
		proration := at(of, "proration") == true
		o["type"] = "invoiceitem"
		if kind == "subscription_item_details" && !proration {
			o["type"] = "subscription"
		}
		o["proration"] = proration
		o["subscription"], o["subscription_item"] = at(of, "subscription"), at(of, "subscription_item")
		o["price"] = object{"id": at(price, "price"), "object": "price", "product": at(price, "product")}
		if item := at(of, "invoice_item"); item != nil {
			o["invoice_item"] = item
		}
	}
	if isDahlia {
		o["subtotal"], o["quantity_decimal"] = o["amount"], nil
		if quantity, ok := o["quantity"].(float64); ok {
			o["quantity_decimal"] = strconv.Itoa(int(quantity))
		}
	}
}

func renderDahlia(o object) {
	switch o["object"] {
	case "subscription", "invoice", "checkout.session", "payment_intent":
		_, named := o["customer"]
		if _, told := o["customer_account"]; named && !told {
			o["customer_account"] = nil
		}
	}
	if mode := o["ui_mode"]; mode == "hosted" || mode == "embedded" {
		o["ui_mode"] = mode.(string) + "_page"
	}
}

// withData is a list with other entries.
func withData(list object, data []any) object {
	list = maps.Clone(list)
	if data == nil {
		data = []any{}
	}
	list["data"] = data
	return list
}

// listOf are the entries of a list; nil if it is none.
func listOf(list any) []any {
	data, _ := at(list, "data").([]any)
	return data
}

// at follows keys into an object; nil if one is missing.
func at(v any, keys ...string) any {
	for _, key := range keys {
		o, _ := v.(object)
		v = o[key]
	}
	return v
}

func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

// text is a string, or the id of an object that is expanded.
func text(v any) string {
	if o, ok := v.(object); ok {
		v = o["id"]
	}
	s, _ := v.(string)
	return s
}

// contains tells whether a path, or one that leads on from it, is expanded.
func contains(expand []string, name string) bool {
	for _, path := range expand {
		if first, _, _ := strings.Cut(path, "."); first == name {
			return true
		}
	}
	return false
}
