package catalog

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// text reads words for people or ids for machines.
func (r *reader) text(v value, what string) (string, bool) {
	var s string
	switch n := v.node.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		r.fail(v, "%s must be text, not %s: put it into quotes", what, kindOf(v))
		return "", false
	default:
		r.fail(v, "%s must be text, not %s", what, kindOf(v))
		return "", false
	}
	if s = strings.TrimSpace(s); s == "" {
		r.fail(v, "%s is empty: give it a value or remove it", what)
		return "", false
	}
	return s, true
}

// maxID bounds what Stripe takes as a lookup key, and is above any id.
const maxID = 200

// id reads text without spaces.
func (r *reader) id(v value, what string) (string, bool) {
	s, ok := r.text(v, what)
	if !ok {
		return "", false
	}
	if len(s) > maxID || strings.ContainsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }) {
		r.fail(v, "%s must be at most %d characters without spaces", what, maxID)
		return "", false
	}
	return s, true
}

// truth reads true or false.
func (r *reader) truth(v value, what string) bool {
	b, is := v.node.(*ast.BoolNode)
	if !is {
		r.fail(v, "%s must be true or false, not %s", what, kindOf(v))
		return false
	}
	return b.Value
}

// count reads a whole number between two bounds, both included.
func (r *reader) count(v value, what string, from, to int64) (int64, bool) {
	n, is := v.node.(*ast.IntegerNode)
	if !is {
		r.fail(v, "%s must be a whole number, not %s", what, noWholeNumber(v))
		return 0, false
	}
	number, fits := n.Value.(int64)
	if u, unsigned := n.Value.(uint64); unsigned && u <= 1<<63-1 {
		number, fits = int64(u), true
	}
	if !fits || number < from || number > to {
		r.fail(v, "%s must be a whole number from %d to %d", what, from, to)
		return 0, false
	}
	return number, true
}

// amount reads an amount of money, in minor units.
func (r *reader) amount(v value, what string) int64 {
	const most = 99_999_999
	n, _ := r.count(v, what+", in minor currency units (1900 is 19.00),", 0, most)
	return n
}

// word reads one of few words.
func (r *reader) word(v value, what string, allowed ...string) string {
	s, ok := r.text(v, what)
	if !ok {
		return ""
	}
	if !contains(allowed, s) {
		r.fail(v, "%s must be one of %s, not %q%s", what, strings.Join(allowed, ", "), s, suggest(s, allowed))
		return ""
	}
	return s
}

// maxDays is a hundred years: longer is a slip.
const maxDays = 36500

// duration reads a number of days or hours.
func (r *reader) duration(v value, what string) time.Duration {
	var s string
	switch n := v.node.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.IntegerNode:
		s = n.GetToken().Value
	}
	unit := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour}
	if s != "" {
		number, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
		per, known := unit[s[len(s)-1]]
		if err == nil && known && digits.MatchString(s[:len(s)-1]) && number <= maxDays*int64(24*time.Hour/per) {
			return time.Duration(number) * per
		}
	}
	r.fail(v, "%s must be a number of days or hours such as 14d or 12h, at most %dd", what, maxDays)
	return 0
}

var (
	digits     = regexp.MustCompile(`^[0-9]+$`)
	keyPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
)

// maxKey bounds the keys that we give out in URLs and answers.
const maxKey = 64

// name checks a key that the file's author chose.
func (r *reader) name(p pair, what string) bool {
	if len(p.key) <= maxKey && keyPattern.MatchString(p.key) {
		return true
	}
	r.fail(p.at, "%s %q: a key is lower case letters, digits, _ and -, begins with a letter or digit and has at most %d characters", what, clip(p.key), maxKey)
	return false
}

// clip keeps a message readable whatever the file holds.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
