package domain_test

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// A session pays an order only if it is the one that was made for it, or pays as much.
func TestSession_OnlyTheOrdersOwnPaysIt(t *testing.T) {
	t.Parallel()
	own := domain.SessionFact{
		Type: "checkout.session.completed", At: noon, ID: "cs_own", Mode: "payment", Status: "complete", PaymentStatus: "paid",
		Order: "o1", Customer: cusAna, PaymentIntent: "pi_1", Amount: 5000, Subtotal: 5000, Currency: "usd",
	}
	edited := func(edit func(*domain.SessionFact)) domain.SessionFact { s := own; edit(&s); return s }
	foreign := func(edit func(*domain.SessionFact)) domain.SessionFact {
		return edited(func(s *domain.SessionFact) { s.ID = "cs_foreign"; edit(s) })
	}
	for name, c := range map[string]struct {
		said    domain.SessionFact
		outcome domain.Outcome
		rights  string
	}{
		"its own":                        {own, domain.OutcomeApplied, "life"},
		"its own, with everything off":   {edited(func(s *domain.SessionFact) { s.PaymentStatus, s.Amount, s.Subtotal = "no_payment_required", 0, 0 }), domain.OutcomeApplied, "life"},
		"its own, of another mode":       {edited(func(s *domain.SessionFact) { s.Mode = "subscription" }), domain.OutcomeQuarantined, "nothing"},
		"one that was recovered from it": {foreign(func(s *domain.SessionFact) { s.RecoveredFrom, s.Subtotal = "cs_own", 0 }), domain.OutcomeApplied, "life"},
		"one that takes no money": {
			foreign(func(s *domain.SessionFact) {
				s.Mode, s.PaymentStatus, s.Subtotal = domain.ModeSetup, "no_payment_required", 0
			}), domain.OutcomeIgnored, "nothing",
		},
		"a copy for the whole price":  {foreign(func(*domain.SessionFact) {}), domain.OutcomeApplied, "life"},
		"a copy for a fraction of it": {foreign(func(s *domain.SessionFact) { s.Amount, s.Subtotal = 50, 50 }), domain.OutcomeQuarantined, "nothing"},
		"a copy for more than it":     {foreign(func(s *domain.SessionFact) { s.Amount, s.Subtotal = 500000, 500000 }), domain.OutcomeQuarantined, "nothing"},
		"a copy in another currency":  {foreign(func(s *domain.SessionFact) { s.Currency = "jpy" }), domain.OutcomeQuarantined, "nothing"},
		"a copy for nothing":          {foreign(func(s *domain.SessionFact) { s.PaymentStatus, s.Amount, s.Subtotal = "no_payment_required", 0, 0 }), domain.OutcomeQuarantined, "nothing"},
		"a copy that expires": {foreign(func(s *domain.SessionFact) {
			s.Type, s.Status, s.PaymentStatus, s.Subtotal = "checkout.session.expired", "expired", "unpaid", 0
		}), domain.OutcomeIgnored, "nothing"},
		"a copy of a subscription checkout": {foreign(func(s *domain.SessionFact) { s.Mode = "subscription" }), domain.OutcomeQuarantined, "nothing"},
	} {
		order := domain.Order{ID: "o1", Plan: "life", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPending, Subtotal: 5000, Currency: "usd", ExpiresAt: on(1)}
		before := accountWith(ana, order.WithSession(domain.SessionFact{ID: "cs_own"}))
		a, verdict := domain.Record(before, c.said, market)
		if rights := rightsAt(a, market, on(1)); verdict.Outcome != c.outcome || rights != c.rights {
			t.Errorf("%s: %s (%s) and %s, want %s and %s", name, verdict.Outcome, verdict.Reason, rights, c.outcome, c.rights)
		}
		if verdict.Outcome != domain.OutcomeApplied && !equal(a, before) {
			t.Errorf("%s: %s, and something changed", name, verdict.Outcome)
		}
		if rights := rightsAt(tell(a, market, own), market, on(1)); rights != "life" {
			t.Errorf("%s, and then its own: %s, want life", name, rights)
		}
	}
}

// With nothing to collect the word of the checkout may be lost: that of the invoice is
// as good.
func TestSubscription_ThatIsFreeNeedsNoCheckoutsWord(t *testing.T) {
	t.Parallel()
	order := domain.Order{ID: "o1", Plan: "pro", Mode: domain.ModeSubscription, Quantity: 1, Status: domain.OrderOpen, ExpiresAt: on(1)}
	ours := sub(0, "active", has("si_1", "price_m", 1, 0, 30))
	ours.Snapshot.Order = "o1"
	free := with(bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)), func(i *domain.Invoice) {
		i.Total, i.AmountDue, i.AmountPaid = 0, 0, 0 // a coupon for all of it
	})
	for name, c := range map[string]story{
		"nothing was told of an invoice": {[]domain.Fact{ours}, []holding{{1, "nothing"}}},
		"an invoice over nothing":        {[]domain.Fact{ours, free}, []holding{{1, "pro, projects 100, seats 1"}, {30.9, "pro, projects 100, seats 1"}, {31, "nothing"}}},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t, accountWith(ana, order), market) })
	}
}

