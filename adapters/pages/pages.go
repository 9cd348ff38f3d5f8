package pages

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"net/http"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// Config is what the pages need.
type Config struct {
	// Plans answers what is for sale.
	Plans *app.ListPlans
	// Features tells what features are called, and which limits are counted per
	// unit, as in "5 seats each".
	// It may be nil.
	Features map[domain.FeatureKey]domain.Feature
	// SignIn makes sure that the browser has a session, and returns its user. It
	// may set cookies, and writes nothing else.
	SignIn func(w http.ResponseWriter, r *http.Request) (userID string)
	// Workbench is where the sandbox is driven by hand; empty: there is no link to it.
	Workbench string
	Logger    *slog.Logger
}

// Pages are the handler of GET /, /return, /me and /assets/. Any other path is answered
// 404, and any other method 405, in words.
type Pages struct {
	shop    *shop
	handler http.Handler
}

// New returns the pages.
func New(c Config) *Pages {
	s := &shop{Config: c}
	mux := http.NewServeMux()
	for path, page := range map[string]http.HandlerFunc{
		"/{$}": s.pricing, "/return": s.returned, "/me": s.mine, "/assets/{file}": s.asset,
	} {
		mux.HandleFunc("GET "+path, page)
		mux.HandleFunc(path, s.wrongMethod)
	}
	mux.HandleFunc("/", s.notFound)
	return &Pages{s, secured(mux)}
}

// ServeHTTP implements [http.Handler].
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Error answers a person whose request failed before any page was asked: with the status,
// and with the detail, which may be empty, where the status has no page of its own.
func (p *Pages) Error(w http.ResponseWriter, r *http.Request, status int, detail string) {
	secured(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.shop.failed(w, r, status, detail)
	})).ServeHTTP(w, r)
}

type shop struct{ Config }

//go:embed templates
var templateFiles embed.FS

var (
	pricingPage     = parse("pricing.html")
	returnPage      = parse("return.html")
	mePage          = parse("me.html")
	failedPage      = parse("failed.html")
	unavailablePage = parse("unavailable.html")
)

func parse(name string) *template.Template {
	t := template.New(name).Funcs(template.FuncMap{"asset": assetURL})
	return template.Must(t.ParseFS(templateFiles, "templates/layout.html", "templates/held.html", "templates/"+name))
}

// page is what the layout shows around a page's own content.
type page struct {
	Title  string
	Path   string // the navigation's current entry
	Script string // the page's module among the assets; may be empty
	User   string
	Words  string // JSON: how keys and amounts are written; see shop.words
	Body   any

	Workbench string // where it is; may be empty
}

func (s *shop) returned(w http.ResponseWriter, r *http.Request) {
	user := s.SignIn(w, r)
	s.render(w, r, http.StatusOK, returnPage, page{
		Title: "Your order", Script: "return.js", User: user, Words: s.words(r),
	})
}

func (s *shop) mine(w http.ResponseWriter, r *http.Request) {
	user := s.SignIn(w, r)
	s.render(w, r, http.StatusOK, mePage, page{
		Title: "My account", Path: "/me", Script: "me.js", User: user, Words: s.words(r),
	})
}

// render writes a whole page or none.
func (s *shop) render(w http.ResponseWriter, r *http.Request, status int, t *template.Template, p page) {
	p.Workbench = s.Workbench
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout", p); err != nil {
		s.Logger.ErrorContext(r.Context(), "render page", "page", t.Name(), "error", err)
		http.Error(w, "This page cannot be shown. The log of the service says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The page belongs to one session.
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(body.Bytes()); err != nil {
		s.Logger.DebugContext(r.Context(), "send page", "page", t.Name(), "error", err)
	}
}
