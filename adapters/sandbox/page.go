package sandbox

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// contentPolicy lets the page load its own style sheet and nothing else. Its
// form-action names no origins: Chromium applies it to every redirect that
// follows the form, and where success_url leads on to is the product's affair.
const contentPolicy = "default-src 'none'; style-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"

func (s *Sandbox) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /c/pay/{id}", s.showCheckout)
	mux.HandleFunc("POST /c/pay/{id}", s.submitCheckout)
	s.authenticationRoutes(mux)
	s.portalRoutes(mux)
	s.documentRoutes(mux)
	mux.HandleFunc("GET /c/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "pages/style.css")
	})
}

// checkoutPage is what the hosted page shows of an open session.
type checkoutPage struct {
	Heading, Trial, Button, CancelURL  string
	Lines                              []pageLine
	Total                              string
	Adjustable, AsksEmail, AsksConsent bool
	NeedsMethod, OffersDebit           bool
	Error, ConsentError, Notice        string
	Consents                           bool
	Email, Name                        string
	Method, Delayed                    string
	Filled                             bool // a test card was filled in
	Cards                              []shownCard
	cardFields
	promotionField
}

type pageLine struct {
	Field, Name, Price, Amount string
	Error                      string
	Quantity, Least, Most      int64
	Adjustable                 bool
}

// closedPage says why a session takes no payment.
type closedPage struct{ Heading, Text, Link, LinkText string }

func (s *Sandbox) showCheckout(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	cs := s.sessions.get(r.PathValue("id"))
	if cs == nil || !cs.openUntil(s.now()) {
		status, page := s.closedPage(cs)
		s.mu.Unlock()
		s.render(w, status, "portal_closed.html", page)
		return
	}
	page := s.checkoutPage(cs)
	if r.URL.Query().Has("failed") {
		page.Error = s.whyUnpaid(cs)
	}
	s.mu.Unlock()
	s.render(w, http.StatusOK, "checkout.html", page)
}

// unrecognized is what a page says after the owner of a card did not authenticate.
const unrecognized = "We could not confirm with your bank that it is you. Please try again, or use another card."

// whyUnpaid says why the last attempt to pay failed, at the bank's page or after it.
func (s *Sandbox) whyUnpaid(cs *session) string {
	var why *apiError
	if pi := s.paymentIntents.get(cs.paymentIntent); pi != nil {
		why = pi.lastError
	} else if si := s.setupIntents.get(cs.setupIntent); si != nil {
		why = si.lastError
	}
	if why != nil && why.declined() {
		return why.message
	}
	return unrecognized
}

// leadsTo is where the buyer goes on after paying.
func (cs *session) leadsTo() string {
	return strings.ReplaceAll(cs.successURL, "{CHECKOUT_SESSION_ID}", cs.id)
}

// submitCheckout pays. A second submit of the form finds the session complete
// and goes the same way as the first.
func (s *Sandbox) submitCheckout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	cs := s.sessions.get(r.PathValue("id"))
	if cs != nil && cs.openUntil(s.now()) {
		if page := s.submitOpen(cs, r); page != nil {
			s.mu.Unlock()
			s.render(w, http.StatusOK, "checkout.html", page)
			return
		}
	}
	waits := cs != nil && cs.openUntil(s.now()) && cs.asking != ""
	if cs == nil || cs.status != "complete" && !waits {
		status, page := s.closedPage(cs)
		s.mu.Unlock()
		s.render(w, status, "portal_closed.html", page)
		return
	}
	completed, target := cs.completed, cs.leadsTo()
	if waits {
		target = authenticationPath + cs.id
	}
	s.mu.Unlock()
	if completed != nil {
		s.waitAccepted(r.Context(), completed)
	}
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// submitOpen tries to pay and returns the page to show again, or nil.
func (s *Sandbox) submitOpen(cs *session, r *http.Request) *checkoutPage {
	changed, badField, message := s.takeQuantities(cs, r)
	entered, badCode := s.takeCode(cs, r.PostForm.Get("action"), r.PostForm.Get("promotionCode"))
	number := r.PostForm.Get("testCard")
	if number == "" && !changed && !entered && message == "" {
		page, p := s.readPayment(cs, r)
		if page != nil {
			return page
		}
		e := s.pay(cs, p)
		if e == nil || e.asked != "" {
			return nil
		}
		page = s.filledPage(cs, r)
		page.Error = e.message
		return page
	}
	page := s.filledPage(cs, r)
	for i := range page.Lines {
		if page.Lines[i].Field == badField {
			page.Lines[i].Error = message
		}
	}
	if changed {
		page.Notice = "The quantity has changed. Please check the new total."
	}
	switch {
	case entered && badCode != "":
		page.CodeError = badCode
	case entered:
		page.Notice = "The total has changed."
	case number != "" && message == "":
		page.fillIn(number)
	}
	return page
}

