package stripe

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// FetchReturned implements [ports.Gateway]. Of what Stripe does not have, nothing was
// returned.
func (g *Gateway) FetchReturned(ctx context.Context, subject domain.Ref) ([]domain.Fact, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	var facts []domain.Fact
	var err error
	switch {
	case isCharge(subject):
		facts, err = g.returnedOf(ctx, payment{Charge: ref(subject.ID)})
	case isIntent(subject):
		facts, err = g.returnedOf(ctx, payment{PaymentIntent: ref(subject.ID)})
	case subject.Kind == domain.RefInvoice && isID(subject.ID, "in_"):
		facts, err = g.creditNotesOf(ctx, subject.ID)
	case subject.Kind == domain.RefCreditNote && isID(subject.ID, "cn_"):
		facts, err = g.creditNote(ctx, subject.ID)
	}
	if errors.Is(err, ports.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return facts, nil
}

// returnedOf asks for the refunds and the disputes of a payment.
func (g *Gateway) returnedOf(ctx context.Context, of payment) ([]domain.Fact, error) {
	refunds := &stripe.RefundListParams{Charge: named(of.Charge), PaymentIntent: named(of.PaymentIntent)}
	facts, err := g.listFacts(ctx, "list refunds", "/v1/refunds", refunds, &refunds.ListParams, kindRefund)
	if err != nil {
		return nil, err
	}
	disputes := &stripe.DisputeListParams{Charge: named(of.Charge), PaymentIntent: named(of.PaymentIntent)}
	more, err := g.listFacts(ctx, "list disputes", "/v1/disputes", disputes, &disputes.ListParams, kindDispute)
	return append(facts, more...), err
}

// listFacts asks for a list of objects that come as a whole.
func (g *Gateway) listFacts(
	ctx context.Context, does, path string, params any, position *stripe.ListParams, kind word,
) ([]domain.Fact, error) {
	c := call{does: does, method: http.MethodGet, path: path, params: params, belonging: true}
	var facts []domain.Fact
	err := listObjects(ctx, g, c, position, kind, func(o *object, got answer) error {
		facts = append(facts, kinds[kind](o, domain.TypeFetched, got.askedAt))
		return nil
	})
	return facts, err
}

// creditNotesOf asks for the credit notes of an invoice, with all of their lines.
func (g *Gateway) creditNotesOf(ctx context.Context, invoice string) ([]domain.Fact, error) {
	params := &stripe.CreditNoteListParams{Invoice: stripe.String(invoice)}
	c := call{does: "list credit notes", method: http.MethodGet, path: "/v1/credit_notes", params: params, belonging: true}
	var facts []domain.Fact
	err := listObjects(ctx, g, c, &params.ListParams, kindCreditNote, func(o *object, got answer) error {
		fact, err := g.listedObject(ctx, o, got)
		facts = append(facts, fact)
		return err
	})
	return facts, err
}

// creditNote asks for a credit note, with all of its lines.
func (g *Gateway) creditNote(ctx context.Context, id string) ([]domain.Fact, error) {
	c := call{
		does: "fetch credit note", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/credit_notes/%s", id), params: &stripe.CreditNoteParams{},
	}
	got, err := g.ask(ctx, c)
	if err != nil {
		return nil, err
	}
	note := readObject(got.body)
	if note.Kind != kindCreditNote || note.ID != word(id) {
		return nil, unusable(c, got, "the answer is not the credit note")
	}
	fact, err := g.listedObject(ctx, note, got)
	return []domain.Fact{fact}, err
}

func (g *Gateway) linesOfNote(ctx context.Context, note string) (lines, error) {
	params := &stripe.CreditNoteListLinesParams{}
	return g.allLines(ctx, call{
		does: "list credit note lines", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/credit_notes/%s/lines", note), params: params,
	}, &params.ListParams)
}

// named is a parameter, nil if there is nothing to name.
func named(id ref) *string {
	if id == "" {
		return nil
	}
	return stripe.String(string(id))
}
