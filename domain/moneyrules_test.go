package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// What each row of domain.MoneyRules means, said a second time: a new rule is a row in
// rules.go and a row here, in the same place. Each is about what a one-time purchase of
// 19.00 gives, once a fact about its money has come.
var moneyRows = []struct {
	row    string
	policy domain.Policy
	fact   domain.Fact
	keeps  bool
}{
	{"dispute policy suspend, dispute open", domain.Policy{Dispute: "suspend"}, disputed("under_review"), false},
	{"dispute policy suspend, dispute lost", domain.Policy{Dispute: "suspend"}, disputed("lost"), false},
	{"dispute policy suspend_inquiry, dispute inquiry", domain.Policy{Dispute: "suspend_inquiry"}, disputed("warning_under_review"), false},
	{"dispute policy suspend_inquiry, dispute open", domain.Policy{Dispute: "suspend_inquiry"}, disputed("needs_response"), false},
	{"dispute policy suspend_inquiry, dispute lost", domain.Policy{Dispute: "suspend_inquiry"}, disputed("appeal_under_review"), false},
	{"dispute policy revoke_lost, dispute lost", domain.Policy{Dispute: "revoke_lost"}, disputed("lost"), false},

	{"refund policy revoke, all went back", domain.Policy{Refund: "revoke"}, refunded(1900), false},
	{"refund policy revoke_latest_14_days, all went back, latest invoice, within 14 days", domain.Policy{Refund: "revoke_latest_14_days"}, refunded(1900), false},
	{"refund policy revoke_partial, a part went back", domain.Policy{Refund: "revoke_partial"}, refunded(1), false},
	{"refund policy revoke_partial, all went back", domain.Policy{Refund: "revoke_partial"}, refunded(1900), false},
	{"refund policy keep, all went back", domain.Policy{Refund: "keep"}, refunded(1900), true},
	{"dispute policy keep, dispute lost", domain.Policy{Dispute: "keep"}, disputed("lost"), true},
}

// What no row is about is kept.
var moneyKept = []struct {
	policy domain.Policy
	fact   domain.Fact
}{
	{domain.Policy{Dispute: "suspend"}, disputed("warning_needs_response")},
	{domain.Policy{Dispute: "suspend"}, disputed("won")},
	{domain.Policy{Dispute: "suspend_inquiry"}, disputed("won")},
	{domain.Policy{Dispute: "suspend_inquiry"}, disputed("warning_closed")},
	{domain.Policy{Dispute: "revoke_lost"}, disputed("needs_response")},
	{domain.Policy{Dispute: "revoke_lost"}, disputed("won")},
	{domain.Policy{Dispute: "keep"}, disputed("needs_response")},
	{domain.Policy{Refund: "revoke"}, refunded(1899)},
	{domain.Policy{Refund: "keep"}, refunded(1)},
}

func disputed(status domain.DisputeStatus) domain.Fact {
	return disputeSays("charge.dispute.updated", noon, status)
}

func refunded(amount int64) domain.Fact {
	return refundSays("refund.created", noon, "re_1", "succeeded", amount)
}

func TestMoneyRules_EachRowMeansWhatItsTestRowSays(t *testing.T) {
	t.Parallel()
	for n, row := range domain.MoneyRules {
		if n >= len(moneyRows) || moneyRows[n].row != row.Says() {
			t.Fatalf("row %d of MoneyRules (%s) has no row here: say what it means", n, row.Says())
		}
	}
	if len(moneyRows) > len(domain.MoneyRules) {
		t.Errorf("there is a test row of %q, which no rule is about", moneyRows[len(domain.MoneyRules)].row)
	}
	for _, c := range moneyRows {
		rule := moneyDecides(t, c.policy, c.fact, c.keeps)
		if !c.keeps && (rule.Table != domain.TableMoney || rule.Row != c.row || rule.Effect != string(domain.EffectRevoke)) {
			t.Errorf("%s: decided by %+v", c.row, rule)
		}
	}
	for _, c := range moneyKept {
		moneyDecides(t, c.policy, c.fact, true)
	}
}

// moneyDecides lets a fact come before the purchase that it is about.
func moneyDecides(t *testing.T, policy domain.Policy, fact domain.Fact, keeps bool) domain.Rule {
	t.Helper()
	plan := shop.Plans["pass"]
	plan.Policy = policy
	catalog := domain.Catalog{Features: shop.Features, Plans: map[domain.PlanKey]domain.Plan{"pass": plan}}
	bought := sessionSays("checkout.session.completed", noon, "complete", "paid")
	bought.PaymentIntent = "pi_1"

	standing := domain.Standings(after(accountWith(ana, pendingOrder("o1", "pass")), fact, bought), catalog)[0]
	if standing.Gives != keeps {
		t.Errorf("%+v after %+v: gives is %t by %+v, want %t", policy, fact, standing.Gives, standing.Rule, keeps)
	}
	return standing.Rule
}

func TestMoneyRules_PoliciesHaveDefaults(t *testing.T) {
	t.Parallel()
	for mode, policy := range domain.DefaultPolicy {
		if wanted := map[domain.Mode]domain.RefundPolicy{domain.ModePayment: "revoke", domain.ModeSubscription: "keep"}[mode]; policy.Refund != wanted || policy.Dispute != "suspend" {
			t.Errorf("mode %s: got %+v, want refund %s and dispute suspend", mode, policy, wanted)
		}
	}
	if len(domain.DefaultPolicy) != len(domain.Modes) {
		t.Errorf("there are defaults for %d modes of %d", len(domain.DefaultPolicy), len(domain.Modes))
	}
}
