package catalog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/domain"
)

// Each file is wrong in one way; the problem says where, what and what to do.
func TestParse_EveryProblemSaysWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	const features = `features: {sso: {type: flag}, projects: {type: limit}}
`
	// sold and renewed are plans in which one line is to be put: line 5.
	sold := func(line string) string {
		return features + "plans:\n  basic:\n    mode: payment\n    " + line + "\n    prices: {once: {id: price_1}}\n"
	}
	renewed := func(line string) string {
		return features + "plans:\n  pro:\n    mode: subscription\n    " + line + "\n    prices: {monthly: {id: price_1}}\n"
	}
	// withBase has a line of an add-on, line 6, and another plan after it, line 8.
	withBase := func(line, another string) string {
		return "plans:\n  pro: {mode: subscription, group: main, prices: {x: {id: p}}}\n  more:\n    mode: subscription\n    addon_to: pro\n    " + line +
			"\n    prices: {x: {id: q}}\n  " + another + "\n"
	}
	// priced is a plan with one price.
	priced := func(price string) string {
		return "plans:\n  pro:\n    mode: subscription\n    prices:\n      monthly: " + price + "\n"
	}

	for name, c := range map[string]struct{ file, at, says string }{
		"not YAML":         {"plans: [", "1:8", "not YAML"},
		"empty":            {"", "1:1", "the catalog is empty"},
		"comments only":    {"# nothing\n", "1:1", "the catalog is empty"},
		"a list":           {"- plans\n", "1:1", "the catalog must be a mapping of names to values such as features: {...} and plans: {...}, not a list"},
		"two documents":    {"plans: {}\n---\nplans: {}\n", "3:1", "second document"},
		"no plans":         {features, "1:1", "add plans:"},
		"no plan in plans": {"plans: {}\n", "1:8", "add at least one"},
		"plans of nothing": {"plans:\n", "1:8", "plans must be a mapping of names to values such as {pro: {mode: subscription, prices: {monthly: {id: price_...}}}}, not nothing"},

		"unknown field of the file":   {"plan:\n  x: {}\nplans: {x: {mode: payment, prices: {a: {id: p}}}}\n", "1:1", `did you mean "plans"?`},
		"unknown field of a plan":     {sold("vaild_for: 365d"), "5:5", `unknown field "vaild_for" of plan "basic" (did you mean "valid_for"?)`},
		"nothing like a known field":  {sold("colour: red"), "5:5", `unknown field "colour" of plan "basic": it may have name, description, highlight`},
		"unknown field of a policy":   {sold("policy: {refunds: keep}"), "5:14", `unknown field "refunds" of policy of plan "basic" (did you mean "refund"?): it may have refund, dispute, access`},
		"unknown field of a price":    {priced("{lookupkey: x, id: price_1}"), "5:17", `did you mean "lookup_key"?`},
		"unknown field of checkout":   {sold("checkout: {promo_codes: true}"), "5:16", `unknown field "promo_codes" of checkout of plan "basic"`},
		"unknown field of a feature":  {"features: {sso: {type: flag, per_units: true}}\n" + priced("{id: price_1}"), "1:30", `did you mean "per_unit"?`},
		"unknown field of a sandbox":  {priced("{id: price_1, sandbox: {amount: 1, currency: usd, interval: month, product: x}}"), "5:83", `unknown field "product"`},
		"duplicate field":             {sold("mode: subscription"), "5:5", `"mode" stands here a second time, first in line 4`},
		"duplicate plan":              {"plans:\n  a: {mode: payment, prices: {x: {id: p1}}}\n  a: {mode: payment, prices: {x: {id: p2}}}\n", "3:3", "second time, first in line 2"},
		"merge key":                   {"plans:\n  a:\n    <<: {mode: payment}\n    mode: payment\n    prices: {x: {id: p1}}\n", "3:5", "merge keys are not supported"},
		"alias":                       {sold("description: *other"), "5:18", "not supported: write the value out"},
		"anchor":                      {sold("description: &d text"), "5:18", "not supported: write the value out"},
		"tag":                         {sold("description: !!str text"), "5:18", "tags are not supported"},
		"a key in capitals":           {"plans: {Pro: {mode: payment, prices: {x: {id: p1}}}}\n", "1:9", `plan "Pro": a key is lower case letters`},
		"a key that is no name":       {"1.5: b\nplans: {b: {mode: payment, prices: {x: {id: p1}}}}\n", "1:1", "a name must be plain text"},
		"a key that begins with dash": {"features: {-x: {type: flag}}\n" + priced("{id: price_1}"), "1:12", `feature "-x"`},
		"a long key":                  {"plans: {" + strings.Repeat("x", 65) + ": {mode: payment, prices: {x: {id: p1}}}}\n", "1:9", "at most 64 characters"},
		"a price key":                 {"plans: {a: {mode: payment, prices: {X: {id: p1}}}}\n", "1:37", `price "X"`},

		"number for a name":          {sold("name: 2024"), "5:11", "name must be text, not a number: put it into quotes"},
		"list for a name":            {sold("name: [a]"), "5:11", "name must be text, not a list"},
		"empty name":                 {sold(`name: ""`), "5:11", "name is empty"},
		"name of nothing":            {sold("name:"), "5:10", "name must be text, not nothing"},
		"yes is not true":            {sold("checkout: {automatic_tax: yes}"), "5:31", "automatic_tax must be true or false, not text"},
		"quantity of none":           {sold("checkout: {max_quantity: 0}"), "5:30", "max_quantity must be a whole number from 1 to 999999"},
		"quantity of half":           {sold("checkout: {max_quantity: 1.5}"), "5:30", "max_quantity must be a whole number"},
		"quantity beyond any number": {sold("checkout: {max_quantity: 18446744073709551615}"), "5:30", "max_quantity must be a whole number"},
		"an address of no word":      {sold("checkout: {billing_address_collection: always}"), "5:44", `billing_address_collection must be one of auto, required, not "always"`},
		"adaptive by a word":         {sold("checkout: {adaptive_pricing: auto}"), "5:34", "adaptive_pricing must be true or false, not text"},
		"adjusting one":              {renewed("checkout: {adjustable_quantity: true}"), "5:16", "set max_quantity too"},
		"adjusting what is paid once": {sold("checkout: {max_quantity: 5, adjustable_quantity: true}"), "5:33",
			"has mode payment and adjustable_quantity: a buyer could order 5, set 1 on Stripe's page, and keep 5"},
		"adjusting one that is paid once": {sold("checkout: {adjustable_quantity: true}"), "5:16", "has mode payment and adjustable_quantity"},

		"no type":              {"features: {sso: {}}\n" + priced("{id: price_1}"), "1:12", "add type: flag, type: limit or type: choice"},
		"unknown type":         {"features: {sso: {type: flags}}\n" + priced("{id: price_1}"), "1:24", `type must be one of flag, limit, choice, not "flags" (did you mean "flag"?)`},
		"a flag per unit":      {"features: {sso: {type: flag, per_unit: true}}\n" + priced("{id: price_1}"), "1:30", "sso\" is a flag, and per_unit is about limits"},
		"a flag that adds up":  {"features: {sso: {type: flag, merge: sum}}\n" + priced("{id: price_1}"), "1:30", "is a flag, and merge is about limits"},
		"unknown merge":        {"features: {a: {type: limit, merge: add}}\n" + priced("{id: price_1}"), "1:36", "merge must be one of max, sum"},
		"a choice of none":     {"features: {a: {type: choice}}\n" + priced("{id: price_1}"), "1:16", "is a choice of nothing: add values: with at least two, the lowest first"},
		"a choice of one":      {"features: {a: {type: choice, values: [low]}}\n" + priced("{id: price_1}"), "1:38", "values must be at least two"},
		"a choice of a word":   {"features: {a: {type: choice, values: low}}\n" + priced("{id: price_1}"), "1:38", "values must be a list such as [a, b], not text"},
		"a value twice":        {"features: {a: {type: choice, values: [low, low]}}\n" + priced("{id: price_1}"), "1:44", "a second time"},
		"a value in capitals":  {"features: {a: {type: choice, values: [low, High]}}\n" + priced("{id: price_1}"), "1:44", `value "High": a key is`},
		"a value of limits":    {"features: {a: {type: choice, values: [low, unlimited]}}\n" + priced("{id: price_1}"), "1:44", "unlimited cannot be one of values"},
		"values of a flag":     {"features: {a: {type: flag, values: [low, high]}}\n" + priced("{id: price_1}"), "1:28", `feature "a" is a flag, and values is about choices`},
		"a choice per unit":    {"features: {a: {type: choice, values: [low, high], per_unit: true}}\n" + priced("{id: price_1}"), "1:51", "is a choice, and per_unit is about limits"},
		"a choice of no value": {"features: {a: {type: choice, values: [low, high]}}\nplans: {x: {mode: payment, grants: {a: higher}, prices: {y: {id: p1}}}}\n", "2:40", `the value of a must be one of low, high, not "higher" (did you mean "high"?)`},
		"a choice as a flag":   {"features: {a: {type: choice, values: [low, high]}}\nplans: {x: {mode: payment, grants: {a: true}, prices: {y: {id: p1}}}}\n", "2:40", "the value of a must be text, not true or false"},
		"grant of no feature":  {sold("grants: {project: 1}"), "5:14", `features: does not list (did you mean "projects"?)`},
		"number for a flag":    {sold("grants: {sso: 5}"), "5:19", "sso is a flag: grant it with true, not with a number"},
		"false for a flag":     {sold("grants: {sso: false}"), "5:19", "false grants nothing: remove the line"},
		"true for a limit":     {sold("grants: {projects: true}"), "5:24", "projects is a limit: grant a whole number or unlimited, not true or false"},
		"a word for a limit":   {sold("grants: {projects: many}"), "5:24", "grant a whole number or unlimited, not text"},
		"half a limit":         {sold("grants: {projects: 1.5}"), "5:24", "grant a whole number or unlimited, not 1.5"},
		"grants in a list":     {sold("grants: [sso]"), "5:13", "grants of plan \"basic\" must be a mapping of names to values such as {sso: true, projects: 10}, not a list"},
		"a price by its id":    {priced("price_123"), "5:16", "price \"monthly\" of plan \"pro\" must be a mapping of names to values such as {id: price_...}, not text"},
		"negative limit":       {sold("grants: {projects: -1}"), "5:24", "the limit of projects must be a whole number from 0"},
		"half a project":       {sold("grants: {projects: 1.5}"), "5:24", "grant a whole number or unlimited"},
		"included for nothing": {"features: {a: {type: limit, included: 5}}\n" + priced("{id: price_1}"), "1:29", "has included, which is beside a limit per unit: add per_unit: true"},
		"included of a flag":   {"features: {a: {type: flag, included: 5}}\n" + priced("{id: price_1}"), "1:28", "is a flag, and included is about limits"},
		"included none":        {"features: {a: {type: limit, per_unit: true, included: 0}}\n" + priced("{id: price_1}"), "1:55", "included must be a whole number from 1"},
		"once and renewed":     {renewed("once: true"), "5:5", "has mode subscription and once: a user has one subscription of a plan at a time anyway"},
		"once by a word":       {sold("once: yes"), "5:11", "once must be true or false"},
		"highlight by a word":  {sold("highlight: bright"), "5:16", "highlight must be true or false"},
		"an add-on to no plan": {renewed("addon_to: prro"), "5:15", `plan "pro" is an add-on to plan "prro", which plans: does not list (did you mean "pro"?)`},
		"an add-on to itself":  {renewed("addon_to: pro"), "5:15", `plan "pro" is an add-on to itself: name the plan that it is sold with`},
		"an add-on to nothing": {renewed("addon_to: []"), "5:15", `plan "pro" is an add-on to no plan: name one`},
		"a pausable add-on":    {withBase("pausable: true", ""), "6:5", `plan "more" is an add-on and has pausable: it is paused with the subscription that it is added to`},
		"pausable, once":       {sold("pausable: true"), "5:5", "has mode payment and pausable: only a subscription is paused"},
		"pausable by a word":   {renewed("pausable: yes"), "5:15", "pausable must be true or false"},
		"an add-on of a trial": {withBase("trial: 14d", ""), "6:5", `plan "more" is an add-on and has trial: it is in the trial of the subscription that it is added to`},
		"an add-on of a group": {withBase("group: main", ""), "6:5", `plan "more" is an add-on and has group`},
		"an add-on twice":      {withBase("bought_twice: keep", ""), "6:5", `plan "more" is an add-on and has bought_twice: a subscription has it once, remove it`},
		"an add-on's checkout": {withBase("checkout: {max_quantity: 5, promotion_codes: true}", ""), "6:33", `plan "more" is an add-on, which has no checkout of its own`},
		"an add-on to what is sold once": {"plans:\n  a: {mode: payment, prices: {x: {id: p}}}\n  b: {mode: subscription, addon_to: a, prices: {x: {id: q}}}\n",
			"3:37", `plan "b" is an add-on to plan "a", which is no subscription: only a subscription has further items`},
		"an add-on to an add-on": {withBase("leeway: 2d", "third: {mode: subscription, addon_to: more, prices: {x: {id: r}}}"),
			"8:41", `plan "third" is an add-on to plan "more", which is an add-on itself`},
		"an add-on that is sold once": {"plans: {a: {mode: payment, addon_to: b, prices: {x: {id: p}}}, b: {mode: subscription, prices: {x: {id: q}}}}\n",
			"1:28", `plan "a" has mode payment and addon_to: an add-on is a further item of a subscription, remove it`},
		"an add-on to plans of no group": {withBase("leeway: 2d", "both: {mode: subscription, addon_to: [pro, team], prices: {x: {id: r}}}\n  team: {mode: subscription, prices: {x: {id: s}}}"),
			"8:46", `plan "both" is an add-on to plans "pro" and "team", which are not of one group`},
		"an add-on for everybody": {"plans:\n  a: {default: true, addon_to: b}\n  b: {mode: subscription, prices: {x: {id: q}}}\n",
			"2:22", `plan "a" is a default plan and has addon_to`},

		"includes no plan":      {sold("includes: base"), "5:15", `plan "basic" includes plan "base", which plans: does not list (did you mean "basic"?)`},
		"includes itself":       {sold("includes: basic"), "5:15", `plan "basic" includes itself, by way of basic: remove one of them`},
		"includes in a circle":  {"plans:\n  a: {mode: payment, includes: b, prices: {x: {id: p1}}}\n  b: {mode: payment, includes: a, prices: {x: {id: p2}}}\n", "3:32", `plan "b" includes itself, by way of a, b`},
		"includes in capitals":  {sold("includes: Basic"), "5:15", `included plan "Basic": a key is`},
		"a default plan's mode": {"plans: {a: {default: true, mode: payment}}\n", "1:28", `plan "a" is a default plan and has mode: every user holds it, and nobody buys it`},
		"a default plan's sale": {"plans: {a: {default: true, sold: false}}\n", "1:28", "is a default plan and has sold"},
		"default by a word":     {sold("default: everybody"), "5:14", "default must be true or false"},
		"no mode":               {"plans: {a: {prices: {x: {id: p1}}}}\n", "1:9", "has no mode: add mode: payment"},
		"unknown mode":          {"plans: {a: {mode: subscribe, prices: {x: {id: p1}}}}\n", "1:19", `mode must be one of payment, subscription, not "subscribe"`},
		"unknown refund":        {sold("policy: {refund: suspend}"), "5:22", `refund must be one of keep, revoke, `},
		"unknown dispute":       {renewed("policy: {dispute: suspended}"), "5:23", `not "suspended" (did you mean "suspend"?)`},
		"number for a refund":   {renewed("policy: {refund: 1}"), "5:22", "refund must be text, not a number"},
		"a word for a policy":   {renewed("policy: keep"), "5:13", "policy of plan \"pro\" must be a mapping of names to values such as {refund: revoke}, not text"},
		"policy of nothing":     {renewed("policy:"), "5:12", "policy of plan \"pro\" must be a mapping of names to values such as {refund: revoke}, not nothing"},
		"no prices":             {"plans: {a: {mode: payment}}\n", "1:9", "has no prices: add prices:"},
		"no price in prices":    {"plans: {a: {mode: payment, prices: {}}}\n", "1:36", "has no prices: add at least one"},
		"group of one-time":     {sold("group: main"), "5:5", "has mode payment and group"},
		"trial of one-time":     {sold("trial: 14d"), "5:5", "has mode payment and trial: only a subscription has a trial"},
		"grace of one-time":     {sold("grace: 14d"), "5:5", "has mode payment and grace"},
		"leeway of one-time":    {sold("leeway: 1d"), "5:5", "has mode payment and leeway"},
		"validity of renewed":   {renewed("valid_for: 365d"), "5:5", "has mode subscription and valid_for"},
		"group with a space":    {renewed("group: my group"), "5:12", "group \"my group\": a key is"},
		"days without a d":      {renewed("grace: 14"), "5:12", "such as 14d or 12h"},
		"minutes":               {renewed("grace: 90m"), "5:12", "such as 14d or 12h"},
		"days below none":       {renewed("grace: -1d"), "5:12", "such as 14d or 12h"},
		"days with a plus":      {renewed("grace: +1d"), "5:12", "such as 14d or 12h"},
		"a unit alone":          {renewed("grace: d"), "5:12", "such as 14d or 12h"},
		"centuries":             {renewed("leeway: 36501d"), "5:13", "at most 36500d"},
		"more than fits":        {renewed("leeway: 99999999999999999999h"), "5:13", "at most 36500d"},
		"a trial of hours":      {renewed("trial: 36h"), "5:12", "trial must be whole days, from 1d to 730d"},
		"a trial of none":       {renewed("trial: 0d"), "5:12", "trial must be whole days"},
		"a trial without end":   {renewed("trial: 731d"), "5:12", "trial must be whole days"},
		"valid for nothing":     {sold("valid_for: 0d"), "5:16", "remove it for a purchase that is valid for good"},
		"price of no name":      {priced("{}"), "5:7", "does not say which of Stripe's prices it is: add one of env, lookup_key, id"},
		"price of two names":    {priced("{id: price_1, lookup_key: pro}"), "5:17", "is named by lookup_key and id: keep one"},
		"price is a product":    {priced("{id: prod_1}"), "5:21", "names a product (prod_...): name one of its prices"},
		"lookup key with space": {priced("{lookup_key: pro monthly}"), "5:29", "lookup_key must be at most 200 characters without spaces"},
		"variable not set":      {priced("{env: STRIPE_PRICE_NONE}"), "5:22", "the environment variable STRIPE_PRICE_NONE is not set: set it to the id of a price"},
		"variable of no name":   {priced("{env: price-1}"), "5:22", "env must be the name of an environment variable"},
		"variable of a product": {priced("{env: PRODUCT}"), "5:22", "the environment variable PRODUCT names a product"},
		"variable of anything":  {priced("{env: SENTENCE}"), "5:22", "the environment variable SENTENCE does not hold the id of a price"},
		"one price, two plans":  {"plans:\n  a: {mode: payment, prices: {x: {id: p1}}}\n  b: {mode: payment, prices: {y: {id: p1}}}\n", "3:31", `price "y" of plan "b" has the id p1, as has price "x" of plan "a" in line 2`},
		"one key, two prices":   {"plans:\n  a:\n    mode: payment\n    prices:\n      x: {lookup_key: k}\n      y: {lookup_key: k}\n", "6:7", "has the lookup key k, as has"},
		"the same by variable":  {"plans:\n  a:\n    mode: payment\n    prices:\n      x: {id: price_set}\n      y: {env: SET}\n", "6:7", "has the id price_set, as has"},

		"trial grants of one-time":    {sold("trial_grants: {projects: 1}"), "5:5", "has mode payment and trial_grants: only a subscription has a trial, remove it"},
		"past due and paid once":      {sold("past_due_grants: {}"), "5:5", "has mode payment and past_due_grants: only a subscription can be past due"},
		"trial grants of no feature":  {renewed("trial_grants: {project: 1}"), "5:20", `plan "pro" grants feature "project", which features: does not list (did you mean "projects"?)`},
		"past due grants of a number": {renewed("past_due_grants: {sso: 1}"), "5:28", "sso is a flag: grant it with true"},
		"trial grants of a word":      {renewed("trial_grants: none"), "5:19", `trial_grants of plan "pro" must be a mapping of names to values such as {sso: true, projects: 10}, not text`},

		"formerly no list":          {sold("formerly: simple"), "5:15", `formerly of plan "basic" must be a list such as [a, b], not text`},
		"formerly nothing":          {sold("formerly:"), "5:14", "must be a list such as [a, b], not nothing"},
		"formerly a number":         {sold("formerly: [2024]"), "5:16", "must be text, not a number: put it into quotes"},
		"formerly in capitals":      {sold("formerly: [Simple]"), "5:16", `former plan "Simple": a key is lower case letters`},
		"formerly one key twice":    {sold("formerly: [a, a]"), "5:19", `"a" stands in formerly of plan "basic" a second time, first in line 5`},
		"formerly itself":           {sold("formerly: [simple, basic]"), "5:24", `plan "basic" was formerly "basic", which is the key of the plan itself now: remove it`},
		"formerly one that is":      {"plans:\n  a: {mode: payment, prices: {x: {id: p1}}}\n  b: {mode: payment, formerly: [c, a], prices: {x: {id: p2}}}\n", "3:36", `plan "b" was formerly "a", which is the key of plan "a" now: remove it, or give that plan another key`},
		"formerly one that follows": {"plans:\n  a: {mode: payment, formerly: [b], prices: {x: {id: p1}}}\n  b: {mode: payment, prices: {x: {id: p2}}}\n", "2:33", `which is the key of plan "b" now`},
		"formerly two plans":        {"plans:\n  a: {mode: payment, formerly: [c], prices: {x: {id: p1}}}\n  b: {mode: payment, formerly: [c], prices: {x: {id: p2}}}\n", "3:33", `plan "b" was formerly "c", as was plan "a" in line 2`},
		"sold is no word":           {sold("sold: never"), "5:11", "sold must be true or false, not text"},
		"a price sold by a number":  {priced("{id: price_1, sold: 0}"), "5:36", "sold must be true or false, not a number"},
		"not sold, without prices":  {"plans: {a: {mode: payment, sold: false}}\n", "1:9", "has no prices: add prices:"},

		"access of one-time":  {sold("policy: {access: suspend_while_void}"), "5:14", `plan "basic" has mode payment and access`},
		"access that is none": {renewed("policy: {access: suspend_while_viod}"), "5:22", `not "suspend_while_viod" (did you mean "suspend_while_void"?)`},
		"access in a list":    {renewed("policy: {access: [suspend_while_void, always]}"), "5:43", `access must be one of `},
		"access twice":        {renewed("policy: {access: [suspend_while_void, suspend_while_void]}"), "5:43", "stands in access a second time"},
		"access of a number":  {renewed("policy: {access: 1}"), "5:22", "access must be text, not a number"},
		"access of lists":     {renewed("policy: {access: [[suspend_while_void]]}"), "5:23", "an entry of access must be text, not a list"},

		"ends without a list":      {priced("{id: price_1}") + "announce_ends: 7d\n", "6:16", "announce_ends must be a list such as [a, b], not text"},
		"ends of none":             {priced("{id: price_1}") + "announce_ends: []\n", "6:16", "announce_ends must be 1 to 10 times such as [7d, 1d]: remove it if no end is to be announced"},
		"ends in weeks":            {priced("{id: price_1}") + "announce_ends: [1d, 1w]\n", "6:21", "a time of announce_ends must be a number of days or hours such as 14d or 12h"},
		"ends at once":             {priced("{id: price_1}") + "announce_ends: [0d]\n", "6:17", "a time of announce_ends must be from 1h to 366d"},
		"ends in two years":        {priced("{id: price_1}") + "announce_ends: [730d]\n", "6:17", "a time of announce_ends must be from 1h to 366d"},
		"ends as long before":      {priced("{id: price_1}") + "announce_ends: [1d, 24h]\n", "6:21", "24h is as long as another time of announce_ends: remove one"},
		"ignored list":             {priced("{id: price_1}") + "ignored: [price_2]\n", "6:10", "ignored must be a mapping of names to values such as {prices: [price_...]}, not a list"},
		"ignored field":            {priced("{id: price_1}") + "ignored: {price: [price_2]}\n", "6:11", `unknown field "price" of ignored (did you mean "prices"?): it may have prices, lookup_keys, products`},
		"ignored price alone":      {priced("{id: price_1}") + "ignored: {prices: price_2}\n", "6:19", "ignored prices must be a list such as [a, b], not text"},
		"ignored and of a plan":    {priced("{id: price_1}") + "ignored: {prices: [price_2, price_1]}\n", "6:29", `the id price_1 is ignored here, and it is that of price "monthly" of plan "pro" in line 5: remove one`},
		"ignored before its plan":  {"ignored: {lookup_keys: [pro]}\n" + priced("{lookup_key: pro}"), "1:25", `the lookup key pro is ignored here, and it is that of price "monthly"`},
		"ignored and by variable":  {priced("{env: SET}") + "ignored: {prices: [price_set]}\n", "6:20", "the id price_set is ignored here"},
		"ignored twice":            {priced("{id: price_1}") + "ignored:\n  prices:\n    - price_2\n    - price_2\n", "9:7", `"price_2" stands in ignored prices a second time, first in line 8`},
		"ignored product as price": {priced("{id: price_1}") + "ignored: {prices: [prod_1]}\n", "6:20", "prod_1 is a product: put it under products:"},
		"ignored price as product": {priced("{id: price_1}") + "ignored: {products: [price_2]}\n", "6:22", "price_2 is a price: put it under prices:"},
		"ignored with a space":     {priced("{id: price_1}") + "ignored: {lookup_keys: [a b]}\n", "6:25", "an entry of ignored lookup_keys must be at most 200 characters without spaces"},

		"sandbox without amount":   {priced("{id: p, sandbox: {currency: usd, interval: month}}"), "5:33", "has no amount"},
		"tiers with a gap":         {priced("{id: p, sandbox: {currency: usd, interval: month, tiers_mode: volume, tiers: [{up_to: 3}, {up_to: 3}, {}]}}"), "5:106", "has to end after the one before it"},
		"tiers with an end":        {priced("{id: p, sandbox: {currency: usd, interval: month, tiers_mode: volume, tiers: [{up_to: 3}]}}"), "5:94", "the last tier has no up_to"},
		"its own currency again":   {priced("{id: p, sandbox: {amount: 1, currency: usd, interval: month, currency_options: {usd: {amount: 1}}}}"), "5:77", "another currency than usd"},
		"tiers in one currency":    {priced("{id: p, sandbox: {amount: 1, currency: usd, interval: month, currency_options: {eur: {tiers: [{}]}}}}"), "5:77", "has tiers if that has"},
		"currencies in capitals":   {priced("{id: p, currencies: [EUR]}"), "5:37", "three lower case letters"},
		"sandbox without currency": {priced("{id: p, sandbox: {amount: 1, interval: month}}"), "5:33", "has no currency"},
		"amount below nothing":     {priced("{id: p, sandbox: {amount: -1, currency: usd, interval: month}}"), "5:42", "amount, in minor currency units (1900 is 19.00), must be a whole number from 0"},
		"amount with a point":      {priced("{id: p, sandbox: {amount: 9.99, currency: usd, interval: month}}"), "5:42", "amount, in minor currency units (1900 is 19.00), must be a whole number, not 9.99"},
		"currency in capitals":     {priced("{id: p, sandbox: {amount: 1, currency: USD, interval: month}}"), "5:55", "three lower case letters"},
		"interval unknown":         {priced("{id: p, sandbox: {amount: 1, currency: usd, interval: months}}"), "5:70", `did you mean "month"?`},
		"count without interval":   {priced("{id: p, sandbox: {amount: 1, currency: usd, interval_count: 3}}"), "5:60", "add interval: month"},
		"renewed never":            {priced("{id: p, sandbox: {amount: 1, currency: usd}}"), "5:33", "the plan is a subscription: add interval: month"},
		"sold again and again":     {"plans: {a: {mode: payment, prices: {x: {id: p1, sandbox: {amount: 1, currency: usd, interval: month}}}}}\n", "1:58", "the plan is sold once: remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.Parse("c.yaml", []byte(c.file), environment(map[string]string{
				"SET": "price_set", "PRODUCT": "prod_1", "SENTENCE": "not an id",
			}))
			var problems catalog.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want a problem: %s", err, c.says)
			}
			if len(problems) != 1 {
				t.Errorf("got %d problems, want 1:\n%s", len(problems), err)
			}
			if got := problems[0].String(); !strings.HasPrefix(got, "c.yaml:"+c.at+": ") || !strings.Contains(got, c.says) {
				t.Errorf("got %s\nwant c.yaml:%s: ... %s", got, c.at, c.says)
			}
		})
	}
}

