package sandbox

import "strings"

// expandable are the properties that hold an id and can be shown as the object
// itself. A nil function marks those that are always null here.
var expandable = map[string]func(*Sandbox, string) object{
	"customer":               func(s *Sandbox, id string) object { return s.customerObject(s.customers.get(id)) },
	"subscription":           func(s *Sandbox, id string) object { return s.subscriptionObject(s.subscriptions.get(id)) },
	"invoice":                func(s *Sandbox, id string) object { return s.invoiceObject(s.invoices.get(id)) },
	"latest_invoice":         func(s *Sandbox, id string) object { return s.invoiceObject(s.invoices.get(id)) },
	"payment_intent":         func(s *Sandbox, id string) object { return s.paymentIntentObject(s.paymentIntents.get(id)) },
	"charge":                 func(s *Sandbox, id string) object { return s.chargeObject(s.charges.get(id)) },
	"latest_charge":          func(s *Sandbox, id string) object { return s.chargeObject(s.charges.get(id)) },
	"price":                  func(s *Sandbox, id string) object { return s.priceObject(s.prices.get(id)) },
	"refund":                 func(s *Sandbox, id string) object { return s.refundObject(s.refunds.get(id)) },
	"pending_setup_intent":   func(s *Sandbox, id string) object { return s.setupIntentObject(s.setupIntents.get(id)) },
	"setup_intent":           func(s *Sandbox, id string) object { return s.setupIntentObject(s.setupIntents.get(id)) },
	"product":                func(s *Sandbox, id string) object { return s.productObject(s.products.get(id)) },
	"payment_method":         func(s *Sandbox, id string) object { return s.paymentMethodObject(s.paymentMethods.get(id)) },
	"default_payment_method": func(s *Sandbox, id string) object { return s.paymentMethodObject(s.paymentMethods.get(id)) },
	"schedule":               func(s *Sandbox, id string) object { return s.scheduleObject(s.schedules.get(id)) },
	"released_subscription":  func(s *Sandbox, id string) object { return s.subscriptionObject(s.subscriptions.get(id)) },
	"promotion_code":         func(s *Sandbox, id string) object { return s.promotionCodeObject(s.promotionCodes.get(id)) },
	"coupon":                 func(s *Sandbox, id string) object { return s.couponObject(s.coupons.get(id)) },
	"test_clock":             func(s *Sandbox, id string) object { return s.testClockObject(s.testClocks.get(id)) },
	"configuration":          func(s *Sandbox, id string) object { return s.portalConfigurations.get(id).object() },
	"default_price":          func(s *Sandbox, id string) object { return s.priceObject(s.prices.get(id)) },

	"balance_transaction": nil, "customer_balance_transaction": nil, "latest_attempt": nil, "mandate": nil, "single_use_mandate": nil, "default_source": nil, "discount": nil,
	"payment_link":             nil,
	"source_transfer_reversal": nil, "transfer_reversal": nil,
}

const maxExpandDepth = 4

func checkExpand(paths []string) *apiError {
	for _, p := range paths {
		if n := strings.Count(strings.TrimPrefix(p, "data."), ".") + 1; n > maxExpandDepth {
			return invalid("expand", "", "You cannot expand more than %d levels of a property. Property: %s", maxExpandDepth, p)
		}
	}
	return nil
}

// expand replaces the ids at path by their objects, in the version that o is in
// already: what a version does not have cannot be expanded. mu is held.
func (s *Sandbox) expand(o object, path, version string) *apiError {
	name, rest, deeper := strings.Cut(path, ".")
	if name == "line_items" && o["object"] == "checkout.session" && o[name] == nil {
		id := o["id"].(string)
		o[name] = listOf(s.lineItemObjects(s.sessions.get(id)), false, "/v1/checkout/sessions/"+id+"/line_items").in(version)
	}
	if name == "refunds" && o["object"] == "charge" && o[name] == nil {
		o[name] = s.listChargeRefunds(s.charges.get(o["id"].(string))).in(version)
	}
	if name == "payments" && o["object"] == "invoice" && o[name] == nil && version >= basil {
		in := s.invoices.get(o["id"].(string))
		o[name] = listOf(s.invoicePaymentObjects(in), false, "/v1/invoice_payments?invoice="+in.id).in(version)
	}
	if name == "confirmation_secret" && o["object"] == "invoice" && version >= basil {
		o[name] = s.confirmationSecret(s.invoices.get(o["id"].(string)))
		return nil
	}
	if name == "tiers" && o["object"] == "price" {
		if p := s.prices.get(o["id"].(string)); len(p.tiers) > 0 {
			o[name] = p.tierObjects()
		}
		return nil // a price without tiers has no such property, also expanded
	}
	if o["object"] == "customer" && o[name] == nil {
		s.expandCustomer(o, name, version)
	}
	if path == "features.subscription_update.products" && o["object"] == "billing_portal.configuration" {
		s.expandPortalProducts(o, version)
		return nil
	}
	v, present := o[name]
	if !present {
		return invalid("expand", "", "This property cannot be expanded (%s).", name)
	}
	if ids, ok := v.([]string); ok && name == "discounts" {
		list := []object{}
		for _, id := range ids {
			list = append(list, s.discountObject(s.discounts.get(id)).in(version))
		}
		o[name], v = list, list
		if !deeper {
			return nil
		}
	}
	if id, ok := v.(string); ok || v == nil {
		show, known := expandable[name]
		known = known && !(name == "payment_method" && o["object"] == "charge" || name == "invoice" && o["object"] == "line_item") // a text, whatever it names
		if !known {
			return invalid("expand", "", "This property cannot be expanded (%s).", name)
		}
		if id == "" || show == nil {
			return nil
		}
		v = show(s, id).in(version)
		o[name] = v
	}
	if !deeper {
		switch v.(type) {
		case object:
			return nil // also an object that is always shown whole
		default:
			return invalid("expand", "", "This property cannot be expanded (%s).", name)
		}
	}
	switch v := v.(type) {
	case object:
		return s.expand(v, rest, version)
	case []object:
		for _, each := range v {
			if e := s.expand(each, rest, version); e != nil {
				return e
			}
		}
		return nil
	}
	return invalid("expand", "", "This property cannot be expanded (%s).", name)
}
