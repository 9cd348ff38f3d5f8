package pages

import (
	"net/http"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (s *Site) portalRoutes(mux *http.ServeMux) {
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
		http.ServeFileFS(w, r, pageFiles, "html/portal.css")
	})
}

// portalVisit is one request to the portal, which runs with Mu held.
type portalVisit struct {
	s   *Site
	r   *http.Request
	ps  *state.PortalSession
	cfg *state.PortalConfiguration
	cu  *state.Customer
	sub *state.Subscription // of the path, if it has one
}

// portalAnswer is a page, or a place to go on to.
type portalAnswer struct {
	page string
	data any
	to   string
	wait *state.Event // to be accepted before the customer goes on
}

// inPortal lets a customer in whose session is open, as far as its flow goes.
func (s *Site) inPortal(step func(*portalVisit) portalAnswer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, wire.MaxRequestBody)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "The form cannot be read.", http.StatusBadRequest)
			return
		}
		status, a := s.visitPortal(r, step)
		if a.wait != nil {
			s.Webhooks.WaitAccepted(r.Context(), a.wait)
		}
		if a.to == "" {
			s.render(w, status, a.page, a.data)
			return
		}
		seeOther(w, r, a.to)
	}
}

func (s *Site) visitPortal(r *http.Request, step func(*portalVisit) portalAnswer) (int, portalAnswer) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	closed := func(status int, p closedPage) (int, portalAnswer) {
		return status, portalAnswer{page: closedTemplate, data: p}
	}
	ps := s.PortalSessions.Get(r.PathValue("id"))
	if ps == nil {
		return closed(http.StatusNotFound, closedPage{Heading: "No such page", Text: "There is no portal session with this id. The sandbox forgets its sessions when it is restarted."})
	}
	v := &portalVisit{s: s, r: r, ps: ps, cfg: s.PortalConfigurations.Get(ps.Configuration), cu: s.LiveCustomer(ps.Customer)}
	gone := closedPage{Heading: "This page has expired", Text: "The portal session has expired. Please open the portal again.", Link: ps.ReturnURL, LinkText: "Back"}
	if v.cu == nil || !ps.OpenAt(s.Now()) {
		return closed(http.StatusGone, gone)
	}
	ps.Visited = s.NowUnix()
	if id := r.PathValue("subscription"); id != "" {
		if v.sub = s.Subscriptions.Get(id); v.sub == nil || v.sub.Customer != v.cu.ID {
			return closed(http.StatusNotFound, closedPage{Heading: "No such page", Text: "There is no such subscription.", Link: ps.Path(), LinkText: "Back"})
		}
	}
	if to := ps.LeadsTo(r.URL.Path); to != "" {
		if r.Form.Has("unauthenticated") {
			to += "?unauthenticated"
		}
		return http.StatusSeeOther, portalAnswer{to: to}
	}
	if kept, is := keptPage[portalAnswer](&s.again, r); is && r.Method == http.MethodGet {
		return http.StatusOK, kept
	}
	a := step(v)
	if r.Method == http.MethodPost && a.to == "" && a.page != closedTemplate {
		a = portalAnswer{to: s.again.keep(r, a)}
	}
	return http.StatusOK, a
}

// finish goes on after something was done: where the flow leads, or home with a notice.
func (v *portalVisit) finish(notice string) portalAnswer {
	a := portalAnswer{to: v.ps.Finish(notice)}
	if events := v.s.Events.Order; len(events) > 0 {
		a.wait = events[len(events)-1]
	}
	return a
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
	f := portalFrame{Heading: heading, Headline: v.cfg.Headline, Home: v.ps.Path(), Return: v.ps.ReturnURL, Privacy: v.cfg.PrivacyURL, Terms: v.cfg.TermsURL}
	if v.ps.Flow != nil && (!v.ps.Flow.Done || v.ps.Flow.After != "portal_homepage") {
		f.Home = ""
	}
	if v.r.Form.Has("unauthenticated") {
		f.Error = unrecognized
	}
	return f
}

