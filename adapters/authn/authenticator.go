package authn

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/entitled-dev/entitled/ports"
)

// maxToken bounds what is looked at before anything is known of the caller.
const maxToken = 8 << 10

// Authenticator tells who sent a request.
type Authenticator struct {
	keys        []serviceKey
	tokens      *tokenVerifier // nil: no tokens are accepted
	cookie      string
	crossOrigin *http.CrossOriginProtection
}

// New makes an authenticator. Where a key set is configured and cannot be fetched
// it starts all the same: requests with a token fail with
// [ports.ErrKeysUnavailable] until it can. Close it to end the fetching.
func New(c Config) (*Authenticator, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	keys, _ := parseKeys(c.APIKeys)
	protection, _ := c.crossOrigin()
	tokens, err := newTokenVerifier(c)
	if err != nil {
		return nil, err
	}
	return &Authenticator{keys: keys, tokens: tokens, cookie: c.Cookie, crossOrigin: protection}, nil
}

// Close ends what runs in the background.
func (a *Authenticator) Close() {
	if a.tokens != nil && a.tokens.set != nil {
		a.tokens.set.close()
	}
}

// Authenticate tells who sent the request, or returns one of the errors of
// package ports with a reason for our log.
func (a *Authenticator) Authenticate(r *http.Request) (ports.Caller, error) {
	if headers := r.Header.Values("Authorization"); len(headers) > 0 {
		if len(headers) > 1 {
			return ports.Caller{}, bad("more than one Authorization header")
		}
		return a.byHeader(r, headers[0])
	}
	if a.cookie != "" {
		if cookies := r.CookiesNamed(a.cookie); len(cookies) > 0 {
			return a.byCookie(r, cookies)
		}
	}
	return ports.Caller{}, fmt.Errorf("%w: no Authorization header", ports.ErrNoCredentials)
}

func (a *Authenticator) byHeader(r *http.Request, header string) (ports.Caller, error) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return ports.Caller{}, bad("the Authorization header is not Bearer and a token")
	case len(token) > maxToken:
		return ports.Caller{}, bad("the token is longer than %d bytes", maxToken)
	case looksLikeJWT(token):
		return a.byToken(r, token)
	}
	key, found := findKey(a.keys, token)
	if !found {
		return ports.Caller{}, bad("no service key of ours")
	}
	return ports.Caller{Role: key.role, Name: key.name}, nil
}

// byCookie takes a user's token only: browsers have no service keys. They send
// cookies whoever makes them ask, so more than reading needs an origin we trust.
func (a *Authenticator) byCookie(r *http.Request, cookies []*http.Cookie) (ports.Caller, error) {
	if len(cookies) > 1 {
		return ports.Caller{}, bad("more than one cookie %s", a.cookie)
	}
	token := cookies[0].Value
	switch {
	case len(token) > maxToken:
		return ports.Caller{}, bad("the cookie's token is longer than %d bytes", maxToken)
	case !looksLikeJWT(token):
		return ports.Caller{}, bad("the cookie holds no token")
	}
	if err := a.crossOrigin.Check(r); err != nil {
		return ports.Caller{}, fmt.Errorf("%w: %s asked by the cookie for more than reading: ALLOWED_ORIGINS lists the origins whose pages may, beside this one", ports.ErrCrossOrigin, pageOf(r))
	}
	return a.byToken(r, token)
}

// pageOf names the page that made a browser ask, as far as the browser tells: the origin is
// the caller's own, and repeated only if it is one.
func pageOf(r *http.Request) string {
	const longest = 255
	origin := r.Header.Get("Origin")
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || origin != u.Scheme+"://"+u.Host || len(origin) > longest {
		return "a page of an origin that the browser does not tell"
	}
	return "a page of " + origin
}

func (a *Authenticator) byToken(r *http.Request, token string) (ports.Caller, error) {
	if a.tokens == nil {
		return ports.Caller{}, bad("a token, but none are accepted: neither AUTH_JWT_SECRET nor AUTH_JWKS_URL is set")
	}
	return a.tokens.verify(r.Context(), token)
}

// looksLikeJWT tells a token from a service key, which never has two dots.
func looksLikeJWT(token string) bool { return strings.Count(token, ".") >= 2 }

// bad is [ports.ErrBadCredentials] with a reason, which must hold nothing of what
// was presented.
func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ports.ErrBadCredentials, fmt.Sprintf(format, args...))
}

// String says nothing of keys: fmt would print fields that are not exported.
func (a Authenticator) String() string {
	return fmt.Sprintf("authn.Authenticator{service keys: %d, tokens: %t}", len(a.keys), a.tokens != nil)
}

// GoString is for %#v.
func (a Authenticator) GoString() string { return a.String() }

// LogValue implements [slog.LogValuer].
func (a Authenticator) LogValue() slog.Value { return slog.StringValue(a.String()) }
