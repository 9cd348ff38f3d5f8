package domain

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// VerifyEntitlements compares the entitlements that are kept of an account with those that
// follow from its facts.
func VerifyEntitlements(a Account, c Catalog, kept []Entitlement) []Difference {
	return differences("entitlements", byName(kept), byName(Entitlements(a, c)))
}

// byName are entitlements by what identifies each of them.
func byName(all []Entitlement) map[string]Entitlement {
	named := make(map[string]Entitlement, len(all))
	for _, e := range all {
		named[e.name()] = e
	}
	return named
}

func (e Entitlement) name() string {
	return fmt.Sprintf("%s of %s %s, part %d", e.Feature, e.Source.Kind, e.Source.ID, e.Part)
}

// History is what is kept of how a user's entitlements came about.
type History struct {
	Changes []Change // oldest first
	Untold  int      // how many of them, the last ones, the feed does not say yet
	Told    Told     // what the feed says; zero: nothing yet
	Lines   []RightChange
	// Cut: lines that were told first are no longer kept.
	Cut     bool
	Version int64 // of the user's rights
}

// VerifyHistory compares the history of changes with the entitlements that it is to lead to,
// and each change with those before it.
func VerifyHistory(h History, kept []Entitlement) []Difference {
	const table = "entitlement_changes"
	var all []Difference
	held := map[string]Entitlement{}
	var before Change
	for _, change := range h.Changes {
		id, e := strconv.FormatInt(change.Seq, 10), change.Entitlement
		differs := func(field, got, want string) {
			all = append(all, Difference{Table: table, ID: id, Field: field, Got: got, Want: want})
		}
		was, had := held[e.name()]
		if kind := kindOf(change, had); kind != change.Kind {
			differs("kind", string(change.Kind), string(kind))
		}
		switch {
		case change.Kind == ChangeRevoked && had:
			all = append(all, fieldDifferences(table, id, reflect.ValueOf(e), reflect.ValueOf(was))...)
		case change.Kind == ChangeUpdated && was == e:
			differs("", there+" that changes nothing", "")
		}
		causeless := change.Version == 0 && change.Event == "" // of a program that did not keep causes
		if (change.Event == "") == (change.Cause == "") && !causeless {
			differs("cause", string(change.Cause), "an event or a cause, and not both")
		}
		if change.Version < before.Version {
			differs("version", number(change.Version), "at least "+number(before.Version))
		}
		if change.Version == before.Version && change.Version != 0 && !change.At.Equal(before.At) {
			differs("at", textOf(reflect.ValueOf(change.At)), textOf(reflect.ValueOf(before.At))+", as of all of version "+number(change.Version))
		}
		if held[e.name()] = e; change.Kind == ChangeRevoked {
			delete(held, e.name())
		}
		before = change
	}
	return append(all, differences("entitlements, by entitlement_changes", byName(kept), held)...)
}

// kindOf is what a change is, by what was held before it.
func kindOf(change Change, had bool) ChangeKind {
	switch {
	case !had:
		return ChangeGranted
	case change.Kind == ChangeRevoked:
		return ChangeRevoked
	default:
		return ChangeUpdated
	}
}

// VerifyFeed compares what the feed says of a user with the changes that it is made of, and
// the version with both. What lines say of several sources at once, or of a default plan's
// rights, depends on the catalog of their day: where that differs it is unproven, and no
// difference for certain.
func VerifyFeed(h History, c Catalog) (all, unproven []Difference) {
	all = h.verifyVersion()
	told := h.Changes[:len(h.Changes)-h.Untold]
	if len(told) == 0 && len(h.Lines) == 0 && len(h.Told.Entitlements) == 0 {
		return all, nil
	}
	put := func(sure bool, differences []Difference) {
		if sure {
			all = append(all, differences...)
		} else {
			unproven = append(unproven, differences...)
		}
	}
	var held []Entitlement
	last := map[FeatureKey]*Right{}
	seen := map[FeatureKey]bool{}
	next := 0
	for _, line := range h.Lines {
		id := number(line.Position)
		held, next = line.heldAfter(held, told, next, c)
		if !h.Cut || seen[line.Feature] {
			before := last[line.Feature]
			put(!line.Before.byDefault() && !before.byDefault(), rightDifferences(id, "before", line.Feature, line.Before, before))
		}
		all = append(all, line.verifyKind()...)
		if line.Kind == RightChanged {
			want, sure := rightOf(held, line, c)
			put(sure, rightDifferences(id, "after", line.Feature, line.After, want))
		} else {
			all = append(all, rightDifferences(id, "after", line.Feature, line.After, line.Before)...)
		}
		all = append(all, line.verifyCause(told)...)
		last[line.Feature], seen[line.Feature] = line.After, true
	}
	var now []Entitlement
	for _, change := range told {
		now = applyChange(now, change)
	}
	all = append(all, differences("rights_told", byName(h.Told.Entitlements), byName(now))...)
	certain, rest := h.verifyTold(last, seen, c)
	all = append(all, h.verifyAnnounced()...)
	return append(all, certain...), append(unproven, rest...)
}

