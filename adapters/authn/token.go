package authn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// leeway forgives clocks that differ.
	leeway = time.Minute
	// maxUser is what every store can keep of a user's id, in characters.
	maxUser = 255
)

// Which algorithms go with which kind of key. They share none, so that a public
// key can never be taken for a secret.
var (
	secretMethods = []string{jwt.SigningMethodHS256.Alg()}
	keySetMethods = []string{
		jwt.SigningMethodRS256.Alg(), jwt.SigningMethodPS256.Alg(),
		jwt.SigningMethodES256.Alg(), jwt.SigningMethodEdDSA.Alg(),
	}
)

// tokenVerifier checks users' tokens.
type tokenVerifier struct {
	parser *jwt.Parser
	claim  string
	email  string // the claim that says it; empty: none
	name   string // the same
	secret []byte
	set    *keySet // nil: by the secret
}

// newTokenVerifier returns nil if no tokens are to be accepted.
func newTokenVerifier(c Config) (*tokenVerifier, error) {
	if c.JWTSecret == "" && c.JWKSURL == "" {
		return nil, nil
	}
	v := &tokenVerifier{claim: c.UserClaim, email: c.EmailClaim, name: c.NameClaim, secret: []byte(c.JWTSecret)}
	if v.claim == "" {
		v.claim = defaultClaim
	}
	methods := secretMethods
	if c.JWKSURL != "" {
		methods = keySetMethods
		set, err := newKeySet(c.JWKSURL, loggerOf(c))
		if err != nil {
			return nil, err
		}
		v.set = set
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(clockOf(c)), jwt.WithStrictDecoding(),
	}
	if issuer := wanted(c.Issuer); issuer != "" {
		options = append(options, jwt.WithIssuer(issuer))
	}
	if audience := wanted(c.Audience); audience != "" {
		options = append(options, jwt.WithAudience(audience))
	}
	c.warnOfAny(loggerOf(c))
	v.parser = jwt.NewParser(options...)
	return v, nil
}

func loggerOf(c Config) *slog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	return slog.Default()
}

func clockOf(c Config) ports.Clock {
	if c.Clock != nil {
		return c.Clock
	}
	return func() time.Time { return time.Now().UTC() }
}

// verify checks a token and returns whose it is.
func (v *tokenVerifier) verify(ctx context.Context, raw string) (ports.Caller, error) {
	claims := jwt.MapClaims{}
	_, err := v.parser.ParseWithClaims(raw, claims, func(t *jwt.Token) (any, error) {
		// RFC 7515: what a token calls critical and we do not know makes it invalid.
		if _, critical := t.Header["crit"]; critical {
			return nil, errCritical
		}
		if v.set == nil {
			return v.secret, nil
		}
		return v.set.keyOf(ctx, t)
	})
	switch {
	case errors.Is(err, ports.ErrKeysUnavailable):
		return ports.Caller{}, fmt.Errorf("%w: the key set could not be fetched", ports.ErrKeysUnavailable)
	case err != nil:
		return ports.Caller{}, bad("%s", reason(err))
	}
	user, err := userOf(claims, v.claim)
	if err != nil {
		return ports.Caller{}, err
	}
	return ports.Caller{Role: ports.RoleUser, User: user, Buyer: v.buyer(claims)}, nil
}

var (
	errCritical   = errors.New("a critical header")
	errUnknownKey = errors.New("a key that is not in the key set")
)

// reasons are what may be wrong with a token, the most telling first. The
// library's own words are not passed on: they may quote the token.
var reasons = []struct {
	is   error
	says string
}{
	{errCritical, "the token has a critical header, which is not supported"},
	{errUnknownKey, "the token is signed with a key that the key set does not have"},
	{jwt.ErrTokenMalformed, "the token is malformed"},
	{jwt.ErrTokenRequiredClaimMissing, "the token lacks a claim that is required (exp, and iss or aud where they are configured)"},
	{jwt.ErrTokenExpired, "the token has expired"},
	{jwt.ErrTokenNotValidYet, "the token is not valid yet"},
	{jwt.ErrTokenInvalidIssuer, "the token is of another issuer"},
	{jwt.ErrTokenInvalidAudience, "the token is for another audience"},
	{jwt.ErrTokenSignatureInvalid, "the token's signature or algorithm is not accepted"},
}

func reason(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r.is) {
			return r.says
		}
	}
	return "the token cannot be verified"
}

// buyer is what a token says of its user. An address that the provider has not verified may
// be anybody's, and what nobody could be called is left out: it is no reason to sell nothing.
func (v *tokenVerifier) buyer(claims jwt.MapClaims) ports.Buyer {
	said := func(claim string) string {
		text, _ := claims[claim].(string)
		if claim == "" {
			return ""
		}
		return text
	}
	email, name := ports.Buyer{Email: said(v.email)}, ports.Buyer{Name: said(v.name)}
	if verified, told := claims["email_verified"]; told && fmt.Sprint(verified) != "true" || email.Check() != nil {
		email.Email = ""
	}
	if name.Check() != nil {
		name.Name = ""
	}
	return ports.Buyer{Email: email.Email, Name: name.Name}
}

// userOf reads the user's id.
func userOf(claims jwt.MapClaims, claim string) (domain.UserID, error) {
	id, isText := claims[claim].(string)
	switch {
	case !isText || id == "":
		return "", bad("the token's claim %s is not a text that names the user", claim)
	case utf8.RuneCountInString(id) > maxUser:
		return "", bad("the user id in the token is longer than %d characters", maxUser)
	}
	for _, c := range id {
		if unicode.IsControl(c) || c == utf8.RuneError {
			return "", bad("the user id in the token has characters that are not allowed")
		}
	}
	return domain.UserID(id), nil
}