// Since dahlia an object may name its customer as an Account, which is learned from what
// leads to the user in another way.
func TestCustomerAccount_IsLearnedFromWhatIsOurs(t *testing.T) {
	t.Parallel()
	order := domain.Order{ID: "o1", Plan: "pro", Mode: domain.ModeSubscription, Quantity: 1, Status: domain.OrderOpen, ExpiresAt: on(1)}
	byAccount := func(name domain.CustomerAccountID, order domain.OrderID) domain.Fact {
		s := sub(0, "active", has("si_1", "price_m", 1, 0, 30))
		s.Snapshot.Customer, s.Snapshot.CustomerAccount, s.Snapshot.Order = "", name, order
		return s
	}
	invoice := func(name domain.CustomerAccountID) domain.Fact {
		i := bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30))
		i.Customer, i.CustomerAccount = "", name
		return i
	}
	session := domain.SessionFact{
		Type: "checkout.session.completed", At: noon, ID: "cs_1", Mode: "subscription", Status: "complete", PaymentStatus: "paid",
		Order: "o1", CustomerAccount: "acct_ana", Subscription: "sub_1", Amount: 1000, Subtotal: 1000, Currency: "usd",
	}
	a := accountWith(ana, order)
	for name, c := range map[string]struct {
		before []domain.Fact
		fact   domain.Fact
		want   domain.Outcome
	}{
		"a session of our order":                    {nil, session, domain.OutcomeApplied},
		"a subscription of our order":               {nil, byAccount("acct_ana", "o1"), domain.OutcomeApplied},
		"a subscription of nothing that is ours":    {nil, byAccount("acct_ana", ""), domain.OutcomeIgnored},
		"the same, once the name is learned":        {[]domain.Fact{session}, byAccount("acct_ana", ""), domain.OutcomeApplied},
		"another's, once the name is learned":       {[]domain.Fact{session}, byAccount("acct_bob", ""), domain.OutcomeIgnored},
		"an invoice of a subscription that is ours": {[]domain.Fact{byAccount("acct_ana", "o1")}, invoice("acct_ana"), domain.OutcomeApplied},
		"an invoice of nothing that is ours":        {nil, invoice("acct_ana"), domain.OutcomeIgnored},
	} {
		if _, verdict := domain.Record(tell(a, market, c.before...), c.fact, market); verdict.Outcome != c.want {
			t.Errorf("%s: %s (%s), want %s", name, verdict.Outcome, verdict.Reason, c.want)
		}
	}
	told := tell(a, market, session, byAccount("acct_ana", ""), invoice("acct_ana"))
	if rights := rightsAt(told, market, on(1)); rights != "pro, projects 100, seats 1" {
		t.Errorf("got %s", rights)
	}
	wantRef := domain.Ref{Kind: domain.RefAccount, ID: "acct_ana"}
	found := false
	for _, ref := range told.Refs() {
		found = found || ref == wantRef
	}
	if !found {
		t.Errorf("the account is not to be found as %+v: %v", wantRef, told.Refs())
	}
}

// An error is never a fact: only Stripe's own word that a customer was deleted ends
// what it has.
func TestCustomer_ThatWasLookedAtIsNotDeleted(t *testing.T) {
	t.Parallel()
	a := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_m", 1, 0, 30)))
	for name, c := range map[string]struct {
		said  domain.CustomerFact
		ended bool
	}{
		"fetched":              {domain.CustomerFact{Type: domain.TypeFetched, ID: cusAna}, false},
		"fetched, and deleted": {domain.CustomerFact{Type: domain.TypeFetched, ID: cusAna, Deleted: true}, true},
		"told":                 {domain.CustomerFact{Type: "customer.deleted", ID: cusAna, Deleted: true}, true},
		"changed":              {domain.CustomerFact{Type: "customer.updated", ID: cusAna}, false},
		"of somebody else":     {domain.CustomerFact{Type: "customer.deleted", ID: cusBob, Deleted: true}, false},
	} {
		c.said.At = on(1)
		got, verdict := domain.Record(a, c.said, market)
		if ended := rightsAt(got, market, on(2)) == "nothing"; ended != c.ended || ended == equal(got, a) {
			t.Errorf("%s: ended is %t (%+v), want %t", name, ended, verdict, c.ended)
		}
	}
	replaced := a.ReplaceCustomer("key")
	if rights := rightsAt(replaced, market, on(2)); rights == "nothing" || replaced.Customer != "" {
		t.Errorf("with another customer to be made: %s, want that nothing ends", rights)
	}
	late := tell(replaced, market, sub(30, "active", has("si_1", "price_m", 1, 30, 60)))
	if rights := rightsAt(late, market, on(31)); rights == "nothing" {
		t.Error("what the former customer subscribed to is no longer the user's")
	}
}

