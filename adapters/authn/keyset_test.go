package authn_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/authn"
	"github.com/entitled-dev/entitled/ports"
	"github.com/golang-jwt/jwt/v5"
)

func TestKeySet_ANewKeyIsFetchedWhenATokenNamesIt(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa))
	a := newAuthenticator(t, withKeySet(idp.URL))

	idp.keys.Store([]map[string]any{rsaJWK("r2", k.other)})
	if got, err := a.Authenticate(bearer(sign(t, jwt.SigningMethodRS256, k.other, goodClaims(), "kid", "r2"))); err != nil || got != ana {
		t.Errorf("the new key: got %+v, %v; want Ana", got, err)
	}
	old := sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims(), "kid", "r1")
	_, err := a.Authenticate(bearer(old))
	wantError(t, err, ports.ErrBadCredentials, old)
}

// An identity provider signs the tokens of all its applications with the same keys.
func TestKeySet_TokensOfOtherApplicationsOnlyWhereThatIsSaidAloud(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa))
	for name, c := range map[string]struct {
		issuer, audience string
		claims           jwt.MapClaims
		taken            bool
	}{
		"another audience":                 {"https://id.example.com", "shop", claimsBut("aud", "wiki"), false},
		"no audience":                      {"https://id.example.com", "shop", claimsBut("aud", nil), false},
		"another issuer":                   {"https://id.example.com", "shop", claimsBut("iss", "https://id.example.com/wiki"), false},
		"no issuer":                        {"https://id.example.com", "shop", claimsBut("iss", nil), false},
		"another audience, any is taken":   {"https://id.example.com", "any", claimsBut("aud", "wiki"), true},
		"no audience, any is taken":        {"https://id.example.com", "any", claimsBut("aud", nil), true},
		"another issuer, any is taken":     {"any", "shop", claimsBut("iss", "https://else.example.com"), true},
		"another issuer, any audience is":  {"https://id.example.com", "any", claimsBut("iss", "https://else.example.com"), false},
		"another audience, any issuer is":  {"any", "shop", claimsBut("aud", "wiki"), false},
		"an audience that is called any":   {"https://id.example.com", "shop", claimsBut("aud", "any"), false},
		"one of ours, with blanks in ours": {" https://id.example.com\n", " shop ", goodClaims(), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			config := withKeySet(idp.URL)
			config.Issuer, config.Audience, config.Logger = c.issuer, c.audience, slog.New(slog.NewTextHandler(&log, nil))
			token := sign(t, jwt.SigningMethodRS256, k.rsa, c.claims, "kid", "r1")
			_, err := newAuthenticator(t, config).Authenticate(bearer(token))
			if taken := err == nil; taken != c.taken {
				t.Errorf("taken: %t, %v, want %t", taken, err, c.taken)
			}
			for setting, value := range map[string]string{"AUTH_ISSUER=any": c.issuer, "AUTH_AUDIENCE=any": c.audience} {
				if said, want := strings.Contains(log.String(), setting), value == "any"; said != want {
					t.Errorf("the log says %s: %t, want %t\n%s", setting, said, want, log.String())
				}
			}
		})
	}
}

func TestKeySet_UnknownKeysDoNotMakeUsAskTheProviderEveryTime(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa))
	a := newAuthenticator(t, withKeySet(idp.URL))
	for range 50 {
		token := sign(t, jwt.SigningMethodRS256, k.other, goodClaims(), "kid", "unknown-key")
		_, err := a.Authenticate(bearer(token))
		wantError(t, err, ports.ErrBadCredentials, token)
		if strings.Contains(err.Error(), "unknown-key") {
			t.Fatalf("the error quotes the token: %v", err)
		}
	}
	if asked := idp.asked.Load(); asked > 2 {
		t.Errorf("asked %d times, want once at the start and once for the unknown key", asked)
	}
}

func TestKeySet_OutOfReachAtStartFailsRequestsNotTheStart(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa))
	idp.broken.Store(true)
	var log bytes.Buffer
	config := withKeySet(strings.Replace(idp.URL, "http://", "http://user:verysecret@", 1))
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	a := newAuthenticator(t, config)

	token := sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims(), "kid", "r1")
	for range 3 {
		_, err := a.Authenticate(bearer(token))
		wantError(t, err, ports.ErrKeysUnavailable, token)
		if errors.Is(err, ports.ErrBadCredentials) {
			t.Fatalf("a token that could not be checked is called bad: %v", err)
		}
	}
	if got, err := a.Authenticate(bearer(appKey)); err != nil || got.Name != "shop" {
		t.Errorf("service keys do not depend on it: got %+v, %v", got, err)
	}
	confused := sign(t, jwt.SigningMethodHS256, publicPEM(t, &k.rsa.PublicKey), goodClaims(), "kid", "r1")
	_, err := a.Authenticate(bearer(confused))
	wantError(t, err, ports.ErrBadCredentials, confused)
	if log.Len() == 0 || strings.Contains(log.String(), "verysecret") {
		t.Errorf("want a warning without the address's password, got %s", log.String())
	}
}

func TestKeySet_NobodyListeningIsUnavailableToo(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	a := newAuthenticator(t, withKeySet(gone.URL))
	for _, header := range [][]string{{"kid", "r1"}, nil} {
		token := sign(t, jwt.SigningMethodRS256, keyPairs().rsa, goodClaims(), header...)
		_, err := a.Authenticate(bearer(token))
		wantError(t, err, ports.ErrKeysUnavailable, token)
	}
}

func TestKeySet_WhatIsHeldStaysGoodWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa))
	a := newAuthenticator(t, withKeySet(idp.URL))
	idp.broken.Store(true)

	unknown := sign(t, jwt.SigningMethodRS256, k.other, goodClaims(), "kid", "r2")
	_, err := a.Authenticate(bearer(unknown))
	wantError(t, err, ports.ErrKeysUnavailable, unknown)
	if got, err := a.Authenticate(bearer(sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims(), "kid", "r1"))); err != nil || got != ana {
		t.Errorf("got %+v, %v; want Ana", got, err)
	}
}

func TestKeySet_IsFetchedForATokenThatNamesNoKey(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa))
	idp.broken.Store(true)
	a := newAuthenticator(t, withKeySet(idp.URL))
	idp.broken.Store(false)
	if got, err := a.Authenticate(bearer(sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims()))); err != nil || got != ana {
		t.Errorf("got %+v, %v; want Ana", got, err)
	}
}

func TestKeySet_WhatIsNoKeySetIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"far too much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":[],"pad":"` + strings.Repeat("x", 2<<20) + `"}`))
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/keys", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer)
			defer server.Close()
			a, err := authn.New(withKeySet(server.URL))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			token := sign(t, jwt.SigningMethodRS256, keyPairs().rsa, goodClaims(), "kid", "r1")
			_, err = a.Authenticate(bearer(token))
			wantError(t, err, ports.ErrKeysUnavailable, token)
		})
	}
}
