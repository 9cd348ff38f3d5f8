package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

func (s *Sandbox) documentRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /i/{id}", s.showInvoice)
	mux.HandleFunc("POST /i/{id}", s.submitInvoice)
	mux.HandleFunc("GET /i/{id}/pdf", s.showInvoicePDF)
	mux.HandleFunc("GET /receipts/{id}", s.showReceipt)
}

// hostedInvoiceURL is where the customer sees and pays the invoice; empty before it is
// finalized.
func (s *Sandbox) hostedInvoiceURL(in *invoice) string {
	if in.finalizedAt == 0 || s.reached() == "" {
		return ""
	}
	return s.reached() + "/i/" + in.id
}

func (s *Sandbox) invoicePDFURL(in *invoice) string {
	if url := s.hostedInvoiceURL(in); url != "" {
		return url + "/pdf"
	}
	return ""
}

// reached is where pages are that no request says the address of.
func (s *Sandbox) reached() string { return cmp.Or(s.base, s.reachedAt) }

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

// lockInvoice finds the invoice that a page is about, and holds mu. Where there is none it
// says so, returns nil and holds nothing.
func (s *Sandbox) lockInvoice(w http.ResponseWriter, r *http.Request) *invoice {
	s.mu.Lock()
	in := s.invoices.get(r.PathValue("id"))
	if in == nil || in.finalizedAt == 0 {
		s.mu.Unlock()
		s.noDocument(w, "There is no invoice with this id. The sandbox forgets its invoices when it is restarted.")
		return nil
	}
	return in
}

func (s *Sandbox) showInvoice(w http.ResponseWriter, r *http.Request) {
	in := s.lockInvoice(w, r)
	if in == nil {
		return
	}
	page := s.invoicePage(in, newCardFields(s.now()))
	s.mu.Unlock()
	s.render(w, http.StatusOK, "hosted_invoice.html", page)
}

func (s *Sandbox) noDocument(w http.ResponseWriter, text string) {
	s.render(w, http.StatusNotFound, "portal_closed.html", closedPage{Heading: "No such page", Text: text})
}

func (s *Sandbox) invoicePage(in *invoice, fields cardFields) hostedInvoice {
	p := hostedInvoice{
		Heading: "Invoice " + in.number, Status: in.status, Number: in.number, Date: shownDate(in.finalizedAt), Lines: s.documentLines(in),
		Total: formatAmount(in.total(), in.currency), Remaining: formatAmount(in.remaining(), in.currency), PDF: s.invoicePDFURL(in),
		Payable: s.takesCard(in), Fields: fields,
	}
	if cu := s.customers.get(in.customer); cu != nil {
		p.Customer = strings.TrimSpace(cu.name + " " + cu.email)
	}
	if in.dueDate != 0 {
		p.Due = shownDate(in.dueDate)
	}
	if used := in.due() - in.creditedBefore - in.total(); used != 0 {
		p.Balance = formatAmount(used, in.currency)
	}
	if pi := s.paymentIntents.get(in.paymentIntent); p.Payable && pi.status == "requires_action" {
		p.Bank = authenticationPath + pi.id
	}
	if ch := s.charges.get(in.charge); ch != nil {
		p.Receipt = s.receiptURL(ch)
	}
	return p
}

func (s *Sandbox) documentLines(in *invoice) []documentLine {
	var out []documentLine
	for _, l := range in.lines {
		line := documentLine{Text: l.description, Amount: formatAmount(l.charged(), in.currency)}
		if l.end > l.start {
			line.Period = shownDate(l.start) + " to " + shownDate(l.end)
		}
		out = append(out, line)
	}
	return out
}

// submitInvoice pays. A second submit finds the invoice paid, and shows it.
func (s *Sandbox) submitInvoice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	in := s.lockInvoice(w, r)
	if in == nil {
		return
	}
	to := "/i/" + in.id
	if s.takesCard(in) {
		fields, ok := readCardFields(r, s.now())
		page := s.invoicePage(in, fields)
		if ok {
			e := s.payHosted(in, payment{card: digits(fields.Number), expiry: readExpiry(fields.Expiry, s.now())})
			switch {
			case e != nil && e.asked != "":
				to = authenticationPath + e.asked
			case e != nil:
				ok, page.Error = false, e.message
			}
		}
		if !ok {
			s.mu.Unlock()
			s.render(w, http.StatusOK, "hosted_invoice.html", page)
			return
		}
	}
	last := s.events.order[len(s.events.order)-1]
	s.mu.Unlock()
	s.waitAccepted(r.Context(), last)
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// takesCard tells whether the customer can pay the invoice on its page: not while a
// debit is under way, or a Checkout Session is there to pay it.
func (s *Sandbox) takesCard(in *invoice) bool {
	pi := s.paymentIntents.get(in.paymentIntent)
	if !in.payable() || in.remaining() == 0 || pi == nil || pi.status == "processing" {
		return false
	}
	return !slices.ContainsFunc(s.sessions.order, func(cs *session) bool { return cs.invoice == in.id && cs.status == "open" })
}

// payHosted pays an open invoice with the card that the customer fills in, which its
// subscription keeps. After the first attempt, those of the customer do not count among
// the retries, and do not move them.
func (s *Sandbox) payHosted(in *invoice, p payment) *apiError {
	pi, attempts := s.paymentIntents.get(in.paymentIntent), max(in.attempts, 1)
	again := in.attempts > 0
	pm := s.methodPaid(p, in.currency)
	if pm.asks(false) {
		s.askOwner(pi, pm, "")
		pi.hosted = true
		return asksOwner(pi.id)
	}
	s.charge(pi, pm)
	in.attempts = attempts
	switch why := pm.refusal(); {
	case why != nil && again:
		s.failCharge(pi, why)
		s.emit("invoice.payment_failed", s.invoiceObject(in), nil)
		return why
	case why != nil:
		s.fail(pi, why)
		return why
	}
	s.succeed(pi)
	s.markPaid(in)
	s.keepHosted(in, pm)
	s.settled(in)
	return nil
}

// keepHosted keeps what was filled in on the page of an invoice, for its subscription.
func (s *Sandbox) keepHosted(in *invoice, pm *paymentMethod) {
	cu := s.liveCustomer(in.customer)
	if cu == nil {
		return
	}
	if pm.customer == "" {
		s.attach(pm, cu.id)
	}
	if sub := s.subscriptions.get(in.subscription); sub != nil && !sub.terminal() {
		pm.setUp = true
		s.setMethod(sub, pm.id)
	}
}
