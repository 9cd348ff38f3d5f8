package httpapi

import (
	"net/http"
	"path"

	"github.com/labstack/echo/v4"
)

// reads registers HEAD beside GET, as HTTP has it: the same answer without its body.
type reads struct{ *echo.Echo }

func (r reads) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	r.Echo.HEAD(path, h, m...)
	return r.Echo.GET(path, h, m...)
}

// webhookAsTyped takes the webhook with a slash after its path, too: people type it into
// Stripe's dashboard, and Stripe follows no hint. Other paths have one form, which a 404
// names: two would be two resources to caches and to rules of a proxy.
func webhookAsTyped(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); r.URL.Path == webhookPath+"/" {
			r.URL.Path = webhookPath
		}
		return next(c)
	}
}

// meantPath is the path that there is beside one with slashes too many; empty: none is.
func (s *Server) meantPath(c echo.Context) string {
	r := c.Request()
	meant := path.Clean(r.URL.Path)
	if meant == r.URL.Path {
		return ""
	}
	found := s.echo.NewContext(&http.Request{}, nil)
	s.echo.Router().Find(r.Method, meant, found)
	if _, there := s.rules[routeKey{r.Method, found.Path()}]; !there {
		return ""
	}
	return meant
}
