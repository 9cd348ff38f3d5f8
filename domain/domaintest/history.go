package domaintest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// History is what truly happened to one user: what Stripe says of it, and what is
// true in the end.
type History struct {
	Account domain.Account // before the first fact
	Facts   []domain.Fact  // each purchase's in its order, one purchase after the other
	// End is later than everything. What is true is told from then on: see
	// [History.ValueAt].
	End time.Time
	// Turns counts what the history tells.
	Turns map[string]int

	stories []*story
	grants  []domain.Grant
}

// Histories makes true histories of a user: up to three purchases side by side,
// what became of their money, and rights given by hand. Times are whole seconds and
// often the same.
func Histories(user domain.UserID) *rapid.Generator[History] { return histories(user, 9) }

// LongHistories are histories with subscriptions that may go on for years.
func LongHistories(user domain.UserID) *rapid.Generator[History] { return histories(user, 30) }

func histories(user domain.UserID, turns int) *rapid.Generator[History] {
	return rapid.Custom(func(t *rapid.T) History {
		h := History{Account: AccountWith(user), Turns: map[string]int{}}
		purchases := rapid.IntRange(1, 3).Draw(t, "purchases")
		withCredit := rapid.IntRange(0, 2).Draw(t, "which has credit") // a customer has one balance
		for n := range purchases {
			s := newStory(t, user, n)
			if rapid.IntRange(0, 3).Draw(t, "mode") > 0 {
				s.subscribe(n == withCredit, turns)
			} else {
				s.buyOnce()
			}
			if s.order.ID != "" {
				h.Account = h.Account.WithOrder(s.order)
			}
			h.stories = append(h.stories, s)
		}
		if rapid.IntRange(0, 9).Draw(t, "by hand") == 0 {
			h.giveByHand(user)
		}
		gone := rapid.IntRange(0, 9).Draw(t, "customer") == 0
		for _, s := range h.stories {
			if gone {
				s.loseCustomer()
			}
			h.Facts = append(h.Facts, s.facts...)
			for turn, n := range s.turns {
				h.Turns[turn] += n
			}
			h.End = latest(h.End, s.now)
		}
		switch {
		case gone:
			h.Turns["customer: deleted"]++
			h.Facts = append(h.Facts, domain.CustomerFact{Type: "customer.deleted", At: h.End, ID: CustomerOf(user), Deleted: true})
		case rapid.IntRange(0, 3).Draw(t, "customer looked at") == 0:
			h.Turns["customer: looked at"]++
			h.Facts = append(h.Facts, domain.CustomerFact{Type: domain.TypeFetched, At: h.End, ID: CustomerOf(user)})
		}
		h.End = h.End.Add(time.Hour)
		return h
	})
}

// giveByHand adds a right that no fact has a say in.
func (h *History) giveByHand(user domain.UserID) {
	g := domain.Grant{
		ID: domain.GrantID("grant_" + user), Feature: "credits", Value: domain.Limit(7),
		Since: Noon, Until: Noon.Add(900 * Day), Reason: "a favor", By: "support", CreatedAt: Noon,
	}
	h.Account = h.Account.WithGrant(g)
	h.grants = append(h.grants, g)
}

// Subscription is what Stripe answers at the end of a second to the question how a
// subscription is; false: there is none.
func (h History) Subscription(id domain.SubscriptionID, at time.Time) (domain.SubscriptionFact, bool) {
	at = at.Truncate(time.Second)
	var told domain.SubscriptionFact
	found := false
	for _, s := range h.stories {
		if s.sub == nil || s.sub.is.ID != id {
			continue
		}
		for _, was := range s.sub.was {
			if !was.At.After(at) {
				told, found = was, true
			}
		}
	}
	told.Type, told.At = domain.TypeFetched, at
	return told, found
}

// Charge is what Stripe answers to the question what a payment intent or charge
// is; false: there is none.
func (h History) Charge(subject domain.Ref, at time.Time) (domain.ChargeFact, bool) {
	at = at.Truncate(time.Second)
	var told domain.ChargeFact
	found := false
	for _, s := range h.stories {
		for _, was := range s.charges {
			named := subject.ID == string(was.ID) || subject.ID == string(was.PaymentIntent)
			if named && !was.At.After(at) {
				told, found = was, true
			}
		}
	}
	told.Type, told.At = domain.TypeFetched, at.Add(-time.Second) // the time of an answer is a lower bound
	return told, found
}

// Money names every charge and payment intent, told of or not.
func (h History) Money() []domain.Ref {
	var all []domain.Ref
	for _, s := range h.stories {
		for _, c := range s.charges {
			all = append(all, domain.Ref{Kind: domain.RefCharge, ID: string(c.ID)}, domain.Ref{Kind: domain.RefPaymentIntent, ID: string(c.PaymentIntent)})
		}
	}
	return all
}