func TestParse_AllProblemsAreReportedAtOnceFromTopToBottom(t *testing.T) {
	t.Parallel()
	_, err := catalog.Parse("c.yaml", []byte(`
plans:
  a:
    mode: paymet
    trail: 14d
    prices: {x: {}}
    grants: {sso: 1, nothing: true}
  b:
    prices: {y: {env: UNSET}}
features:
  sso: {type: flag, merge: max}
`[1:]), environment(nil))
	want := []string{"c.yaml:3:11:", "c.yaml:4:5:", "c.yaml:5:14:", "c.yaml:6:19:", "c.yaml:6:22:", "c.yaml:7:3:", "c.yaml:8:23:", "c.yaml:10:21:"}
	if err == nil {
		t.Fatal("got no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %d problems, want %d:\n%s", len(lines), len(want), err)
	}
	for n, line := range lines {
		if !strings.HasPrefix(line, want[n]) {
			t.Errorf("got %s\nwant one at %s", line, want[n])
		}
	}
}

// What stands in the environment may be a secret that was put there by mistake.
func TestParse_NoProblemRepeatsWhatTheEnvironmentHolds(t *testing.T) {
	t.Parallel()
	const secret = "prod_sk_live_verysecret and more"
	for _, held := range []string{secret, "prod_verysecret", strings.Repeat("verysecret", 50)} {
		_, err := catalog.Parse("c.yaml", []byte("plans: {a: {mode: payment, prices: {x: {env: PRICE}}}}"),
			environment(map[string]string{"PRICE": held}))
		if err == nil || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("got %v, want an error that does not repeat the value", err)
		}
	}
}

