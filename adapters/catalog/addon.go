package catalog

import (
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/entitled-dev/entitled/domain"
)

// readAddonTo reads the plans that an add-on is sold with: one, or a list. They may stand
// further down: what they are is seen when all plans are read.
func readAddonTo(r *reader, into *planDraft, v value) {
	var bases []entry
	if _, is := v.node.(*ast.SequenceNode); is {
		bases = r.list(v, "addon_to of "+into.what)
		if len(bases) == 0 {
			r.fail(v, "%s is an add-on to no plan: name one, such as addon_to: pro, or remove addon_to", into.what)
		}
	} else if s, ok := r.text(v, "addon_to"); ok {
		bases = []entry{{s, v}}
	}
	for _, e := range bases {
		if r.name(pair{key: e.text, at: e.at}, "base plan") {
			r.bases[into.plan.Key] = append(r.bases[into.plan.Key], e)
			into.plan.AddonTo = append(into.plan.AddonTo, domain.PlanKey(e.text))
		}
	}
}

// notOfAddons are the fields that an add-on cannot have, and why.
var notOfAddons = map[string]string{
	"group":        "it is added to a subscription, beside what is in the group",
	"pausable":     "it is paused with the subscription that it is added to",
	"trial":        "it is in the trial of the subscription that it is added to, if there is one",
	"bought_twice": "a subscription has it once",
}

// onlyByItself refuses fields of an add-on that are about a purchase of its own.
func (r *reader) onlyByItself(got seen, what string) {
	if !got.has("addon_to") {
		return
	}
	for field, why := range notOfAddons {
		if got.has(field) {
			r.fail(got[field].at, "%s is an add-on and has %s: %s, remove it", what, field, why)
		}
	}
}

// noCheckoutOfItsOwn refuses switches of a page that an add-on is not bought on.
func (r *reader) noCheckoutOfItsOwn(got seen, of *planDraft) {
	for field, p := range got {
		if of.plan.Addon() && field != "max_quantity" {
			r.fail(p.at, "%s is an add-on, which has no checkout of its own, and may have max_quantity there alone: remove %s", of.what, field)
		}
	}
}

// addonsHaveBases refuses an add-on that could never be sold: to what is no plan, or no
// subscription, or an add-on itself. Several bases are of one group, so that a user has one
// of them.
func (r *reader) addonsHaveBases(plans map[domain.PlanKey]domain.Plan) {
	for _, key := range slices.Sorted(maps.Keys(r.bases)) {
		for n, e := range r.bases[key] {
			base, known := plans[domain.PlanKey(e.text)]
			first := plans[domain.PlanKey(r.bases[key][0].text)]
			switch {
			case !known:
				r.fail(e.at, "plan %q is an add-on to plan %q, which plans: does not list%s", key, e.text, suggest(e.text, namesOf(plans)))
			case base.Key == key:
				r.fail(e.at, "plan %q is an add-on to itself: name the plan that it is sold with", key)
			case base.Addon():
				r.fail(e.at, "plan %q is an add-on to plan %q, which is an add-on itself: name the plan that both are sold with", key, e.text)
			case base.Mode != domain.ModeSubscription:
				r.fail(e.at, "plan %q is an add-on to plan %q, which is no subscription: only a subscription has further items", key, e.text)
			case n > 0 && (base.Group == "" || base.Group != first.Group):
				r.fail(e.at, "plan %q is an add-on to plans %q and %q, which are not of one group, so that a user may have both: "+
					"give them one group, or make two add-ons", key, first.Key, base.Key)
			}
		}
	}
}

func namesOf(plans map[domain.PlanKey]domain.Plan) []string {
	var names []string
	for name := range plans {
		names = append(names, string(name))
	}
	return names
}