// Invoice is what Stripe answers to the question how an invoice is, with all of its
// lines; false: there is none.
func (h History) Invoice(id domain.InvoiceID, at time.Time) (domain.InvoiceFact, bool) {
	at = at.Truncate(time.Second)
	var told domain.InvoiceFact
	found := false
	for _, s := range h.stories {
		if s.sub == nil {
			continue
		}
		for _, i := range s.sub.invoices {
			for _, was := range i.was {
				if i.is.ID == id && !was.At.After(at) {
					told, found = was, true
				}
			}
		}
	}
	told.Type, told.At = domain.TypeFetched, at
	return told, found
}

// Ask is Stripe's answer to a doubt, whatever it is about; false: there is none.
func (h History) Ask(subject domain.Ref, at time.Time) (domain.Fact, bool) {
	switch subject.Kind {
	case domain.RefSubscription:
		return answer(h.Subscription(domain.SubscriptionID(subject.ID), at))
	case domain.RefInvoice:
		return answer(h.Invoice(domain.InvoiceID(subject.ID), at))
	default:
		return answer(h.Charge(subject, at))
	}
}

func answer[F domain.Fact](f F, found bool) (domain.Fact, bool) { return f, found }

// Deliver puts facts in the order in which they may be delivered: every one at
// least once, some more often, in any order.
func Deliver(t *rapid.T, facts ...domain.Fact) []domain.Fact {
	delivered := slices.Clone(facts)
	if len(facts) > 0 {
		again := rapid.SliceOfN(rapid.SampledFrom(facts), 0, len(facts)).Draw(t, "delivered again")
		delivered = append(delivered, again...)
	}
	return rapid.Permutation(delivered).Draw(t, "delivery")
}

// Told lists the turns that a history tells, sorted.
func (h History) Told() []string { return slices.Sorted(maps.Keys(h.Turns)) }

func latest(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}

// String tells the history to a person: what was said, in order, and by what turns.
func (h History) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", h.Told())
	for _, f := range h.Facts {
		fmt.Fprintf(&b, "%s\n", describe(f))
	}
	return b.String()
}

// describe writes one fact in a line.
func describe(f domain.Fact) string {
	when := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Format("01-02T15:04:05")
	}
	switch f := f.(type) {
	case domain.SubscriptionFact:
		text := fmt.Sprintf("%s %s %s %s pause=%s cancel=%s/%t", when(f.At), f.Type, f.Snapshot.ID, f.Snapshot.Status, f.Snapshot.Pause, when(f.Snapshot.CancelAt), f.Snapshot.CancelAtPeriodEnd)
		for _, i := range f.Snapshot.Items {
			text += fmt.Sprintf("\n    %s %s x%d %s..%s", i.ID, i.Price, i.Quantity, when(i.PeriodStart), when(i.PeriodEnd))
		}
		return text
	case domain.InvoiceFact:
		i := f.Invoice
		text := fmt.Sprintf("%s %s %s %s %s total %d due %d paid %d balance %d..%d finalized %s due %s complete %t", when(f.At), f.Type, i.ID, i.Status, i.BillingReason,
			i.Total, i.AmountDue, i.AmountPaid, i.StartingBalance, i.EndingBalance, when(i.FinalizedAt), when(i.DueAt), i.Complete)
		for _, l := range i.Lines {
			text += fmt.Sprintf("\n    %s %s %s %s x%d %d %s..%s", l.ID, l.Kind, l.Item, l.Price, l.Quantity, l.Amount, when(l.From), when(l.Until))
		}
		return text
	case domain.RefundFact:
		return fmt.Sprintf("%s %s %s of %s%s %s %d", when(f.At), f.Type, f.ID, f.PaymentIntent, f.Charge, f.Status, f.Amount)
	case domain.DisputeFact:
		return fmt.Sprintf("%s %s %s of %s%s %s", when(f.At), f.Type, f.ID, f.PaymentIntent, f.Charge, f.Status)
	case domain.SessionFact:
		return fmt.Sprintf("%s %s %s mode %s %s %s of %s for %s%s %d", when(f.At), f.Type, f.ID, f.Mode, f.Status, f.PaymentStatus, f.Order, f.Subscription, f.PaymentIntent, f.Subtotal)
	case domain.ChargeFact:
		return fmt.Sprintf("%s %s %s of %s pays %s: %d, %d back", when(f.At), f.Type, f.ID, f.PaymentIntent, f.Invoice, f.Amount, f.Refunded)
	default:
		return fmt.Sprintf("%+v", f)
	}
}

// GoString keeps a history short where a test says what it drew: see [History.String].
func (h History) GoString() string { return fmt.Sprintf("a history of %d facts", len(h.Facts)) }
