package authn

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/entitled-dev/entitled/ports"
)

const (
	// minSecret is as long as HS256's hash, below which a secret can be guessed
	// from one token.
	minSecret = 32
	// defaultClaim is where a token names its user.
	defaultClaim = "sub"
)

// Config says whom to believe. Without a secret and a key set only service keys
// are accepted.
type Config struct {
	APIKeys string // name:role:key, separated by commas; roles are app and admin

	JWTSecret string // of HS256, at least 32 bytes
	JWKSURL   string // of the key set of an identity provider; not with JWTSecret
	Issuer    string // what iss must be; any, or empty with a secret: not looked at
	Audience  string // what aud must contain; any, or empty with a secret: not looked at
	UserClaim string // the claim that names the user; empty: sub

	// The claims that say a user's e-mail address and name; empty: none is read.
	EmailClaim string
	NameClaim  string

	Cookie         string   // name of a cookie that may carry a user's token; empty: none
	TrustedOrigins []string // whose pages may use the cookie for more than reading, beside our own

	Clock  ports.Clock
	Logger *slog.Logger // for key sets that cannot be fetched; nil: slog's default
}

// Check names every fault of the configuration and its mend, without a call to
// anywhere. It names settings as the environment does.
func (c Config) Check() error {
	_, keysErr := parseKeys(c.APIKeys)
	_, originsErr := c.crossOrigin()
	return errors.Join(keysErr, c.checkTokens(), c.checkCookie(), originsErr)
}

func (c Config) checkTokens() error {
	switch {
	case c.JWTSecret != "" && c.JWKSURL != "":
		return errors.New("AUTH_JWT_SECRET and AUTH_JWKS_URL are both set: unset one")
	case c.JWTSecret != "" && len(c.JWTSecret) < minSecret:
		return fmt.Errorf("AUTH_JWT_SECRET has %d bytes: use at least %d random ones", len(c.JWTSecret), minSecret)
	case c.JWKSURL != "":
		return errors.Join(checkJWKSURL(c.JWKSURL), c.checkNarrowed())
	case c.JWTSecret == "" && (c.Issuer != "" || c.Audience != "" || c.Cookie != "" || c.EmailClaim != "" || c.NameClaim != ""):
		return errors.New("AUTH_ISSUER, AUTH_AUDIENCE, AUTH_COOKIE, AUTH_EMAIL_CLAIM or AUTH_NAME_CLAIM is set, but no tokens are accepted: set AUTH_JWT_SECRET or AUTH_JWKS_URL")
	default:
		return nil
	}
}

// checkJWKSURL insists on TLS: whoever can change the key set can be any user.
func checkJWKSURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("AUTH_JWKS_URL is not an address such as https://id.example.com/.well-known/jwks.json")
	}
	host := u.Hostname()
	loopback := host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
	if u.Scheme == "http" && !loopback {
		return errors.New("AUTH_JWKS_URL is not encrypted: use https (http is for localhost only)")
	}
	return nil
}

func (c Config) checkCookie() error {
	if c.Cookie == "" {
		return nil
	}
	if err := (&http.Cookie{Name: c.Cookie, Value: "x"}).Valid(); err != nil {
		return fmt.Errorf("AUTH_COOKIE %q is not a cookie's name", c.Cookie)
	}
	return nil
}

func (c Config) crossOrigin() (*http.CrossOriginProtection, error) {
	protection := http.NewCrossOriginProtection()
	var faults []error
	for _, origin := range c.TrustedOrigins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			faults = append(faults, fmt.Errorf("origin %q: write it as https://app.example.com, without a path", origin))
		}
	}
	return protection, errors.Join(faults...)
}

// String leaves out what is secret; the zero settings too, to stay readable.
func (c Config) String() string {
	return fmt.Sprintf("authn.Config{service keys: %s, secret: %s, key set: %t, issuer: %q, audience: %q, claim: %q, cookie: %q, origins: %q}",
		given(c.APIKeys), given(c.JWTSecret), c.JWKSURL != "", c.Issuer, c.Audience, c.UserClaim, c.Cookie, c.TrustedOrigins)
}

// GoString is for %#v.
func (c Config) GoString() string { return c.String() }

// LogValue implements [slog.LogValuer].
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

func given(secret string) string {
	if secret == "" {
		return "none"
	}
	return "given"
}
