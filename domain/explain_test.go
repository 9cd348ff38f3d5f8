package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// sourceIn is an explanation's word on one source of a feature.
func sourceIn(t *testing.T, e domain.Explanation, feature domain.FeatureKey, source string) (domain.FeatureExplanation, domain.SourceExplanation) {
	t.Helper()
	for _, f := range e.Features {
		for _, s := range f.Sources {
			if f.Feature == feature && s.Source.ID == source {
				return f, s
			}
		}
	}
	t.Fatalf("nothing is said of %s from %s: %+v", feature, source, e)
	return domain.FeatureExplanation{}, domain.SourceExplanation{}
}

// evidenceOf is what a source's evidence says of one object.
func evidenceOf(s domain.SourceExplanation, about, id string) string {
	for _, e := range s.Evidence {
		if e.About == about && e.ID == id {
			return e.Says
		}
	}
	return "nothing"
}

func paidPass() domain.SessionFact {
	s := sessionSays("checkout.session.completed", noon, "complete", "paid")
	s.PaymentIntent = "pi_1"
	return s
}

func refundOfPass(status domain.RefundStatus, amount int64) domain.RefundFact {
	return domain.RefundFact{
		Type: "refund.created", At: noon.Add(day), ID: "re_1", PaymentIntent: "pi_1",
		Status: status, Amount: amount, Currency: "usd", CreatedAt: noon.Add(day),
	}
}

