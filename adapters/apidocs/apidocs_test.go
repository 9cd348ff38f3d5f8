package apidocs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// What is embedded is what was looked at: nobody reads a change of a megabyte.
func TestHandler_ServesSwaggerUIAsPublished(t *testing.T) {
	t.Parallel()
	for name, sum := range map[string]string{
		"/swagger-ui-bundle.js": "bc17dcf92c08d01ba2d73c58e0fb6a28c412df42a69aac2e254966664a5c2a10",
		"/swagger-ui.css":       "a6a4cf68f069eb89984d5d43644e6a812e749df08d2b1320c6e06e6973847d10",
	} {
		plain := ask(http.MethodGet, Path+name, "")
		packed := ask(http.MethodGet, Path+name, "br, gzip")
		unpacked, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(unpacked)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, plain.Body.Bytes()) {
			t.Errorf("%s is not the same for everybody", name)
		}
		if got := sha256.Sum256(text); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s has the sum %x", name, got)
		}
		if plain.Header().Get("ETag") == packed.Header().Get("ETag") || packed.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s: headers %v and %v", name, plain.Header(), packed.Header())
		}
	}
}

func TestHandler_ThePageNeedsOnlyWhatIsHere(t *testing.T) {
	t.Parallel()
	page := ask(http.MethodGet, Path, "")
	if page.Code != 200 || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("answered %d, %v", page.Code, page.Header())
	}
	found := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
	if len(found) < 5 {
		t.Errorf("the page refers to %d files", len(found))
	}
	for _, reference := range found {
		if address := reference[1]; address != "data:," && address != "/api/openapi.json" && ask(http.MethodGet, address, "").Code != 200 {
			t.Errorf("the page needs %s", address)
		}
	}
	for directive := range strings.SplitSeq(page.Header().Get("Content-Security-Policy"), ";") {
		for _, unsafe := range []string{"unsafe", "http", "*"} {
			if strings.Contains(directive, unsafe) {
				t.Errorf("the content policy has %s", directive)
			}
		}
	}
}

func TestHandler_HasManners(t *testing.T) {
	t.Parallel()
	etag := ask(http.MethodGet, Path, "").Header().Get("ETag")
	for _, c := range []struct {
		method, path, etag string
		want               int
	}{
		{"HEAD", Path, "", 200}, {"GET", Path, etag, 304}, {"POST", Path, "", 405},
		{"GET", Path + "/", "", 404}, {"GET", Path + "/nothing", "", 404}, {"GET", Path + "/../docs", "", 404},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header.Set("If-None-Match", c.etag)
		Handler().ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s: answered %d, want %d", c.method, c.path, w.Code, c.want)
		}
	}
	for coding, want := range map[string]string{"": "", "gzip": "gzip", "gzip;q=0": "", "deflate, gzip;q=0.5": "gzip", "br": ""} {
		if got := ask(http.MethodGet, Path+"/swagger-ui.css", coding).Header().Get("Content-Encoding"); got != want {
			t.Errorf("who takes %q gets %q", coding, got)
		}
	}
}

func ask(method, path, coding string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", coding)
	Handler().ServeHTTP(w, r)
	return w
}
