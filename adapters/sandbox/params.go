package sandbox

import (
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// params are a request's parameters under Stripe's bracket names, such as
// "line_items[0][price]". Readers note the first thing wrong in err, so that
// an operation can read all it needs and then look once.
type params struct {
	form url.Values
	err  *apiError
}

func (p *params) fail(e *apiError) {
	if p.err == nil {
		p.err = e
	}
}

func (p *params) has(name string) bool { return p.form.Has(name) }

// hasAny tells whether name or something below it was given.
func (p *params) hasAny(name string) bool {
	for k := range p.form {
		if k == name || strings.HasPrefix(k, name+"[") {
			return true
		}
	}
	return false
}

// text is "" when the parameter is absent.
func (p *params) text(name string) string {
	v := p.form.Get(name)
	if v == "" && p.has(name) {
		p.fail(invalid(name, "parameter_invalid_empty",
			"You passed an empty string for '%[1]s'. We assume empty values are an attempt to unset a parameter; however '%[1]s' cannot be unset. You should remove '%[1]s' from your request or supply a non-empty value.", name))
	}
	return v
}

func (p *params) required(name string) string {
	if !p.has(name) {
		p.fail(missingParam(name))
	}
	return p.text(name)
}

func missingParam(name string) *apiError {
	return invalid(name, "parameter_missing", "Missing required param: %s.", name)
}

func (p *params) limited(name string, length int) string {
	v := p.text(name)
	if n := utf8.RuneCountInString(v); n > length {
		p.fail(invalid(name, "", "Invalid string: %s...; must be at most %d characters", string([]rune(v)[:20]), length))
	}
	return v
}

func (p *params) integer(name string, low, high int64) int64 {
	v := p.text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		p.fail(invalid(name, "parameter_invalid_integer", "Invalid integer: %s", v))
	case n < low:
		p.fail(invalid(name, "parameter_invalid_integer", "This value must be greater than or equal to %d.", low))
	case n > high:
		p.fail(invalid(name, "parameter_invalid_integer", "This value must be less than or equal to %d.", high))
	}
	return n
}

func (p *params) flag(name string) bool {
	v := p.text(name)
	if v != "" && v != "true" && v != "false" {
		p.fail(invalid(name, "", "Invalid boolean: %s", v))
	}
	return v == "true"
}

func (p *params) oneOf(name string, allowed ...string) string {
	v := p.text(name)
	if v != "" && !slices.Contains(allowed, v) {
		p.fail(invalid(name, "", "Invalid %s: must be one of %s", name, alternatives(allowed)))
	}
	return v
}

// alternatives lists words as Stripe does: "a or b", "a, b, or c".
func alternatives(words []string) string {
	last := len(words) - 1
	switch {
	case last < 1:
		return strings.Join(words, "")
	case last == 1:
		return words[0] + " or " + words[1]
	}
	return strings.Join(words[:last], ", ") + ", or " + words[last]
}

func (p *params) webURL(name string) string {
	v := p.limited(name, 5000)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		p.fail(invalid(name, "url_invalid", "Not a valid URL"))
	}
	return v
}

func (p *params) email(name string) string {
	v := p.limited(name, 512)
	if v == "" {
		return ""
	}
	if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
		p.fail(invalid(name, "email_invalid", "Invalid email address: %s", v))
	}
	return v
}

// list reads name[], name[0], name[1] ...
func (p *params) list(name string) []string {
	out := slices.Clone(p.form[name+"[]"])
	for _, i := range p.indexes(name) {
		out = append(out, p.form.Get(name+"["+strconv.Itoa(i)+"]"))
	}
	return out
}

// indexes are the numbers used in name[0], name[1][x] ..., in order.
func (p *params) indexes(name string) []int {
	var out []int
	for k := range p.form {
		rest, ok := strings.CutPrefix(k, name+"[")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, "]")
		if i, err := strconv.Atoi(digits); err == nil && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

// Stripe's limits of metadata.
const (
	maxMetadataKeys  = 50
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// metadata reads name[key]=value into a copy of old: an empty value removes
// the key, an empty name all of them.
func (p *params) metadata(name string, old map[string]string) map[string]string {
	out := map[string]string{}
	if !p.has(name) {
		for k, v := range old {
			out[k] = v
		}
	}
	for k, vs := range p.form {
		rest, ok := strings.CutPrefix(k, name+"[")
		if !ok {
			continue
		}
		key, v := strings.TrimSuffix(rest, "]"), vs[0]
		switch {
		case strings.ContainsAny(key, "[]"):
			p.fail(invalid(name, "", "Metadata keys cannot contain square brackets: %s", key))
		case utf8.RuneCountInString(key) > maxMetadataKey:
			p.fail(invalid(k, "", "Metadata keys can have up to %d characters, but you passed in a key that is %d characters. Invalid key: %s", maxMetadataKey, utf8.RuneCountInString(key), key))
		case utf8.RuneCountInString(v) > maxMetadataValue:
			p.fail(invalid(k, "", "Metadata values can have up to %d characters, but you passed in a value that is %d characters. Invalid value: %s", maxMetadataValue, utf8.RuneCountInString(v), v))
		}
		if v == "" {
			delete(out, key)
		} else {
			out[key] = v
		}
	}
	if len(out) > maxMetadataKeys {
		p.fail(invalid(name, "", "You can have up to %d metadata keys, but you passed in %d.", maxMetadataKeys, len(out)))
	}
	return out
}

// unknown refuses what is neither expand nor in allowed: "name", "name[sub]",
// "list[][sub]", "metadata[*]". What Stripe knows and the sandbox does not is refused as
// well and said so, because ignoring it would hide a difference.
func (c *call) unknown(allowed []string) {
	for _, k := range slices.Sorted(maps.Keys(c.form)) {
		switch {
		case !known().takesSince(c.operation, c.version, k):
			unknown := c.unknownPart(k)
			c.fail(invalid(unknown, "parameter_unknown", "Received unknown parameter: %s", unknown))
		case !matchesParam("expand[]", k) && !slices.ContainsFunc(allowed, func(a string) bool { return matchesParam(a, k) }):
			c.fail(invalid(k, "parameter_unknown", "The sandbox does not support this parameter of Stripe: %s", k))
		}
	}
}

// unknownPart is as much of a name as Stripe does not know, and names in its error: of
// a[b]=1 it is a, if that is unknown already.
func (c *call) unknownPart(name string) string {
	for i, r := range name {
		if r == '[' && !known().takesSince(c.operation, c.version, name[:i]) {
			return name[:i]
		}
	}
	return name
}

func matchesParam(pattern, key string) bool {
	ps, ks := strings.SplitAfter(pattern, "["), strings.SplitAfter(key, "[")
	if n := len(ps) - 1; ps[n] == "*]" {
		if len(ks) == n {
			ks = strings.SplitAfter(key+"[", "[") // unset as a whole: metadata=""
		}
		if len(ks) <= n {
			return false
		}
		ps, ks = ps[:n], ks[:n]
	}
	if len(ps) != len(ks) {
		return false
	}
	for i := range ps {
		if ps[i] == ks[i] {
			continue
		}
		digits := strings.TrimRight(ks[i], "][")
		if _, err := strconv.Atoi(digits); err != nil || ps[i] != strings.TrimPrefix(ks[i], digits) {
			return false
		}
	}
	return true
}
