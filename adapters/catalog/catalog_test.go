package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/domain"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const day = 24 * time.Hour

// environment answers like os.Getenv from a map.
func environment(set map[string]string) func(string) string {
	return func(name string) string { return set[name] }
}

// noEnvironment fails the test that asks it for anything.
func noEnvironment(t *testing.T) func(string) string {
	return func(name string) string {
		t.Errorf("asked the environment for %s", name)
		return ""
	}
}

func TestDemo_IsTheCatalogOfDevAndNeedsNothingFromTheEnvironment(t *testing.T) {
	t.Parallel()
	got, err := catalog.Parse("demo.yaml", catalog.Demo(), noEnvironment(t))
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.File{
		Catalog: domain.Catalog{
			Features: map[domain.FeatureKey]domain.Feature{
				"sso":      {Key: "sso", Name: "Single sign-on", Type: domain.FeatureFlag, Merge: domain.MergeMax},
				"projects": {Key: "projects", Name: "Projects", Place: 1, Type: domain.FeatureLimit, Merge: domain.MergeMax},
				"seats":    {Key: "seats", Name: "Seats", Place: 2, Type: domain.FeatureLimit, Merge: domain.MergeMax, PerUnit: true},
				"support":  {Key: "support", Name: "Priority support", Place: 3, Type: domain.FeatureFlag, Merge: domain.MergeMax},
			},
			Plans: map[domain.PlanKey]domain.Plan{
				"free": {
					Key: "free", Name: "Free", Description: "To look around, for as long as you like.", Default: true,
					Grants:   map[domain.FeatureKey]domain.Value{"projects": domain.Limit(3)},
					Checkout: domain.CheckoutOptions{MaxQuantity: 1},
				},
				"basic": {
					Key: "basic", Name: "Basic", Description: "Ten projects for a year, paid once.", Place: 1,
					Mode: domain.ModePayment, ValidFor: 365 * day,
					Prices:   []domain.Price{{Key: "once", LookupKey: "basic_once"}},
					Grants:   map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10)},
					Checkout: domain.CheckoutOptions{MaxQuantity: 1},
				},
				"pro": {
					Key: "pro", Name: "Pro", Description: "For a small team that ships.", Place: 2, Highlight: true,
					Mode: domain.ModeSubscription, Group: "main", Pausable: true, Grace: domain.DefaultGrace, Leeway: domain.DefaultLeeway,
					Prices: []domain.Price{
						{Key: "monthly", LookupKey: "pro_monthly"}, {Key: "yearly", LookupKey: "pro_yearly"},
						{Key: "monthly_2025", LookupKey: "pro_monthly_2025", NotSold: true},
					},
					Grants:        map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(100), "seats": domain.Limit(5)},
					PastDueGrants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(10), "seats": domain.Limit(5)},
					Policy:        domain.Policy{Refund: "revoke", Dispute: "suspend", Access: []domain.AccessOption{domain.SuspendWhileVoid}},
					Checkout:      domain.CheckoutOptions{PromotionCodes: true, MaxQuantity: 1},
				},
				"team": {
					Key: "team", Name: "Team", Description: "Everything, by the seat. Two weeks to try it.", Place: 3,
					Mode: domain.ModeSubscription, Group: "main", TrialDays: 14, Grace: domain.DefaultGrace, Leeway: domain.DefaultLeeway,
					Prices:   []domain.Price{{Key: "monthly", LookupKey: "team_monthly"}},
					Grants:   map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(1)},
					Policy:   domain.Policy{Access: []domain.AccessOption{domain.SuspendWhileVoid}}, // as pro's group
					Checkout: domain.CheckoutOptions{PromotionCodes: true, MaxQuantity: 50, AdjustableAmount: true},
				},
				"priority": {
					Key: "priority", Name: "Priority", Description: "Your questions are answered first.", Place: 4,
					Mode: domain.ModeSubscription, AddonTo: []domain.PlanKey{"pro", "team"}, Grace: domain.DefaultGrace, Leeway: domain.DefaultLeeway,
					Prices:   []domain.Price{{Key: "monthly", LookupKey: "priority_monthly"}, {Key: "yearly", LookupKey: "priority_yearly"}},
					Grants:   map[domain.FeatureKey]domain.Value{"support": domain.Flag()},
					Policy:   domain.Policy{Access: []domain.AccessOption{domain.SuspendWhileVoid}}, // as what it is added to
					Checkout: domain.CheckoutOptions{MaxQuantity: 1},
				},
			},
		},
		Sandbox: []catalog.SandboxPrice{
			{Plan: "basic", Price: "once", Name: "Basic", LookupKey: "basic_once", Amount: 1900, Currency: "usd"},
			{Plan: "pro", Price: "monthly", Name: "Pro", LookupKey: "pro_monthly", Amount: 2900, Currency: "usd", Interval: "month", IntervalCount: 1},
			{Plan: "pro", Price: "yearly", Name: "Pro", LookupKey: "pro_yearly", Amount: 29000, Currency: "usd", Interval: "year", IntervalCount: 1},
			{Plan: "pro", Price: "monthly_2025", Name: "Pro", LookupKey: "pro_monthly_2025", Amount: 2400, Currency: "usd", Interval: "month", IntervalCount: 1},
			{Plan: "team", Price: "monthly", Name: "Team", LookupKey: "team_monthly", Amount: 9900, Currency: "usd", Interval: "month", IntervalCount: 1},
			{Plan: "priority", Price: "monthly", Name: "Priority", LookupKey: "priority_monthly", Amount: 900, Currency: "usd", Interval: "month", IntervalCount: 1},
			{Plan: "priority", Price: "yearly", Name: "Priority", LookupKey: "priority_yearly", Amount: 9000, Currency: "usd", Interval: "year", IntervalCount: 1},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(domain.Catalog{})); diff != "" {
		t.Errorf("demo (-want +got):\n%s", diff)
	}
}

