package apidocs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strings"
	"time"
)

// Path is where the reference is, and what it needs below.
const Path = "/docs"

// contentPolicy allows the page's own files, the API of the same site for whoever tries a call,
// and the pictures that are in Swagger UI's style sheet.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed page swagger-ui
var files embed.FS

// file is one of those that the page is made of.
type file struct {
	content    []byte
	compressed bool
	kind       string // its media type
	hash       string
}

// pageFiles are the files by their paths.
var pageFiles = map[string]file{
	Path:                            read("page/index.html", "text/html; charset=utf-8"),
	Path + "/page.js":               read("page/page.js", "text/javascript; charset=utf-8"),
	Path + "/page.css":              read("page/page.css", "text/css; charset=utf-8"),
	Path + "/swagger-ui-bundle.js":  read("swagger-ui/swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8"),
	Path + "/swagger-ui.css":        read("swagger-ui/swagger-ui.css.gz", "text/css; charset=utf-8"),
	Path + "/LICENSE":               read("swagger-ui/LICENSE", "text/plain; charset=utf-8"),
	Path + "/NOTICE":                read("swagger-ui/NOTICE", "text/plain; charset=utf-8"),
	Path + "/LICENSES-OF-PARTS.txt": read("swagger-ui/swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8"),
}

func read(name, kind string) file {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	sum := sha256.Sum256(content)
	return file{content, path.Ext(name) == ".gz", kind, hex.EncodeToString(sum[:8])}
}

// Handler answers GET and HEAD of [Path] and of what is below it.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	f, found := pageFiles[r.URL.Path]
	switch {
	case !found:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "this path takes GET and HEAD", http.StatusMethodNotAllowed)
	default:
		f.send(w, r)
	}
}

// send sends a file, as it is kept if the browser takes it so.
func (f file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache") // which asks again, and is told that nothing has changed
	content, version := f.content, f.hash
	if f.compressed {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			version += "-gzip"
		} else {
			content = f.plain()
		}
	}
	h.Set("ETag", `"`+version+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func (f file) plain() []byte {
	unpacked, err := gzip.NewReader(bytes.NewReader(f.content))
	if err != nil {
		panic(err) // a test reads all of it
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		panic(err)
	}
	return content
}

func takesGzip(r *http.Request) bool {
	for offered := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(offered, ";")
		if strings.TrimSpace(coding) == "gzip" {
			return strings.ReplaceAll(quality, " ", "") != "q=0"
		}
	}
	return false
}