// allGrants are the features of all the grants that a plan has.
func allGrants(p domain.Plan) map[domain.FeatureKey]bool {
	all := map[domain.FeatureKey]bool{}
	for _, grants := range []map[domain.FeatureKey]domain.Value{p.Grants, p.TrialGrants, p.PastDueGrants} {
		for feature := range grants {
			all[feature] = true
		}
	}
	return all
}

func FuzzParse(f *testing.F) {
	f.Add(catalog.Demo())
	for _, seed := range []string{
		"", "plans:", "plans: {a: {mode: payment, prices: {x: {id: p1}}}}", "a: &x [*x]", "? [a]\n: b", "<<: *a", "--- !!map {}\n...\n",
		"plans: {a: {mode: payment, formerly: [b, c], sold: false, prices: {x: {id: p1, sold: false}}}}\nignored: {prices: [p2]}", "plans:\n\t- x", "features: {a: {type: limit}}\nplans: {b: {grants: {a: .inf}}}", "\"", "%YAML 1.2\n---\nx: |\n  y",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := catalog.Parse("fuzz.yaml", data, func(name string) string { return "price_" + name })
		var problems catalog.Problems
		switch {
		case err == nil && len(file.Catalog.Plans) == 0:
			t.Errorf("a catalog without plans was accepted")
		case err == nil:
			for key, plan := range file.Catalog.Plans {
				sold := len(plan.Prices) > 0 && plan.Mode != ""
				if sold == plan.Default || plan.Checkout.MaxQuantity < 1 {
					t.Errorf("plan %s was accepted: %+v", key, plan)
				}
				if plan.Mode == domain.ModePayment && plan.Checkout.AdjustableAmount {
					t.Errorf("plan %s is paid once and its quantity can be adjusted", key)
				}
				for _, former := range plan.Formerly {
					if found, _ := file.Catalog.PlanOf(former); found.Key != key {
						t.Errorf("plan %s was formerly %s, which leads to %q", key, former, found.Key)
					}
				}
				for feature := range allGrants(plan) {
					if _, listed := file.Catalog.Features[feature]; !listed {
						t.Errorf("plan %s grants %s, which is not listed", key, feature)
					}
				}
			}
		case !errors.As(err, &problems) || len(problems) == 0:
			t.Errorf("an error without a problem: %v", err)
		default:
			for _, p := range problems {
				if p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Errorf("a problem nowhere: %s", p)
				}
			}
		}
	})
}
