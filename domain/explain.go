package domain

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Explanation tells why a user has, or lacks, features at a moment.
type Explanation struct {
	User UserID
	At   time.Time // UTC

	// FromHistory: At is before the newest change, so the answer comes from the
	// changes alone. Facts are known as they are now and not as they were then, so
	// neither rules nor evidence are shown.
	FromHistory bool

	// OutOfLine: what was last derived is not what the facts and this catalog give.
	// The catalog is another one than the service has, or has just changed.
	OutOfLine bool

	Features []FeatureExplanation // sorted by feature

	// Unmapped are purchases of which the catalog does not say what they give. They
	// may be the reason why something is lacking.
	Unmapped []SourceExplanation

	// BoughtTwice is what of it was bought twice; nothing, if it is from the history.
	BoughtTwice []BoughtTwice
}

// FeatureExplanation tells why one feature is held or not.
type FeatureExplanation struct {
	Feature FeatureKey
	Held    bool
	Right   Right               // what holds; zero unless Held
	Sources []SourceExplanation // whatever gives it, gave it or could give it; sorted
	Plans   []PlanKey           // of the catalog, those that grant it; sorted
}

// SourceState is what a source does for a feature at a moment.
type SourceState string

const (
	StateGives    SourceState = "gives"
	StateNotYet   SourceState = "not_yet"  // it will
	StateEnded    SourceState = "ended"    // it did until its time was over
	StateRevoked  SourceState = "revoked"  // it did until a change took it
	StateWithheld SourceState = "withheld" // it never did: a rule keeps it from giving
)

// SourceStates lists every state.
var SourceStates = []SourceState{StateGives, StateNotYet, StateEnded, StateRevoked, StateWithheld}

// SourceExplanation tells what one source does for one feature, and why.
type SourceExplanation struct {
	Source   Source
	Plan     PlanKey // empty: of a grant, or of a price that no plan has
	Price    PriceID // of an item of a subscription
	Quantity int64
	State    SourceState
	Value    Value     // what it gives, gave or would give
	Since    time.Time // of what it gives or gave; UTC
	Until    time.Time // of what it gives or gave; UTC, exclusive; zero: no end
	Ending   Ending    // of what it gives or gave
	Rule     Rule      // what decided; zero: from the history
	Evidence []Evidence

	// Last is the last change that this source made to this feature; without a Kind:
	// there was none.
	Last Change
}

// EndsAt is when what the source gives ends, if what renews is renewed; zero: no end is
// known.
func (s SourceExplanation) EndsAt() time.Time { return s.Ending.after(s.Until) }

// claim is what one source gives of one feature, in all its stretches.
type claim struct {
	feature FeatureKey
	source  Source
}

// Explain tells of every feature that a source of the account gives, gave or could
// give, whether it is held at a moment and why. A moment before the newest change
// is answered from the history; one in the future, as if nothing else happened.
func Explain(a Account, c Catalog, changes []Change, at time.Time) Explanation {
	e := explaining{
		Explanation: Explanation{User: a.User, At: at.UTC()},
		catalog:     c, sources: map[FeatureKey][]SourceExplanation{},
	}
	past := upTo(changes, at)
	var holding []Entitlement
	if len(past) < len(changes) {
		e.FromHistory = true
		holding = EntitlementsAt(past, at)
		e.tellHistory(past)
	} else {
		holding = Entitlements(a, c)
		e.OutOfLine = len(Diff(EntitlementsAt(past, at), holding)) > 0
		e.tellFacts(a, past)
		e.BoughtTwice = BoughtTwiceAt(a, c, at)
	}
	e.tellDefaults()
	e.conclude(Rights(holding, c, at))
	return e.Explanation
}

// Only narrows an explanation to one feature, whether anything is known of it or
// not. Purchases that nobody can read stay: they may be about it.
func (e Explanation) Only(feature FeatureKey, c Catalog) Explanation {
	only := FeatureExplanation{Feature: feature, Plans: c.plansWith(feature)}
	for _, f := range e.Features {
		if f.Feature == feature {
			only = f
		}
	}
	e.Features = []FeatureExplanation{only}
	return e
}

// Knows tells whether the explanation has anything to say of a feature.
func (e Explanation) Knows(feature FeatureKey) bool {
	return slices.ContainsFunc(e.Features, func(f FeatureExplanation) bool { return f.Feature == feature })
}

// explaining is an explanation while it is made.
type explaining struct {
	Explanation
	catalog Catalog
	sources map[FeatureKey][]SourceExplanation
}

// tellHistory tells what each source had given, by the changes up to the moment.
func (e *explaining) tellHistory(past []Change) {
	last := lastChanges(past)
	held := map[FeatureKey][]Entitlement{}
	for key, change := range last {
		if change.Kind != ChangeRevoked {
			held[key.feature] = append(held[key.feature], change.Entitlement)
		}
	}
	for _, all := range held {
		for n, moved := range passesInARow(all) {
			key := all[n].key()
			change := last[key]
			change.Entitlement = moved
			last[key] = change
		}
	}
	for key, change := range last {
		e.add(key.feature, e.told(change))
	}
}

// told is what a change alone says of a source.
func (e *explaining) told(last Change) SourceExplanation {
	was := last.Entitlement
	return SourceExplanation{
		Source: was.Source, Plan: was.Plan, Value: was.Value, Since: was.Since, Until: was.Until, Ending: was.Ending,
		State: stateAt(was, last.Kind != ChangeRevoked, last, e.At), Last: last,
	}
}

