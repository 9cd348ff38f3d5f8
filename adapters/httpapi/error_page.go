package httpapi

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// ErrorPage writes the whole answer to a person whose request failed, with the status
// that a program would get. What is wrong is said in the words of the problem's detail,
// which may be empty.
type ErrorPage func(w http.ResponseWriter, r *http.Request, status int, detail string)

// apiPaths are what programs call: a developer who opens one in a browser wants the problem.
const apiPaths = "/api/"

// wantsPage tells whether a person asks: a browser names text/html when it opens an
// address, and programs do not. What the API's document describes answers as described.
func wantsPage(r *http.Request) bool {
	x := exchangeOf(r.Context())
	if x.routed && !x.rule.page || strings.HasPrefix(r.URL.Path, apiPaths) {
		return false
	}
	page, problem := 0.0, 0.0
	for _, accepted := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, parameters, err := mime.ParseMediaType(accepted)
		if err != nil {
			continue
		}
		switch kind {
		case "text/html", "application/xhtml+xml":
			page = max(page, preference(parameters))
		case "application/problem+json", "application/json":
			problem = max(problem, preference(parameters))
		}
	}
	return page > problem
}

// preference is the weight of a media type (RFC 9110, 12.4.2): 1 where none is given.
func preference(parameters map[string]string) float64 {
	weight, given := parameters["q"]
	if !given {
		return 1
	}
	q, err := strconv.ParseFloat(weight, 64)
	if err != nil {
		return 0
	}
	return q
}
