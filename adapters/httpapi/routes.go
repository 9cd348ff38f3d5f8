package httpapi

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
)

// mountMethods are those that a mounted handler is asked for. OPTIONS is not:
// nothing here is for other origins.
var mountMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// rulesWith adds to the rules that what may be read may be asked for its head, and the
// mounts, which are open to everybody.
func rulesWith(mounts []Mount) []rule {
	all := slices.Clone(rules)
	for _, r := range rules {
		if r.method == http.MethodGet {
			r.method = http.MethodHead
			all = append(all, r)
		}
	}
	for _, m := range mounts {
		for _, method := range mountMethods {
			all = append(all, rule{method: method, path: m.Path, page: true})
		}
	}
	return all
}

const metricsPath = "/metrics"

func (s *Server) register(e *echo.Echo) {
	e.IPExtractor = s.config.ipExtractor()
	e.HTTPErrorHandler = s.handleError
	e.Pre(webhookAsTyped)
	e.Use(s.observe, s.farewell, s.secure)
	if len(s.config.Hosts) > 0 {
		e.Use(ownHosts(s.config.Hosts))
	}
	if len(s.config.AllowedOrigins) > 0 {
		e.Use(cors(s.config.AllowedOrigins))
	}
	e.Use(s.authorize, limitBody, s.validate)

	read := reads{e}
	RegisterHandlers(read, NewStrictHandler(s, nil))
	e.POST(webhookPath, s.receiveWebhook)
	read.GET("/api/openapi.json", s.showDocument)
	read.GET(metricsPath, echo.WrapHandler(s.deps.Metrics))
	for _, m := range s.config.Mounts {
		e.Match(mountMethods, m.Path, echo.WrapHandler(m.Handler))
	}
}
