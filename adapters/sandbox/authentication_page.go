package sandbox

import (
	"net/http"
	"net/url"
	"strings"
)

// The bank's page, where the owner of a card authenticates or fails to.

const authenticationPath = "/c/authenticate/"

func (s *Sandbox) authenticationRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+authenticationPath+"{id}", s.showAuthentication)
	mux.HandleFunc("POST "+authenticationPath+"{id}", s.submitAuthentication)
}

// bankPage is what the bank's page shows.
type bankPage struct{ Heading, Amount, Card string }

// lockAsked finds what the page is about, and holds mu. Where nothing waits it says so
// and holds nothing.
func (s *Sandbox) lockAsked(w http.ResponseWriter, r *http.Request) (asked, bool) {
	s.mu.Lock()
	a, found := s.askedFor(r.PathValue("id"))
	if !found {
		s.mu.Unlock()
		s.render(w, http.StatusNotFound, "portal_closed.html", closedPage{Heading: "Nothing to confirm", Text: "No payment waits for you here. It may be done already: go back to where you came from."})
	}
	return a, found
}

func (s *Sandbox) showAuthentication(w http.ResponseWriter, r *http.Request) {
	a, found := s.lockAsked(w, r)
	if !found {
		return
	}
	page := s.bankPage(a)
	s.mu.Unlock()
	s.render(w, http.StatusOK, "authentication.html", page)
}

func (s *Sandbox) bankPage(a asked) bankPage {
	p := bankPage{Heading: "Confirm that it is you"}
	pi := a.payment
	var method string
	switch {
	case a.session != nil:
		pi, method = s.paymentIntents.get(a.session.paymentIntent), a.session.asking
	case a.setup != nil:
		method = a.setup.paymentMethod
	default:
		method = pi.paymentMethod
	}
	p.Card = s.paymentMethods.get(method).shown()
	if pi != nil {
		p.Amount = formatAmount(pi.amount, pi.currency)
	}
	return p
}

// submitAuthentication goes on with what waited, and leads back. A second submit finds
// nothing that waits.
func (s *Sandbox) submitAuthentication(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form cannot be read.", http.StatusBadRequest)
		return
	}
	a, found := s.lockAsked(w, r)
	if !found {
		return
	}
	e := s.answered(a, r.PostForm.Get("action") == "complete")
	to := s.leadsBack(a, e)
	last := s.events.order[len(s.events.order)-1]
	s.mu.Unlock()
	s.waitAccepted(r.Context(), last)
	if to == "" {
		s.render(w, http.StatusOK, "portal_closed.html", closedPage{Heading: answeredHeading(e), Text: "Please go back to the shop."})
		return
	}
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func answeredHeading(e *apiError) string {
	if e == nil {
		return "Thank you"
	}
	return "It did not work"
}

// leadsBack is where the owner goes on after the bank's page; empty where nobody has
// said so. e is how it did not end well, or nil.
func (s *Sandbox) leadsBack(a asked, e *apiError) string {
	if to := s.leavePortal(a, e == nil); to != "" {
		return to
	}
	if cs := a.session; cs != nil {
		if cs.status == "complete" {
			return cs.leadsTo()
		}
		return "/c/pay/" + cs.id + "?failed"
	}
	if si := a.setup; si != nil {
		return withAnswer(si.returnURL, "setup_intent", si.id, si.clientSecret, e)
	}
	pi := a.payment
	if in := s.invoices.get(pi.invoice); pi.returnURL == "" && in != nil {
		return "/i/" + in.id
	}
	return withAnswer(pi.returnURL, "payment_intent", pi.id, pi.clientSecret, e)
}

// withAnswer is the shop's return_url with what Stripe tells there of the intent.
func withAnswer(back, kind, id, secret string, e *apiError) string {
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

// leavePortal ends the step in the billing portal that has asked, and is where that
// leads; empty if it was none.
func (s *Sandbox) leavePortal(a asked, done bool) string {
	session, notice := "", "updated"
	switch {
	case a.payment != nil:
		session = a.payment.portal
	case a.setup != nil:
		session, notice = a.setup.portal, "card"
	}
	ps := s.portalSessions.get(session)
	switch {
	case ps == nil:
		return ""
	case !done:
		return ps.path() + "?unauthenticated"
	}
	return ps.finish(notice)
}

// nextAction is what an intent in requires_action waits for: that the owner is led to the
// bank, by the shop if it has said where to come back to, else by Stripe.js.
func (s *Sandbox) nextAction(id, status, returnURL string) any {
	if status != "requires_action" {
		return nil
	}
	at := s.reached() + authenticationPath + id
	if returnURL != "" {
		return object{"type": "redirect_to_url", "redirect_to_url": object{"return_url": returnURL, "url": at}}
	}
	return object{"type": "use_stripe_sdk", "use_stripe_sdk": object{
		"type": "three_d_secure_redirect", "source": strings.Replace(id, "_", "_src_", 1), "stripe_js": at,
	}}
}
