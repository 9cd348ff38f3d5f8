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

// rulesWith adds the mounts, which are open to everybody, to the rules.
func rulesWith(mounts []Mount) []rule {
	all := slices.Clone(rules)
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
	e.Use(s.observe, s.farewell, s.secure)
	if len(s.config.Hosts) > 0 {
		e.Use(ownHosts(s.config.Hosts))
	}
	if len(s.config.AllowedOrigins) > 0 {
		e.Use(cors(s.config.AllowedOrigins))
	}
	e.Use(s.authorize, limitBody, s.validate)

	RegisterHandlers(e, NewStrictHandler(s, nil))
	e.POST(webhookPath, s.receiveWebhook)
	e.GET("/api/openapi.json", s.showDocument)
	e.GET(metricsPath, echo.WrapHandler(s.deps.Metrics))
	for _, m := range s.config.Mounts {
		e.Match(mountMethods, m.Path, echo.WrapHandler(m.Handler))
	}
}