// impossible is the page of a step that is not to be had.
func (v *portalVisit) impossible(e *wire.Error) portalAnswer {
	p := closedPage{Heading: "This is not possible", Text: e.Message, Link: v.frame("").Home, LinkText: "Back"}
	if p.Link == "" {
		p.Link = v.ps.ReturnURL
	}
	return portalAnswer{page: closedTemplate, data: p}
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
		Customer: v.customerFields(), Card: v.cardShown(), ShowsCard: v.cfg.PaymentMethodUpdate, ShowsInvoices: v.cfg.InvoiceHistory,
	}
	for _, sub := range v.s.Subscriptions.NewestFirst() {
		if sub.Customer == v.cu.ID && !sub.Terminal() && sub.Status != "incomplete" {
			p.Subscriptions = append(p.Subscriptions, v.subscription(sub))
		}
	}
	for _, in := range v.s.Invoices.NewestFirst() {
		if in.Customer == v.cu.ID && in.FinalizedAt != 0 && in.Status != "void" && v.cfg.InvoiceHistory {
			p.Invoices = append(p.Invoices, portalInvoice{
				Date: shownDate(in.Created), Number: in.Number, Amount: wire.FormatAmount(in.Total(), in.Currency), Status: in.Status, URL: v.s.Render.HostedInvoiceURL(in),
			})
		}
	}
	return portalAnswer{page: "portal.html", data: p}
}

func (v *portalVisit) subscription(sub *state.Subscription) portalSubscription {
	p := portalSubscription{
		Path: v.ps.Path() + "/subscriptions/" + sub.ID, Status: strings.ReplaceAll(sub.Status, "_", " "), Quantity: sub.Items[0].Quantity,
		CanUpdate: v.s.Updatable(v.cfg, sub) == nil && sub.CancelAt == 0, CanCancel: life.Cancelable(v.cfg, sub) == nil,
		CanResume: v.cfg.Cancel && sub.CancelAt != 0, Next: v.s.nextOf(sub),
	}
	var names, prices []string
	for _, it := range sub.Items {
		price := v.s.PriceIn(it.Price, sub.Currency)
		names, prices = append(names, v.s.Products.Get(price.Product).Name), append(prices, shownPrice(price))
	}
	p.Name, p.Price = strings.Join(names, ", "), strings.Join(prices, " and ")
	if in := v.s.Invoices.Get(sub.LatestInvoice); in != nil && in.Status == "open" && in.Remaining() > 0 {
		p.PayURL = v.s.Render.HostedInvoiceURL(in)
	}
	return p
}

// nextOf tells what comes next, to a reader.
func (s *Site) nextOf(sub *state.Subscription) string {
	var amount int64
	for _, it := range sub.Items {
		if p := s.PriceIn(it.Price, sub.Currency); !p.Metered() {
			amount += p.Amount(it.Quantity)
		}
	}
	end := shownDate(sub.NextEnd())
	switch {
	case sub.CancelAt != 0:
		return "Ends on " + shownDate(sub.CancelAt) + "."
	case sub.Status == "paused":
		return "Paused."
	case sub.Status == "trialing":
		return "Free until " + end + ", then " + wire.FormatAmount(amount, sub.Currency) + "."
	case sub.Status == "past_due" || sub.Status == "unpaid":
		return "The last payment failed. Renews on " + end + " for " + wire.FormatAmount(amount, sub.Currency) + "."
	}
	return "Renews on " + end + " for " + wire.FormatAmount(amount, sub.Currency) + "."
}

func shownDate(t int64) string { return time.Unix(t, 0).UTC().Format("January 2, 2006") }

// cardShown is the card that the customer's subscriptions are paid with.
func (v *portalVisit) cardShown() string {
	pm := v.s.PaymentMethods.Get(v.cu.DefaultMethod)
	for _, sub := range v.s.Subscriptions.Order {
		if sub.Customer == v.cu.ID && !sub.Terminal() {
			pm = v.s.MethodOf(sub)
		}
	}
	if pm == nil {
		return ""
	}
	return pm.Shown()
}

func (v *portalVisit) confirmation() portalAnswer {
	f := v.ps.Flow
	if f == nil || !f.Done {
		return portalAnswer{to: v.ps.Path()}
	}
	p := closedPage{Heading: "All done", Text: f.Message, Link: v.ps.ReturnURL, LinkText: "Back"}
	if p.Text == "" {
		p.Text = "Your change has been made."
	}
	if f.After == "redirect" {
		p.Link = f.Redirect
	}
	return portalAnswer{page: closedTemplate, data: p}
}

func (v *portalVisit) resume() portalAnswer {
	if e := v.s.PortalResume(v.cfg, v.sub); e != nil {
		return v.impossible(e)
	}
	return v.finish("resumed")
}
