package memory

import (
	"context"
	"slices"

	"github.com/entitled-dev/entitled/domain"
)

// SetReturned makes Stripe have refunds, disputes and credit notes as they are given,
// in place of those with the same id. Their Type and At do not matter.
func (g *Gateway) SetReturned(facts ...domain.Fact) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, fact := range facts {
		g.returned = slices.DeleteFunc(g.returned, func(old domain.Fact) bool { return nameOf(old) == nameOf(fact) })
		g.returned = append(g.returned, fact)
	}
}

// nameOf is the id of a subscription, or of what tells of money that went back.
func nameOf(f domain.Fact) string {
	switch f := f.(type) {
	case domain.SubscriptionFact:
		return string(f.Snapshot.ID)
	case domain.RefundFact:
		return string(f.ID)
	case domain.DisputeFact:
		return string(f.ID)
	case domain.CreditNoteFact:
		return string(f.CreditNote.ID)
	default:
		return ""
	}
}

// FetchReturned implements [ports.Gateway].
func (g *Gateway) FetchReturned(ctx context.Context, subject domain.Ref) ([]domain.Fact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	var facts []domain.Fact
	for _, fact := range g.returned {
		switch f := fact.(type) {
		case domain.RefundFact:
			if g.isOf(subject, f.PaymentIntent, f.Charge) {
				f.Type, f.At = domain.TypeFetched, g.now()
				facts = append(facts, f)
			}
		case domain.DisputeFact:
			if g.isOf(subject, f.PaymentIntent, f.Charge) {
				f.Type, f.At = domain.TypeFetched, g.now()
				facts = append(facts, f)
			}
		case domain.CreditNoteFact:
			note := f.CreditNote
			if subject == (domain.Ref{Kind: domain.RefInvoice, ID: string(note.Invoice)}) || subject == (domain.Ref{Kind: domain.RefCreditNote, ID: string(note.ID)}) {
				f.Type, f.At, f.MoreLines = domain.TypeFetched, g.now(), false
				f.CreditNote.Lines, f.CreditNote.Refunds = slices.Clone(f.CreditNote.Lines), slices.Clone(f.CreditNote.Refunds)
				facts = append(facts, f)
			}
		}
	}
	return facts, nil
}

// isOf tells whether money that went back by an intent or a charge is of the subject:
// either of them may be named, of the same payment.
func (g *Gateway) isOf(subject domain.Ref, intent domain.PaymentIntentID, charge domain.ChargeID) bool {
	if intent == "" {
		intent = g.charges[charge].PaymentIntent
	}
	switch subject.Kind {
	case domain.RefCharge:
		named := g.charges[domain.ChargeID(subject.ID)].PaymentIntent
		return charge == domain.ChargeID(subject.ID) || charge == "" && intent != "" && intent == named
	case domain.RefPaymentIntent:
		return intent != "" && intent == domain.PaymentIntentID(subject.ID)
	default:
		return false
	}
}
