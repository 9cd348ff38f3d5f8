package workbench

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// Config is what the page needs.
type Config struct {
	Box *sandbox.Sandbox
	// User is the one whom the page is about unless another is asked for. It may set
	// cookies, and writes nothing else. It is nil where Held is.
	User func(w http.ResponseWriter, r *http.Request) string
	// Held is what the service gives a user now; nil where there is no service beside the
	// sandbox, or it cannot be asked: then the page does not speak of one.
	Held func(ctx context.Context, user string) ([]Right, error)
	// Home is where the link back leads, such as the shop's pages; empty for nowhere.
	Home   string
	Logger *slog.Logger
}

// Right is something that a user holds.
type Right struct {
	Feature, Value string
	Until          time.Time // zero: no end
	Plans          string    // that it comes from
}

// Path is where the page is, and below it is what it posts to.
const Path = "/sandbox"

//go:embed files
var files embed.FS

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"day":    func(t time.Time) string { return t.Format("2 Jan 2006") },
	"minute": func(t time.Time) string { return t.Format("2 Jan 2006, 15:04") },
	"clock":  func(t time.Time) string { return t.Format("2 Jan 15:04:05") },
	"iso":    func(t time.Time) string { return t.Format(time.RFC3339) },
	"button": func(text, action, id string) buttonForm { return buttonForm{text, action, id} },
}).ParseFS(files, "files/page.html"))

// buttonForm is a form that is one button.
type buttonForm struct{ Text, Action, ID string }

type bench struct{ Config }

// New returns the handler of Path and all below it.
func New(c Config) http.Handler {
	b := &bench{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, b.show)
	for _, name := range []string{"bench.css", "bench.js"} {
		mux.HandleFunc("GET "+Path+"/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, files, "files/"+name)
		})
	}
	for _, a := range actions {
		mux.HandleFunc("POST "+Path+"/"+a.path, func(w http.ResponseWriter, r *http.Request) { b.act(w, r, a) })
	}
	mux.HandleFunc("GET "+Path+"/portal", b.manage)
	return sandbox.OnlyLoopbackHosts(http.NewCrossOriginProtection().Handler(secured(mux)), c.Logger)
}

// contentPolicy allows the page's own files and forms. Its form-action names no origins of
// sandboxes: Chromium applies it to every redirect that follows a form, and the portal is
// at another port.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
