package domain

import (
	"cmp"
	"slices"
	"time"
)

type (
	PlanKey    string // the plan's key in the catalog, as in POST /api/checkout/{plan}
	PriceKey   string // a price's key within its plan, such as "monthly"
	FeatureKey string
	GroupKey   string
)

// Mode is how a plan is sold; the words are Stripe's for a Checkout Session.
type Mode string

const (
	ModePayment      Mode = "payment"      // once
	ModeSubscription Mode = "subscription" // again every period
	// ModeSetup is of a session that takes no money; nothing is sold that way.
	ModeSetup Mode = "setup"
)

// Modes lists every mode that a plan may have.
var Modes = []Mode{ModePayment, ModeSubscription}

// FeatureType says what a right to a feature looks like.
type FeatureType string

const (
	FeatureFlag   FeatureType = "flag"   // has it or not
	FeatureLimit  FeatureType = "limit"  // may have so many
	FeatureChoice FeatureType = "choice" // has one of its values
)

// FeatureTypes lists every feature type.
var FeatureTypes = []FeatureType{FeatureFlag, FeatureLimit, FeatureChoice}

// MergeRule says how the limits of several live sources become one.
type MergeRule string

const (
	MergeMax MergeRule = "max" // the largest counts (the default)
	MergeSum MergeRule = "sum" // they add up
)

// Feature is something a user may be entitled to.
type Feature struct {
	Key         FeatureKey
	Name        string // for people; may be empty
	Description string // for people; may be empty
	Place       int    // in the catalog file, from 0
	Type        FeatureType
	PerUnit     bool  // a limit is multiplied by the quantity bought
	Included    int64 // of a limit per unit: whatever the quantity, there are at least so many
	Merge       MergeRule
	Values      []string // of a choice: which there are, the lowest first; of several sources the highest counts
}

// Price is one way to pay for a plan. Stripe's price is found by its id or, where
// ID is empty, by its lookup key.
type Price struct {
	Key       PriceKey
	ID        PriceID
	LookupKey string
	NotSold   bool // who pays it keeps the plan; nobody can buy it
	// Currencies are those that a buyer may choose from, as far as Stripe has them, ISO 4217 in
	// lower case; none: all that Stripe has. Where the price's own is not among them, the first
	// is what is paid by who chooses none.
	Currencies []string
}

// BillingAddress says when a buyer is asked for the billing address; the words are Stripe's.
type BillingAddress string

const (
	BillingAddressAuto     BillingAddress = "auto" // when it is needed (the default)
	BillingAddressRequired BillingAddress = "required"
)

// BillingAddresses lists what may be asked for.
var BillingAddresses = []BillingAddress{BillingAddressAuto, BillingAddressRequired}

// Switch is on, off or, where it is empty, as it is set at Stripe.
type Switch string

const (
	SwitchOn  Switch = "on"
	SwitchOff Switch = "off"
)

// CheckoutOptions are the switches of a plan's Checkout Session.
type CheckoutOptions struct {
	PromotionCodes   bool
	AutomaticTax     bool
	TaxIDCollection  bool
	BillingAddress   BillingAddress
	AdaptivePricing  Switch // the buyer may pay in the currency of where they are
	MaxQuantity      int64  // how many units one order may have, at least 1
	AdjustableAmount bool   // the buyer may change the quantity on Stripe's page
}

// Policy is what a plan does when money goes back. An empty field means the
// [DefaultPolicy] of the plan's mode.
type Policy struct {
	Refund  RefundPolicy
	Dispute DisputePolicy
	Access  []AccessOption // sorted; which optional rows of [AccessRules] count
}

// Plan is something for sale: prices to pay, features to have.
type Plan struct {
	Key         PlanKey
	Name        string
	Description string
	Place       int           // in the catalog file, from 0
	Highlight   bool          // a pricing page shows it off
	Default     bool          // every user holds it, known or not: it has no price, and nobody buys it
	Mode        Mode          // empty: of a default plan
	Group       GroupKey      // at most one live subscription of a user within a group; may be empty
	AddonTo     []PlanKey     // it is sold as a further item of the subscription to one of these alone; empty: by itself
	Pausable    bool          // its user may pause it, which suspends it and its group: see [SuspendWhileVoid]
	TrialDays   int           // 0: no trial
	Grace       time.Duration // how long past_due keeps access, from when the oldest of what is owed was due
	Leeway      time.Duration // how long active access outlives the period's end
	ValidFor    time.Duration // a one-time purchase's duration; 0: for good
	Once        bool          // who holds it cannot buy it again
	BoughtTwice TwicePolicy   // what is done if it was bought twice all the same; empty: the first policy
	Prices      []Price       // the first that is sold is the default
	Grants      map[FeatureKey]Value
	// TrialGrants and PastDueGrants are given instead of Grants during a trial, and
	// while something is overdue; nil: Grants are.
	TrialGrants   map[FeatureKey]Value
	PastDueGrants map[FeatureKey]Value
	Policy        Policy
	Checkout      CheckoutOptions
	Formerly      []PlanKey // keys that the plan had before
	NotSold       bool      // who holds it keeps it; nobody can buy it
}

