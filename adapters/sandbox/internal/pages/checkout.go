package pages

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

//go:embed html
var pageFiles embed.FS

var pages = template.Must(template.ParseFS(pageFiles, "html/*.html"))

// contentPolicy lets the page load its own style sheet and nothing else. Its
// form-action names no origins: Chromium applies it to every redirect that
// follows the form, and where success_url leads on to is the product's affair.
const contentPolicy = "default-src 'none'; style-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"

// Routes serves the pages.
func (s *Site) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /c/pay/{id}", s.showCheckout)
	mux.HandleFunc("POST /c/pay/{id}", s.submitCheckout)
	s.authenticationRoutes(mux)
	s.portalRoutes(mux)
	s.documentRoutes(mux)
	mux.HandleFunc("GET /c/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "html/style.css")
	})
}

// checkoutPage is what the hosted page shows of an open session.
type checkoutPage struct {
	Heading, Trial, Button, CancelURL  string
	Settled                            string // why a code or a quantity is not to be changed any more
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

const closedTemplate = "portal_closed.html"

func (s *Site) showCheckout(w http.ResponseWriter, r *http.Request) {
	s.Mu.Lock()
	cs := s.Sessions.Get(r.PathValue("id"))
	if cs == nil || !cs.OpenUntil(s.Now()) {
		status, page := s.closedPage(cs)
		s.Mu.Unlock()
		s.render(w, status, closedTemplate, page)
		return
	}
	page, kept := keptPage[*checkoutPage](&s.again, r)
	if !kept {
		page = s.checkoutPage(cs)
	}
	if r.URL.Query().Has("failed") {
		page.Error = s.whyUnpaid(cs)
	}
	s.Mu.Unlock()
	s.render(w, http.StatusOK, "checkout.html", page)
}

// unrecognized is what a page says after the owner of a card did not authenticate.
const unrecognized = "We could not confirm with your bank that it is you. Please try again, or use another card."

// whyUnpaid says why the last attempt to pay failed, at the bank's page or after it.
func (s *Site) whyUnpaid(cs *state.Session) string {
	var why *wire.Error
	if pi := s.PaymentIntents.Get(cs.PaymentIntent); pi != nil {
		why = pi.LastError
	} else if si := s.SetupIntents.Get(cs.SetupIntent); si != nil {
		why = si.LastError
	}
	if why != nil && why.Declined() {
		return why.Message
	}
	return unrecognized
}

// submitCheckout pays. A second submit of the form finds the session complete
// and goes the same way as the first.
func (s *Site) submitCheckout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxRequestBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	s.Mu.Lock()
	cs := s.Sessions.Get(r.PathValue("id"))
	if cs != nil && cs.OpenUntil(s.Now()) {
		if page := s.submitOpen(cs, r); page != nil {
			again := s.again.keep(r, page)
			s.Mu.Unlock()
			seeOther(w, r, again)
			return
		}
	}
	waits := cs != nil && cs.OpenUntil(s.Now()) && cs.Asking != ""
	if cs == nil || cs.Status != "complete" && !waits {
		status, page := s.closedPage(cs)
		s.Mu.Unlock()
		s.render(w, status, closedTemplate, page)
		return
	}
	completed, target := s.Events.Get(cs.Completed), cmp.Or(cs.LeadsTo(), cs.PagePath())
	if waits {
		target = render.AuthenticationPath + cs.ID
	}
	s.Mu.Unlock()
	if completed != nil {
		s.Webhooks.WaitAccepted(r.Context(), completed)
	}
	seeOther(w, r, target)
}

