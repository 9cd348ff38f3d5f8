package domain

// SaysNew tells whether a fact says something of an account's that is not known of it yet.
// That a subscription is still as it was is nothing new.
func SaysNew(a Account, f Fact, c Catalog) bool {
	if s, is := f.(SubscriptionFact); is && !s.MoreItems {
		held, have := a.Subscriptions[s.Snapshot.ID]
		if have && sameState(held, s.Snapshot) {
			return false
		}
	}
	_, verdict := Record(a, f, c)
	return verdict.Outcome == OutcomeApplied || verdict.Outcome == OutcomeQuarantined
}
