package httpapi

import (
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// header is a constant one: its values are shared between answers, which replace
// them but never change them.
type header struct {
	name   string
	values []string
}

var (
	everyAnswer = []header{
		{echo.HeaderXContentTypeOptions, []string{"nosniff"}},
		{echo.HeaderXFrameOptions, []string{"DENY"}},
		// Not no-referrer: browsers would then send Origin: null with forms.
		{echo.HeaderReferrerPolicy, []string{"same-origin"}},
	}
	everyAnswerOfOurs = []header{
		{echo.HeaderContentSecurityPolicy, []string{"default-src 'none'; frame-ancestors 'none'"}},
		{echo.HeaderCacheControl, []string{"no-store"}},
	}
)

// secure tells browsers what not to do with an answer. A mounted page overrides
// what it needs to.
func (s *Server) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		answer := c.Response().Header()
		for _, h := range everyAnswer {
			answer[h.name] = h.values
		}
		if !exchangeOf(c.Request().Context()).rule.page {
			for _, h := range everyAnswerOfOurs {
				answer[h.name] = h.values
			}
		}
		return next(c)
	}
}

// cors lets pages of other origins call the API. Stripe is not a page.
func cors(origins []string) echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{
		Skipper: func(c echo.Context) bool {
			r := c.Request()
			return r.Header.Get(echo.HeaderOrigin) == "" ||
				!strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == webhookPath
		},
		AllowOrigins:     origins,
		AllowCredentials: true,
		AllowMethods:     []string{http.MethodGet, http.MethodPost},
		AllowHeaders:     []string{echo.HeaderAuthorization, echo.HeaderContentType, "Idempotency-Key", echo.HeaderXRequestID},
		ExposeHeaders:    []string{echo.HeaderLocation, echo.HeaderRetryAfter, echo.HeaderXRequestID},
		MaxAge:           600,
	})
}

// ipExtractor believes X-Forwarded-For only from our own proxies. Echo's default
// believes anybody.
func (c Config) ipExtractor() echo.IPExtractor {
	if len(c.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trusted := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range c.TrustedProxies {
		network = network.Masked()
		trusted = append(trusted, echo.TrustIPRange(&net.IPNet{
			IP:   network.Addr().AsSlice(),
			Mask: net.CIDRMask(network.Bits(), network.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trusted...)
}
