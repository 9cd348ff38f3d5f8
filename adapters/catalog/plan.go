package catalog

import (
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

const (
	// maxTrialDays is Stripe's own bound.
	maxTrialDays = 730
	// maxQuantity is Stripe's own bound for a line of a Checkout Session.
	maxQuantity = 999_999
)

// planDraft is a plan while it is read.
type planDraft struct {
	plan     domain.Plan
	what     string // as problems call it
	features map[domain.FeatureKey]domain.Feature
	sandbox  []SandboxPrice
}

// planFields are read in this order: prices need the mode.
var planFields = fields[planDraft]{
	{"name", func(r *reader, d *planDraft, v value) { d.plan.Name, _ = r.text(v, "name") }},
	{"description", func(r *reader, d *planDraft, v value) { d.plan.Description, _ = r.text(v, "description") }},
	{"highlight", func(r *reader, d *planDraft, v value) { d.plan.Highlight = r.truth(v, "highlight") }},
	{"default", func(r *reader, d *planDraft, v value) { d.plan.Default = r.truth(v, "default") }},
	{"mode", func(r *reader, d *planDraft, v value) {
		d.plan.Mode = domain.Mode(r.word(v, "mode", string(domain.ModePayment), string(domain.ModeSubscription)))
	}},
	{"group", readGroup},
	{"addon_to", readAddonTo},
	{"pausable", func(r *reader, d *planDraft, v value) { d.plan.Pausable = r.truth(v, "pausable") }},
	{"trial", readTrial},
	{"grace", func(r *reader, d *planDraft, v value) { d.plan.Grace = r.duration(v, "grace") }},
	{"leeway", func(r *reader, d *planDraft, v value) { d.plan.Leeway = r.duration(v, "leeway") }},
	{"valid_for", readValidFor},
	{"once", func(r *reader, d *planDraft, v value) { d.plan.Once = r.truth(v, "once") }},
	{"bought_twice", func(r *reader, d *planDraft, v value) {
		d.plan.BoughtTwice = domain.TwicePolicy(r.word(v, "bought_twice", names(domain.TwicePolicies)...))
	}},
	{"prices", readPrices},
	{"includes", readIncludes},
	{"grants", func(r *reader, d *planDraft, v value) { d.plan.Grants = r.grants(d, v, "grants") }},
	{"trial_grants", func(r *reader, d *planDraft, v value) { d.plan.TrialGrants = r.grants(d, v, "trial_grants") }},
	{"past_due_grants", func(r *reader, d *planDraft, v value) { d.plan.PastDueGrants = r.grants(d, v, "past_due_grants") }},
	{"policy", readPolicy},
	{"checkout", readCheckout},
	{"formerly", readFormerly},
	{"sold", func(r *reader, d *planDraft, v value) { d.plan.NotSold = !r.truth(v, "sold") }},
}

// Fields that make no sense in one of the modes, and why.
var (
	onlySubscription = map[string]string{
		"group":           "a group is of subscriptions, of which a user has one at a time",
		"addon_to":        "an add-on is a further item of a subscription",
		"pausable":        "only a subscription is paused",
		"trial":           "only a subscription has a trial",
		"trial_grants":    "only a subscription has a trial",
		"grace":           "only a subscription can be past due",
		"past_due_grants": "only a subscription can be past due",
		"leeway":          "only a subscription renews",
	}
	onlyPayment = map[string]string{
		"valid_for": "a subscription is valid as long as it is paid for",
		"once":      "a user has one subscription of a plan at a time anyway",
	}
)

const formOfPlan = "{mode: subscription, prices: {monthly: " + formOfPrice + "}}"

func readPlans(r *reader, into *catalogDraft, v value) {
	all, ok := r.pairs(v, "plans", "{pro: "+formOfPlan+"}")
	if ok && len(all) == 0 {
		r.fail(v, "the catalog has no plans: add at least one")
	}
	for place, p := range all {
		if !r.name(p, "plan") {
			continue
		}
		plan, sandbox := r.plan(p, into.features)
		plan.Place = place
		into.file.Catalog.Plans[plan.Key] = plan
		into.file.Sandbox = append(into.file.Sandbox, sandbox...)
	}
	r.include(into.file.Catalog.Plans)
	r.formerKeysAreFree(into.file.Catalog.Plans)
	r.addonsHaveBases(into.file.Catalog.Plans)
	suspendPausable(into.file.Catalog.Plans)
}

func (r *reader) plan(p pair, features map[domain.FeatureKey]domain.Feature) (domain.Plan, []SandboxPrice) {
	d := planDraft{what: fmt.Sprintf("plan %q", p.key), features: features, plan: domain.Plan{
		Key: domain.PlanKey(p.key), Name: p.key,
		Grants:   map[domain.FeatureKey]domain.Value{},
		Checkout: domain.CheckoutOptions{MaxQuantity: 1},
	}}
	got := readFields(r, p.says, d.what, formOfPlan, planFields, &d)
	if got == nil {
		return d.plan, nil
	}
	if d.plan.Default {
		r.onlyForSale(got, d.what)
		return d.plan, nil
	}
	if !got.has("mode") {
		r.fail(p.at, "%s has no mode: add mode: payment (sold once) or mode: subscription", d.what)
	}
	if !got.has("prices") {
		r.fail(p.at, "%s has no prices: add prices: with at least one", d.what)
	}
	misplaced := onlySubscription
	if d.plan.Mode == domain.ModeSubscription {
		misplaced = onlyPayment
		if !got.has("grace") {
			d.plan.Grace = domain.DefaultGrace
		}
		if !got.has("leeway") {
			d.plan.Leeway = domain.DefaultLeeway
		}
	}
	for field, why := range misplaced {
		if d.plan.Mode != "" && got.has(field) {
			r.fail(got[field].at, "%s has mode %s and %s: %s, remove it", d.what, d.plan.Mode, field, why)
		}
	}
	if got.has("bought_twice") && d.plan.Mode == domain.ModePayment && !d.plan.Once {
		r.fail(got["bought_twice"].at, "%s may be bought as often as one likes, and has bought_twice: remove it, or add once: true", d.what)
	}
	r.onlyByItself(got, d.what)
	for n := range d.sandbox {
		d.sandbox[n].Name = d.plan.Name
	}
	return d.plan, d.sandbox
}

// fieldsOfAll are those that a plan may have which every user holds: it is not sold.
var fieldsOfAll = []string{"name", "description", "highlight", "default", "includes", "grants"}

// onlyForSale refuses fields of a default plan that are about selling.
func (r *reader) onlyForSale(got seen, what string) {
	for name, p := range got {
		if contains(planFields.names(), name) && !contains(fieldsOfAll, name) {
			r.fail(p.at, "%s is a default plan and has %s: every user holds it, and nobody buys it, so that it may have %s alone; remove it",
				what, name, strings.Join(fieldsOfAll, ", "))
		}
	}
}

func readGroup(r *reader, into *planDraft, v value) {
	s, ok := r.text(v, "group")
	if ok && r.name(pair{key: s, at: v}, "group") {
		into.plan.Group = domain.GroupKey(s)
	}
}

func readTrial(r *reader, into *planDraft, v value) {
	before := len(r.problems)
	trial := r.duration(v, "trial")
	const day = 24 * time.Hour
	switch {
	case len(r.problems) > before: // said already
	case trial%day != 0 || trial < day || trial > maxTrialDays*day:
		r.fail(v, "trial must be whole days, from 1d to %dd", maxTrialDays)
	default:
		into.plan.TrialDays = int(trial / day)
	}
}

func readValidFor(r *reader, into *planDraft, v value) {
	before := len(r.problems)
	into.plan.ValidFor = r.duration(v, "valid_for")
	if into.plan.ValidFor == 0 && len(r.problems) == before {
		r.fail(v, "valid_for must be longer than nothing: remove it for a purchase that is valid for good")
	}
}

var checkoutFields = fields[domain.CheckoutOptions]{
	{"promotion_codes", func(r *reader, c *domain.CheckoutOptions, v value) { c.PromotionCodes = r.truth(v, "promotion_codes") }},
	{"automatic_tax", func(r *reader, c *domain.CheckoutOptions, v value) { c.AutomaticTax = r.truth(v, "automatic_tax") }},
	{"tax_id_collection", func(r *reader, c *domain.CheckoutOptions, v value) {
		c.TaxIDCollection = r.truth(v, "tax_id_collection")
	}},
	{"billing_address_collection", func(r *reader, c *domain.CheckoutOptions, v value) {
		c.BillingAddress = domain.BillingAddress(r.word(v, "billing_address_collection", names(domain.BillingAddresses)...))
	}},
	{"adaptive_pricing", func(r *reader, c *domain.CheckoutOptions, v value) {
		if c.AdaptivePricing = domain.SwitchOff; r.truth(v, "adaptive_pricing") {
			c.AdaptivePricing = domain.SwitchOn
		}
	}},
	{"max_quantity", func(r *reader, c *domain.CheckoutOptions, v value) {
		if n, ok := r.count(v, "max_quantity", 1, maxQuantity); ok {
			c.MaxQuantity = n
		}
	}},
	{"adjustable_quantity", func(r *reader, c *domain.CheckoutOptions, v value) {
		c.AdjustableAmount = r.truth(v, "adjustable_quantity")
	}},
}

func readCheckout(r *reader, into *planDraft, v value) {
	before := len(r.problems)
	got := readFields(r, v, "checkout of "+into.what, "{max_quantity: 10}", checkoutFields, &into.plan.Checkout)
	r.noCheckoutOfItsOwn(got, into)
	switch {
	case !into.plan.Checkout.AdjustableAmount:
	case into.plan.Mode == domain.ModePayment:
		// A subscription's items say how many were bought. What Stripe tells of a
		// payment does not, so the order's quantity is what is granted.
		r.fail(got["adjustable_quantity"].at, "%s has mode payment and adjustable_quantity: "+
			"a buyer could order 5, set 1 on Stripe's page, and keep 5, for Stripe does not tell what was paid for; remove it", into.what)
	case into.plan.Checkout.MaxQuantity == 1 && len(r.problems) == before:
		r.fail(got["adjustable_quantity"].at, "a quantity that is at most 1 cannot be adjusted: set max_quantity too")
	}
}