func TestExplain_SaysWhatDecidedAndWhatItRestsOn(t *testing.T) {
	t.Parallel()
	bought := accountWith(ana, pendingOrder("o1", "pass"))
	for name, c := range map[string]struct {
		account domain.Account
		facts   []domain.Fact // brought by evt_1, evt_2, ... at noon, a day later, ...
		feature domain.FeatureKey
		source  string
		at      time.Time
		held    bool
		state   domain.SourceState
		rule    domain.Rule
		last    domain.EventID
		rests   [3]string // about, id, part of the sentence
		says    string
	}{
		"a pass that is paid": {
			account: bought, facts: []domain.Fact{paidPass()}, feature: "projects", source: "o1", at: noon.Add(day),
			held: true, state: domain.StateGives, rule: domain.Rule{Table: domain.TableOrders, Row: "paid", Effect: "paid"}, last: "evt_1",
			rests: [3]string{"order", "o1", "paid on 2026-03-01T12:00:00Z"},
			says:  "gives 10 since 2026-03-01T12:00:00Z until 2027-03-01T12:00:00Z",
		},
		"a pass whose year is over": {
			account: bought, facts: []domain.Fact{paidPass()}, feature: "projects", source: "o1", at: noon.Add(365 * day),
			state: domain.StateEnded, rule: domain.Rule{Table: domain.TableOrders, Row: "paid", Effect: "paid"}, last: "evt_1",
			rests: [3]string{"payment", "pi_1", "paid 19.00 usd"},
			says:  "gave 10 and ended on 2027-03-01T12:00:00Z",
		},
		"a pass that nobody has paid": {
			account: bought, feature: "projects", source: "o1", at: noon,
			state: domain.StateWithheld, rule: domain.Rule{Table: domain.TableOrders, Row: "pending", Effect: "nothing"},
			rests: [3]string{"order", "o1", "pending"},
			says:  "gives nothing: orders: pending -> nothing",
		},
		"a subscription that nobody has paid": {
			account: accountWith(ana, pendingOrder("o1", "pro")), feature: "sso", source: "o1", at: noon,
			state: domain.StateWithheld, rule: domain.Rule{Table: domain.TableOrders, Row: "pending", Effect: "nothing"},
			rests: [3]string{"order", "o1", "bought as plan pro"},
		},
		"a subscription that is paid and not yet told of": {
			account: accountWith(ana, pendingOrder("o1", "pro")), facts: []domain.Fact{paidPass()}, feature: "sso", source: "o1", at: noon,
			state: domain.StateWithheld,
			rule:  domain.Rule{Table: domain.TableOrders, Row: "paid, and nothing was told of its subscription yet", Effect: "nothing"},
			rests: [3]string{"order", "o1", "paid on"},
		},
		"a subscription that the bank has not paid yet": {
			account: accountWith(ana, pendingOrder("o1", "pro")), feature: "sso", source: "sub_1", at: noon.Add(2 * day),
			facts: []domain.Fact{
				sessionSays("checkout.session.completed", noon, "complete", "unpaid"),
				subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.Order = "o1" }),
			},
			state: domain.StateWithheld, rule: domain.Rule{Table: domain.TableAccess, Row: "checkout unpaid", Effect: "nothing is paid for"},
			rests: [3]string{"order", "o1", "awaiting_payment"},
		},
		"a pass whose money went back": {
			account: bought, facts: []domain.Fact{paidPass(), refundOfPass("succeeded", 1900)}, feature: "credits", source: "o1", at: noon.Add(2 * day),
			state: domain.StateRevoked, rule: domain.Rule{Table: domain.TableMoney, Row: "refund policy revoke, all went back", Effect: "revoke"}, last: "evt_2",
			rests: [3]string{"refund", "re_1", "refund of 19.00 usd: succeeded"},
			says:  "gave 100 until it was taken on 2026-03-02T12:00:00Z by event evt_2: money that went back: refund policy revoke, all went back -> revoke",
		},
		"a part of the money went back": {
			account: bought, facts: []domain.Fact{paidPass(), refundOfPass("succeeded", 400)}, feature: "credits", source: "o1", at: noon.Add(2 * day),
			held: true, state: domain.StateGives, rule: domain.Rule{Table: domain.TableOrders, Row: "paid", Effect: "paid"}, last: "evt_1",
			rests: [3]string{"payment", "pi_1", "of which 4.00 usd went back"},
		},
		"a bank takes the money back": {
			account: bought, feature: "projects", source: "o1", at: noon.Add(2 * day),
			facts: []domain.Fact{paidPass(), domain.DisputeFact{
				Type: "charge.dispute.created", At: noon.Add(day), ID: "dp_1", PaymentIntent: "pi_1",
				Status: "needs_response", Amount: 1900, Currency: "usd", CreatedAt: noon.Add(day),
			}},
			state: domain.StateRevoked, rule: domain.Rule{Table: domain.TableMoney, Row: "dispute policy suspend, dispute open", Effect: "revoke"}, last: "evt_2",
			rests: [3]string{"dispute", "dp_1", "needs_response"},
		},
		"a renewal that failed": {
			account: accountWith(ana), feature: "sso", source: "sub_1", at: noon.Add(month + day),
			facts: []domain.Fact{
				subscriptionSays(created, noon, "active"), invoiceSays("invoice.paid", 0),
				subscriptionSays(updated, noon.Add(month), "past_due", inMonth(1)), invoiceSays("invoice.payment_failed", 1),
			},
			held: true, state: domain.StateGives, rule: domain.Rule{Table: domain.TableAccess, Row: "past_due, overdue: yes", Effect: "grace"}, last: "evt_3",
			rests: [3]string{"invoice", "in_1", "open, 29.00 usd, due since 2026-03-31T12:00:00Z"},
			says:  "gives it since 2026-03-01T12:00:00Z until 2026-04-14T12:00:00Z, in grace",
		},
		"a subscription that will end": {
			account: accountWith(ana), feature: "sso", source: "sub_1", at: noon.Add(day),
			facts: []domain.Fact{subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.CancelAtPeriodEnd = true })},
			held:  true, state: domain.StateGives, rule: domain.Rule{Table: domain.TableAccess, Row: "active", Effect: "period"}, last: "evt_1",
			rests: [3]string{"subscription", "sub_1", "set to end on 2026-03-31T12:00:00Z"},
		},
		"a subscription that has ended": {
			account: accountWith(ana), feature: "sso", source: "sub_1", at: noon.Add(3 * day),
			facts: []domain.Fact{subscriptionSays(created, noon, "active"), subscriptionSays(deleted, noon.Add(day), "canceled")},
			state: domain.StateRevoked, rule: domain.Rule{Table: domain.TableAccess, Row: "canceled", Effect: "nothing"}, last: "evt_2",
			rests: [3]string{"subscription", "sub_1", "canceled"},
		},
		"a subscription that ended by its time, and then was canceled": {
			account: accountWith(ana), feature: "sso", source: "sub_1", at: noon.Add(2 * day),
			facts: []domain.Fact{
				subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.CancelAt = noon.Add(time.Hour) }),
				subscriptionSays(deleted, noon.Add(day), "canceled"),
			},
			state: domain.StateRevoked, rule: domain.Rule{Table: domain.TableAccess, Row: "canceled", Effect: "nothing"}, last: "evt_2",
			rests: [3]string{"subscription", "sub_1", "canceled"},
			says:  "gave it and ended on 2026-03-01T13:00:00Z (taken on 2026-03-02T12:00:00Z by event evt_2): access: canceled -> nothing",
		},
		"a plan that was left for one without the feature": {
			account: accountWith(ana), feature: "credits", source: "sub_1", at: noon.Add(3 * day),
			facts: []domain.Fact{
				subscriptionSays(created, noon, "active"),
				subscriptionSays(updated, noon.Add(day), "active", withItems(item("si_1", "price_team", 1))),
			},
			state: domain.StateRevoked, rule: domain.Rule{Table: domain.TableCatalog, Row: "plan team does not grant it", Effect: "nothing"}, last: "evt_2",
			rests: [3]string{"subscription", "sub_1", "active"},
		},
		"a grant that was taken back": {
			account: accountWith(ana).WithGrant(domain.Grant{
				ID: "grant_1", Feature: "projects", Value: domain.Limit(7), Since: noon, CreatedAt: noon, Reason: "a favor", By: "sam",
				RevokedAt: noon.Add(day), RevokedBy: "kim", RevokedReason: "a mistake",
			}),
			feature: "projects", source: "grant_1", at: noon.Add(2 * day),
			state: domain.StateWithheld, rule: domain.Rule{Table: domain.TableGrants, Row: "revoked", Effect: "nothing"},
			rests: [3]string{"grant", "grant_1", "given by sam on 2026-03-01T12:00:00Z: a favor; revoked by kim on 2026-03-02T12:00:00Z: a mistake"},
		},
		"a grant that has not begun": {
			account: accountWith(ana).WithGrant(domain.Grant{
				ID: "grant_1", Feature: "sso", Value: domain.Flag(), Since: noon.Add(month), CreatedAt: noon, Reason: "a favor", By: "sam",
			}),
			feature: "sso", source: "grant_1", at: noon,
			state: domain.StateNotYet, rule: domain.Rule{Table: domain.TableGrants, Row: "given", Effect: "given"},
			rests: [3]string{"grant", "grant_1", "given by sam"},
			says:  "will give it since 2026-03-31T12:00:00Z, without an end",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := book{account: c.account}
			for n, f := range c.facts {
				b.record(domain.EventID("evt_"+string(rune('1'+n))), noon.Add(time.Duration(n)*day), f)
			}
			at := c.at
			if n := len(b.changes); n > 0 && b.changes[n-1].At.After(at) {
				t.Fatalf("the test asks about the past: the last change is of %s", b.changes[n-1].At)
			}
			feature, source := sourceIn(t, domain.Explain(b.account, shop, b.changes, at), c.feature, c.source)
			if feature.Held != c.held || source.State != c.state || source.Rule != c.rule || source.Last.Event != c.last {
				t.Errorf("got held %t, %s by %+v, last moved by %q; want %t, %s by %+v, %q",
					feature.Held, source.State, source.Rule, source.Last.Event, c.held, c.state, c.rule, c.last)
			}
			if got := evidenceOf(source, c.rests[0], c.rests[1]); !strings.Contains(got, c.rests[2]) {
				t.Errorf("%s %s says %q, want %q in it", c.rests[0], c.rests[1], got, c.rests[2])
			}
			if c.says != "" && source.Says() != c.says {
				t.Errorf("says %q, want %q", source.Says(), c.says)
			}
		})
	}
}

