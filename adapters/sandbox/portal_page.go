package sandbox

import (
	"net/http"
	"strings"
	"time"
)

func (s *Sandbox) portalRoutes(mux *http.ServeMux) {
	const session, subscription = "/p/session/{id}", "/p/session/{id}/subscriptions/{subscription}"
	mux.HandleFunc("GET "+session, s.inPortal((*portalVisit).home))
	mux.HandleFunc("GET "+session+"/done", s.inPortal((*portalVisit).confirmation))
	mux.HandleFunc("GET "+session+"/payment-method", s.inPortal((*portalVisit).showCard))
	mux.HandleFunc("POST "+session+"/payment-method", s.inPortal((*portalVisit).replaceCard))
	mux.HandleFunc("GET "+session+"/customer", s.inPortal((*portalVisit).showCustomer))
	mux.HandleFunc("POST "+session+"/customer", s.inPortal((*portalVisit).updateCustomer))
	mux.HandleFunc("GET "+subscription+"/cancel", s.inPortal((*portalVisit).showCancel))
	mux.HandleFunc("POST "+subscription+"/cancel", s.inPortal((*portalVisit).cancel))
	mux.HandleFunc("POST "+subscription+"/resume", s.inPortal((*portalVisit).resume))
	mux.HandleFunc("GET "+subscription+"/update", s.inPortal((*portalVisit).showUpdate))
	mux.HandleFunc("POST "+subscription+"/update", s.inPortal((*portalVisit).update))
	mux.HandleFunc("GET /p/portal.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, pageFiles, "pages/portal.css")
	})
}

// portalVisit is one request to the portal, which runs with mu held.
type portalVisit struct {
	s   *Sandbox
	r   *http.Request
	ps  *portalSession
	cfg *portalConfiguration
	cu  *customer
	sub *subscription // of the path, if it has one
}

// portalAnswer is a page, or a place to go on to.
type portalAnswer struct {
	page string
	data any
	to   string
	wait *event // to be accepted before the customer goes on
}

// inPortal lets a customer in whose session is open, as far as its flow goes.
func (s *Sandbox) inPortal(step func(*portalVisit) portalAnswer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequestBody)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "The form cannot be read.", http.StatusBadRequest)
			return
		}
		status, a := s.visitPortal(r, step)
		if a.wait != nil {
			s.waitAccepted(r.Context(), a.wait)
		}
		if a.to == "" {
			s.render(w, status, a.page, a.data)
			return
		}
		w.Header().Set("Content-Security-Policy", contentPolicy)
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, a.to, http.StatusSeeOther)
	}
}

func (s *Sandbox) visitPortal(r *http.Request, step func(*portalVisit) portalAnswer) (int, portalAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	closed := func(status int, p closedPage) (int, portalAnswer) {
		return status, portalAnswer{page: "portal_closed.html", data: p}
	}
	ps := s.portalSessions.get(r.PathValue("id"))
	if ps == nil {
		return closed(http.StatusNotFound, closedPage{Heading: "No such page", Text: "There is no portal session with this id. The sandbox forgets its sessions when it is restarted."})
	}
	v := &portalVisit{s: s, r: r, ps: ps, cfg: s.portalConfigurations.get(ps.configuration), cu: s.liveCustomer(ps.customer)}
	gone := closedPage{Heading: "This page has expired", Text: "The portal session has expired. Please open the portal again.", Link: ps.returnURL, LinkText: "Back"}
	if v.cu == nil || !ps.openAt(s.now()) {
		return closed(http.StatusGone, gone)
	}
	ps.visited = s.nowUnix()
	if id := r.PathValue("subscription"); id != "" {
		if v.sub = s.subscriptions.get(id); v.sub == nil || v.sub.customer != v.cu.id {
			return closed(http.StatusNotFound, closedPage{Heading: "No such page", Text: "There is no such subscription.", Link: ps.path(), LinkText: "Back"})
		}
	}
	if to := ps.leadsTo(r.URL.Path); to != "" {
		if r.Form.Has("unauthenticated") {
			to += "?unauthenticated"
		}
		return http.StatusSeeOther, portalAnswer{to: to}
	}
	return http.StatusOK, step(v)
}

