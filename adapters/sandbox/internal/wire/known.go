package wire

import (
	_ "embed"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// What Stripe's API has, in each of its versions that there is a description of. It
// tells what is wrong with a request from what the sandbox only does not serve, and
// lets a version have its own parameters alone.

//go:generate go test . -run Known_IsWhatStripeDescribes -update

//go:embed known.txt
var knownText string

// knownParam is a parameter, or all those of a call.
type knownParam struct {
	in    string // the digits of the descriptions that have it
	list  bool
	under map[string]*knownParam
}

// knowledge is all of Stripe's calls.
type knowledge struct {
	versions []string // that have a description, oldest first
	calls    map[string]*knownParam
	mux      *http.ServeMux // which of them a request is
}

// Known reads known.txt: a line of versions, then calls and types of events, and indented
// below each call its parameters. Digits after a name number the versions that have it; without, those of
// what is above it have it too.
var Known = sync.OnceValue(func() *knowledge {
	k := &knowledge{calls: map[string]*knownParam{}, mux: http.NewServeMux()}
	var path []*knownParam
	for line := range strings.Lines(knownText) {
		line = strings.TrimRight(line, "\n")
		name := strings.TrimLeft(line, " ")
		depth := len(line) - len(name)
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case k.versions == nil:
			k.versions = strings.Fields(line)
			continue
		case depth == 0:
			method, rest, _ := strings.Cut(name, " ")
			at, in, _ := strings.Cut(rest, " ")
			call := &knownParam{in: in, under: map[string]*knownParam{}}
			if in == "" {
				call.in = k.all()
			}
			k.calls[method+" "+at] = call
			if method != "EVENT" {
				k.mux.HandleFunc(method+" "+numbered(at), nowhere)
			}
			path = []*knownParam{call}
			continue
		}
		above := path[depth-1]
		name, in, _ := strings.Cut(name, " ")
		p := &knownParam{in: in, under: map[string]*knownParam{}}
		if in == "" {
			p.in = above.in
		}
		name, p.list = strings.CutSuffix(name, "[]")
		above.under[name] = p
		path = append(path[:depth], p)
	}
	return k
})

func nowhere(http.ResponseWriter, *http.Request) {}

// numbered gives each id of a path a name of its own, as a mux needs it.
func numbered(path string) string {
	parts := strings.Split(path, "{id}")
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteString("{id" + strconv.Itoa(i) + "}")
		}
		b.WriteString(part)
	}
	return b.String()
}

func (k *knowledge) all() string { return "123456789"[:len(k.versions)] }

// digit is that of the description that holds for a version: the newest of those that
// are not of a later release. Within a release Stripe only adds.
func (k *knowledge) digit(version string) string {
	digit := "1"
	for i, described := range k.versions {
		_, release, _ := strings.Cut(described, ".")
		if described <= version || release != "" && strings.HasSuffix(version, "."+release) {
			digit = strconv.Itoa(i + 1)
		}
	}
	return digit
}

// CallOf is the operation of Stripe's that a request is for, as in "GET /v1/prices/{id}";
// empty if Stripe has none.
func (k *knowledge) CallOf(r *http.Request) string {
	_, pattern := k.mux.Handler(r)
	return SameIDs(pattern)
}

// SameIDs names all ids of a pattern alike.
func SameIDs(pattern string) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// Has tells whether Stripe has the call in the version.
func (k *knowledge) Has(call, version string) bool {
	c := k.calls[call]
	return c != nil && strings.Contains(c.in, k.digit(version))
}

// HasEvent tells whether Stripe has a type of events in the version, or one of "customer.*".
func (k *knowledge) HasEvent(kind, version string) bool {
	prefix, wild := strings.CutSuffix(kind, "*")
	if !wild {
		return k.Has("EVENT "+kind, version)
	}
	for call := range k.calls {
		if strings.HasPrefix(call, "EVENT "+prefix) && k.Has(call, version) {
			return true
		}
	}
	return false
}

// Takes tells whether Stripe's call takes a parameter in the version.
func (k *knowledge) Takes(call, version, name string) bool {
	at, digit := k.calls[call], k.digit(version)
	list := false
	for i, part := range strings.Split(name, "[") {
		if at == nil || i > 0 && !strings.HasSuffix(part, "]") {
			return false
		}
		part = strings.TrimSuffix(part, "]")
		if list {
			list = false
			if _, err := strconv.Atoi(part); err == nil || part == "" {
				continue
			}
		}
		if at.under["*"] != nil {
			return true
		}
		at = at.under[part]
		if at == nil || !strings.Contains(at.in, digit) {
			return false
		}
		list = at.list
	}
	return true
}