// filledPage is the page with what the buyer has filled in.
func (s *Sandbox) filledPage(cs *session, r *http.Request) *checkoutPage {
	page, get := s.checkoutPage(cs), r.PostForm.Get
	page.Email, page.Name, page.Number = get("email"), get("cardName"), get("cardNumber")
	page.Expiry, page.Cvc, page.Delayed = get("cardExpiry"), get("cardCvc"), get("delayed")
	page.Consents, page.Code = get("consent") != "", get("promotionCode")
	if page.OffersDebit && get("method") == "bank_debit" {
		page.Method = "bank_debit"
	}
	return page
}

// fillIn fills in a test card for the buyer, who still has to pay.
func (p *checkoutPage) fillIn(number string) {
	p.Number, p.Expiry, p.Cvc, p.Method, p.Filled = number, p.ExpiryExample, "123", "card", true
	if p.Notice == "" {
		p.Notice = "The test card is filled in."
	}
}

// takeQuantities sets adjusted quantities. A buyer pays no total that was not
// shown, so a change shows the page again. A quantity that cannot be is told of its field.
func (s *Sandbox) takeQuantities(cs *session, r *http.Request) (changed bool, badField, message string) {
	if cs.fixed() {
		return false, "", "" // the invoice is written
	}
	for i := range cs.lines {
		l := &cs.lines[i]
		v := r.PostForm.Get(quantityField(i))
		if !l.adjustable || v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < l.least || n > l.most {
			return changed, quantityField(i), fmt.Sprintf("Please choose a quantity from %d to %d.", l.least, l.most)
		}
		if n != l.quantity {
			l.quantity, changed = n, true
		}
	}
	return changed || r.PostForm.Get("action") == "update", "", ""
}

func quantityField(i int) string { return "quantity" + strconv.Itoa(i) }

// readPayment reads and checks what the buyer has filled in. If something is wrong it
// returns the page that says so, beside each field.
func (s *Sandbox) readPayment(cs *session, r *http.Request) (*checkoutPage, payment) {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	p := payment{email: get("email"), name: get("cardName")}
	var general, consent string
	fields, ok := newCardFields(s.now()), true
	switch {
	case !s.needsMethod(cs):
	case get("method") == "bank_debit" && cs.offersDebit() && s.total(cs) > 0:
		if p.settles = get("delayed"); p.settles != "succeeds" && p.settles != "fails" {
			general = "Please choose how the bank debit ends."
		}
	default:
		fields, ok = readCardFields(r, s.now())
		p.card, p.expiry = digits(fields.Number), readExpiry(fields.Expiry, s.now())
	}
	if cs.termsOfService == "required" && get("consent") == "" {
		consent = "Please accept the terms of service."
	}
	if ok && general == "" && consent == "" {
		return nil, p
	}
	page := s.filledPage(cs, r)
	page.Error, page.ConsentError = general, consent
	page.NumberError, page.ExpiryError, page.CvcError = fields.NumberError, fields.ExpiryError, fields.CvcError
	return page, p
}

