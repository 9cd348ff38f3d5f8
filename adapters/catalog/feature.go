package catalog

import (
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/goccy/go-yaml/ast"
)

// featureDraft is a feature while it is read.
type featureDraft struct {
	feature domain.Feature
}

var featureFields = fields[featureDraft]{
	{"type", func(r *reader, d *featureDraft, v value) {
		d.feature.Type = domain.FeatureType(r.word(v, "type", names(domain.FeatureTypes)...))
	}},
	{"values", readValues},
	{"per_unit", func(r *reader, d *featureDraft, v value) { d.feature.PerUnit = r.truth(v, "per_unit") }},
	{"included", func(r *reader, d *featureDraft, v value) { d.feature.Included, _ = r.count(v, "included", 1, maxLimit) }},
	{"merge", func(r *reader, d *featureDraft, v value) {
		d.feature.Merge = domain.MergeRule(r.word(v, "merge", string(domain.MergeMax), string(domain.MergeSum)))
	}},
	{"name", func(r *reader, d *featureDraft, v value) { d.feature.Name, _ = r.text(v, "name") }},
	{"description", func(r *reader, d *featureDraft, v value) { d.feature.Description, _ = r.text(v, "description") }},
}

const formOfFeature = "{type: flag}"

func readFeatures(r *reader, into *catalogDraft, v value) {
	all, _ := r.pairs(v, "features", "{sso: "+formOfFeature+"}")
	for place, p := range all {
		if !r.name(p, "feature") {
			continue
		}
		what := fmt.Sprintf("feature %q", p.key)
		d := featureDraft{feature: domain.Feature{Key: domain.FeatureKey(p.key), Place: place, Merge: domain.MergeMax}}
		got := readFields(r, p.says, what, formOfFeature, featureFields, &d)
		if got != nil && !got.has("type") {
			r.fail(p.at, "%s has no type: add type: flag, type: limit or type: choice", what)
		}
		r.onlyOfItsType(got, d.feature, what)
		into.features[d.feature.Key] = d.feature
	}
}

// fieldsOfType are those of one type of feature alone, and what they are about.
var fieldsOfType = map[domain.FeatureType]struct {
	names []string
	about string
}{
	domain.FeatureLimit:  {[]string{"per_unit", "included", "merge"}, "limits"},
	domain.FeatureChoice: {[]string{"values"}, "choices"},
}

// onlyOfItsType refuses fields of another type of feature, and asks for those of its own.
func (r *reader) onlyOfItsType(got seen, f domain.Feature, what string) {
	for of, fields := range fieldsOfType {
		for _, name := range fields.names {
			if f.Type != "" && f.Type != of && got.has(name) {
				r.fail(got[name].at, "%s is a %s, and %s is about %s: remove it", what, f.Type, name, fields.about)
			}
		}
	}
	switch {
	case f.Type == domain.FeatureLimit && got.has("included") && !f.PerUnit:
		r.fail(got["included"].at, "%s has included, which is beside a limit per unit: add per_unit: true, or grant as many", what)
	case f.Type == domain.FeatureChoice && !got.has("values"):
		r.fail(got["type"].at, "%s is a choice of nothing: add values: with at least two, the lowest first", what)
	}
}

// reservedValues are what other types of features have as values.
var reservedValues = []string{unlimited, "true"}

// readValues reads what there is to choose from, the lowest first.
func readValues(r *reader, d *featureDraft, v value) {
	before := len(r.problems)
	for _, e := range r.list(v, "values") {
		switch {
		case !r.name(pair{key: e.text, at: e.at}, "value"):
		case contains(reservedValues, e.text):
			r.fail(e.at, "%s cannot be one of values, for it is the value of a limit or flag: take another word", e.text)
		default:
			d.feature.Values = append(d.feature.Values, e.text)
		}
	}
	if len(d.feature.Values) < 2 && len(r.problems) == before {
		r.fail(v, "values must be at least two, the lowest first: what has one value is a flag")
	}
}

// maxLimit is what every number in JSON can say.
const maxLimit = 1 << 53

// unlimited is how a file says [domain.Unlimited].
const unlimited = "unlimited"

// grants reads what a plan gives: of a flag true, of a limit how many, of a choice
// which. A plan that gives nothing has an empty map: trial_grants: {} is another thing than none.
func (r *reader) grants(of *planDraft, v value, field string) map[domain.FeatureKey]domain.Value {
	given := map[domain.FeatureKey]domain.Value{}
	all, _ := r.pairs(v, field+" of "+of.what, "{sso: true, projects: 10}")
	for _, p := range all {
		feature, known := of.features[domain.FeatureKey(p.key)]
		if !known {
			var names []string
			for key := range of.features {
				names = append(names, string(key))
			}
			r.fail(p.at, "%s grants feature %q, which features: does not list%s", of.what, clip(p.key), suggest(p.key, names))
			continue
		}
		if granted, ok := r.grant(p.says, feature); ok {
			given[feature.Key] = granted
		}
	}
	return given
}

func (r *reader) grant(v value, f domain.Feature) (domain.Value, bool) {
	if yes, is := v.node.(*ast.BoolNode); is && !yes.Value {
		r.fail(v, "%s: false grants nothing: remove the line", f.Key)
		return domain.Value{}, false
	}
	switch f.Type {
	case domain.FeatureFlag:
		_, is := v.node.(*ast.BoolNode)
		if !is {
			r.fail(v, "%s is a flag: grant it with true, not with %s", f.Key, kindOf(v))
		}
		return domain.Flag(), is
	case domain.FeatureLimit:
		if s, is := v.node.(*ast.StringNode); is && s.Value == unlimited {
			return domain.Limit(domain.Unlimited), true
		}
		if _, is := v.node.(*ast.IntegerNode); !is {
			r.fail(v, "%s is a limit: grant a whole number or %s, not %s", f.Key, unlimited, noWholeNumber(v))
			return domain.Value{}, false
		}
		n, ok := r.count(v, "the limit of "+string(f.Key), 0, maxLimit)
		return domain.Limit(n), ok
	case domain.FeatureChoice:
		choice := r.word(v, "the value of "+string(f.Key), f.Values...)
		return domain.Choice(choice), choice != ""
	default: // the feature itself is wrong, and that is reported
		return domain.Value{}, false
	}
}
