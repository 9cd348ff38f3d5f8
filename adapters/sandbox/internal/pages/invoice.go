package pages

import (
	"net/http"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (s *Site) documentRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /i/{id}", s.showInvoice)
	mux.HandleFunc("POST /i/{id}", s.submitInvoice)
	mux.HandleFunc("GET /i/{id}/pdf", s.showInvoicePDF)
	mux.HandleFunc("GET /receipts/{id}", s.showReceipt)
}

// hostedInvoice is what the invoice's page shows.
type hostedInvoice struct {
	Heading, Error, Status         string
	Number, Date, Due, Customer    string
	Lines                          []documentLine
	Total, Balance, Remaining, PDF string
	Payable                        bool
	Bank                           string // where the owner of the card authenticates, if that is waited for
	Receipt                        string
	Fields                         cardFields
}

type documentLine struct{ Text, Period, Amount string }

// lockInvoice finds the invoice that a page is about, and holds Mu. Where there is none it
// says so, returns nil and holds nothing.
func (s *Site) lockInvoice(w http.ResponseWriter, r *http.Request) *state.Invoice {
	s.Mu.Lock()
	in := s.Invoices.Get(r.PathValue("id"))
	if in == nil || in.FinalizedAt == 0 {
		s.Mu.Unlock()
		s.noDocument(w, "There is no invoice with this id. The sandbox forgets its invoices when it is restarted.")
		return nil
	}
	return in
}

func (s *Site) showInvoice(w http.ResponseWriter, r *http.Request) {
	in := s.lockInvoice(w, r)
	if in == nil {
		return
	}
	page, kept := keptPage[hostedInvoice](&s.again, r)
	if !kept || !s.takesCard(in) {
		page = s.invoicePage(in, newCardFields(s.Now()))
	}
	s.Mu.Unlock()
	s.render(w, http.StatusOK, "hosted_invoice.html", page)
}

func (s *Site) noDocument(w http.ResponseWriter, text string) {
	s.render(w, http.StatusNotFound, closedTemplate, closedPage{Heading: "No such page", Text: text})
}

func (s *Site) invoicePage(in *state.Invoice, fields cardFields) hostedInvoice {
	p := hostedInvoice{
		Heading: "Invoice " + in.Number, Status: in.Status, Number: in.Number, Date: shownDate(in.FinalizedAt), Lines: s.documentLines(in),
		Total: wire.FormatAmount(in.Total(), in.Currency), Remaining: wire.FormatAmount(in.Remaining(), in.Currency), PDF: s.Render.InvoicePDFURL(in),
		Payable: s.takesCard(in), Fields: fields,
	}
	if cu := s.Customers.Get(in.Customer); cu != nil {
		p.Customer = strings.TrimSpace(cu.Name + " " + cu.Email)
	}
	if in.DueDate != 0 {
		p.Due = shownDate(in.DueDate)
	}
	if used := in.Due() - in.CreditedBefore - in.Total(); used != 0 {
		p.Balance = wire.FormatAmount(used, in.Currency)
	}
	if pi := s.PaymentIntents.Get(in.PaymentIntent); p.Payable && pi.Status == "requires_action" {
		p.Bank = render.AuthenticationPath + pi.ID
	}
	if ch := s.Charges.Get(in.Charge); ch != nil {
		p.Receipt = s.Render.ReceiptURL(ch)
	}
	return p
}

func (s *Site) documentLines(in *state.Invoice) []documentLine {
	var out []documentLine
	for _, l := range in.Lines {
		line := documentLine{Text: l.Description, Amount: wire.FormatAmount(l.Charged(), in.Currency)}
		if l.End > l.Start {
			line.Period = shownDate(l.Start) + " to " + shownDate(l.End)
		}
		out = append(out, line)
	}
	return out
}

// submitInvoice pays. A second submit finds the invoice paid, and shows it.
func (s *Site) submitInvoice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxRequestBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	in := s.lockInvoice(w, r)
	if in == nil {
		return
	}
	to := "/i/" + in.ID
	if s.takesCard(in) {
		fields, ok := readCardFields(r, s.Now())
		page := s.invoicePage(in, fields)
		if ok {
			e := s.payHosted(in, life.Payment{Card: Digits(fields.Number), Expiry: readExpiry(fields.Expiry, s.Now())})
			switch {
			case e != nil && e.Asked != "":
				to = render.AuthenticationPath + e.Asked
			case e != nil:
				ok, page.Error = false, e.Message
			}
		}
		if !ok {
			again := s.again.keep(r, page)
			s.Mu.Unlock()
			seeOther(w, r, again)
			return
		}
	}
	last := s.Events.Order[len(s.Events.Order)-1]
	s.Mu.Unlock()
	s.Webhooks.WaitAccepted(r.Context(), last)
	seeOther(w, r, to)
}

// takesCard tells whether the customer can pay the invoice on its page: not while a
// debit is under way, or a Checkout Session is there to pay it.
func (s *Site) takesCard(in *state.Invoice) bool {
	pi := s.PaymentIntents.Get(in.PaymentIntent)
	if !in.Payable() || in.Remaining() == 0 || pi == nil || pi.Status == "processing" {
		return false
	}
	return !slices.ContainsFunc(s.Sessions.Order, func(cs *state.Session) bool { return cs.Invoice == in.ID && cs.Status == "open" })
}

// payHosted pays an open invoice with the card that the customer fills in, which its
// subscription keeps. After the first attempt, those of the customer do not count among
// the retries, and do not move them.
func (s *Site) payHosted(in *state.Invoice, p life.Payment) *wire.Error {
	pi, attempts := s.PaymentIntents.Get(in.PaymentIntent), max(in.Attempts, 1)
	again := in.Attempts > 0
	pm := s.MethodPaid(p, in.Currency)
	if pm.Asks(false) {
		s.AskOwner(pi, pm, "")
		pi.Hosted = true
		return life.AsksOwner(pi.ID)
	}
	s.AddCharge(pi, pm)
	in.Attempts = attempts
	switch why := pm.Refusal(); {
	case why != nil && again:
		s.FailCharge(pi, why)
		s.TellInvoiceUpdate(in)
		s.Emit("invoice.payment_failed", s.Render.Invoice(in), nil)
		return why
	case why != nil:
		s.FailPayment(pi, why)
		return why
	}
	s.SucceedPayment(pi)
	s.MarkPaid(in)
	s.KeepHosted(in, pm)
	s.InvoiceSettled(in)
	return nil
}
