package catalog

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// This file is inside the package to see the fields that the reader knows.

func TestSchema_KnowsTheFieldsThatTheReaderKnows(t *testing.T) {
	t.Parallel()
	type object struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	var s object
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Fatal(err)
	}
	for what, known := range map[string]struct {
		schema map[string]any
		reader []string
	}{
		"the file":   {s.Properties, rootFields.names()},
		"a feature":  {s.Defs["feature"].Properties, featureFields.names()},
		"a plan":     {s.Defs["plan"].Properties, planFields.names()},
		"a price":    {s.Defs["price"].Properties, priceFields.names()},
		"a sandbox":  {s.Defs["sandbox"].Properties, sandboxFields.names()},
		"a policy":   {s.Defs["policy"].Properties, policyFields.names()},
		"ignored":    {s.Defs["ignored"].Properties, ignoredFields.names()},
		"a checkout": {s.Defs["checkout"].Properties, checkoutFields.names()},
	} {
		if diff := cmp.Diff(slices.Sorted(slices.Values(known.reader)), slices.Sorted(maps.Keys(known.schema))); diff != "" {
			t.Errorf("%s (-reader +schema):\n%s", what, diff)
		}
	}
}

var update = flag.Bool("update", false, "rewrite what catalog.schema.json takes from the rules")

