package authn_test

import (
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/authn"
	"github.com/entitled-dev/entitled/ports"
	"github.com/golang-jwt/jwt/v5"
)

func TestAuthenticate_TokensOfASecret(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	hs := func(claims jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS256, []byte(secret), claims) }
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	none := sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, goodClaims())
	good := hs(goodClaims())
	parts := strings.Split(good, ".")
	forged := strings.Split(hs(claimsBut("sub", "user_bob")), ".")
	k := keyPairs()

	for name, c := range map[string]struct {
		token string
		ok    bool
	}{
		"good":                             {good, true},
		"good, among several audiences":    {hs(claimsBut("aud", []string{"blog", "shop"})), true},
		"expired within the leeway":        {hs(claimsBut("exp", at(-59*time.Second))), true},
		"expired":                          {hs(claimsBut("exp", at(-61*time.Second))), false},
		"without an end":                   {hs(claimsBut("exp", nil)), false},
		"with an end that is no time":      {hs(claimsBut("exp", "tomorrow")), false},
		"begins within the leeway":         {hs(claimsBut("nbf", at(59*time.Second))), true},
		"not valid yet":                    {hs(claimsBut("nbf", at(61*time.Second))), false},
		"without a beginning":              {hs(claimsBut("nbf", nil)), true},
		"wrong issuer":                     {hs(claimsBut("iss", "https://evil.example.com")), false},
		"no issuer":                        {hs(claimsBut("iss", nil)), false},
		"wrong audience":                   {hs(claimsBut("aud", "blog")), false},
		"no audience":                      {hs(claimsBut("aud", nil)), false},
		"no user":                          {hs(claimsBut("sub", nil)), false},
		"an empty user":                    {hs(claimsBut("sub", "")), false},
		"a user that is a number":          {hs(claimsBut("sub", 42)), false},
		"a user with a line break":         {hs(claimsBut("sub", "user\nana")), false},
		"a user with a zero byte":          {hs(claimsBut("sub", "user\x00")), false},
		"a user of 255 letters":            {hs(claimsBut("sub", strings.Repeat("ä", 255))), true},
		"a user of 256 letters":            {hs(claimsBut("sub", strings.Repeat("a", 256))), false},
		"another secret":                   {sign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), goodClaims()), false},
		"an empty secret":                  {sign(t, jwt.SigningMethodHS256, []byte{}, goodClaims()), false},
		"HS512 of the same secret":         {sign(t, jwt.SigningMethodHS512, []byte(secret), goodClaims()), false},
		"alg none":                         {none, false},
		"alg none with a signature":        {none + parts[2], false},
		"alg None":                         {encode(`{"alg":"None"}`) + "." + parts[1] + ".", false},
		"alg that nobody knows":            {encode(`{"alg":"XX256"}`) + "." + parts[1] + "." + parts[2], false},
		"no alg":                           {encode(`{}`) + "." + parts[1] + "." + parts[2], false},
		"RS256 where a secret is expected": {sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims()), false},
		"claims of another token":          {parts[0] + "." + forged[1] + "." + parts[2], false},
		"no signature":                     {parts[0] + "." + parts[1] + ".", false},
		"a signature and more":             {good + "AA", false},
		"four parts":                       {good + "." + parts[2], false},
		"five parts, as if encrypted":      {"a.b.c.d.e", false},
		"garbage":                          {"not.a.token", false},
		"dots":                             {"..", false},
		"a header that is no JSON":         {encode("alg") + "." + parts[1] + "." + parts[2], false},
		"padded base64":                    {parts[0] + "==." + parts[1] + "." + parts[2], false},
		"a critical header":                {sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims(), "crit", "b64"), false},
		"more than eight kilobyte":         {hs(claimsBut("pad", strings.Repeat("x", 8<<10))), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := a.Authenticate(bearer(c.token))
			switch {
			case !c.ok:
				wantError(t, err, ports.ErrBadCredentials, c.token)
				if got != (ports.Caller{}) {
					t.Errorf("got %+v beside the error", got)
				}
			case err != nil:
				t.Error(err)
			case got.Role != ports.RoleUser || got.User == "" || got.Name != "":
				t.Errorf("got %+v, want a user", got)
			}
		})
	}
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestAuthenticate_TheUserIsWhoTheConfiguredClaimNames(t *testing.T) {
	t.Parallel()
	c := base()
	c.UserClaim = "team"
	a := newAuthenticator(t, c)
	got, err := a.Authenticate(bearer(sign(t, jwt.SigningMethodHS256, []byte(secret), claimsBut("team", "team_7"))))
	if err != nil || got.User != "team_7" {
		t.Errorf("got %+v, %v; want team_7", got, err)
	}
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims())
	_, err = a.Authenticate(bearer(token))
	wantError(t, err, ports.ErrBadCredentials, token)
}