func TestExplain_APriceThatNoPlanHasIsShownWhateverIsAsked(t *testing.T) {
	t.Parallel()
	a := after(accountWith(ana), subscriptionSays(created, noon, "active", withItems(item("si_1", "price_new", 1))))
	e := domain.Explain(a, shop, nil, noon).Only("sso", shop)

	if len(e.Features) != 1 || e.Features[0].Held || !slices.Equal(e.Features[0].Plans, []domain.PlanKey{"forever", "pro", "team"}) {
		t.Errorf("got %+v, want sso, not held, and the plans that grant it", e.Features)
	}
	want := domain.Rule{Table: domain.TableCatalog, Row: "price price_new is not in it", Effect: "nothing"}
	if len(e.Unmapped) != 1 || e.Unmapped[0].Rule != want || evidenceOf(e.Unmapped[0], "subscription", "sub_1") == "nothing" {
		t.Errorf("got %+v, want the subscription and that its price is in no plan", e.Unmapped)
	}
}

func TestExplain_ThePastIsAnsweredFromTheHistoryAlone(t *testing.T) {
	t.Parallel()
	b := book{account: accountWith(ana, pendingOrder("o1", "pass"))}
	b.record("evt_paid", noon.Add(time.Minute), paidPass())
	b.record("evt_back", noon.Add(day), refundOfPass("succeeded", 1900))

	then := domain.Explain(b.account, shop, b.changes, noon.Add(time.Hour))
	feature, source := sourceIn(t, then, "projects", "o1")
	if !then.FromHistory || !feature.Held || source.State != domain.StateGives || source.Last.Event != "evt_paid" {
		t.Errorf("an hour later: got %+v, want held, by the history, brought by evt_paid", then)
	}
	if source.Rule != (domain.Rule{}) || source.Evidence != nil {
		t.Errorf("an hour later: %+v and %+v are facts of today", source.Rule, source.Evidence)
	}
	if before := domain.Explain(b.account, shop, b.changes, noon); !before.FromHistory || len(before.Features) > 0 {
		t.Errorf("before we were told: got %+v, want nothing", before)
	}
	if now := domain.Explain(b.account, shop, b.changes, noon.Add(day)); now.FromHistory {
		t.Error("at the moment of the last change: got the history, want the facts")
	}
}

