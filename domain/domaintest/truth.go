package domaintest

import (
	"cmp"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// This file says a second time, and as dumbly as possible, who is entitled to what at
// a moment. It looks at what truly happened, as the model that told the story knows
// it, and at nothing of the code: no table, no status of an order, no join.

// given is what one purchase gives of one feature at a moment.
type given struct {
	feature domain.FeatureKey
	limit   int64 // of a flag: 0
}

// ValueAt tells by the truth alone whether a feature may be used at a moment after the
// end of the history, and how much of it.
func (h History) ValueAt(feature domain.FeatureKey, t time.Time) (entitled bool, limit int64) {
	var all []given
	for _, s := range h.stories {
		if s.sub != nil {
			all = append(all, s.sub.gives(t)...)
		}
	}
	all = append(all, h.onceGives(t)...)
	for _, g := range h.grants {
		if t.Before(g.Until) {
			all = append(all, given{g.Feature, g.Value.Limit})
		}
	}
	return merge(all, feature)
}

// ValueIfAsked is ValueAt for who asked Stripe at the end of the history. That what was
// changed without being paid is over by now, who was told last before that cannot know.
func (h History) ValueIfAsked(feature domain.FeatureKey, t time.Time) (entitled bool, limit int64) {
	for _, s := range h.stories {
		if s.sub != nil {
			told := s.sub.now
			s.sub.now = h.End
			defer func() { s.sub.now = told }()
		}
	}
	return h.ValueAt(feature, t)
}

// merge is what several sources give together of one feature.
func merge(all []given, feature domain.FeatureKey) (entitled bool, limit int64) {
	for _, g := range all {
		if g.feature != feature {
			continue
		}
		switch {
		case !entitled:
			limit = g.limit
		case limit == -1 || g.limit == -1:
			limit = -1
		case Shop.Features[feature].Merge == domain.MergeSum:
			limit += g.limit
		default:
			limit = max(limit, g.limit)
		}
		entitled = true
	}
	return entitled, limit
}

// units is what so many units of a set of grants give.
func units(grants map[domain.FeatureKey]domain.Value, n int64) []given {
	if n <= 0 {
		return nil
	}
	var all []given
	for feature, value := range grants {
		limit := value.Limit
		if Shop.Features[feature].PerUnit && limit > 0 {
			limit *= n
		}
		all = append(all, given{feature, limit})
	}
	return all
}

// onceGives is what was bought once gives at a moment: passes of a plan, one after the
// other.
func (h History) onceGives(t time.Time) []given {
	var once []*story
	for _, s := range h.stories {
		if s.sub == nil && s.bought && !s.taken() {
			once = append(once, s)
		}
	}
	slices.SortFunc(once, func(a, b *story) int {
		return cmp.Or(a.boughtAt.Compare(b.boughtAt), cmp.Compare(a.order.ID, b.order.ID))
	})
	var all []given
	over := map[domain.PlanKey]time.Time{}
	for _, s := range once {
		plan := Shop.Plans[s.order.Plan]
		if plan.ValidFor > 0 {
			begins := latest(s.boughtAt, over[plan.Key])
			over[plan.Key] = begins.Add(plan.ValidFor)
			if t.Before(begins) || !t.Before(over[plan.Key]) {
				continue
			}
		}
		all = append(all, units(plan.Grants, s.order.Quantity)...)
	}
	return all
}

// taken tells whether what was bought once was taken because the money went back.
func (s *story) taken() bool {
	plan := Shop.Plans[s.order.Plan]
	var came, back int64
	for _, c := range s.paid {
		if disputeTakes(c, plan.Policy.Dispute, "suspend") {
			return true
		}
		came += c.amount
		back += c.refundedBy(func(*refunded) bool { return true })
	}
	return refundTakes(back, came, plan.Policy.Refund, "revoke")
}

// refundedBy is what the buyer has back of it by some refunds.
func (c *collection) refundedBy(which func(*refunded) bool) int64 {
	var sum int64
	for _, r := range c.refunds {
		if r.status == "succeeded" && which(r) {
			sum += r.amount
		}
	}
	return sum
}

// refundTakes tells whether so much money went back that a plan takes what it paid.
func refundTakes(back, came int64, policy, otherwise domain.RefundPolicy) bool {
	if policy == "" {
		policy = otherwise
	}
	switch policy {
	case "revoke":
		return came > 0 && back >= came
	case "revoke_partial":
		return back > 0
	default:
		return false
	}
}

// disputeTakes tells whether a dispute about money makes a plan take what it paid.
func disputeTakes(c *collection, policy, otherwise domain.DisputePolicy) bool {
	if policy == "" {
		policy = otherwise
	}
	for _, d := range c.disputes {
		var takes []domain.DisputePolicy
		switch d.status {
		case "warning_needs_response", "warning_under_review":
			takes = []domain.DisputePolicy{"suspend_inquiry"}
		case "needs_response", "under_review":
			takes = []domain.DisputePolicy{"suspend_inquiry", "suspend"}
		case "lost", "appeal_needs_response", "appeal_under_review":
			takes = []domain.DisputePolicy{"suspend_inquiry", "suspend", "revoke_lost"}
		}
		if slices.Contains(takes, policy) {
			return true
		}
	}
	return false
}

// Moments are those at which what is true may change, and some in between, from the
// end of the history on.
func (h History) Moments() []time.Time {
	all := []time.Time{h.End}
	add := func(times ...time.Time) {
		for _, t := range times {
			all = append(all, t.Add(-time.Second), t, t.Add(time.Second))
		}
	}
	for _, s := range h.stories {
		if s.sub != nil {
			add(s.sub.moments()...)
		} else if s.bought {
			valid := Shop.Plans[s.order.Plan].ValidFor
			for n := range len(h.stories) { // one may follow the others
				add(s.boughtAt.Add(time.Duration(n+1) * valid))
			}
		}
	}
	for _, g := range h.grants {
		add(g.Until)
	}
	all = slices.DeleteFunc(all, func(t time.Time) bool { return t.Before(h.End) })
	slices.SortFunc(all, time.Time.Compare)
	all = slices.CompactFunc(all, time.Time.Equal)
	for n := len(all) - 1; n > 0; n-- {
		all = append(all, all[n-1].Add(all[n].Sub(all[n-1])/2).Truncate(time.Second))
	}
	return append(all, latest(all...).Add(3000*Day))
}
