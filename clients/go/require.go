package entitled

import "net/http"

// Require lets through only requests of users who have a feature. Who asks is what user says of
// the request, from the session of your own; empty is nobody.
//
//	http.Handle("/sso/", c.Require("sso", currentUser)(ssoHandler))
//
// Nobody is answered 401, who has it not 403, and who cannot be told now 503, unless the rule of
// [WhenUnknown] lets them through. 500 is a question that is wrong in itself, such as a misspelled
// feature: the log says how.
func (c *Client) Require(feature string, user func(*http.Request) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who := user(r)
			if who == "" {
				http.Error(w, "sign in first", http.StatusUnauthorized)
				return
			}
			allowed, unknown := c.decide(r.Context(), who, feature)
			switch {
			case allowed:
				next.ServeHTTP(w, r)
			case unknown == nil:
				http.Error(w, "your plan does not have "+feature, http.StatusForbidden)
			case IsOutage(unknown):
				w.Header().Set("Retry-After", "2")
				http.Error(w, "it cannot be told now what your plan has: try again", http.StatusServiceUnavailable)
			default:
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		})
	}
}