// What begins now by Stripe's clock has begun by ours; but a stretch of time that
// follows another, or a grant, begins when it begins.
func TestRights_OurClockMayBeBehindStripes(t *testing.T) {
	t.Parallel()
	ahead := time.Duration(-200) * time.Second
	a := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_m", 1, 0, 30)))
	if rights := rightsAt(a, market, noon.Add(ahead)); rights == "nothing" {
		t.Error("bought by a clock that is 200 seconds ahead: nothing")
	}
	if rights := rightsAt(a, market, noon.Add(-domain.ClockTolerance-time.Second)); rights != "nothing" {
		t.Errorf("long before it was bought: %s", rights)
	}
	b := accountWith(ana).WithGrant(domain.Grant{ID: "grant_1", Feature: "sso", Value: domain.Flag(), Since: noon})
	if rights := rightsAt(b, market, noon.Add(-time.Second)); rights != "nothing" {
		t.Errorf("a grant before it begins: %s", rights)
	}
	// Grace of two seats is over, and one that was paid is left.
	c := tell(a, market, bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)), sub(2, "past_due", has("si_1", "price_m", 2, 0, 30)),
		bill(2, "in_2", "open", line(domain.LineChange, "si_1", "price_m", 1, 1000, 2, 30)))
	if rights := rightsAt(c, market, on(18).Add(-time.Second)); rights != "pro, projects 100, seats 2" {
		t.Errorf("a second before grace is over: %s", rights)
	}
	if rights := rightsAt(c, market, on(18)); rights != "pro, projects 100, seats 1" {
		t.Errorf("grace is over: %s", rights)
	}
}

// A right lasts until it is less, whatever takes over meanwhile.
func TestRights_UntilCountsASourceThatBeginsBeforeTheEnd(t *testing.T) {
	t.Parallel()
	second := sub(29, "active", has("si_2", "price_m", 1, 29, 59))
	second.Snapshot.ID, second.Snapshot.StartedAt = "sub_2", on(29)
	first := sub(0, "active", has("si_1", "price_m", 1, 0, 30))
	first.Snapshot.CancelAtPeriodEnd = true
	a := tell(accountWith(ana), market, first, second)
	for _, r := range domain.Rights(domain.Entitlements(a, market), market, on(5)) {
		if !r.Until.Equal(on(60)) {
			t.Errorf("%s until %s, want %s", r.Feature, r.Until, on(60))
		}
	}
}

// What was chosen to be paid in one currency is paid in no other, whoever made the session.
func TestOrder_IsPaidInTheCurrencyThatWasChosen(t *testing.T) {
	t.Parallel()
	in := func(currency string, more ...func(*domain.SessionFact)) domain.SessionFact {
		s := domain.SessionFact{
			Type: "checkout.session.completed", At: on(0), ID: "cs_own", Mode: domain.ModePayment, Status: "complete", PaymentStatus: "paid",
			Order: "o1", Customer: cusAna, PaymentIntent: "pi_1", Amount: 5000, Subtotal: 5000, Currency: currency,
		}
		for _, change := range more {
			change(&s)
		}
		return s
	}
	recovered := func(s *domain.SessionFact) { s.ID, s.RecoveredFrom = "cs_2", "cs_own" }
	for name, c := range map[string]struct {
		chosen  bool
		said    domain.SessionFact
		outcome domain.Outcome
	}{
		"the one that was chosen":       {true, in("eur"), domain.OutcomeApplied},
		"another":                       {true, in("usd"), domain.OutcomeQuarantined},
		"another, recovered":            {true, in("usd", recovered), domain.OutcomeQuarantined},
		"the one, recovered":            {true, in("eur", recovered), domain.OutcomeApplied},
		"that of where the buyer is":    {false, in("usd"), domain.OutcomeApplied},
		"a copy in the one for as much": {true, in("eur", func(s *domain.SessionFact) { s.ID = "cs_2" }), domain.OutcomeApplied},
	} {
		order := domain.Order{
			ID: "o1", Plan: "life", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPending, Subtotal: 5000, Currency: "eur", CurrencyChosen: c.chosen, ExpiresAt: on(1),
		}
		a, verdict := domain.Record(accountWith(ana, order.WithSession(domain.SessionFact{ID: "cs_own"})), c.said, market)
		if paid := rightsAt(a, market, on(1)) == "life"; verdict.Outcome != c.outcome || paid != (c.outcome == domain.OutcomeApplied) {
			t.Errorf("%s: %s (%s), paid %t, want %s", name, verdict.Outcome, verdict.Reason, paid, c.outcome)
		}
	}
}