// submitOpen tries to pay and returns the page to show again, or nil.
func (s *Site) submitOpen(cs *state.Session, r *http.Request) *checkoutPage {
	changed, badField, message := s.takeQuantities(cs, r)
	entered, badCode := s.TakeCode(cs, r.PostForm.Get("action"), r.PostForm.Get("promotionCode"))
	number := r.PostForm.Get("testCard")
	if number == "" && !changed && !entered && message == "" {
		page, p := s.readPayment(cs, r)
		if page != nil {
			return page
		}
		e := s.PaySession(cs, p)
		if e == nil || e.Asked != "" {
			return nil
		}
		page = s.filledPage(cs, r)
		page.Error = e.Message
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
func (s *Site) filledPage(cs *state.Session, r *http.Request) *checkoutPage {
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
func (s *Site) takeQuantities(cs *state.Session, r *http.Request) (changed bool, badField, message string) {
	if cs.Fixed() {
		return false, "", "" // the invoice is written
	}
	for i := range cs.Lines {
		l := &cs.Lines[i]
		v := r.PostForm.Get(quantityField(i))
		if !l.Adjustable || v == "" {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < l.Least || n > l.Most {
			return changed, quantityField(i), fmt.Sprintf("Please choose a quantity from %d to %d.", l.Least, l.Most)
		}
		if n != l.Quantity {
			l.Quantity, changed = n, true
		}
	}
	return changed || r.PostForm.Get("action") == "update", "", ""
}

func quantityField(i int) string { return "quantity" + strconv.Itoa(i) }

// readPayment reads and checks what the buyer has filled in. If something is wrong it
// returns the page that says so, beside each field.
func (s *Site) readPayment(cs *state.Session, r *http.Request) (*checkoutPage, life.Payment) {
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	p := life.Payment{Email: get("email"), Name: get("cardName")}
	var general, consent string
	fields, ok := newCardFields(s.Now()), true
	switch {
	case !s.needsMethod(cs):
	case get("method") == "bank_debit" && cs.OffersDebit() && s.SessionTotal(cs) > 0:
		if p.Settles = get("delayed"); p.Settles != "succeeds" && p.Settles != "fails" {
			general = "Please choose how the bank debit ends."
		}
	default:
		fields, ok = readCardFields(r, s.Now())
		p.Card, p.Expiry = Digits(fields.Number), readExpiry(fields.Expiry, s.Now())
	}
	if cs.TermsOfService == "required" && get("consent") == "" {
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

// Digits are those of a card's number as somebody writes it.
func Digits(text string) string {
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
	d := Digits(text)
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
func (s *Site) needsMethod(cs *state.Session) bool {
	return s.SessionTotal(cs) > 0 || cs.PaymentMethodCollection == "always"
}

func (s *Site) checkoutPage(cs *state.Session) *checkoutPage {
	total := s.SessionTotal(cs)
	p := &checkoutPage{
		Heading: "Pay", Button: "Pay", CancelURL: cs.CancelURL, Total: wire.FormatAmount(total, cs.Currency),
		AsksEmail: cs.Customer == "" && cs.CustomerEmail == "", AsksConsent: cs.TermsOfService == "required",
		NeedsMethod: s.needsMethod(cs), OffersDebit: cs.OffersDebit() && total > 0, Method: "card", Delayed: "succeeds",
		cardFields: newCardFields(s.Now()), Cards: shownCards, promotionField: s.promotionField(cs),
	}
	p.Listed = true
	if cs.Mode == "subscription" {
		p.Heading, p.Button = "Subscribe", "Subscribe"
	}
	if cs.Mode == "setup" {
		p.Heading, p.Button = "Save your card", "Save card"
	}
	if cs.HasTrial() {
		p.Heading, p.Button = "Start your trial", "Start trial"
		const day = "January 2, 2006"
		if p.Trial = fmt.Sprintf("%d days free, until %s.", cs.TrialDays, s.Now().AddDate(0, 0, int(cs.TrialDays)).UTC().Format(day)); cs.TrialEnd > 0 {
			p.Trial = fmt.Sprintf("Free until %s.", time.Unix(cs.TrialEnd, 0).UTC().Format(day))
		}
		if due := s.DueAfterTrial(cs); due > 0 {
			p.Trial += " Then " + wire.FormatAmount(due, cs.Currency) + " is due."
		}
	}
	for i, l := range cs.Lines {
		price := s.PriceIn(l.Price, cs.Currency)
		line := pageLine{
			Field: quantityField(i), Name: s.Products.Get(price.Product).Name, Price: shownPrice(price),
			Amount: wire.FormatAmount(s.LineSubtotal(cs, l), price.Currency), Quantity: l.Quantity, Least: l.Least, Most: l.Most,
			Adjustable: l.Adjustable && !cs.Fixed(),
		}
		p.Adjustable = p.Adjustable || line.Adjustable
		if cs.Fixed() && (l.Adjustable || cs.PromotionCodes) {
			p.Settled = "The first attempt to pay has made the subscription and its invoice: what is bought stays as it is. In API versions from basil on it may still change."
		}
		p.Lines = append(p.Lines, line)
	}
	return p
}

// shownPrice is the price as the page tells it.
func shownPrice(p *state.Price) string {
	text := wire.FormatAmount(p.UnitAmount, p.Currency)
	if len(p.Tiers) > 0 {
		text = "Starts at " + wire.FormatAmount(p.Tiers[0].UnitAmount+p.Tiers[0].FlatAmount, p.Currency)
	}
	switch {
	case p.IntervalCount > 1:
		text += fmt.Sprintf(" every %d %ss", p.IntervalCount, p.Interval)
	case p.Recurring():
		text += " per " + p.Interval
	}
	if p.Metered() {
		text += ", billed by what you use"
	}
	return text
}

func (s *Site) closedPage(cs *state.Session) (int, closedPage) {
	switch {
	case cs == nil:
		return http.StatusNotFound, closedPage{Heading: "No such page", Text: "There is no Checkout Session with this id. The sandbox forgets its sessions when it is restarted."}
	case cs.Status == "complete":
		return http.StatusOK, closedPage{"All done", "You have already completed this checkout.",
			cs.LeadsTo(), "Continue"}
	}
	p := closedPage{Heading: "This page has expired", Text: "The Checkout Session has expired. Nothing was paid. Please start again."}
	if cs.CancelURL != "" {
		p.Link, p.LinkText = cs.CancelURL, "Back"
	}
	return http.StatusGone, p
}

func (s *Site) render(w http.ResponseWriter, status int, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		s.Log.Error("hosted page", "page", name, "error", err)
	}
}
