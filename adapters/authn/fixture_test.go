package authn_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/authn"
	"github.com/entitled-dev/entitled/ports"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret   = "0123456789abcdef0123456789abcdef"
	appKey   = "app-key-0123456789"
	adminKey = "admin-key-0123456789"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// base is a configuration with service keys and tokens of a secret.
func base() authn.Config {
	return authn.Config{
		APIKeys: "shop:app:" + appKey + ",ops:admin:" + adminKey, JWTSecret: secret,
		Issuer: "https://id.example.com", Audience: "shop", Cookie: "session",
		TrustedOrigins: []string{"https://shop.example.com"},
		Clock:          func() time.Time { return noon },
		Logger:         slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// withKeySet is a configuration with tokens of a key set.
func withKeySet(url string) authn.Config {
	c := base()
	c.JWTSecret, c.JWKSURL = "", url
	return c
}

func newAuthenticator(t *testing.T, c authn.Config) *authn.Authenticator {
	t.Helper()
	a, err := authn.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// goodClaims are those of a token that is accepted at noon.
func goodClaims() jwt.MapClaims {
	return jwt.MapClaims{
		"sub": "user_ana", "iss": "https://id.example.com", "aud": "shop",
		"exp": noon.Add(time.Hour).Unix(), "nbf": noon.Add(-time.Hour).Unix(),
	}
}

// claimsBut are good claims with one changed; nil removes it.
func claimsBut(name string, value any) jwt.MapClaims {
	c := goodClaims()
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims, header ...string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for n := 0; n+1 < len(header); n += 2 {
		token.Header[header[n]] = header[n+1]
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func bearer(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/entitlements", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// wantError checks the sentinel, and that the reason gives nothing away of what
// was presented.
func wantError(t *testing.T, err, want error, presented string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	for _, part := range append(strings.Split(presented, "."), presented, secret, appKey, adminKey) {
		if len(part) >= 8 && strings.Contains(err.Error(), part) {
			t.Errorf("the error repeats what was presented: %v", err)
		}
	}
}

// keyPairs are one of each kind, made once: RSA keys take time.
var keyPairs = sync.OnceValue(func() (k struct {
	rsa, other *rsa.PrivateKey
	ec         *ecdsa.PrivateKey
	ed         ed25519.PrivateKey
}) {
	k.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	k.other, _ = rsa.GenerateKey(rand.Reader, 2048)
	k.ec, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, k.ed, _ = ed25519.GenerateKey(rand.Reader)
	return k
})

// publicPEM is the public key as an attacker has it.
func publicPEM(t *testing.T, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// provider is an identity provider: it serves a key set, can be out of order,
// and counts how often it is asked.
type provider struct {
	*httptest.Server
	asked  atomic.Int64
	broken atomic.Bool
	keys   atomic.Value // []map[string]any
}

func newProvider(t *testing.T, keys ...map[string]any) *provider {
	t.Helper()
	p := &provider{}
	p.keys.Store(keys)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.broken.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"keys": p.keys.Load()}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func rsaJWK(kid string, k *rsa.PrivateKey) map[string]any {
	return map[string]any{"kty": "RSA", "kid": kid, "use": "sig", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
}

func ecJWK(t *testing.T, kid string, k *ecdsa.PrivateKey) map[string]any {
	t.Helper()
	point, err := k.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"kty": "EC", "kid": kid, "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
}

func edJWK(kid string, k ed25519.PrivateKey) map[string]any {
	return map[string]any{"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": b64(k.Public().(ed25519.PublicKey))}
}

func octJWK(kid, key string) map[string]any {
	return map[string]any{"kty": "oct", "kid": kid, "k": b64([]byte(key))}
}

var ana = ports.Caller{Role: ports.RoleUser, User: "user_ana"}
