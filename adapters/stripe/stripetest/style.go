package stripetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// The API versions that shapes changed in. They compare as texts.
const (
	version2023 = "2023-10-16"
	version2024 = "2024-04-10"
	acacia      = "2024-09-30.acacia"
	basil       = "2025-03-31.basil"
	clover      = "2025-09-30.clover"
	dahlia      = "2026-03-25.dahlia"
	endive      = "2026-09-30.endive"
)

// Versions are the API versions that a body can be written in, the oldest first.
var Versions = []string{"2022-11-15", version2023, version2024, acacia, basil, clover, dahlia, endive}

// Style is how a body is written.
type Style struct {
	Version  string // one of Versions
	Expanded bool   // references are the objects themselves, where Stripe can expand them
	// Noise seeds what a reader must not mind: unknown fields, nulls and absent
	// fields, white space, the order of keys. 0: none of it. The same style always
	// writes the same body.
	Noise int64
}

// Tells is whether [Body] can write a fact: whether Stripe ever sends such a one in
// this version. Of payments of invoices it does since basil only, and what was fetched
// it never sent.
func (s Style) Tells(f domain.Fact) bool { return untold(f, s.Version) == "" }

func (s Style) since(version string) bool { return s.Version >= version }

// untold says why no event tells a fact in a version; empty: one does.
func untold(f domain.Fact, version string) string {
	if !slices.Contains(Versions, version) {
		panic(fmt.Sprintf("stripetest: no API version %q: take one of %s", version, strings.Join(Versions, ", ")))
	}
	if f == nil {
		return "there is no fact"
	}
	about := subject(f)
	_, isInvoicePayment := f.(domain.InvoicePaymentFact)
	switch {
	case about.kind == domain.TypeFetched:
		return "it was fetched, never sent"
	case about.kind == "":
		return "it has no type"
	case about.kind == "invoice.upcoming":
		return "it is about an invoice that does not exist yet"
	case about.id == "":
		return "it does not say what it is about: it has no id"
	case about.at.IsZero():
		return "it has no time"
	case isInvoicePayment && version < basil:
		return "there are no payments of invoices before " + basil
	}
	if invoice, is := f.(domain.InvoiceFact); is {
		return untoldLine(invoice.Invoice.Lines)
	}
	return ""
}

// untoldLine says why Stripe has no such line; empty: it has them all.
func untoldLine(lines []domain.Line) string {
	for _, line := range lines {
		switch {
		case line.ID == "":
			return "a line has no id"
		case (line.Kind == domain.LineCredit) != (line.Amount < 0):
			return "what gives something back is a credit, and only that: line " + line.ID
		}
	}
	return ""
}
