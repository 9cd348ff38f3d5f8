package programtest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

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