// The names of the policies are those of the domain's tables, so the schema cannot
// lag behind.
func TestSchema_ListsThePoliciesThatTheDomainHas(t *testing.T) {
	t.Parallel()
	text := string(schema)
	for field, names := range map[string][]string{
		"refund": names(domain.RefundPolicies()), "dispute": names(domain.DisputePolicies()), "option": names(domain.AccessOptions()),
	} {
		line := regexp.MustCompile(`"` + field + `": \{.*"enum": (\[.*\])\}`)
		at := line.FindStringSubmatchIndex(text)
		if at == nil {
			t.Fatalf("catalog.schema.json has no line %s", line)
		}
		want := `["` + strings.Join(names, `", "`) + `"]`
		if got := text[at[2]:at[3]]; got != want && !*update {
			t.Errorf("%s: the schema lists %s, the rules %s: run make generate", field, got, want)
		}
		text = text[:at[2]] + want + text[at[3]:]
	}
	if *update && text != string(schema) {
		if err := os.WriteFile("catalog.schema.json", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSchema_AndReaderAgreeOnFiles(t *testing.T) {
	t.Parallel()
	option := string(domain.AccessOptions()[0])
	for name, c := range map[string]struct {
		file string
		ok   bool
	}{
		"the demo":                   {string(demo), true},
		"the least":                  {"plans: {a: {mode: payment, prices: {x: {id: p}}}}", true},
		"no plans":                   {"features: {}", false},
		"unknown field":              {"plans: {a: {mode: payment, colour: red, prices: {x: {id: p}}}}", false},
		"wrong type":                 {"plans: {a: {mode: payment, name: 7, prices: {x: {id: p}}}}", false},
		"no prices":                  {"plans: {a: {mode: payment, prices: {}}}", false},
		"price of two names":         {"plans: {a: {mode: payment, prices: {x: {id: p, lookup_key: k}}}}", false},
		"price of none":              {"plans: {a: {mode: payment, prices: {x: {}}}}", false},
		"key in capitals":            {"plans: {A: {mode: payment, prices: {x: {id: p}}}}", false},
		"days without a d":           {"plans: {a: {mode: subscription, grace: 14, prices: {x: {id: p}}}}", false},
		"negative limit":             {"features: {n: {type: limit}}\nplans: {a: {mode: payment, grants: {n: -1}, prices: {x: {id: p}}}}", false},
		"false as a grant":           {"features: {n: {type: flag}}\nplans: {a: {mode: payment, grants: {n: false}, prices: {x: {id: p}}}}", false},
		"count without an interval":  {"plans: {a: {mode: payment, prices: {x: {id: p, sandbox: {amount: 1, currency: usd, interval_count: 1}}}}}", false},
		"currencies":                 {"plans: {a: {mode: payment, prices: {x: {id: p, currencies: [usd, eur]}}}}", true},
		"currencies in capitals":     {"plans: {a: {mode: payment, prices: {x: {id: p, currencies: [USD]}}}}", false},
		"a currency twice":           {"plans: {a: {mode: payment, prices: {x: {id: p, currencies: [usd, usd]}}}}", false},
		"further currencies":         {"plans: {a: {mode: payment, prices: {x: {id: p, sandbox: {amount: 1, currency: usd, currency_options: {eur: {amount: 2}}}}}}}", true},
		"a currency of no letters":   {"plans: {a: {mode: payment, prices: {x: {id: p, sandbox: {amount: 1, currency: usd, currency_options: {e: {amount: 2}}}}}}}", false},
		"tiers":                      {"plans: {a: {mode: payment, prices: {x: {id: p, sandbox: {currency: usd, tiers_mode: volume, tiers: [{up_to: 2, flat_amount: 3}, {unit_amount: 1}]}}}}}", true},
		"tiers of no mode":           {"plans: {a: {mode: payment, prices: {x: {id: p, sandbox: {currency: usd, tiers: [{unit_amount: 1}]}}}}}", false},
		"tiers and an amount":        {"plans: {a: {mode: payment, prices: {x: {id: p, sandbox: {amount: 1, currency: usd, tiers_mode: volume, tiers: [{unit_amount: 1}]}}}}}", false},
		"a policy of nothing":        {"plans: {a: {mode: payment, policy: {}, prices: {x: {id: p}}}}", true},
		"both policies":              {"plans: {a: {mode: subscription, policy: {refund: revoke_partial, dispute: keep}, prices: {x: {id: p}}}}", true},
		"a policy of no row":         {"plans: {a: {mode: payment, policy: {refund: suspend}, prices: {x: {id: p}}}}", false},
		"an option of access":        {"plans: {a: {mode: subscription, policy: {access: " + option + "}, prices: {x: {id: p}}}}", true},
		"options of access":          {"plans: {a: {mode: subscription, policy: {access: [" + option + "]}, prices: {x: {id: p}}}}", true},
		"no options of access":       {"plans: {a: {mode: subscription, policy: {access: []}, prices: {x: {id: p}}}}", true},
		"an option twice":            {"plans: {a: {mode: subscription, policy: {access: [" + option + ", " + option + "]}, prices: {x: {id: p}}}}", false},
		"an option of no row":        {"plans: {a: {mode: subscription, policy: {access: [always]}, prices: {x: {id: p}}}}", false},
		"access that is paid once":   {"plans: {a: {mode: payment, policy: {access: " + option + "}, prices: {x: {id: p}}}}", false},
		"grants of nothing":          {"plans: {a: {mode: subscription, grants: {}, trial_grants: {}, past_due_grants: {}, prices: {x: {id: p}}}}", true},
		"grants of each kind":        {"features: {n: {type: limit}}\nplans: {a: {mode: subscription, grants: {n: 3}, trial_grants: {n: 1}, past_due_grants: {n: 2}, prices: {x: {id: p}}}}", true},
		"tried and paid once":        {"plans: {a: {mode: payment, trial_grants: {}, prices: {x: {id: p}}}}", false},
		"overdue and paid once":      {"plans: {a: {mode: payment, past_due_grants: {}, prices: {x: {id: p}}}}", false},
		"former keys":                {"plans: {a: {mode: payment, formerly: [b, \"2024\"], prices: {x: {id: p}}}}", true},
		"a former key that is none":  {"plans: {a: {mode: payment, formerly: [B], prices: {x: {id: p}}}}", false},
		"a former key twice":         {"plans: {a: {mode: payment, formerly: [b, b], prices: {x: {id: p}}}}", false},
		"former keys without a list": {"plans: {a: {mode: payment, formerly: b, prices: {x: {id: p}}}}", false},
		"not sold":                   {"plans: {a: {mode: payment, sold: false, prices: {x: {id: p}}}}", true},
		"not sold, without prices":   {"plans: {a: {mode: payment, sold: false}}", false},
		"not sold at a price":        {"plans: {a: {mode: payment, prices: {x: {id: p}, y: {id: q, sold: false}}}}", true},
		"sold by a word":             {"plans: {a: {mode: payment, sold: \"no\", prices: {x: {id: p}}}}", false},
		"ignored":                    {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nignored: {prices: [price_1], lookup_keys: [fee], products: [prod_1]}", true},
		"nothing ignored":            {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nignored: {}", true},
		"ignored without a kind":     {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nignored: [price_1]", false},
		"ignored twice":              {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nignored: {prices: [price_1, price_1]}", false},
		"ends announced":             {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nannounce_ends: [7d, 12h]", true},
		"no ends announced":          {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nannounce_ends: []", false},
		"ends announced twice":       {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nannounce_ends: [7d, 7d]", false},
		"ends announced by a number": {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nannounce_ends: [7]", false},
		"ends announced by one":      {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nannounce_ends: 7d", false},
		"ignored with a space":       {"plans: {a: {mode: payment, prices: {x: {id: p}}}}\nignored: {lookup_keys: [a b]}", false},
		"held by everybody":          {"features: {n: {type: limit}}\nplans: {a: {default: true, name: A, description: b, highlight: true, grants: {n: 1}}}", true},
		"everybody at a price":       {"plans: {a: {default: true, prices: {x: {id: p}}}}", false},
		"everybody once":             {"plans: {a: {default: true, mode: payment}}", false},
		"not held by everybody":      {"plans: {a: {default: false, mode: payment, prices: {x: {id: p}}}}", true},
		"not by everybody, no price": {"plans: {a: {default: false, mode: payment}}", false},
		"pausable":                   {"plans: {a: {mode: subscription, pausable: true, prices: {x: {id: p}}}}", true},
		"pausable and paid once":     {"plans: {a: {mode: payment, pausable: true, prices: {x: {id: p}}}}", false},
		"an add-on by itself paused": {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {mode: subscription, addon_to: a, pausable: true, prices: {x: {id: q}}}}", false},
		"an add-on":                  {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {mode: subscription, addon_to: a, checkout: {max_quantity: 5}, trial_grants: {}, prices: {x: {id: q}}}}", true},
		"an add-on to one of two":    {"plans: {a: {mode: subscription, group: g, prices: {x: {id: p}}}, b: {mode: subscription, group: g, prices: {x: {id: q}}}, c: {mode: subscription, addon_to: [a, b], prices: {x: {id: r}}}}", true},
		"an add-on to none":          {"plans: {b: {mode: subscription, addon_to: [], prices: {x: {id: q}}}}", false},
		"an add-on that is tried":    {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {mode: subscription, addon_to: a, trial: 14d, prices: {x: {id: q}}}}", false},
		"an add-on of a group":       {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {mode: subscription, addon_to: a, group: g, prices: {x: {id: q}}}}", false},
		"an add-on paid once":        {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {mode: payment, addon_to: a, prices: {x: {id: q}}}}", false},
		"an add-on by a checkout":    {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {mode: subscription, addon_to: a, checkout: {promotion_codes: true}, prices: {x: {id: q}}}}", false},
		"an add-on for everybody":    {"plans: {a: {mode: subscription, prices: {x: {id: p}}}, b: {default: true, addon_to: a}}", false},
		"once":                       {"plans: {a: {mode: payment, once: true, prices: {x: {id: p}}}}", true},
		"once and renewed":           {"plans: {a: {mode: subscription, once: true, prices: {x: {id: p}}}}", false},
		"shown off":                  {"plans: {a: {mode: payment, highlight: true, prices: {x: {id: p}}}}", true},
		"includes another":           {"plans: {a: {mode: payment, prices: {x: {id: p}}}, b: {mode: payment, includes: a, prices: {x: {id: q}}}}", true},
		"includes in capitals":       {"plans: {a: {mode: payment, includes: A, prices: {x: {id: p}}}}", false},
		"so many included":           {"features: {n: {type: limit, per_unit: true, included: 5, description: x}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", true},
		"included for nothing":       {"features: {n: {type: limit, included: 5}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"included of no unit":        {"features: {n: {type: limit, per_unit: false, included: 5}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"included of a flag":         {"features: {n: {type: flag, included: 5}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"a choice":                   {"features: {n: {type: choice, values: [low, high]}}\nplans: {a: {mode: payment, grants: {n: high}, prices: {x: {id: p}}}}", true},
		"a choice of none":           {"features: {n: {type: choice}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"a choice of one":            {"features: {n: {type: choice, values: [low]}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"a value twice":              {"features: {n: {type: choice, values: [low, low]}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"a value in capitals":        {"features: {n: {type: choice, values: [low, High]}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"a value of limits":          {"features: {n: {type: choice, values: [low, unlimited]}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"values of a flag":           {"features: {n: {type: flag, values: [low, high]}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"a choice per unit":          {"features: {n: {type: choice, values: [low, high], per_unit: true}}\nplans: {a: {mode: payment, prices: {x: {id: p}}}}", false},
		"an address of the buyer":    {"plans: {a: {mode: payment, checkout: {billing_address_collection: required, adaptive_pricing: true}, prices: {x: {id: p}}}}", true},
		"an address of no word":      {"plans: {a: {mode: payment, checkout: {billing_address_collection: true}, prices: {x: {id: p}}}}", false},
		"adaptive by a word":         {"plans: {a: {mode: payment, checkout: {adaptive_pricing: auto}, prices: {x: {id: p}}}}", false},
		"a quantity of none":         {"plans: {a: {mode: payment, checkout: {max_quantity: 0}, prices: {x: {id: p}}}}", false},
		"adjusted and paid once":     {"plans: {a: {mode: payment, checkout: {max_quantity: 2, adjustable_quantity: true}, prices: {x: {id: p}}}}", false},
		"fixed and paid once":        {"plans: {a: {mode: payment, checkout: {max_quantity: 2, adjustable_quantity: false}, prices: {x: {id: p}}}}", true},
		"adjusted and renewed":       {"plans: {a: {mode: subscription, checkout: {max_quantity: 2, adjustable_quantity: true}, prices: {x: {id: p}}}}", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var document any
			if err := yaml.Unmarshal([]byte(c.file), &document); err != nil {
				t.Fatal(err)
			}
			asJSON, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
			if err != nil {
				t.Fatal(err)
			}
			if err := compiledSchema(t).Validate(instance); (err == nil) != c.ok {
				t.Errorf("the schema says %v, want ok: %t", err, c.ok)
			}
			if _, err := Parse("c.yaml", []byte(c.file), nil); (err == nil) != c.ok {
				t.Errorf("the reader says %v, want ok: %t", err, c.ok)
			}
		})
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("catalog.schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("catalog.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}