// leadsTo is where the session's flow keeps the customer, if that is not at path.
func (ps *portalSession) leadsTo(path string) string {
	f := ps.flow
	if f == nil || f.done && f.after == "portal_homepage" {
		return ""
	}
	to := ps.path() + f.path()
	if f.done {
		to = ps.path() + "/done"
	}
	if path == to {
		return ""
	}
	return to
}

// path is that of the flow's step, within the session's.
func (f *portalFlow) path() string {
	switch f.kind {
	case "payment_method_update":
		return "/payment-method"
	case "subscription_cancel":
		return "/subscriptions/" + f.subscription + "/cancel"
	}
	return "/subscriptions/" + f.subscription + "/update"
}

// finish goes on after something was done: where the flow leads, or home with a notice.
func (v *portalVisit) finish(notice string) portalAnswer {
	a := portalAnswer{to: v.ps.finish(notice)}
	if events := v.s.events.order; len(events) > 0 {
		a.wait = events[len(events)-1]
	}
	return a
}

func (ps *portalSession) finish(notice string) string {
	if f := ps.flow; f != nil && !f.done {
		f.done = true
		switch f.after {
		case "redirect":
			return f.redirect
		case "hosted_confirmation":
			return ps.path() + "/done"
		}
	}
	return ps.path() + "?notice=" + notice
}

// portalNotices are what the home page tells after something was done.
var portalNotices = map[string]string{
	"canceled": "Your subscription has been canceled.",
	"resumed":  "Your subscription goes on.",
	"updated":  "Your subscription has been updated.",
	"card":     "Your payment method has been updated.",
	"customer": "Your information has been updated.",
}

// portalFrame is what every page of the portal shows.
type portalFrame struct {
	Heading, Headline, Home, Return, Privacy, Terms string
	Error                                           string
}

// frame is that of a step. In a flow the way back leads out of the portal.
func (v *portalVisit) frame(heading string) portalFrame {
	f := portalFrame{Heading: heading, Headline: v.cfg.headline, Home: v.ps.path(), Return: v.ps.returnURL, Privacy: v.cfg.privacyURL, Terms: v.cfg.termsURL}
	if v.ps.flow != nil && (!v.ps.flow.done || v.ps.flow.after != "portal_homepage") {
		f.Home = ""
	}
	if v.r.Form.Has("unauthenticated") {
		f.Error = unrecognized
	}
	return f
}

// impossible is the page of a step that is not to be had.
func (v *portalVisit) impossible(e *apiError) portalAnswer {
	p := closedPage{Heading: "This is not possible", Text: e.message, Link: v.frame("").Home, LinkText: "Back"}
	if p.Link == "" {
		p.Link = v.ps.returnURL
	}
	return portalAnswer{page: "portal_closed.html", data: p}
}

type portalHome struct {
	portalFrame
	Notice        string
	Subscriptions []portalSubscription
	Card          string
	Customer      []portalField
	ShowsCard     bool
	Invoices      []portalInvoice
	ShowsInvoices bool
}

type portalSubscription struct {
	Path, Name, Price, Status, Next string
	Quantity                        int64
	CanUpdate, CanCancel, CanResume bool
	PayURL                          string // of an invoice that is open
}

type portalInvoice struct{ Date, Number, Amount, Status, URL string }

