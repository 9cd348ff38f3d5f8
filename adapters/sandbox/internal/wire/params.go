package wire

import (
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Params are a request's parameters under Stripe's bracket names, such as
// "line_items[0][price]". Readers note the first thing wrong in err, so that
// an operation can read all it needs and then look once.
type Params struct {
	Form url.Values
	Err  *Error
}

// Fail notes what is wrong, unless something was before.
func (p *Params) Fail(e *Error) {
	if p.Err == nil {
		p.Err = e
	}
}

// Names are those of all parameters in order, so that of several that are wrong the same one
// is told each time.
func (p *Params) Names() []string { return slices.Sorted(maps.Keys(p.Form)) }

// Has tells whether the parameter itself was given.
func (p *Params) Has(name string) bool { return p.Form.Has(name) }

// HasAny tells whether name or something below it was given.
func (p *Params) HasAny(name string) bool {
	for k := range p.Form {
		if k == name || strings.HasPrefix(k, name+"[") {
			return true
		}
	}
	return false
}

// Text is "" when the parameter is absent.
func (p *Params) Text(name string) string {
	v := p.Form.Get(name)
	if v == "" && p.Has(name) {
		p.Fail(Invalid(name, "parameter_invalid_empty",
			"You passed an empty string for '%[1]s'. We assume empty values are an attempt to unset a parameter; however '%[1]s' cannot be unset. You should remove '%[1]s' from your request or supply a non-empty value.", name))
	}
	return v
}

// Required is text that has to be given.
func (p *Params) Required(name string) string {
	if !p.Has(name) {
		p.Fail(MissingParam(name))
	}
	return p.Text(name)
}

// MissingParam is the error of a parameter that is required.
func MissingParam(name string) *Error {
	return Invalid(name, "parameter_missing", "Missing required param: %s.", name)
}

// Limited is text of at most so many characters.
func (p *Params) Limited(name string, length int) string {
	v := p.Text(name)
	if n := utf8.RuneCountInString(v); n > length {
		p.Fail(Invalid(name, "", "Invalid string: %s...; must be at most %d characters", string([]rune(v)[:20]), length))
	}
	return v
}

// Integer is 0 when the parameter is absent.
func (p *Params) Integer(name string, low, high int64) int64 {
	v := p.Text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		p.Fail(Invalid(name, "parameter_invalid_integer", "Invalid integer: %s", v))
	case n < low:
		p.Fail(Invalid(name, "parameter_invalid_integer", "This value must be greater than or equal to %d.", low))
	case n > high:
		p.Fail(Invalid(name, "parameter_invalid_integer", "This value must be less than or equal to %d.", high))
	}
	return n
}

// Flag is false when the parameter is absent.
func (p *Params) Flag(name string) bool {
	v := p.Text(name)
	if v != "" && v != "true" && v != "false" {
		p.Fail(Invalid(name, "", "Invalid boolean: %s", v))
	}
	return v == "true"
}

// OneOf is one of several words, "" when the parameter is absent.
func (p *Params) OneOf(name string, allowed ...string) string {
	v := p.Text(name)
	if v != "" && !slices.Contains(allowed, v) {
		p.Fail(Invalid(name, "", "Invalid %s: must be one of %s", name, Alternatives(allowed)))
	}
	return v
}

// Alternatives lists words as Stripe does: "a or b", "a, b, or c".
func Alternatives(words []string) string {
	last := len(words) - 1
	switch {
	case last < 1:
		return strings.Join(words, "")
	case last == 1:
		return words[0] + " or " + words[1]
	}
	return strings.Join(words[:last], ", ") + ", or " + words[last]
}

// WebURL is an address of http or https.
func (p *Params) WebURL(name string) string {
	v := p.Limited(name, 5000)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		p.Fail(Invalid(name, "url_invalid", "Not a valid URL"))
	}
	return v
}

// Currency is a currency's code, which Stripe takes in upper case too.
func (p *Params) Currency(name string) string { return strings.ToLower(p.Text(name)) }

// Email is an e-mail address.
func (p *Params) Email(name string) string {
	v := p.Limited(name, 512)
	if v == "" {
		return ""
	}
	if a, err := mail.ParseAddress(v); err != nil || a.Address != v {
		p.Fail(Invalid(name, "email_invalid", "Invalid email address: %s", v))
	}
	return v
}

// List reads name[], name[0], name[1] ...
func (p *Params) List(name string) []string {
	out := slices.Clone(p.Form[name+"[]"])
	for _, i := range p.Indexes(name) {
		out = append(out, p.Form.Get(name+"["+strconv.Itoa(i)+"]"))
	}
	return out
}

// Indexes are the numbers used in name[0], name[1][x] ..., in order.
func (p *Params) Indexes(name string) []int {
	var out []int
	for k := range p.Form {
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

// Metadata reads name[key]=value into a copy of old: an empty value removes
// the key, an empty name all of them.
func (p *Params) Metadata(name string, old map[string]string) map[string]string {
	out := map[string]string{}
	if !p.Has(name) {
		for k, v := range old {
			out[k] = v
		}
	}
	for _, k := range p.Names() {
		rest, ok := strings.CutPrefix(k, name+"[")
		if !ok {
			continue
		}
		key, v := strings.TrimSuffix(rest, "]"), p.Form.Get(k)
		switch {
		case key == "":
			p.Fail(Invalid(name, "", "Invalid object"))
		case strings.ContainsAny(key, "[]"):
			p.Fail(Invalid(name, "", "Metadata keys cannot contain square brackets: %s", key))
		case utf8.RuneCountInString(key) > maxMetadataKey:
			p.Fail(Invalid(k, "", "Metadata keys can have up to %d characters, but you passed in a key that is %d characters. Invalid key: %s", maxMetadataKey, utf8.RuneCountInString(key), key))
		case utf8.RuneCountInString(v) > maxMetadataValue:
			p.Fail(Invalid(k, "", "Metadata values can have up to %d characters, but you passed in a value that is %d characters. Invalid value: %s", maxMetadataValue, utf8.RuneCountInString(v), v))
		}
		if v == "" {
			delete(out, key)
		} else {
			out[key] = v
		}
	}
	if len(out) > maxMetadataKeys {
		p.Fail(Invalid(name, "", "You can have up to %d metadata keys, but you passed in %d.", maxMetadataKeys, len(out)))
	}
	return out
}

// MatchesParam tells whether a pattern such as "items[][price]" or "metadata[*]" has the parameter.
func MatchesParam(pattern, key string) bool {
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

// MaxRequestBody is the most that a request may send, in bytes.
const MaxRequestBody = 1 << 20

// Percentage reads more than 0 and at most 100, in hundredths of a percent.
func (p *Params) Percentage(name string) int64 {
	v := p.Text(name)
	if v == "" {
		return 0
	}
	whole, part, _ := strings.Cut(v, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	switch {
	case err != nil || strings.Trim(part, "0123456789") != "":
		p.Fail(Invalid(name, "", "Invalid decimal: %s", v))
	case len(strings.TrimRight(part, "0")) > 2:
		p.Fail(Invalid(name, "", "Stripe may take %s, the sandbox takes two decimals at most.", v))
	case n <= 0 || n > 10_000:
		p.Fail(Invalid(name, "", "%s must be more than 0 and less than or equal to 100", name))
	}
	return n
}
