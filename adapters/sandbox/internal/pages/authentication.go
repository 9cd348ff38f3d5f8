package pages

import (
	"net/http"
	"net/url"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (s *Site) authenticationRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+render.AuthenticationPath+"{id}", s.showAuthentication)
	mux.HandleFunc("POST "+render.AuthenticationPath+"{id}", s.submitAuthentication)
}

// bankPage is what the bank's page shows.
type bankPage struct{ Heading, Amount, Card string }

// lockAsked finds what the page is about, and holds Mu. Where nothing waits it says so
// and holds nothing.
func (s *Site) lockAsked(w http.ResponseWriter, r *http.Request) (life.Asked, bool) {
	s.Mu.Lock()
	a, found := s.AskedFor(r.PathValue("id"))
	if !found {
		s.Mu.Unlock()
		s.render(w, http.StatusNotFound, closedTemplate, closedPage{Heading: "Nothing to confirm", Text: "No payment waits for you here. It may be done already: go back to where you came from."})
	}
	return a, found
}

func (s *Site) showAuthentication(w http.ResponseWriter, r *http.Request) {
	a, found := s.lockAsked(w, r)
	if !found {
		return
	}
	page := s.bankPage(a)
	s.Mu.Unlock()
	s.render(w, http.StatusOK, "authentication.html", page)
}

func (s *Site) bankPage(a life.Asked) bankPage {
	pi, card := s.AskedAbout(a)
	p := bankPage{Heading: "Confirm that it is you", Card: card.Shown()}
	if pi != nil {
		p.Amount = wire.FormatAmount(pi.Amount, pi.Currency)
	}
	return p
}

// submitAuthentication goes on with what waited, and leads back. A second submit finds
// nothing that waits.
func (s *Site) submitAuthentication(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxRequestBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	a, found := s.lockAsked(w, r)
	if !found {
		return
	}
	e := s.Answered(a, r.PostForm.Get("action") == "complete")
	to := s.leadsBack(a, e)
	last := s.Events.Order[len(s.Events.Order)-1]
	s.Mu.Unlock()
	s.Webhooks.WaitAccepted(r.Context(), last)
	if to == "" {
		s.render(w, http.StatusOK, closedTemplate, closedPage{Heading: answeredHeading(e), Text: "Please go back to the shop."})
		return
	}
	seeOther(w, r, to)
}

func answeredHeading(e *wire.Error) string {
	if e == nil {
		return "Thank you"
	}
	return "It did not work"
}

// leadsBack is where the owner goes on after the bank's page; empty where nobody has
// said so. e is how it did not end well, or nil.
func (s *Site) leadsBack(a life.Asked, e *wire.Error) string {
	if to := s.LeavePortal(a, e == nil); to != "" {
		return to
	}
	if cs := a.Session; cs != nil {
		if cs.Status == "complete" {
			return cs.LeadsTo()
		}
		return cs.PagePath() + "?failed"
	}
	if si := a.Setup; si != nil {
		return withAnswer(si.ReturnURL, "setup_intent", si.ID, si.ClientSecret, e)
	}
	pi := a.Payment
	if in := s.Invoices.Get(pi.Invoice); pi.ReturnURL == "" && in != nil {
		return "/i/" + in.ID
	}
	return withAnswer(pi.ReturnURL, "payment_intent", pi.ID, pi.ClientSecret, e)
}

// withAnswer is the shop's return_url with what Stripe tells there of the intent.
func withAnswer(back, kind, id, secret string, e *wire.Error) string {
	u, err := url.Parse(back)
	if back == "" || err != nil {
		return ""
	}
	status := "succeeded"
	if e != nil {
		status = "failed"
	}
	q := u.Query()
	q.Set(kind, id)
	q.Set(kind+"_client_secret", secret)
	q.Set("redirect_status", status)
	u.RawQuery = q.Encode()
	return u.String()
}

// LeavePortal ends the step in the billing portal that has asked, and is where that
// leads; empty if it was none.
func (s *Site) LeavePortal(a life.Asked, done bool) string {
	session, notice := "", "updated"
	switch {
	case a.Payment != nil:
		session = a.Payment.Portal
	case a.Setup != nil:
		session, notice = a.Setup.Portal, "card"
	}
	ps := s.PortalSessions.Get(session)
	switch {
	case ps == nil:
		return ""
	case !done:
		return ps.Path() + "?unauthenticated"
	}
	return ps.Finish(notice)
}
