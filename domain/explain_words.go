package domain

import (
	"fmt"
	"time"
)

// Says tells in a sentence what a source does for a feature, and what decided.
func (s SourceExplanation) Says() string {
	switch s.State {
	case StateGives:
		return "gives " + s.Value.words() + span(s.Since, s.Until)
	case StateNotYet:
		return "will give " + s.Value.words() + span(s.Since, s.Until)
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
	if end := s.Last.Entitlement.Until; !end.IsZero() && !end.After(s.Last.At) {
		return " and ended on " + stamp(end) + " (" + taken + ")"
	}
	return " until it was " + taken
}

func (s SourceExplanation) because() string {
	if s.Rule == (Rule{}) {
		return ""
	}
	return ": " + s.Rule.Says()
}

// Says names the row of the table that decided.
func (r Rule) Says() string { return fmt.Sprintf("%s: %s -> %s", r.Table, r.Row, r.Effect) }

// Says tells in a sentence what a change did.
func (c Change) Says() string {
	return fmt.Sprintf("%s on %s %s", c.Kind, stamp(c.At), c.cause())
}

func (c Change) cause() string {
	if c.Event == "" {
		return "by no event (a grant, the catalog or what Stripe was asked)"
	}
	return "by event " + string(c.Event)
}

// Says tells in a sentence whether the feature is held.
func (f FeatureExplanation) Says() string {
	if f.Held && f.Right.Value.Type == FeatureLimit {
		return "yes, " + f.Right.Value.words() + span(f.Right.Since, f.Right.Until)
	}
	if f.Held {
		return "yes" + span(f.Right.Since, f.Right.Until)
	}
	if len(f.Sources) == 0 {
		return "no: nothing that was bought or given gives it"
	}
	return "no"
}

// words is how much a value is.
func (v Value) words() string {
	switch {
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
