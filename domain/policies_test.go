package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// What each policy does, said a second time: a new policy is a row in rules.go and
// a row here.
var (
	refundPolicies = []domain.RefundPolicyRule{
		{Policy: "revoke", Partial: "keep", Full: "revoke"},
		{Policy: "revoke_partial", Partial: "revoke", Full: "revoke"},
		{Policy: "keep", Partial: "keep", Full: "keep"},
	}
	disputePolicies = []domain.DisputePolicyRule{
		{Policy: "suspend", Inquiry: "keep", Open: "suspend", Lost: "revoke"},
		{Policy: "suspend_inquiry", Inquiry: "suspend", Open: "suspend", Lost: "revoke"},
		{Policy: "revoke_lost", Inquiry: "keep", Open: "keep", Lost: "revoke"},
		{Policy: "keep", Inquiry: "keep", Open: "keep", Lost: "keep"},
	}
)

func TestPolicies_EachDoesWhatItsRowSays(t *testing.T) {
	t.Parallel()
	for _, row := range refundPolicies {
		policy := domain.Policy{Refund: row.Policy}
		wantEffect(t, policy, row.Partial, refundSays("refund.created", noon, "re_1", "succeeded", 1))
		wantEffect(t, policy, row.Full, refundSays("refund.created", noon, "re_1", "succeeded", 1900))
	}
	for _, row := range disputePolicies {
		policy := domain.Policy{Dispute: row.Policy}
		wantEffect(t, policy, row.Inquiry, disputeSays("charge.dispute.created", noon, "warning_under_review"))
		wantEffect(t, policy, row.Open, disputeSays("charge.dispute.created", noon, "under_review"))
		wantEffect(t, policy, row.Lost, disputeSays("charge.dispute.created", noon, "lost"))
		wantEffect(t, policy, domain.EffectKeep, disputeSays("charge.dispute.created", noon, "won"))
	}
	if len(refundPolicies) != len(domain.RefundPolicies) || len(disputePolicies) != len(domain.DisputePolicies) {
		t.Error("a policy has no row here: say what it is to do")
	}
}

// wantEffect lets a fact come before the purchase that it is about.
func wantEffect(t *testing.T, policy domain.Policy, effect domain.Effect, fact domain.Fact) {
	t.Helper()
	plan := shop.Plans["pass"]
	plan.Policy = policy
	catalog := domain.Catalog{Features: shop.Features, Plans: map[domain.PlanKey]domain.Plan{"pass": plan}}
	bought := sessionSays("checkout.session.completed", noon, "complete", "paid")
	bought.PaymentIntent = "pi_1"

	a := after(accountWith(ana, pendingOrder("o1", "pass")), fact, bought)
	standing := domain.Standings(a, catalog)[0]
	if standing.Gives != (effect == domain.EffectKeep) || !standing.Gives && standing.Rule.Effect != string(effect) {
		t.Errorf("%+v after %+v: gives is %t by the rule %+v, want %s", policy, fact, standing.Gives, standing.Rule, effect)
	}
}

func TestPolicies_EveryRowHasKnownEffects(t *testing.T) {
	t.Parallel()
	known := map[domain.Effect]bool{}
	for _, e := range domain.Effects {
		known[e] = true
	}
	names := map[string]bool{}
	for _, row := range domain.RefundPolicies {
		if names["refund "+string(row.Policy)] || !known[row.Partial] || !known[row.Full] {
			t.Errorf("refund policy %s is there twice, or has an effect that is none: %+v", row.Policy, row)
		}
		names["refund "+string(row.Policy)] = true
	}
	for _, row := range domain.DisputePolicies {
		if names["dispute "+string(row.Policy)] || !known[row.Inquiry] || !known[row.Open] || !known[row.Lost] {
			t.Errorf("dispute policy %s is there twice, or has an effect that is none: %+v", row.Policy, row)
		}
		names["dispute "+string(row.Policy)] = true
	}
}
