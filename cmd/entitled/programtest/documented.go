package programtest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Document describes the API of the programs that the tests start.
func Document() (*openapi3.T, error) {
	top, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromFile(filepath.Join(top, "adapters/httpapi/openapi.json"))
}

// documented passes requests on, and remembers each answer that the document does not have.
// Every test that asks with [http.DefaultClient] asks through it, so that the whole
// program is held to its document, and not only its HTTP server.
type documented struct {
	next   http.RoundTripper
	router routers.Router

	mu     sync.Mutex
	faults map[string]string // the first of each route and status
}

func newDocumented(next http.RoundTripper) (*documented, error) {
	doc, err := Document()
	if err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	return &documented{next: next, router: router, faults: map[string]string{}}, err
}

// RoundTrip implements [http.RoundTripper].
func (d *documented) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := d.next.RoundTrip(r)
	if err != nil || !strings.Contains(response.Header.Get("Content-Type"), "json") {
		return response, err
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text), bodyEnd{err}))
	if err == nil && r.Method != http.MethodHead {
		d.look(r, response, text)
	}
	return response, nil
}

// look notes an answer that the document does not have. What is at no path of ours, such as the
// sandbox's, is held to nothing.
func (d *documented) look(r *http.Request, response *http.Response, text []byte) {
	bare := &http.Request{Method: r.Method, URL: r.URL, Header: r.Header}
	route, params, err := d.router.FindRoute(bare)
	if err != nil {
		return
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: bare, PathParams: params, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(text)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		d.note(fmt.Sprintf("%s %s, %d", r.Method, route.Path, response.StatusCode), err)
	}
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (d *documented) CloseIdleConnections() {
	if closer, is := d.next.(interface{ CloseIdleConnections() }); is {
		closer.CloseIdleConnections()
	}
}

func (d *documented) note(where string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.faults[where]; !known {
		d.faults[where] = err.Error()
	}
}

// verdict is the exit code of a run: an answer that is not in the document fails it, and is told.
func (d *documented) verdict(code int, tell io.Writer) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, where := range slices.Sorted(maps.Keys(d.faults)) {
		fmt.Fprintf(tell, "FAIL: %s: the answer is not as openapi.yaml describes it: %s\n", where, d.faults[where])
		code = max(code, 1)
	}
	return code
}

// bodyEnd is the end of a body: as it was.
type bodyEnd struct{ err error }

func (f bodyEnd) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
