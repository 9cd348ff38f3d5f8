package control_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Ensure that the workbench is served beside the API, works on the sandbox that is served
// now, and keeps out forms of other sites.
func TestWorkbench_IsServed(t *testing.T) {
	t.Parallel()
	p := start(t)
	ask := func(method, path, origin, form string) (status int, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), method, p.URL()+path, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		r.Header.Set("Authorization", "Bearer sk_test_1")
		answer, err := p.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	p.send("POST", "/_sandbox/reset", "", "")
	box := p.Sandbox()
	if status, answer := ask("POST", "/v1/customers", p.URL(), "name=Ada"); status != http.StatusOK {
		t.Fatal(answer)
	}
	if status, page := ask("GET", "/sandbox", p.URL(), ""); status != http.StatusOK || !strings.Contains(page, "<h1>Workbench</h1>") ||
		!strings.Contains(page, "customer.created") || strings.Contains(page, "the service") || strings.Contains(page, "The service") {
		t.Errorf("got %d: %s", status, page)
	}
	before := box.Now()
	if status, _ := ask("POST", "/sandbox/clock", "https://other.example", "by=month"); status != http.StatusForbidden || box.Now().Sub(before) > 20*24*time.Hour {
		t.Errorf("a form of another site: got %d, and the clock moved by %s", status, box.Now().Sub(before))
	}
	if status, page := ask("POST", "/sandbox/clock", p.URL(), "by=month"); status != http.StatusOK || box.Now().Sub(before) < 20*24*time.Hour {
		t.Errorf("a month: got %d, and the clock moved by %s: %s", status, box.Now().Sub(before), page)
	}
	for _, file := range []string{"bench.css", "bench.js"} {
		if status, _ := ask("GET", "/sandbox/"+file, p.URL(), ""); status != http.StatusOK {
			t.Errorf("%s: got %d", file, status)
		}
	}
}
