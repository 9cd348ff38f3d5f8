package domain

import (
	"fmt"
	"time"
)

// Says tells in a sentence what a source does for a feature, and what decided.
func (s SourceExplanation) Says() string {
	switch s.State {
	case StateGives:
		return "gives " + s.Value.words() + span(s.Since, s.Until) + s.Ending.words()
	case StateNotYet:
		return "will give " + s.Value.words() + span(s.Since, s.Until) + s.Ending.words()
	case StateEnded:
		return "gave " + s.Value.words() + " and ended on " + stamp(s.Until)
	case StateRevoked:
		return "gave " + s.Value.words() + s.lost() + s.because()
	default:
		return "gives nothing" + s.because()
	}
}

// lost tells when and by what a right was taken.
func (s SourceExplanation) lost() string {
	taken := "taken on " + stamp(s.Last.At) + " " + s.Last.cause()
	if byWhom := s.revokedBy(); byWhom != "" {
		taken = "revoked on " + stamp(s.Last.At) + byWhom
	}
	if end := s.Last.Entitlement.Until; !end.IsZero() && !end.After(s.Last.At) {
		return " and ended on " + stamp(end) + " (" + taken + ")"
	}
	return " until it was " + taken
}

func (s SourceExplanation) because() string {
	switch {
	case s.Rule == (Rule{}):
		return ""
	case s.State == StateRevoked && s.revokedBy() != "":
		return " (" + s.Rule.Says() + ")" // after what somebody wrote, a colon would be taken for theirs
	default:
		return ": " + s.Rule.Says()
	}
}

// Says names the row of the table that decided.
func (r Rule) Says() string { return fmt.Sprintf("%s: %s -> %s", r.Table, r.Row, r.Effect) }

// LastSays tells in a sentence what the source's last change did.
func (s SourceExplanation) LastSays() string {
	did := string(s.Last.Kind) + " on " + stamp(s.Last.At)
	switch byWhom := s.revokedBy(); {
	case s.Last.Kind == ChangeRevoked && byWhom != "":
		return did + byWhom
	case s.Last.Kind == ChangeGranted && s.given("by") != "":
		return did + " by " + s.given("by") + ": " + s.given("reason")
	default:
		return did + " " + s.Last.cause()
	}
}

// revokedBy tells of a grant that was revoked by whom and why; nothing of what an
// event took, or the catalog.
func (s SourceExplanation) revokedBy() string {
	by := s.given("revoked_by")
	if by == "" {
		return ""
	}
	return " by " + by + ": " + s.given("revoked_reason")
}

// given is a detail of the grant that the source is, if it is one. From the history
// alone nobody knows any: a grant is kept as it is now.
func (s SourceExplanation) given(name string) string {
	for _, e := range s.Evidence {
		for _, d := range e.Details {
			if e.About == string(SourceGrant) && d.Name == name {
				return d.Value
			}
		}
	}
	return ""
}

func (c Change) cause() string {
	switch {
	case c.Event != "":
		return "by event " + string(c.Event)
	case c.Cause == CauseAsked:
		return "by what Stripe said when it was asked"
	case c.Cause == CauseCatalog:
		return "by a change of the catalog or of the rules"
	case c.Cause == CauseByHand:
		return "by hand"
	case c.Cause == CauseCheckout:
		return "by a checkout"
	default: // from before causes were kept
		return "by no event (a grant, the catalog or what Stripe was asked)"
	}
}

// Says tells in a sentence whether the feature is held.
func (f FeatureExplanation) Says() string {
	if f.Held && f.Right.Value.Type != FeatureFlag {
		return "yes, " + f.Right.Value.words() + f.Right.span()
	}
	if f.Held {
		return "yes" + f.Right.span()
	}
	if len(f.Sources) == 0 {
		return "no: nothing that was bought or given gives it"
	}
	return "no"
}

// span tells from when until when as much as a right's value is held.
func (r Right) span() string {
	ending := Ending{Renews: r.Renews, InGrace: r.InGrace}
	if r.Renews {
		ending.EndsAt = r.EndsAt
	}
	return span(r.Since, r.Until) + ending.words()
}

// words tells how it ends; nothing of what ends and that is all.
func (e Ending) words() string {
	text := ""
	if e.InGrace {
		text = ", in grace"
	}
	switch {
	case e.Renews && e.EndsAt.IsZero():
		return text + ", and renews"
	case e.Renews:
		return text + ", and renews until it ends on " + stamp(e.EndsAt)
	default:
		return text
	}
}

// words is how much a value is.
func (v Value) words() string {
	switch {
	case v.Type == FeatureChoice:
		return v.Choice
	case v.Type != FeatureLimit:
		return "it"
	case v.Limit == Unlimited:
		return "unlimited"
	default:
		return number(v.Limit)
	}
}

func span(since, until time.Time) string {
	text := ""
	if !since.IsZero() {
		text = " since " + stamp(since)
	}
	if until.IsZero() {
		return text + ", without an end"
	}
	return text + " until " + stamp(until)
}
