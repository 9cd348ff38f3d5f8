package domain

import "time"

// OrderThatGives finds the one-time order by which a user holds a plan at a moment, or will
// hold it from a later one on.
func (a Account) OrderThatGives(plan PlanKey, c Catalog, t time.Time) (OrderID, bool) {
	for _, s := range standingsInARow(Standings(a, c)) {
		if s.Source.Kind == SourceOrder && s.Plan == plan && s.Gives && (s.Until.IsZero() || t.Before(s.Until)) {
			return OrderID(s.Source.ID), true
		}
	}
	return "", false
}