func TestExplain_SaysWhenTheCatalogIsAnotherThanTheServices(t *testing.T) {
	t.Parallel()
	b := book{account: accountWith(ana, pendingOrder("o1", "pass"))}
	b.record("evt_1", noon, paidPass())
	if e := domain.Explain(b.account, shop, b.changes, noon); e.OutOfLine {
		t.Error("the same catalog: got out of line")
	}
	other := deepCopyCatalog(shop)
	delete(other.Plans["pass"].Grants, "credits")
	e := domain.Explain(b.account, other, b.changes, noon)
	feature, source := sourceIn(t, e, "credits", "o1")
	if !e.OutOfLine || feature.Held || source.State != domain.StateWithheld || source.Rule.Row != "plan pass does not grant it" {
		t.Errorf("another catalog: got %+v, want out of line, and credits not given by plan pass", e)
	}
}

// A subscription that was told of speaks for its order.
func TestExplain_AnOrderThatLedToASubscriptionIsNoSourceOfItsOwn(t *testing.T) {
	t.Parallel()
	a := after(accountWith(ana, pendingOrder("o1", "pro")), paidPass(),
		subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.Order = "o1" }))
	for _, f := range domain.Explain(a, shop, nil, noon).Features {
		if len(f.Sources) != 1 || f.Sources[0].Source.Kind != domain.SourceSubscription {
			t.Errorf("%s: got %+v, want the subscription alone", f.Feature, f.Sources)
		}
	}
}
