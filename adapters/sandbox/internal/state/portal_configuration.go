package state

import "slices"

// PortalConfiguration says what customers may do in the billing portal.
type PortalConfiguration struct {
	ID, Name                            string
	Active, IsDefault                   bool
	Headline, PrivacyURL, TermsURL      string // of the business_profile
	ReturnURL                           string // where "back" leads, unless the session says it
	Metadata                            map[string]string
	Created, Updated                    int64
	CustomerUpdate                      bool
	CustomerUpdates                     []string // allowed_updates
	InvoiceHistory, PaymentMethodUpdate bool
	Cancel, AsksReason                  bool
	CancelMode                          string
	Reasons                             []string
	Update                              bool
	Updates                             []string // default_allowed_updates
	Products                            []PortalProduct
	Proration                           string // of updates
	Trial                               string // what an update does to a trial
	Anchor                              string // billing_cycle_anchor; unchanged where it is empty
}

// PortalProduct is a product whose prices a subscription may change to.
type PortalProduct struct {
	ID          string
	Prices      []string
	Adjustable  bool  // whether customers set its quantity
	Least, Most int64 // the bounds of that; most is 0 for none
}

// Allows tells whether a kind of update is among those of the configuration.
func (cfg *PortalConfiguration) Allows(update string) bool {
	return cfg.Update && slices.Contains(cfg.Updates, update)
}

// Quantities are the bounds within which customers set a quantity of the product,
// and whether they may.
func (cfg *PortalConfiguration) Quantities(product string) (least, most int64, adjustable bool) {
	for _, p := range cfg.Products {
		if p.ID == product && p.Most != 0 {
			return p.Least, p.Most, p.Adjustable && cfg.Allows("quantity")
		}
		if p.ID == product {
			return p.Least, MaxQuantity, p.Adjustable && cfg.Allows("quantity")
		}
	}
	return 1, MaxQuantity, cfg.Allows("quantity")
}

// EndsTrial tells whether an update ends the subscription's trial.
func (cfg *PortalConfiguration) EndsTrial(sub *Subscription) bool {
	return sub.Status == "trialing" && cfg.Trial == "end_trial"
}
