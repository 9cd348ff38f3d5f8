package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) LineItems(cs *state.Session) []wire.Object {
	var out []wire.Object
	for _, l := range cs.Lines {
		p, amount := r.Prices.Get(l.Price), r.LineSubtotal(cs, l)
		out = append(out, wire.Object{
			"id": l.ID, "object": "item", "amount_discount": r.LineOff(cs, l), "amount_subtotal": amount, "amount_tax": 0,
			"amount_total": r.LineTotal(cs, l), "currency": cs.Currency, "description": r.Products.Get(p.Product).Name,
			"price": r.Price(p), "quantity": wire.OrNull(l.Quantity),
		})
	}
	return out
}

func (r *Renderer) Session(cs *state.Session) wire.Object {
	total, subtotal := r.SessionTotal(cs), r.Subtotal(cs)
	done := cs.Status == "complete"
	shown := func(id string) any {
		if !done {
			return nil
		}
		return wire.OrNull(id)
	}
	o := wire.Object{
		"id": cs.ID, "object": "checkout.session", "after_expiration": nil, "allow_promotion_codes": wire.OrNull(cs.PromotionCodes),
		"amount_subtotal": subtotal, "amount_total": total,
		"automatic_tax":              wire.Object{"enabled": cs.AutomaticTax, "liability": nil, "status": nil},
		"billing_address_collection": wire.OrNull(cs.BillingAddress), "cancel_url": wire.OrNull(cs.CancelURL),
		"client_reference_id": wire.OrNull(cs.ClientReference), "client_secret": wire.OrNull(cs.ClientSecret), "consent": nil, "consent_collection": nil,
		"created": cs.Created, "currency": wire.OrNull(cs.Currency), "currency_conversion": nil, "custom_fields": []wire.Object{},
		"custom_text": customText(cs),
		"customer":    wire.OrNull(cs.Customer), "customer_creation": wire.OrNull(cs.CustomerCreation), "customer_details": r.customerDetails(cs),
		"customer_email": wire.OrNull(cs.CustomerEmail), "expires_at": cs.ExpiresAt, "invoice": shown(cs.Invoice),
		"invoice_creation": nil, "livemode": false, "locale": wire.OrNull(cs.Locale), "metadata": wire.MetadataObject(cs.Metadata),
		"mode": cs.Mode, "payment_intent": nil, "payment_link": nil, "payment_method_collection": cs.PaymentMethodCollection,
		"payment_method_configuration_details": nil, "payment_method_options": wire.Object{},
		"payment_method_types": append([]string{}, cs.PaymentMethodTypes...), "payment_status": cs.PaymentStatus,
		"phone_number_collection": wire.Object{"enabled": cs.CollectsPhone}, "recovered_from": nil, "setup_intent": nil,
		"shipping_address_collection": nil, "shipping_cost": nil, "shipping_details": nil, "shipping_options": []wire.Object{},
		"status": cs.Status, "submit_type": wire.OrNull(cs.SubmitType), "discounts": sessionDiscounts(cs), "subscription": shown(cs.Subscription), "success_url": wire.OrNull(cs.SuccessURL),
		"tax_id_collection": wire.Object{"enabled": cs.TaxIDCollection, "required": "never"},
		"total_details":     wire.Object{"amount_discount": subtotal - total, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode":           cs.UIMode, "url": wire.OrNull(cs.URL),
	}
	if cs.AutomaticTax && done {
		o["automatic_tax"] = wire.Object{"enabled": true, "liability": wire.Object{"type": "self"}, "status": "complete"}
	}
	if len(cs.Excluded) > 0 {
		o["excluded_payment_method_types"] = typesOrNull(cs.Excluded)
	}
	if cs.ReturnURL != "" {
		o["return_url"] = cs.ReturnURL
	}
	if cs.RedirectOnCompletion != "" {
		o["redirect_on_completion"] = cs.RedirectOnCompletion
	}
	if cs.Mode == "setup" {
		o["amount_subtotal"], o["amount_total"], o["total_details"], o["setup_intent"] = nil, nil, nil, cs.SetupIntent
	}
	if cs.Mode == "payment" {
		// A subscription's payment is its invoice's.
		o["payment_intent"] = shown(cs.PaymentIntent)
		o["invoice_creation"] = wire.Object{
			"enabled": cs.InvoiceCreation,
			"invoice_data": wire.Object{"account_tax_ids": nil, "custom_fields": nil, "description": nil, "footer": nil,
				"issuer": nil, "metadata": wire.Object{}, "rendering_options": nil},
		}
	}
	if cs.TermsOfService != "" || cs.Promotions != "" {
		o["consent_collection"] = wire.Object{
			"payment_method_reuse_agreement": nil, "promotions": wire.OrNull(cs.Promotions), "terms_of_service": wire.OrNull(cs.TermsOfService),
		}
		if done {
			accepted := ""
			if cs.TermsOfService == "required" {
				accepted = "accepted"
			}
			o["consent"] = wire.Object{"promotions": nil, "terms_of_service": wire.OrNull(accepted)}
		}
	}
	return o
}

func customText(cs *state.Session) wire.Object {
	o := wire.Object{}
	for _, place := range state.CustomTexts {
		if o[place] = nil; cs.CustomText[place] != "" {
			o[place] = wire.Object{"message": cs.CustomText[place]}
		}
	}
	return o
}

// sessionDiscounts are what a session is reduced by: a code, or a coupon.
func sessionDiscounts(cs *state.Session) []wire.Object {
	out := []wire.Object{}
	if d := cs.Discount; d != nil && d.PromotionCode != "" {
		out = append(out, wire.Object{"coupon": nil, "promotion_code": d.PromotionCode})
	} else if d != nil {
		out = append(out, wire.Object{"coupon": d.Coupon, "promotion_code": nil})
	}
	return out
}

// SessionBreakdown is total_details.breakdown, which is shown when it is expanded.
func (r *Renderer) SessionBreakdown(cs *state.Session) wire.Object {
	discounts := []wire.Object{}
	if cs.Discount != nil {
		discounts = append(discounts, wire.Object{"amount": r.Subtotal(cs) - r.SessionTotal(cs), "discount": r.Discount(cs.Discount)})
	}
	return wire.Object{"discounts": discounts, "taxes": []wire.Object{}}
}

// customerDetails are known from a given customer at once, else from the buyer.
func (r *Renderer) customerDetails(cs *state.Session) any {
	email, name := cs.BuyerEmail, cs.BuyerName
	var address any
	if cu := r.Customers.Get(cs.Customer); cu != nil {
		address = addressObject(cu.Address)
		if email == "" {
			email = cu.Email
		}
		if name == "" {
			name = cu.Name
		}
	}
	if email == "" {
		email = cs.CustomerEmail
	}
	if cs.Status != "complete" && cs.Customer == "" && email == "" {
		return nil
	}
	return wire.Object{
		"address": address, "email": wire.OrNull(email), "name": wire.OrNull(name), "phone": nil,
		"tax_exempt": "none", "tax_ids": []wire.Object{},
	}
}
