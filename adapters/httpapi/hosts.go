package httpapi

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// ownHosts refuses requests for a host that is not among ours. A page of any site
// can have its own name resolve to our address, and then its browser takes us for
// that site: only the name in Host tells (DNS rebinding).
func ownHosts(hosts []string) echo.MiddlewareFunc {
	ours := make(map[string]bool, len(hosts))
	for _, host := range hosts {
		ours[strings.ToLower(host)] = true
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !ours[hostName(c.Request())] {
				return errWrongHost
			}
			return next(c)
		}
	}
}

// hostName is the request's Host in lower case, without a port and an IPv6
// address's brackets.
func hostName(r *http.Request) string {
	return strings.ToLower((&url.URL{Host: r.Host}).Hostname())
}

// plainHost tells whether a host is written as [hostName] returns it.
func plainHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && !strings.ContainsAny(host, ":/*[]?#@ ")
}
