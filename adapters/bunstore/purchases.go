package bunstore

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// Each fact, right and name is kept with a purchase: the key of the part of the account
// that it is of, see [domain.Parts]. An update reads the parts behind the names that it
// was given. What has no key, as what the program before writes, may be of any part: then
// the account is read whole.

// keysAtOnce is how many facts are given a key at a time for no other reason than that they
// have none: of a large account, each update does some. A part is never divided, and the
// last of them may be larger.
var keysAtOnce = 2000

// What ended long ago is kept apart, under the key of its part with a mark. It is read with
// the rest where it is named, and where the account is read whole; elsewhere its sum is.
const apartMark = "/apart"

func partKey(key string) string { return strings.TrimSuffix(key, apartMark) }

func isApart(key string) bool { return strings.HasSuffix(key, apartMark) }

// purchase is a part of an account as it is kept.
type purchase struct{ user, key string }

type purchases map[purchase]bool

// columns are users and their keys, side by side.
func (p purchases) columns() (users, keys []string) {
	for one := range p {
		users, keys = append(users, one.user), append(keys, one.key)
	}
	return users, keys
}

// keptUnder are the keys that the facts of an account were read with.
type keptUnder map[domain.Ref]string

// add tells the key of a fact. A payment and what it pays of an invoice have one name: where
// one of them has no key, neither has.
func (k keptUnder) add(fact domain.Ref, key string) {
	if held, have := k[fact]; !have || held != "" {
		k[fact] = key
	}
}

// keying says under which keys the facts of one account are to be kept.
type keying struct {
	parts domain.Parts
	given map[int]string // to parts of which something changes
	held  keptUnder
	apart map[domain.Ref]bool // what is to be kept apart
	sums  map[domain.Ref]bool // subscriptions of which something is kept apart that was not read
}

// newKeying gives keys to the parts of an account of which something changes: of the keys
// that its facts have, the one of most; or else the id of the first of them. What is kept
// apart and was not read stays under the key that it has, which is then the one of all. (Of
// two such keys there is none: the next update reads the account whole.)
func newKeying(after domain.Account, facts []factTable, changed []domain.Ref, held keptUnder, apart, sums map[domain.Ref]bool) keying {
	k := keying{parts: after.Parts(), given: map[int]string{}, held: held, apart: apart, sums: sums}
	factsOf := map[int][]domain.Ref{}
	for _, table := range facts {
		for _, fact := range table.names(after) {
			part, _ := k.parts.Of(fact)
			factsOf[part] = append(factsOf[part], fact)
		}
	}
	give := func(part int) {
		if _, has := k.given[part]; !has && len(factsOf[part]) > 0 {
			k.given[part] = k.keyOf(factsOf[part])
		}
	}
	for _, fact := range changed {
		if part, known := k.parts.Of(fact); known {
			give(part)
		}
	}
	left := keysAtOnce
	for _, part := range slices.Sorted(maps.Keys(factsOf)) {
		if left > 0 && slices.ContainsFunc(factsOf[part], k.without) {
			give(part)
			left -= len(factsOf[part])
		}
	}
	return k
}

func (k keying) without(fact domain.Ref) bool { return k.held[fact] == "" }

func (k keying) keyOf(facts []domain.Ref) string {
	votes := map[string]int{}
	var of string // of what is kept apart
	for _, fact := range facts {
		if key := k.held[fact]; k.sums[fact] {
			if of != "" && of != key {
				return ""
			}
			of = key
		}
		if key := partKey(k.held[fact]); key != "" {
			votes[key]++
		}
	}
	keys := slices.SortedFunc(maps.Keys(votes), func(a, b string) int {
		return cmp.Or(cmp.Compare(votes[b], votes[a]), cmp.Compare(a, b))
	})
	switch {
	case of != "":
		return of
	case len(keys) > 0:
		return keys[0]
	default:
		return facts[0].ID
	}
}

// of is the key to keep a fact under.
func (k keying) of(fact domain.Ref) string {
	if part, known := k.parts.Of(fact); known {
		if key, given := k.given[part]; given {
			return k.marked(fact, key)
		}
	}
	return k.held[fact]
}

func (k keying) marked(name domain.Ref, key string) string {
	if k.apart[name] && key != "" {
		return key + apartMark
	}
	return key
}

// ofRight is the key to keep a right from a source under.
func (k keying) ofRight(source domain.Source, held string) string {
	if part, known := k.parts.Of(nameOfSource(source)); known {
		if key, given := k.given[part]; given {
			return key
		}
	}
	return held
}

// ofName is the key to keep a name under, if it has to be written: names of the account
// itself have none, and those of a part of which nothing changes are kept already.
func (k keying) ofName(name domain.Ref) (key string, write bool) {
	part, known := k.parts.Of(name)
	if !known {
		return "", false
	}
	key, write = k.given[part]
	return k.marked(name, key), write
}

// sources are the kinds of sources as names.
var sources = map[domain.SourceKind]domain.RefKind{
	domain.SourceOrder: domain.RefOrder, domain.SourceSubscription: domain.RefSubscription, domain.SourceGrant: domain.RefGrant,
}

func nameOfSource(s domain.Source) domain.Ref { return domain.Ref{Kind: sources[s.Kind], ID: s.ID} }

// some tells whether one of the facts was read with a key.
func (k keptUnder) some(key string) bool {
	for _, held := range k {
		if held == key {
			return true
		}
	}
	return false
}

// keyOfNames are the keys under which the names of an account are kept, as far as that
// follows from its facts: where they differ, none.
func (k keptUnder) keyOfNames(before domain.Account) map[domain.Ref]string {
	parts, uniform := before.Parts(), map[int]string{}
	apart := before.NamesOfInvoices(slices.Collect(maps.Keys(k.apartOf(before))))
	for fact, key := range k {
		part, known := parts.Of(fact)
		key = partKey(key)
		if held, seen := uniform[part]; known && seen && held != key {
			key = ""
		}
		uniform[part] = key
	}
	all := map[domain.Ref]string{}
	for _, name := range before.Refs() {
		part, known := parts.Of(name)
		if known {
			all[name] = uniform[part]
			if all[name] != "" && apart[name] {
				all[name] += apartMark
			}
		} else {
			all[name] = ""
		}
	}
	return all
}

// apartOf are the invoices of an account that were read from where they are kept apart.
func (k keptUnder) apartOf(a domain.Account) map[domain.InvoiceID]bool {
	all := map[domain.InvoiceID]bool{}
	for id := range a.Invoices {
		if isApart(k[domain.Ref{Kind: domain.RefInvoice, ID: string(id)}]) {
			all[id] = true
		}
	}
	return all
}
