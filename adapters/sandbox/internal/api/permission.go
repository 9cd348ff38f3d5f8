package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Permission is what a restricted key may do with a kind of objects.
type Permission int

// Who may write may read too.
const (
	MayNothing Permission = iota
	MayRead
	MayWrite
)

// resource is the kind of objects that a path is about: "customers", "checkout/sessions".
func resource(path string) string {
	parts := strings.SplitN(strings.TrimPrefix(path, "/v1/"), "/", 3)
	switch parts[0] {
	case "checkout", "billing_portal", "test_helpers":
		if len(parts) > 1 {
			return parts[0] + "/" + parts[1]
		}
	}
	return parts[0]
}

// IsResource tells whether there are calls about such a kind of objects.
func IsResource(name string) bool {
	for _, rt := range slices.Concat(allRoutes(), cliRoutes) {
		_, path, _ := strings.Cut(rt.pattern, " ")
		if resource(path) == name {
			return true
		}
	}
	return false
}

// forbids is why a key may not make a request; nil if it may.
func (s *Server) forbids(key string, r *http.Request) *wire.Error {
	permissions, restricted := s.Restricted[key]
	name, needs, word := resource(r.URL.Path), MayWrite, "write"
	if r.Method == http.MethodGet {
		needs, word = MayRead, "read"
	}
	if !restricted || permissions[name] >= needs {
		return nil
	}
	return &wire.Error{
		Status: http.StatusForbidden, Kind: "invalid_request_error",
		Message: "The provided key '" + redacted(key) + "' does not have the required permissions for this endpoint. Enabling '" + name + ":" + word + "' permissions on this key would allow this request to continue.",
	}
}
