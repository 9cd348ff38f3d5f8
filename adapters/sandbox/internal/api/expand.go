package api

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// expandable are the properties that hold an id and can be shown as the object
// itself. A nil function marks those that are always null here.
var expandable = map[string]func(*Server, string) wire.Object{
	"customer":               func(s *Server, id string) wire.Object { return s.Render.Customer(s.Customers.Get(id)) },
	"subscription":           func(s *Server, id string) wire.Object { return s.Render.Subscription(s.Subscriptions.Get(id)) },
	"invoice":                func(s *Server, id string) wire.Object { return s.Render.Invoice(s.Invoices.Get(id)) },
	"latest_invoice":         func(s *Server, id string) wire.Object { return s.Render.Invoice(s.Invoices.Get(id)) },
	"payment_intent":         func(s *Server, id string) wire.Object { return s.Render.PaymentIntent(s.PaymentIntents.Get(id)) },
	"charge":                 func(s *Server, id string) wire.Object { return s.Render.Charge(s.Charges.Get(id)) },
	"latest_charge":          func(s *Server, id string) wire.Object { return s.Render.Charge(s.Charges.Get(id)) },
	"price":                  func(s *Server, id string) wire.Object { return s.Render.Price(s.Prices.Get(id)) },
	"refund":                 func(s *Server, id string) wire.Object { return s.Render.Refund(s.Refunds.Get(id)) },
	"pending_setup_intent":   func(s *Server, id string) wire.Object { return s.Render.SetupIntent(s.SetupIntents.Get(id)) },
	"setup_intent":           func(s *Server, id string) wire.Object { return s.Render.SetupIntent(s.SetupIntents.Get(id)) },
	"product":                func(s *Server, id string) wire.Object { return s.Render.Product(s.Products.Get(id)) },
	"payment_method":         func(s *Server, id string) wire.Object { return s.Render.PaymentMethod(s.PaymentMethods.Get(id)) },
	"default_payment_method": func(s *Server, id string) wire.Object { return s.Render.PaymentMethod(s.PaymentMethods.Get(id)) },
	"schedule":               func(s *Server, id string) wire.Object { return s.Render.Schedule(s.Schedules.Get(id)) },
	"released_subscription":  func(s *Server, id string) wire.Object { return s.Render.Subscription(s.Subscriptions.Get(id)) },
	"promotion_code":         func(s *Server, id string) wire.Object { return s.Render.PromotionCode(s.PromotionCodes.Get(id)) },
	"coupon":                 func(s *Server, id string) wire.Object { return s.Render.Coupon(s.Coupons.Get(id)) },
	"test_clock":             func(s *Server, id string) wire.Object { return s.Render.TestClock(s.TestClocks.Get(id)) },
	"configuration": func(s *Server, id string) wire.Object {
		return render.PortalConfiguration(s.PortalConfigurations.Get(id))
	},
	"default_price": func(s *Server, id string) wire.Object { return s.Render.Price(s.Prices.Get(id)) },

	"balance_transaction": nil, "customer_balance_transaction": nil, "latest_attempt": nil, "mandate": nil, "single_use_mandate": nil, "default_source": nil, "discount": nil,
	"payment_link":             nil,
	"source_transfer_reversal": nil, "transfer_reversal": nil,
}

const maxExpandDepth = 4

func checkExpand(paths []string) *wire.Error {
	for _, p := range paths {
		if n := strings.Count(strings.TrimPrefix(p, "data."), ".") + 1; n > maxExpandDepth {
			return wire.Invalid("expand", "", "You cannot expand more than %d levels of a property. Property: %s", maxExpandDepth, p)
		}
	}
	return nil
}

// expand replaces the ids at path by their objects, in the version that o is in
// already: what a version does not have cannot be expanded. Mu is held.
func (s *Server) expand(o wire.Object, path, version string) *wire.Error {
	name, rest, deeper := strings.Cut(path, ".")
	if name == "line_items" && o["object"] == "checkout.session" && o[name] == nil {
		id := o["id"].(string)
		o[name] = wire.ListOf(s.Render.LineItems(s.Sessions.Get(id)), false, "/v1/checkout/sessions/"+id+"/line_items").In(version)
	}
	if path == "total_details.breakdown" && o["object"] == "checkout.session" {
		if details, ok := o["total_details"].(wire.Object); ok {
			details["breakdown"] = s.Render.SessionBreakdown(s.Sessions.Get(o["id"].(string))).In(version)
		}
		return nil
	}
	if name == "refunds" && o["object"] == "charge" && o[name] == nil {
		o[name] = s.Render.ChargeRefunds(s.Charges.Get(o["id"].(string))).In(version)
	}
	if name == "payments" && o["object"] == "invoice" && o[name] == nil && version >= wire.Basil {
		in := s.Invoices.Get(o["id"].(string))
		o[name] = wire.ListOf(s.Render.InvoicePayments(in), false, "/v1/invoice_payments?invoice="+in.ID).In(version)
	}
	if name == "confirmation_secret" && o["object"] == "invoice" && version >= wire.Basil {
		o[name] = s.confirmationSecret(s.Invoices.Get(o["id"].(string)))
		return nil
	}
	if name == "tiers" && o["object"] == "price" {
		if p := s.Prices.Get(o["id"].(string)); len(p.Tiers) > 0 {
			o[name] = render.PriceTiers(p)
		}
		return nil // a price without tiers has no such property, also expanded
	}
	if name == "currency_options" && o["object"] == "price" {
		p := s.Prices.Get(o["id"].(string))
		options, shown := o[name].(wire.Object)
		if !shown {
			options = render.CurrencyOptions(p)
			o[name] = options
		}
		if deeper && !render.OptionTiers(p, options, rest) {
			return wire.Invalid("expand", "", "This property cannot be expanded (%s).", rest)
		}
		return nil
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
		return wire.Invalid("expand", "", "This property cannot be expanded (%s).", name)
	}
	if ids, ok := v.([]string); ok && name == "discounts" {
		list := []wire.Object{}
		for _, id := range ids {
			list = append(list, s.Render.Discount(s.Discounts.Get(id)).In(version))
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
			return wire.Invalid("expand", "", "This property cannot be expanded (%s).", name)
		}
		if id == "" || show == nil {
			return nil
		}
		v = show(s, id).In(version)
		o[name] = v
	}
	if !deeper {
		switch v.(type) {
		case wire.Object:
			return nil // also an object that is always shown whole
		default:
			return wire.Invalid("expand", "", "This property cannot be expanded (%s).", name)
		}
	}
	switch v := v.(type) {
	case wire.Object:
		return s.expand(v, rest, version)
	case []wire.Object:
		for _, each := range v {
			if e := s.expand(each, rest, version); e != nil {
				return e
			}
		}
		return nil
	}
	return wire.Invalid("expand", "", "This property cannot be expanded (%s).", name)
}