// tellFacts tells how each source stands by the facts, and of what a source gave
// and cannot give any longer.
func (e *explaining) tellFacts(a Account, past []Change) {
	last := lastOfClaims(past)
	evidence := a.evidence()
	rules := map[Source]Rule{}
	for _, s := range append(standingsInARow(Standings(a, e.catalog)), a.unfollowed()...) {
		told := SourceExplanation{
			Source: s.Source, Plan: s.Plan, Price: s.Price, Quantity: s.Quantity,
			State: StateWithheld, Rule: s.Rule, Evidence: evidence.of(s.Source),
		}
		if _, mapped := e.catalog.PlanOf(s.Plan); !mapped && s.Source.Kind != SourceGrant {
			e.Unmapped = append(e.Unmapped, told)
			rules[s.Source] = s.Rule
			continue
		}
		if _, one := rules[s.Source]; !one {
			rules[s.Source] = Rule{TableCatalog, "plan " + string(s.Plan) + " does not grant it", string(BasisNothing)}
		}
		for _, could := range s.couldGive(a, e.catalog) {
			one := told
			one.Value, one.Since, one.Until, one.Ending = could.Value, could.Since, could.Until, could.Ending
			one.Last = last[claim{could.Feature, s.Source}]
			one.State = stateAt(could, s.Gives, one.Last, e.At)
			if one.State == StateRevoked {
				was := one.Last.Entitlement
				one.Since, one.Until, one.Ending = was.Since, was.Until, was.Ending
			}
			e.add(could.Feature, one)
		}
	}
	said := e.claims()
	for claim, change := range last {
		if said[claim] {
			continue
		}
		one := e.told(change)
		if one.State != StateRevoked {
			one.State = StateWithheld // out of line: it is still kept, and nothing gives it
		}
		one.Rule, one.Evidence = rules[claim.source], evidence.of(claim.source)
		e.add(claim.feature, one)
	}
	slices.SortFunc(e.Unmapped, compareSources)
}

// unfollowed are the orders of a subscription that has not come, or not yet: they
// give nothing themselves, and they are why the user has nothing.
func (a Account) unfollowed() []Standing {
	var all []Standing
	followed := map[OrderID]bool{}
	for _, s := range a.Subscriptions {
		followed[s.Order] = true
	}
	for _, o := range a.Orders {
		_, known := a.Subscriptions[o.Subscription]
		known = known || followed[o.ID]
		if o.Mode != ModeSubscription || known {
			continue
		}
		row := string(o.Status)
		if o.Status == OrderPaid {
			row += ", and nothing was told of its subscription yet"
		}
		all = append(all, Standing{
			Source: Source{SourceOrder, string(o.ID)}, Plan: o.Plan, Quantity: o.Quantity,
			Rule: Rule{TableOrders, row, string(BasisNothing)},
		})
	}
	return all
}

// couldGive is what a standing gives, or would if its rule let it.
func (s Standing) couldGive(a Account, c Catalog) []Entitlement {
	if s.Source.Kind == SourceGrant {
		g := a.Grants[GrantID(s.Source.ID)]
		return []Entitlement{{Feature: g.Feature, Source: s.Source, Value: g.Value, Since: s.Since, Until: s.Until}}
	}
	plan, _ := c.PlanOf(s.Plan)
	return s.addGrants(nil, &plan, &c)
}

// stateAt is what a source does at a moment with what it gives, if it gives.
func stateAt(e Entitlement, gives bool, last Change, at time.Time) SourceState {
	switch {
	case gives && e.LiveAt(at):
		return StateGives
	case gives && at.Before(e.Since):
		return StateNotYet
	case gives:
		return StateEnded
	case last.Kind == ChangeRevoked:
		return StateRevoked
	default:
		return StateWithheld
	}
}

func (e *explaining) add(feature FeatureKey, s SourceExplanation) {
	e.sources[feature] = append(e.sources[feature], s)
}

// claims are those of which something is said.
func (e *explaining) claims() map[claim]bool {
	said := map[claim]bool{}
	for feature, sources := range e.sources {
		for _, s := range sources {
			said[claim{feature, s.Source}] = true
		}
	}
	return said
}

// conclude puts everything in order and adds what holds.
func (e *explaining) conclude(rights []Right) {
	for _, feature := range slices.Sorted(maps.Keys(e.sources)) {
		f := FeatureExplanation{Feature: feature, Sources: e.sources[feature], Plans: e.catalog.plansWith(feature)}
		slices.SortFunc(f.Sources, compareSources)
		for _, r := range rights {
			if r.Feature == feature {
				f.Held, f.Right = true, r
			}
		}
		e.Features = append(e.Features, f)
	}
}

func compareSources(a, b SourceExplanation) int {
	return cmp.Or(
		cmp.Compare(a.Source.Kind, b.Source.Kind), cmp.Compare(a.Source.ID, b.Source.ID),
		cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.Price, b.Price), cmp.Compare(a.Quantity, b.Quantity),
		a.Since.Compare(b.Since), a.Until.Compare(b.Until), cmp.Compare(a.Last.Entitlement.Part, b.Last.Entitlement.Part),
	)
}

// plansWith are the plans that grant a feature, sorted.
func (c Catalog) plansWith(feature FeatureKey) []PlanKey {
	var plans []PlanKey
	for key, plan := range c.Plans {
		if _, grants := plan.Grants[feature]; grants {
			plans = append(plans, key)
		}
	}
	slices.Sort(plans)
	return plans
}
