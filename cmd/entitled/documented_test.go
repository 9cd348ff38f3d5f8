package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// documentFile describes the API of the programs that the tests start.
const documentFile = "../../adapters/httpapi/openapi.json"

// documented passes requests on, and remembers each answer that the document does not have.
// Every test here that asks with [http.DefaultClient] asks through it, so that the whole
// program is held to its document, and not only its HTTP server.
type documented struct {
	next   http.RoundTripper
	router routers.Router

	mu     sync.Mutex
	faults map[string]string // the first of each route and status
}

func newDocumented(next http.RoundTripper) (*documented, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(documentFile)
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

func TestDocumented_NotesWhatTheDocumentDoesNotHave(t *testing.T) {
	t.Parallel()
	const fit = `{"status":"ok"}`
	for name, c := range map[string]struct {
		path, body string
		status     int
		want       bool
	}{
		"an answer as described":    {"/healthz", fit, 200, false},
		"a field too many":          {"/healthz", `{"status":"ok","mood":"fine"}`, 200, true},
		"another status":            {"/healthz", fit, 201, true},
		"a path of somebody else's": {"/v1/customers", `{}`, 200, false},
	} {
		d, err := newDocumented(answering{c.status, c.body})
		if err != nil {
			t.Fatal(err)
		}
		request, _ := http.NewRequest("GET", "http://127.0.0.1"+c.path, nil)
		response, err := d.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err != nil || string(text) != c.body {
			t.Errorf("%s: the body became %q, %v", name, text, err)
		}
		if noted := d.faults; (len(noted) > 0) != c.want {
			t.Errorf("%s: noted %v", name, noted)
		}
	}
	d, _ := newDocumented(answering{status: 200})
	d.note("GET /", errors.New("not so"))
	if d.verdict(0, io.Discard) != 1 || d.verdict(2, io.Discard) != 2 {
		t.Error("a fault does not fail the run")
	}
}

// answering answers everything alike.
type answering struct {
	status int
	body   string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(a.body)), Request: r,
	}, nil
}