func (v *portalVisit) home() portalAnswer {
	p := portalHome{
		portalFrame: v.frame("Your subscriptions and billing"), Notice: portalNotices[v.r.Form.Get("notice")],
		Customer: v.customerFields(), Card: v.cardShown(), ShowsCard: v.cfg.paymentMethodUpdate, ShowsInvoices: v.cfg.invoiceHistory,
	}
	for _, sub := range v.s.subscriptions.newestFirst() {
		if sub.customer == v.cu.id && !sub.terminal() && sub.status != "incomplete" {
			p.Subscriptions = append(p.Subscriptions, v.subscription(sub))
		}
	}
	for _, in := range v.s.invoices.newestFirst() {
		if in.customer == v.cu.id && in.finalizedAt != 0 && in.status != "void" && v.cfg.invoiceHistory {
			p.Invoices = append(p.Invoices, portalInvoice{
				Date: shownDate(in.created), Number: in.number, Amount: formatAmount(in.total(), in.currency), Status: in.status, URL: v.s.hostedInvoiceURL(in),
			})
		}
	}
	return portalAnswer{page: "portal.html", data: p}
}

func (v *portalVisit) subscription(sub *subscription) portalSubscription {
	p := portalSubscription{
		Path: v.ps.path() + "/subscriptions/" + sub.id, Status: strings.ReplaceAll(sub.status, "_", " "), Quantity: sub.items[0].quantity,
		CanUpdate: v.s.updatable(v.cfg, sub) == nil && sub.cancelAt == 0, CanCancel: cancelable(v.cfg, sub) == nil,
		CanResume: v.cfg.cancel && sub.cancelAt != 0, Next: v.s.nextOf(sub),
	}
	var names, prices []string
	for _, it := range sub.items {
		price := v.s.prices.get(it.price)
		names, prices = append(names, v.s.products.get(price.product).name), append(prices, price.shown())
	}
	p.Name, p.Price = strings.Join(names, ", "), strings.Join(prices, " and ")
	if in := v.s.invoices.get(sub.latestInvoice); in != nil && in.status == "open" && in.remaining() > 0 {
		p.PayURL = v.s.hostedInvoiceURL(in)
	}
	return p
}

// nextOf tells what comes next, to a reader.
func (s *Sandbox) nextOf(sub *subscription) string {
	var amount int64
	for _, it := range sub.items {
		if p := s.prices.get(it.price); !p.metered() {
			amount += p.amount(it.quantity)
		}
	}
	end := shownDate(sub.nextEnd())
	switch {
	case sub.cancelAt != 0:
		return "Ends on " + shownDate(sub.cancelAt) + "."
	case sub.status == "paused":
		return "Paused."
	case sub.status == "trialing":
		return "Free until " + end + ", then " + formatAmount(amount, sub.currency) + "."
	case sub.status == "past_due" || sub.status == "unpaid":
		return "The last payment failed. Renews on " + end + " for " + formatAmount(amount, sub.currency) + "."
	}
	return "Renews on " + end + " for " + formatAmount(amount, sub.currency) + "."
}

func shownDate(t int64) string { return time.Unix(t, 0).UTC().Format("January 2, 2006") }

// cardShown is the card that the customer's subscriptions are paid with.
func (v *portalVisit) cardShown() string {
	pm := v.s.paymentMethods.get(v.cu.defaultMethod)
	for _, sub := range v.s.subscriptions.order {
		if sub.customer == v.cu.id && !sub.terminal() {
			pm = v.s.methodOf(sub)
		}
	}
	if pm == nil {
		return ""
	}
	return pm.shown()
}

func (v *portalVisit) confirmation() portalAnswer {
	f := v.ps.flow
	if f == nil || !f.done {
		return portalAnswer{to: v.ps.path()}
	}
	p := closedPage{Heading: "All done", Text: f.message, Link: v.ps.returnURL, LinkText: "Back"}
	if p.Text == "" {
		p.Text = "Your change has been made."
	}
	if f.after == "redirect" {
		p.Link = f.redirect
	}
	return portalAnswer{page: "portal_closed.html", data: p}
}

func (v *portalVisit) resume() portalAnswer {
	if e := v.s.portalResume(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	return v.finish("resumed")
}