// Defaults of a plan that says nothing else.
const (
	// DefaultGrace outlives Stripe's usual two weeks of payment retries.
	DefaultGrace = 16 * 24 * time.Hour
	// DefaultLeeway covers the hour that Stripe takes to finalize a renewal's
	// invoice, and a late webhook.
	DefaultLeeway = 24 * time.Hour
)

// Excludes tells whether a user should have only one of two plans.
func (p Plan) Excludes(other Plan) bool {
	return p.Key == other.Key || p.Group != "" && p.Group == other.Group
}

// Addon tells whether the plan is sold as a further item of another one's subscription.
func (p Plan) Addon() bool { return len(p.AddonTo) > 0 }

// AddsTo tells whether the plan is an add-on that is sold with a base.
func (p Plan) AddsTo(base Plan) bool { return slices.Contains(p.AddonTo, base.Key) }

// PriceOf finds one of the plan's prices that are for sale; the empty key means the
// first of them.
func (p Plan) PriceOf(key PriceKey) (Price, bool) {
	for _, price := range p.sold() {
		if key == "" || price.Key == key {
			return price, true
		}
	}
	return Price{}, false
}

// sold are the plan's prices that are for sale.
func (p Plan) sold() []Price {
	if p.NotSold {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Prices), func(price Price) bool { return price.NotSold })
}

// Catalog is what is for sale, and what it grants.
type Catalog struct {
	Features map[FeatureKey]Feature
	Plans    map[PlanKey]Plan

	// Ignored are prices (by id or lookup key) and products that are no business of
	// ours: another product's, a setup fee.
	Ignored Ignored

	// AnnounceEnds is how long before the end of a right the feed announces it, the longest
	// time first; none: ends are not announced.
	AnnounceEnds []time.Duration

	// Known is what prices meant that this catalog does not name: a mapping that was
	// known once is never forgotten. All copies of the catalog have the same, and it
	// grows while they are in use: a lookup key moves at any time.
	Known *KnownPrices

	prices *priceIndex // nil: all plans are looked through
}

// Ignored names prices and products that grant nothing and are not to be asked about.
type Ignored struct {
	Prices     []PriceID
	LookupKeys []string
	Products   []string
}

// PlanList returns the plans in the order of the catalog file.
func (c Catalog) PlanList() []Plan {
	plans := make([]Plan, 0, len(c.Plans))
	for _, p := range c.Plans {
		plans = append(plans, p)
	}
	slices.SortFunc(plans, func(a, b Plan) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Key, b.Key)) })
	return plans
}

// FeatureList returns the features in the order of the catalog file.
func (c Catalog) FeatureList() []Feature {
	features := make([]Feature, 0, len(c.Features))
	for _, f := range c.Features {
		features = append(features, f)
	}
	slices.SortFunc(features, func(a, b Feature) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Key, b.Key)) })
	return features
}

// ForSale returns the plans that can be bought, in the order of the catalog file, each
// with the prices that it can be bought for.
func (c Catalog) ForSale() []Plan {
	return slices.DeleteFunc(c.Offered(), func(p Plan) bool { return p.Default })
}

// Offered returns the plans that a pricing page shows, in the order of the catalog file:
// those for sale, and those that every user holds.
func (c Catalog) Offered() []Plan {
	var plans []Plan
	for _, p := range c.PlanList() {
		if p.Prices = p.sold(); len(p.Prices) > 0 || p.Default {
			plans = append(plans, p)
		}
	}
	return plans
}

// UnitOf is the feature that is counted by the units of a plan: the first of those per unit
// that it grants. Empty: none is, or units cannot be chosen.
func (c Catalog) UnitOf(p Plan) FeatureKey {
	if p.Checkout.MaxQuantity <= 1 {
		return ""
	}
	for _, f := range c.FeaturesOf(p) {
		if f.PerUnit {
			return f.Key
		}
	}
	return ""
}

// FeaturesOf returns the features that a plan grants, in the order of the catalog file.
func (c Catalog) FeaturesOf(p Plan) []Feature {
	return slices.DeleteFunc(c.FeatureList(), func(f Feature) bool { _, granted := p.Grants[f.Key]; return !granted })
}

// PlanOf finds a plan by its key, or by one that it had before.
func (c Catalog) PlanOf(key PlanKey) (Plan, bool) {
	if plan, known := c.Plans[key]; known {
		return plan, true
	}
	var found Plan
	renamed := false
	for _, plan := range c.Plans {
		if slices.Contains(plan.Formerly, key) && (!renamed || plan.Key < found.Key) {
			found, renamed = plan, true
		}
	}
	return found, renamed
}

// Ignores tells whether a price is listed as no business of ours, whatever it was before.
func (c Catalog) Ignores(price PriceID) bool { return slices.Contains(c.Ignored.Prices, price) }

// ignores tells whether a price is no business of ours.
func (c Catalog) ignores(price PriceID, lookupKey, product string) bool {
	return c.Ignores(price) ||
		lookupKey != "" && slices.Contains(c.Ignored.LookupKeys, lookupKey) ||
		product != "" && slices.Contains(c.Ignored.Products, product)
}
