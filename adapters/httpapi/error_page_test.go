package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What a browser sends when a person opens an address.
const ofABrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

func TestErrorPage_IsForPeople(t *testing.T) {
	t.Parallel()
	page := func(w http.ResponseWriter, _ *http.Request, status int, detail string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "a page that says %q", detail)
	}
	mounted := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	with := start(t, setup{config: Config{ErrorPage: page, Mounts: []Mount{{"/", mounted}}}})
	without := start(t, setup{})
	for name, c := range map[string]struct {
		s                    *service
		method, path, accept string
		status               int
		page                 bool
	}{
		"a person at an unknown path":         {with, "GET", "/nowhere", ofABrowser, 404, true},
		"a person who asks for the head":      {with, "HEAD", "/nowhere", ofABrowser, 404, false},
		"a person with a slash too many":      {with, "GET", "/healthz/", ofABrowser, 404, true},
		"a person and a method that is none":  {with, "OPTIONS", "/", ofABrowser, 405, true},
		"a person who may not see metrics":    {with, "GET", "/metrics", ofABrowser, 401, false},
		"a person who looks into the API":     {with, "GET", "/api/nowhere", ofABrowser, 404, false},
		"a program":                           {with, "GET", "/nowhere", "application/json", 404, false},
		"a program that takes anything":       {with, "GET", "/nowhere", "*/*", 404, false},
		"a program that says nothing":         {with, "GET", "/nowhere", "", 404, false},
		"who takes both alike":                {with, "GET", "/nowhere", "text/html, application/json", 404, false},
		"who likes a page less":               {with, "GET", "/nowhere", "text/html;q=0.5, application/problem+json", 404, false},
		"who likes a page more":               {with, "GET", "/nowhere", "application/json;q=0.5, text/html;q=0.9", 404, true},
		"who wants no page":                   {with, "GET", "/nowhere", "text/html;q=0", 404, false},
		"who says it wrong":                   {with, "GET", "/nowhere", "text/html;q=much, ;;", 404, false},
		"a person where there are no pages":   {without, "GET", "/nowhere", ofABrowser, 404, false},
		"what a mounted page answers is left": {with, "GET", "/", ofABrowser, 200, false},
	} {
		got := c.s.call(c.method, c.path, "", map[string]string{"Accept": c.accept})
		isPage := strings.HasPrefix(got.text, "a page")
		if got.StatusCode != c.status || isPage != c.page {
			t.Errorf("%s: got %d and a page: %t, want %d and %t: %s", name, got.StatusCode, isPage, c.status, c.page, got.text)
		}
	}
	got := with.call("OPTIONS", "/", "", map[string]string{"Accept": ofABrowser})
	if !strings.Contains(got.text, "this path takes DELETE, GET") || !strings.Contains(got.Header.Get("Allow"), "GET") {
		t.Errorf("the page does not say what the path takes: %s", got.text)
	}
	if !strings.Contains(with.log.String(), "not_found") {
		t.Errorf("the log does not say what was wrong: %s", with.log)
	}
}