func TestAuthenticate_WhatATokenCallsItsUser(t *testing.T) {
	t.Parallel()
	claims := func(more jwt.MapClaims) jwt.MapClaims {
		all := goodClaims()
		all["email"], all["full_name"] = "ana@example.com", "Ana"
		maps.Copy(all, more)
		return all
	}
	both := ports.Buyer{Email: "ana@example.com", Name: "Ana"}
	for name, c := range map[string]struct {
		token jwt.MapClaims
		want  ports.Buyer
	}{
		"both":                 {claims(nil), both},
		"verified":             {claims(jwt.MapClaims{"email_verified": true}), both},
		"verified, in a word":  {claims(jwt.MapClaims{"email_verified": "true"}), both},
		"not verified":         {claims(jwt.MapClaims{"email_verified": false}), ports.Buyer{Name: "Ana"}},
		"no address":           {claims(jwt.MapClaims{"email": "ana"}), ports.Buyer{Name: "Ana"}},
		"no text":              {claims(jwt.MapClaims{"email": 7, "full_name": []string{"Ana"}}), ports.Buyer{}},
		"a name of two lines":  {claims(jwt.MapClaims{"full_name": "Ana\nBcc"}), ports.Buyer{Email: "ana@example.com"}},
		"nothing of all these": {goodClaims(), ports.Buyer{}},
	} {
		config := base()
		config.EmailClaim, config.NameClaim = "email", "full_name"
		token := sign(t, jwt.SigningMethodHS256, []byte(secret), c.token)
		if got, err := newAuthenticator(t, config).Authenticate(bearer(token)); err != nil || got.Buyer != c.want || got.User != ana.User {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, c.want)
		}
		if got, err := newAuthenticator(t, base()).Authenticate(bearer(token)); err != nil || got != ana {
			t.Errorf("%s, and no claim is configured: got %+v, %v, want %+v", name, got, err, ana)
		}
	}
}

func TestAuthenticate_IssuerAndAudienceAreLookedAtOnlyIfConfigured(t *testing.T) {
	t.Parallel()
	c := base()
	c.Issuer, c.Audience = "", ""
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"sub": "user_ana", "exp": noon.Add(time.Hour).Unix()})
	if got, err := newAuthenticator(t, c).Authenticate(bearer(token)); err != nil || got != ana {
		t.Errorf("got %+v, %v; want Ana", got, err)
	}
}

func TestAuthenticate_TokensOfAKeySet(t *testing.T) {
	t.Parallel()
	k := keyPairs()
	idp := newProvider(t, rsaJWK("r1", k.rsa), ecJWK(t, "e1", k.ec), edJWK("d1", k.ed), octJWK("s1", secret))
	a := newAuthenticator(t, withKeySet(idp.URL))
	public := publicPEM(t, &k.rsa.PublicKey)

	for name, c := range map[string]struct {
		token string
		ok    bool
	}{
		"RS256":                          {sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims(), "kid", "r1"), true},
		"PS256":                          {sign(t, jwt.SigningMethodPS256, k.rsa, goodClaims(), "kid", "r1"), true},
		"ES256":                          {sign(t, jwt.SigningMethodES256, k.ec, goodClaims(), "kid", "e1"), true},
		"EdDSA":                          {sign(t, jwt.SigningMethodEdDSA, k.ed, goodClaims(), "kid", "d1"), true},
		"no key named":                   {sign(t, jwt.SigningMethodES256, k.ec, goodClaims()), true},
		"RS512":                          {sign(t, jwt.SigningMethodRS512, k.rsa, goodClaims(), "kid", "r1"), false},
		"another key under that name":    {sign(t, jwt.SigningMethodRS256, k.other, goodClaims(), "kid", "r1"), false},
		"a key of another kind":          {sign(t, jwt.SigningMethodRS256, k.rsa, goodClaims(), "kid", "e1"), false},
		"another key, unnamed":           {sign(t, jwt.SigningMethodRS256, k.other, goodClaims()), false},
		"HS256 with the public key":      {sign(t, jwt.SigningMethodHS256, public, goodClaims(), "kid", "r1"), false},
		"HS256 with the modulus":         {sign(t, jwt.SigningMethodHS256, k.rsa.N.Bytes(), goodClaims(), "kid", "r1"), false},
		"HS256 with a secret of the set": {sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims(), "kid", "s1"), false},
		"alg none":                       {sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, goodClaims(), "kid", "r1"), false},
		"expired":                        {sign(t, jwt.SigningMethodES256, k.ec, claimsBut("exp", noon.Add(-time.Hour).Unix()), "kid", "e1"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := a.Authenticate(bearer(c.token))
			if !c.ok {
				wantError(t, err, ports.ErrBadCredentials, c.token)
			} else if err != nil || got != ana {
				t.Errorf("got %+v, %v; want Ana", got, err)
			}
		})
	}
}

func TestAuthenticate_NoErrorQuotesAToken(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	for _, token := range []string{
		encode(`{"alg":"verysecret"}`) + "." + encode(`{}`) + ".AA",
		encode(`{"alg":"HS256","kid":"verysecret"}`) + "." + encode(`{"sub":"verysecret"}`) + ".AA",
		"verysecret!.verysecret!.verysecret!",
		sign(t, jwt.SigningMethodHS256, []byte(secret), claimsBut("aud", "verysecret")),
		sign(t, jwt.SigningMethodHS256, []byte(secret), claimsBut("sub", "verysecret\n")),
	} {
		_, err := a.Authenticate(bearer(token))
		if !errors.Is(err, ports.ErrBadCredentials) || strings.Contains(err.Error(), "verysecret") {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzAuthenticate(f *testing.F) {
	c := base()
	a, err := authn.New(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Bearer x.y.z")
	f.Add("Bearer " + encode(`{"alg":"HS256"}`) + "." + encode(`{"sub":"a"}`) + ".AA")
	f.Fuzz(func(t *testing.T, header string) {
		r := bearer("")
		r.Header["Authorization"] = []string{header}
		got, err := a.Authenticate(r)
		known := got.Role == ports.RoleApp && got.Name == "shop" || got.Role == ports.RoleAdmin && got.Name == "ops"
		if err == nil && !known || got.User != "" {
			t.Errorf("%q made %+v", header, got)
		}
	})
}