func digits(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// readExpiry reads MM/YY or MM/YYYY. It is zero for anything else and for the
// past.
func readExpiry(text string, now time.Time) time.Time {
	d := digits(text)
	if len(d) != 4 && len(d) != 6 {
		return time.Time{}
	}
	month, _ := strconv.Atoi(d[:2])
	year, _ := strconv.Atoi(d[2:])
	if len(d) == 4 {
		year += 2000
	}
	expiry := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	if month < 1 || month > 12 || !now.Before(expiry.AddDate(0, 1, 0)) {
		return time.Time{}
	}
	return expiry
}

// needsMethod tells whether a card is asked for: always when there is
// something to pay, and for a subscription's later payments.
func (s *Sandbox) needsMethod(cs *session) bool {
	return s.total(cs) > 0 || cs.paymentMethodCollection == "always"
}

func (s *Sandbox) checkoutPage(cs *session) *checkoutPage {
	total := s.total(cs)
	p := &checkoutPage{
		Heading: "Pay", Button: "Pay", CancelURL: cs.cancelURL, Total: formatAmount(total, cs.currency),
		AsksEmail: cs.customer == "" && cs.customerEmail == "", AsksConsent: cs.termsOfService == "required",
		NeedsMethod: s.needsMethod(cs), OffersDebit: cs.offersDebit() && total > 0, Method: "card", Delayed: "succeeds",
		cardFields: newCardFields(s.now()), Cards: shownCards, promotionField: s.promotionField(cs),
	}
	p.Listed = true
	if cs.mode == "subscription" {
		p.Heading, p.Button = "Subscribe", "Subscribe"
	}
	if cs.mode == "setup" {
		p.Heading, p.Button = "Save your card", "Save card"
	}
	if cs.trialDays > 0 {
		p.Heading, p.Button = "Start your trial", "Start trial"
		ends := s.now().AddDate(0, 0, int(cs.trialDays)).UTC().Format("January 2, 2006")
		p.Trial = fmt.Sprintf("%d days free, until %s.", cs.trialDays, ends)
	}
	for i, l := range cs.lines {
		price := s.prices.get(l.price)
		line := pageLine{
			Field: quantityField(i), Name: s.products.get(price.product).name, Price: price.shown(),
			Amount: formatAmount(s.lineTotal(cs, l), price.currency), Quantity: l.quantity, Least: l.least, Most: l.most,
			Adjustable: l.adjustable && !cs.fixed(),
		}
		p.Adjustable = p.Adjustable || line.Adjustable
		p.Lines = append(p.Lines, line)
	}
	return p
}

// shown is the price as the page tells it.
func (p *price) shown() string {
	text := formatAmount(p.unitAmount, p.currency)
	if len(p.tiers) > 0 {
		text = "Starts at " + formatAmount(p.tiers[0].UnitAmount+p.tiers[0].FlatAmount, p.currency)
	}
	switch {
	case p.intervalCount > 1:
		text += fmt.Sprintf(" every %d %ss", p.intervalCount, p.interval)
	case p.recurring():
		text += " per " + p.interval
	}
	if p.metered() {
		text += ", billed by what you use"
	}
	return text
}

func (s *Sandbox) closedPage(cs *session) (int, closedPage) {
	switch {
	case cs == nil:
		return http.StatusNotFound, closedPage{Heading: "No such page", Text: "There is no Checkout Session with this id. The sandbox forgets its sessions when it is restarted."}
	case cs.status == "complete":
		return http.StatusOK, closedPage{"All done", "You have already completed this checkout.",
			cs.leadsTo(), "Continue"}
	}
	p := closedPage{Heading: "This page has expired", Text: "The Checkout Session has expired. Nothing was paid. Please start again."}
	if cs.cancelURL != "" {
		p.Link, p.LinkText = cs.cancelURL, "Back"
	}
	return http.StatusGone, p
}

func (s *Sandbox) render(w http.ResponseWriter, status int, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		s.log.Error("hosted page", "page", name, "error", err)
	}
}