// heldAfter is what is held after the step that a line tells of, and how many of the changes
// lead to it. What was kept before versions were counted has none: a line of it is of the
// first step of its event that makes what it says.
func (l *RightChange) heldAfter(held []Entitlement, told []Change, next int, c Catalog) ([]Entitlement, int) {
	if l.Version == 0 && l.Kind == RightChanged {
		return l.heldUnversioned(held, told, next, c)
	}
	for ; next < len(told) && l.Version > 0 && told[next].Version <= l.Version; next++ {
		held = applyChange(held, told[next])
	}
	return held, next
}

// heldUnversioned goes on to the step that a line without a version is of, which may be the
// one that was gone to before: a step makes lines of several features. If none makes what the
// line says, it is as of the first that it may be of.
func (l *RightChange) heldUnversioned(held []Entitlement, told []Change, next int, c Catalog) ([]Entitlement, int) {
	says := func(held []Entitlement) bool {
		right, _ := rightOf(held, *l, c)
		return sameRight(l.After, right)
	}
	if next > 0 && says(held) && (l.Cause == CauseTime || l.isOfAny(stepBefore(told, next))) {
		return held, next
	}
	first, firstNext := held, next
	found := false
	for now := held; next < len(told) && told[next].Version == 0; {
		step := stepFrom(told, next)
		for _, change := range step {
			now = applyChange(now, change)
		}
		next += len(step)
		if l.Cause != CauseTime && !l.isOfAny(step) {
			continue
		}
		if says(now) {
			return now, next
		}
		if !found {
			first, firstNext, found = now, next, true
		}
	}
	return first, firstNext
}

// isOfAny tells whether one of the changes of a step brought a line about.
func (l *RightChange) isOfAny(step []Change) bool {
	return slices.ContainsFunc(step, func(c Change) bool {
		return c.Entitlement.Feature == l.Feature && c.Event == l.Event && c.Cause == l.Cause && !l.At.Before(c.At)
	})
}

// stepFrom are the changes of one transaction that follow so many others.
func stepFrom(all []Change, n int) []Change {
	end := n + 1
	for end < len(all) && all[end].sameStep(all[n]) {
		end++
	}
	return all[n:end]
}

// stepBefore are the changes of the transaction that the first so many end with.
func stepBefore(all []Change, n int) []Change {
	start := n - 1
	for start > 0 && all[start-1].sameStep(all[n-1]) {
		start--
	}
	return all[start:n]
}

// verifyKind: what a line says of an end is said by an announcement alone, and is what its
// kind, its moment and its right say.
func (l RightChange) verifyKind() []Difference {
	differs := func(field, got, want string) []Difference {
		return []Difference{{"right_changes", number(l.Position), field, got, want}}
	}
	ends := func() (at time.Time) {
		if l.After != nil {
			at = l.After.EndsAt
		}
		return at
	}
	when := func(t time.Time) string { return textOf(reflect.ValueOf(t)) }
	switch {
	case l.Kind != RightEnding && l.Lead != 0:
		return differs("lead", l.Lead.String(), "none, as it announces nothing")
	case l.Kind == RightChanged && sameRight(l.Before, l.After):
		return differs("", there+" that changes nothing", "")
	case l.Kind == RightChanged && !l.EndsAt.IsZero():
		return differs("ends_at", when(l.EndsAt), "none, as it announces nothing")
	case l.Kind == RightEnding && !l.EndsAt.Equal(ends()):
		return differs("ends_at", when(l.EndsAt), when(ends()))
	case l.Kind == RightEnding && !l.At.Equal(l.EndsAt.Add(-l.Lead)):
		return differs("at", when(l.At), when(l.EndsAt.Add(-l.Lead)))
	case l.Kind == RightEndingWithdrawn && (l.EndsAt.IsZero() || l.EndsAt.Equal(ends())):
		return differs("ends_at", when(l.EndsAt), "another end than that of the right")
	default:
		return nil
	}
}

// verifyAnnounced compares the announcements that stand with those that lines made and did
// not take back.
func (h History) verifyAnnounced() []Difference {
	want := map[FeatureKey]time.Time{}
	for _, line := range h.Lines {
		switch end, is := want[line.Feature]; {
		case line.Kind == RightEnding:
			want[line.Feature] = line.EndsAt
		case is && (line.Kind == RightEndingWithdrawn || line.After == nil || !line.After.EndsAt.Equal(end)):
			delete(want, line.Feature)
		}
	}
	got := map[FeatureKey]time.Time{}
	for _, one := range h.Told.Announced {
		got[one.Feature] = one.EndsAt
	}
	var all []Difference
	for _, feature := range slices.Sorted(maps.Keys(merged(got, want))) {
		if end, is := want[feature]; !end.Equal(got[feature]) && (is || !h.Cut) {
			all = append(all, Difference{"rights_told", "", "announced", textOf(reflect.ValueOf(got[feature])), textOf(reflect.ValueOf(end))})
		}
	}
	return all
}

