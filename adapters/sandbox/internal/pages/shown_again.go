package pages

import (
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// mostShownAgain is how many of the pages that forms led to are kept, the newest ones.
const mostShownAgain = 100

// shownAgain are pages with what a buyer has filled in and what came of it, by the addresses
// that the forms lead to. A page that answers the form itself cannot be gone back to: a
// browser asks whether to send the form once more.
type shownAgain struct {
	pages  map[string]any
	oldest []string
}

// keep returns where a page that a form has come to is shown. Mu is held.
func (a *shownAgain) keep(r *http.Request, page any) string {
	at := r.URL.Path + "?again=" + wire.NewID("", 16)
	if a.pages == nil {
		a.pages = map[string]any{}
	}
	if a.oldest = append(a.oldest, at); len(a.oldest) > mostShownAgain {
		delete(a.pages, a.oldest[0])
		a.oldest = a.oldest[1:]
	}
	a.pages[at] = page
	return at
}

// keptPage is what is kept for the address, if anything is still. Mu is held.
func keptPage[P any](a *shownAgain, r *http.Request) (P, bool) {
	page, is := a.pages[r.URL.RequestURI()].(P)
	return page, is
}

// seeOther leads on from a form.
func seeOther(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}
