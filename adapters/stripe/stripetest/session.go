package stripetest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func (p pen) session(f domain.SessionFact) object {
	reference, claimed := orNull(f.Order), p.ours(f.Order)
	switch p.below(3) { // a session of ours says it twice, and once is enough
	case 1:
		reference = nil
	case 2:
		claimed = object{}
	}
	o := object{
		{"id", string(f.ID)},
		{"object", "checkout.session"},
		{"after_expiration", p.recovery(f)},
		{"amount_subtotal", f.Subtotal},
		{"amount_total", f.Amount},
		{"cancel_url", "https://app.example/pricing"},
		{"client_reference_id", reference},
		{"created", p.about.at.Add(-time.Minute)},
		{"currency", orNull(f.Currency)},
		{"customer", p.reference("customer", string(f.Customer))},
		{"customer_creation", nil},
		{"customer_details", object{{"email", "ada@example.com"}, {"name", "Ada Lovelace"}, {"phone", nil}}},
		{"expires_at", p.about.at.Add(time.Hour)},
		{"invoice", nil},
		{"livemode", p.live},
		{"metadata", claimed},
		{"mode", orNull(f.Mode)},
		{"payment_intent", p.reference("payment_intent", string(f.PaymentIntent))},
		{"payment_link", nil},
		{"payment_status", orNull(f.PaymentStatus)},
		{"recovered_from", orNull(f.RecoveredFrom)},
		{"setup_intent", nil},
		{"status", orNull(f.Status)},
		{"subscription", p.reference("subscription", string(f.Subscription))},
		{"success_url", "https://app.example/done?session={CHECKOUT_SESSION_ID}"},
		{"total_details", object{{"amount_discount", 0}, {"amount_tax", 0}}},
		{"url", orNull(f.URL)},
	}
	switch {
	case p.since(dahlia):
		o = append(o, member{"ui_mode", "hosted_page"}, member{"customer_account", orNull(f.CustomerAccount)}, member{"integration_identifier", nil})
	case p.since(version2023):
		o = append(o, member{"ui_mode", "hosted"})
	}
	if p.since(version2023) {
		o = append(o, member{"client_secret", nil})
	}
	if p.since(basil) {
		o = append(o, member{"collected_information", object{{"shipping_details", nil}}})
	} else {
		o = append(o, member{"shipping_details", nil})
	}
	if p.since(clover) {
		o = append(o, member{"excluded_payment_method_types", list{}}, member{"branding_settings", object{{"display_name", "Example"}}})
	}
	if !p.since(endive) {
		o = append(o, member{"payment_method_types", list{"card"}})
	}
	return o
}

// recovery is where the buyer of an expired session may begin again.
func (p pen) recovery(f domain.SessionFact) any {
	if f.Status != "expired" {
		return nil
	}
	return object{{"recovery", object{
		{"enabled", true}, {"expires_at", p.about.at.Add(24 * time.Hour)}, {"url", "https://buy.stripe.com/r/again"},
	}}}
}

// ours is the metadata that we give to what is made for an order.
func (p pen) ours(order domain.OrderID) object {
	if order == "" {
		return object{}
	}
	return object{{"order_id", string(order)}, {"user_id", "user_1"}}
}