func merged(a, b map[FeatureKey]time.Time) map[FeatureKey]time.Time {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// verifyVersion: each version is that of a change, or of a moment that the feed tells of.
func (h History) verifyVersion() []Difference {
	var want int64
	for _, change := range h.Changes {
		want = max(want, change.Version)
	}
	before := int64(0)
	var all []Difference
	for _, line := range h.Lines {
		if line.Version < before {
			all = append(all, Difference{"right_changes", number(line.Position), "version", number(line.Version), "at least " + number(before)})
		}
		want, before = max(want, line.Version), max(before, line.Version)
	}
	if h.Version < want || h.Version > want && !h.Cut && want > 0 {
		all = append(all, Difference{"accounts", "", "version", number(h.Version), number(want)})
	}
	return all
}

// verifyCause: a line that no moment brought about is of a change of its version.
func (l RightChange) verifyCause(told []Change) []Difference {
	if l.Cause == CauseTime {
		return nil
	}
	var ofVersion *Change
	for n := range told {
		change := &told[n]
		if change.Version != l.Version || change.Entitlement.Feature != l.Feature || l.Version == 0 && !l.isOfAny(told[n:n+1]) {
			continue
		}
		ofVersion = change
	}
	differs := func(field, got, want string) []Difference {
		return []Difference{{"right_changes", number(l.Position), field, got, want}}
	}
	switch {
	case ofVersion == nil:
		return differs("version", number(l.Version), "that of a change of feature "+string(l.Feature))
	case l.Event != ofVersion.Event:
		return differs("event_id", string(l.Event), string(ofVersion.Event))
	case l.Cause != ofVersion.Cause:
		return differs("cause", string(l.Cause), string(ofVersion.Cause))
	case l.At.Before(ofVersion.At):
		return differs("at", textOf(reflect.ValueOf(l.At)), textOf(reflect.ValueOf(ofVersion.At)))
	default:
		return nil
	}
}

// verifyTold compares what the feed says now with its last lines.
func (h History) verifyTold(last map[FeatureKey]*Right, seen map[FeatureKey]bool, c Catalog) (all, unproven []Difference) {
	// Who is due since what was told last is looked at in a moment, whatever comes of it.
	again := h.Told
	again.Due = again.nextMoment(c)
	if soon := !h.Told.Due.IsZero() && !h.Told.Due.After(h.Told.AsOf); !soon && !again.Due.Equal(h.Told.Due) {
		all = append(all, fieldDifferences("rights_told", "", reflect.ValueOf(struct{ Due time.Time }{h.Told.Due}), reflect.ValueOf(struct{ Due time.Time }{again.Due}))...)
	}
	features := map[FeatureKey]bool{}
	for _, change := range h.Changes[:len(h.Changes)-h.Untold] {
		features[change.Entitlement.Feature] = true
	}
	for feature := range features {
		if h.Cut && !seen[feature] {
			continue
		}
		at := RightChange{Feature: feature, At: h.Told.AsOf}
		want, sure := rightOf(h.Told.Entitlements, at, c)
		differences := rightDifferences("the last one of "+string(feature), "after", feature, last[feature], want)
		if sure {
			all = append(all, differences...)
		} else {
			unproven = append(unproven, differences...)
		}
	}
	return all, unproven
}

// rightOf is what entitlements give of a line's feature at its moment, and whether that
// follows from them alone: of one source, and nothing of it is a default plan's.
func rightOf(held []Entitlement, line RightChange, c Catalog) (right *Right, sure bool) {
	sure = !line.Before.byDefault() && !line.After.byDefault()
	of := (&Told{Entitlements: held}).ofFeature(line.Feature)
	for _, e := range of {
		sure = sure && e.Source == of[0].Source
	}
	for _, r := range Rights(held, c, line.At) {
		if r.Feature == line.Feature {
			return &r, sure && !r.byDefault()
		}
	}
	return nil, sure
}

// byDefault tells whether a right is that of a default plan, which nothing was changed for.
func (r *Right) byDefault() bool { return r != nil && r.Since.IsZero() }

func sameRight(a, b *Right) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.saysTheSameAs(*b)
}

// rightDifferences compares two rights in what a line says of them.
func rightDifferences(position, side string, feature FeatureKey, got, want *Right) []Difference {
	if sameRight(got, want) {
		return nil
	}
	d := Difference{Table: "right_changes", ID: position, Field: side}
	if got != nil {
		d.Got = got.text(feature)
	}
	if want != nil {
		d.Want = want.text(feature)
	}
	return []Difference{d}
}

func (r *Right) text(feature FeatureKey) string {
	value := fmt.Sprintf("%s %s", feature, r.Value.words())
	if !r.Until.IsZero() {
		value += " until " + r.Until.UTC().Format(time.RFC3339)
	}
	if r.Renews {
		value += ", renews"
	}
	if r.InGrace {
		value += ", in grace"
	}
	return value
}
