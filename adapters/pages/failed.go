package pages

import (
	"cmp"
	"net/http"
	"unicode"
	"unicode/utf8"
)

// failure is what the page of a failed request says.
type failure struct {
	Status           int
	Headline, Detail string
}

// failures are in words for people, by status. Any other status is said in the words
// that came with it.
var failures = map[int]failure{
	http.StatusNotFound:         {Headline: "There is no such page", Detail: "The address may be misspelled, or the page may have moved."},
	http.StatusMethodNotAllowed: {Headline: "This page is only to be read", Detail: "A form or a program sent something to it. Open its address in the browser instead."},
	http.StatusMisdirectedRequest: {
		Headline: "This is not where the service lives", Detail: "It answers to its own name only: open http://localhost, with the same port.",
	},
}

func (s *shop) notFound(w http.ResponseWriter, r *http.Request) {
	s.failed(w, r, http.StatusNotFound, "")
}

func (s *shop) wrongMethod(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	s.failed(w, r, http.StatusMethodNotAllowed, "")
}

func (s *shop) failed(w http.ResponseWriter, r *http.Request, status int, detail string) {
	said, known := failures[status]
	if !known {
		said = failure{Headline: "This did not work", Detail: cmp.Or(sentence(detail), "Please try again. The log of the service says why.")}
	}
	said.Status = status
	s.render(w, r, status, failedPage, page{Title: said.Headline, Body: said})
}

// sentence writes a detail of a problem as one.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = capital(text)
	if last, _ := utf8.DecodeLastRuneInString(text); unicode.IsPunct(last) {
		return text
	}
	return text + "."
}