func TestParse_EveryFieldIsRead(t *testing.T) {
	t.Parallel()
	got, err := catalog.Parse("x.yaml", []byte(`
plans:
  "2024":
    mode: payment
    prices:
      b: {env: PRICE_B}
      a: {id: price_a, sandbox: {currency: eur, amount: 0}}
    grants: {credits: 0, beta: true}
    policy: {dispute: revoke_lost}
    once: true
  gold:
    name: 'Gold'
    highlight: true
    description: |
      Shiny.
    mode: subscription
    group: main-1
    trial: 48h
    grace: 12h
    leeway: 0d
    prices: {monthly: {id: price_m, sold: false}, quarterly: {lookup_key: gold_q, sold: true, sandbox: {amount: 1, currency: eur, interval: month, interval_count: 3}}}
    grants: {}
    trial_grants: {beta: true}
    past_due_grants: {credits: unlimited}
    policy: {refund: revoke_partial, dispute: suspend_inquiry, access: suspend_while_void}
    formerly: [silver, "2023"]
    sold: false
    checkout: {promotion_codes: true, automatic_tax: true, tax_id_collection: true, billing_address_collection: required, adaptive_pricing: false, max_quantity: 3, adjustable_quantity: false}
  free:
    default: true
    grants: {beta: true, credits: 1}
  silver2:
    mode: payment
    includes: bronze
    prices: {once: {id: price_s}}
    grants: {seats: 2, support: mail}
  bronze:
    mode: payment
    includes: free
    prices: {once: {id: price_z}}
    grants: {credits: 5}
features:
  credits: {type: limit, merge: sum, per_unit: false}
  beta: {type: flag, description: Try what is new.}
  seats: {type: limit, per_unit: true, included: 5}
  support: {type: choice, values: [community, mail, gold]}
ignored:
  products: [prod_shirt]
  prices:
    - price_fee
    - price_mug
  lookup_keys: [support]
announce_ends: [1d, 7d, 12h]
`[1:]), environment(map[string]string{"PRICE_B": " price_b\n"}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[domain.PlanKey]domain.Plan{
		"2024": {
			Key: "2024", Name: "2024", Mode: domain.ModePayment, Once: true,
			Prices:   []domain.Price{{Key: "b", ID: "price_b"}, {Key: "a", ID: "price_a"}},
			Grants:   map[domain.FeatureKey]domain.Value{"credits": domain.Limit(0), "beta": domain.Flag()},
			Policy:   domain.Policy{Dispute: "revoke_lost"},
			Checkout: domain.CheckoutOptions{MaxQuantity: 1},
		},
		"gold": {
			Key: "gold", Name: "Gold", Description: "Shiny.", Place: 1, Highlight: true, Mode: domain.ModeSubscription, Group: "main-1",
			TrialDays: 2, Grace: 12 * time.Hour,
			Prices:        []domain.Price{{Key: "monthly", ID: "price_m", NotSold: true}, {Key: "quarterly", LookupKey: "gold_q"}},
			Grants:        map[domain.FeatureKey]domain.Value{},
			TrialGrants:   map[domain.FeatureKey]domain.Value{"beta": domain.Flag()},
			PastDueGrants: map[domain.FeatureKey]domain.Value{"credits": domain.Limit(domain.Unlimited)},
			Policy:        domain.Policy{Refund: "revoke_partial", Dispute: "suspend_inquiry", Access: []domain.AccessOption{"suspend_while_void"}},
			Formerly:      []domain.PlanKey{"silver", "2023"},
			NotSold:       true,
			Checkout:      domain.CheckoutOptions{PromotionCodes: true, AutomaticTax: true, TaxIDCollection: true, BillingAddress: domain.BillingAddressRequired, AdaptivePricing: domain.SwitchOff, MaxQuantity: 3},
		},
		"free": {
			Key: "free", Name: "free", Place: 2, Default: true, Checkout: domain.CheckoutOptions{MaxQuantity: 1},
			Grants: map[domain.FeatureKey]domain.Value{"beta": domain.Flag(), "credits": domain.Limit(1)},
		},
		"silver2": {
			Key: "silver2", Name: "silver2", Place: 3, Mode: domain.ModePayment, Checkout: domain.CheckoutOptions{MaxQuantity: 1},
			Prices: []domain.Price{{Key: "once", ID: "price_s"}},
			Grants: map[domain.FeatureKey]domain.Value{"beta": domain.Flag(), "credits": domain.Limit(5), "seats": domain.Limit(2), "support": domain.Choice("mail")},
		},
		"bronze": {
			Key: "bronze", Name: "bronze", Place: 4, Mode: domain.ModePayment, Checkout: domain.CheckoutOptions{MaxQuantity: 1},
			Prices: []domain.Price{{Key: "once", ID: "price_z"}},
			Grants: map[domain.FeatureKey]domain.Value{"beta": domain.Flag(), "credits": domain.Limit(5)},
		},
	}
	if diff := cmp.Diff(want, got.Catalog.Plans); diff != "" {
		t.Errorf("plans (-want +got):\n%s", diff)
	}
	wantIgnored := domain.Ignored{
		Prices: []domain.PriceID{"price_fee", "price_mug"}, LookupKeys: []string{"support"}, Products: []string{"prod_shirt"},
	}
	if diff := cmp.Diff(wantIgnored, got.Catalog.Ignored); diff != "" {
		t.Errorf("ignored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{7 * 24 * time.Hour, 24 * time.Hour, 12 * time.Hour}, got.Catalog.AnnounceEnds); diff != "" {
		t.Errorf("announce_ends (-want +got):\n%s", diff)
	}
	wantSeats := domain.Feature{Key: "seats", Place: 2, Type: domain.FeatureLimit, PerUnit: true, Included: 5, Merge: domain.MergeMax}
	if seats := got.Catalog.Features["seats"]; !cmp.Equal(seats, wantSeats) || got.Catalog.Features["beta"].Description != "Try what is new." {
		t.Errorf("features: %+v", got.Catalog.Features)
	}
	wantSupport := domain.Feature{Key: "support", Place: 3, Type: domain.FeatureChoice, Merge: domain.MergeMax, Values: []string{"community", "mail", "gold"}}
	if diff := cmp.Diff(wantSupport, got.Catalog.Features["support"]); diff != "" {
		t.Errorf("support (-want +got):\n%s", diff)
	}
	if got.Catalog.Features["credits"].Merge != domain.MergeSum {
		t.Errorf("credits do not add up: %+v", got.Catalog.Features["credits"])
	}
	wantSandbox := []catalog.SandboxPrice{
		{Plan: "2024", Price: "a", Name: "2024", ID: "price_a", Currency: "eur"},
		{Plan: "gold", Price: "quarterly", Name: "Gold", LookupKey: "gold_q", Amount: 1, Currency: "eur", Interval: "month", IntervalCount: 3},
	}
	if diff := cmp.Diff(wantSandbox, got.Sandbox); diff != "" {
		t.Errorf("sandbox (-want +got):\n%s", diff)
	}
}

// Ensure a new row of a policy table needs nothing here.
func TestParse_EveryPolicyOfTheRulesCanBeNamed(t *testing.T) {
	t.Parallel()
	says := func(policy string, want domain.Policy) {
		t.Helper()
		got, err := catalog.Parse("c.yaml", []byte("plans: {a: {mode: subscription, policy: {"+policy+"}, prices: {x: {id: p}}}}"), noEnvironment(t))
		if diff := cmp.Diff(want, got.Catalog.Plans["a"].Policy); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", policy, err, diff)
		}
	}
	for _, refund := range domain.RefundPolicies() {
		for _, dispute := range domain.DisputePolicies() {
			says(fmt.Sprintf("refund: %s, dispute: %s", refund, dispute), domain.Policy{Refund: refund, Dispute: dispute})
		}
	}
	options := domain.AccessOptions()
	var backwards []string
	for _, option := range options {
		says("access: "+string(option), domain.Policy{Access: []domain.AccessOption{option}})
		backwards = append([]string{string(option)}, backwards...)
	}
	says("access: ["+strings.Join(backwards, ", ")+"]", domain.Policy{Access: options})
}

// What is given in a trial or while something is overdue may be nothing, which is
// another thing than to say nothing about it.
func TestParse_GrantsOfNothingAreNotTheUsualOnes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]domain.Plan{
		"":                     {},
		"trial_grants: {}":     {TrialGrants: map[domain.FeatureKey]domain.Value{}},
		"past_due_grants: {}":  {PastDueGrants: map[domain.FeatureKey]domain.Value{}},
		"trial_grants: {n: 1}": {TrialGrants: map[domain.FeatureKey]domain.Value{"n": domain.Limit(1)}},
	} {
		file := "features: {n: {type: limit}}\nplans:\n  a:\n    mode: subscription\n    prices: {x: {id: p}}\n    grants: {n: 5}\n    " + line + "\n"
		got, err := catalog.Parse("c.yaml", []byte(file), noEnvironment(t))
		if err != nil {
			t.Fatal(err)
		}
		plan := got.Catalog.Plans["a"]
		if diff := cmp.Diff(want, domain.Plan{TrialGrants: plan.TrialGrants, PastDueGrants: plan.PastDueGrants}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

func TestLoad_ReadsAFileAndNamesItInProblems(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if _, err := catalog.Load(path, os.Getenv); err == nil || !strings.Contains(err.Error(), "shop.yaml") {
		t.Errorf("a file that is not there: got %v, want an error that names it", err)
	}
	for content, wantError := range map[string]string{
		string(catalog.Demo()):     "",
		"plans: 7\n":               path + ":1:8: plans must be a mapping",
		strings.Repeat("#", 1<<21): "larger than",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := catalog.Load(path, noEnvironment(t))
		if (err == nil) != (wantError == "") || err != nil && !strings.Contains(err.Error(), wantError) {
			t.Errorf("got %v, want %q", err, wantError)
		}
	}
}

func TestParse_AnAddOnNamesWhatItIsSoldWith(t *testing.T) {
	t.Parallel()
	file, err := catalog.Parse("c.yaml", []byte(`plans:
  storage: {mode: subscription, addon_to: [team, pro], checkout: {max_quantity: 9}, prices: {monthly: {id: price_s}}}
  domain: {mode: subscription, addon_to: pro, prices: {monthly: {id: price_d}}}
  pro: {mode: subscription, group: main, prices: {monthly: {id: price_p}}}
  team: {mode: subscription, group: main, prices: {monthly: {id: price_t}}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	plans := file.Catalog.Plans
	for _, c := range []struct {
		addon, base domain.PlanKey
		want        bool
	}{
		{"storage", "team", true}, {"storage", "pro", true}, {"domain", "pro", true}, {"domain", "team", false}, {"pro", "team", false}, {"pro", "storage", false},
	} {
		if got := plans[c.addon].AddsTo(plans[c.base]); got != c.want {
			t.Errorf("%s adds to %s: got %t", c.addon, c.base, got)
		}
	}
	if !plans["domain"].Addon() || plans["pro"].Addon() || plans["storage"].Checkout.MaxQuantity != 9 {
		t.Errorf("got %+v", plans)
	}
}

// Who may pause would otherwise be given what nobody pays for.
func TestParse_WhatIsPausableIsSuspendedWhileItIs(t *testing.T) {
	t.Parallel()
	file, err := catalog.Parse("x.yaml", []byte(`
plans:
  extra: {mode: subscription, addon_to: pro, prices: {x: {id: a}}, policy: {access: grace_after_first_payment}}
  pro: {mode: subscription, pausable: true, prices: {x: {id: b}}}
  mind: {mode: subscription, pausable: true, prices: {x: {id: c}}, policy: {access: suspend_while_void}}
  other: {mode: subscription, prices: {x: {id: d}}}
  small: {mode: subscription, group: main, pausable: true, prices: {x: {id: e}}}
  large: {mode: subscription, group: main, prices: {x: {id: f}}}
  beside: {mode: subscription, addon_to: large, prices: {x: {id: g}}}
`), environment(nil))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[domain.PlanKey][]domain.AccessOption{
		"extra": {"grace_after_first_payment", "suspend_while_void"}, "pro": {"suspend_while_void"}, "mind": {"suspend_while_void"}, "other": nil,
		"small": {"suspend_while_void"}, "large": {"suspend_while_void"}, "beside": {"suspend_while_void"},
	} {
		plan := file.Catalog.Plans[key]
		if diff := cmp.Diff(want, plan.Policy.Access); diff != "" || plan.Pausable != (key == "pro" || key == "mind" || key == "small") {
			t.Errorf("%s: pausable %t, access (-want +got):\n%s", key, plan.Pausable, diff)
		}
	}
}
