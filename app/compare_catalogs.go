package app

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// lossOf is what a catalog takes of a holding where the one before is not known: all
// of it, or nothing that could be told.
func lossOf(now domain.Catalog, h ports.Holding) (Loss, bool) {
	loss := Loss{Plan: h.Plan, Feature: h.Feature, Users: h.Users}
	plan, there := now.PlanOf(h.Plan)
	if !there {
		loss.Gone = true
		return loss, true
	}
	for _, set := range grantSets {
		if _, granted := plan.GrantsOf(set.of)[h.Feature]; granted {
			return loss, false
		}
	}
	return loss, true
}

// lossSince is what a catalog takes of a holding that the one before gave. Of several
// losses it is the one that more users have.
func lossSince(before, now domain.Catalog, h ports.Holding) (Loss, bool) {
	held, there := before.PlanOf(h.Plan)
	if !there {
		return Loss{}, false // it was taken before, and is about to be derived
	}
	for _, way := range waysTo(held, now) {
		for _, set := range grantSets {
			was, is := grantedBy(before, held, set.of, h.Feature), grantedBy(now, way.to, set.of, h.Feature)
			if !is.lessThan(was) {
				continue
			}
			return Loss{
				Plan: h.Plan, Feature: h.Feature, Users: h.Users, Was: was.String(), Is: is.String(),
				Gone: way.whose == "" && way.to.Key == "", Whose: cmp.Or(way.whose, set.whose),
			}, true
		}
	}
	return Loss{}, false
}

// lossesOfAll are what a catalog takes of what every user had by the one before. Another
// plan that every user holds may give it instead.
func lossesOfAll(before, now domain.Catalog) []Loss {
	var losses []Loss
	for _, held := range before.PlanList() {
		if !held.Default {
			continue
		}
		same, there := now.Plans[held.Key]
		for feature := range held.Grants {
			was := grantedBy(before, held, domain.GrantsUsual, feature)
			if someDefaultGives(now, feature, was) {
				continue
			}
			loss := Loss{Plan: held.Key, Feature: feature, Was: was.String(), Gone: !there, Everybody: true}
			if same.Default {
				loss.Is = grantedBy(now, same, domain.GrantsUsual, feature).String()
			}
			losses = append(losses, loss)
		}
	}
	return losses
}

func someDefaultGives(c domain.Catalog, feature domain.FeatureKey, was *granted) bool {
	return slices.ContainsFunc(c.PlanList(), func(p domain.Plan) bool {
		return p.Default && !grantedBy(c, p, domain.GrantsUsual, feature).lessThan(was)
	})
}

// way is one of those in which users hold a plan, and the plan that it leads to now.
type way struct {
	whose string
	to    domain.Plan // without a key: none
}

// waysTo are the ways to a plan as it was: its key, those that it had before, and the
// prices of what renews. A price that is no longer named leads where it led, by its
// plan's key.
func waysTo(held domain.Plan, now domain.Catalog) []way {
	by := func(key domain.PlanKey) domain.Plan { plan, _ := now.PlanOf(key); return plan }
	var ways []way
	if !renamedByPrices(held, now) {
		ways = append(ways, way{"", by(held.Key)})
	}
	for _, former := range held.Formerly {
		ways = append(ways, way{fmt.Sprintf("for those who bought it as %s", former), by(former)})
	}
	if held.Mode != domain.ModeSubscription && len(ways) > 0 {
		return ways // an order says which plan it was for, whatever became of its price
	}
	for _, price := range held.Prices {
		if to, named := now.PlanByPrice(price.ID, price.LookupKey); named && to.Key != held.Key {
			name := cmp.Or(string(price.ID), "the lookup key "+price.LookupKey)
			ways = append(ways, way{fmt.Sprintf("for those who pay %s, which is of plan %s now", name, to.Key), to})
		}
	}
	for _, price := range now.Ignored.Prices {
		named := slices.ContainsFunc(held.Prices, func(p domain.Price) bool { return p.ID == price })
		if known, _ := now.Known.Plan(price); named || known == held.Key {
			ways = append(ways, way{fmt.Sprintf("for those who pay %s, which is ignored now", price), domain.Plan{}})
		}
	}
	return ways
}

// renamedByPrices tells whether a plan's key is gone, and each price that it ever had
// leads to a plan still: who holds it is found by the price. (An order knows its price
// by the id alone.)
func renamedByPrices(held domain.Plan, now domain.Catalog) bool {
	if _, there := now.PlanOf(held.Key); there {
		return false
	}
	for _, price := range held.Prices {
		_, named := now.PlanByPrice(price.ID, price.LookupKey)
		if !named || held.Mode == domain.ModePayment && price.ID == "" {
			return false
		}
	}
	for price, key := range now.Known.All() {
		if _, named := now.PlanByPrice(price, ""); key == held.Key && !named {
			return false
		}
	}
	return len(held.Prices) > 0
}

// grantSets are the sets that a plan may give, the usual one first.
var grantSets = []struct {
	of    domain.GrantSet
	whose string
}{
	{domain.GrantsUsual, ""},
	{domain.GrantsTrial, "in a trial"},
	{domain.GrantsPastDue, "while a payment is overdue"},
}

// granted is what a plan gives of a feature, and how that is counted.
type granted struct {
	value    domain.Value
	perUnit  bool
	included int64
	adds     bool     // the limits of several sources add up
	atLeast  []string // of a choice: the values that it is enough for
}

// grantedBy is nil where the plan gives nothing of the feature.
func grantedBy(c domain.Catalog, p domain.Plan, set domain.GrantSet, feature domain.FeatureKey) *granted {
	value, has := p.GrantsOf(set)[feature]
	if !has {
		return nil
	}
	f := c.Features[feature]
	return &granted{value, f.PerUnit, f.Included, f.Merge == domain.MergeSum, f.AtLeast(value)}
}

// lessThan tells whether somebody has less of a feature than before. How many units or
// sources a user has is not looked at: what no longer counts them is less.
func (is *granted) lessThan(was *granted) bool {
	switch {
	case was == nil:
		return false
	case is == nil || is.value.Type != was.value.Type:
		return true
	case is.value.Type == domain.FeatureChoice:
		return slices.ContainsFunc(was.atLeast, func(value string) bool { return !slices.Contains(is.atLeast, value) })
	case is.value.Type != domain.FeatureLimit || is.value.Limit == domain.Unlimited:
		return false
	case was.value.Limit == domain.Unlimited || is.value.Limit < was.value.Limit:
		return true
	case is.included < was.included && is.value.Limit < was.included:
		return true
	default:
		return was.value.Limit > 0 && (was.perUnit && !is.perUnit || was.adds && !is.adds)
	}
}

// String is empty for nothing.
func (g *granted) String() string {
	switch {
	case g == nil:
		return ""
	case g.value.Type == domain.FeatureChoice:
		return fmt.Sprintf("%s (enough for %s)", g.value.Choice, strings.Join(g.atLeast, ", "))
	case g.value.Type != domain.FeatureLimit:
		return "true"
	case g.value.Limit == domain.Unlimited:
		return "unlimited"
	}
	text := strconv.FormatInt(g.value.Limit, 10)
	if g.perUnit {
		text += " per unit"
	}
	if g.included > 0 {
		text += fmt.Sprintf(" and at least %d", g.included)
	}
	if g.adds {
		text += " (added up)"
	}
	return text
}
