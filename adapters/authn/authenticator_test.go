package authn_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/ports"
	"github.com/golang-jwt/jwt/v5"
)

func TestAuthenticate_ServiceKeys(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	for name, c := range map[string]struct {
		header string
		want   ports.Caller
		err    error
	}{
		"the app's key":            {"Bearer " + appKey, ports.Caller{Role: ports.RoleApp, Name: "shop"}, nil},
		"the admin's key":          {"Bearer " + adminKey, ports.Caller{Role: ports.RoleAdmin, Name: "ops"}, nil},
		"bearer in small letters":  {"bearer " + appKey, ports.Caller{Role: ports.RoleApp, Name: "shop"}, nil},
		"a key that is none":       {"Bearer other-key-0123456789", ports.Caller{}, ports.ErrBadCredentials},
		"a key but for its end":    {"Bearer " + appKey[:len(appKey)-1], ports.Caller{}, ports.ErrBadCredentials},
		"a key and more":           {"Bearer " + appKey + "0", ports.Caller{}, ports.ErrBadCredentials},
		"a key in capitals":        {"Bearer " + strings.ToUpper(appKey), ports.Caller{}, ports.ErrBadCredentials},
		"name and key":             {"Bearer shop:app:" + appKey, ports.Caller{}, ports.ErrBadCredentials},
		"no key":                   {"Bearer ", ports.Caller{}, ports.ErrBadCredentials},
		"the scheme alone":         {"Bearer", ports.Caller{}, ports.ErrBadCredentials},
		"the key alone":            {appKey, ports.Caller{}, ports.ErrBadCredentials},
		"another scheme":           {"Basic " + appKey, ports.Caller{}, ports.ErrBadCredentials},
		"an empty header":          {"", ports.Caller{}, ports.ErrBadCredentials},
		"more than eight kilobyte": {"Bearer " + strings.Repeat("x", 8<<10+1), ports.Caller{}, ports.ErrBadCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/api/checkout/pro", nil)
			r.Header["Authorization"] = []string{c.header}
			got, err := a.Authenticate(r)
			if c.err != nil {
				wantError(t, err, c.err, strings.TrimPrefix(c.header, "Bearer "))
			} else if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestAuthenticate_WithoutAnythingThereAreNoCredentials(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "other", Value: "x"})
	_, err := a.Authenticate(r)
	wantError(t, err, ports.ErrNoCredentials, "")
}

func TestAuthenticate_TwoHeadersAreNoCredentialsToChooseFrom(t *testing.T) {
	t.Parallel()
	r := bearer(appKey)
	r.Header.Add("Authorization", "Bearer "+adminKey)
	_, err := newAuthenticator(t, base()).Authenticate(r)
	wantError(t, err, ports.ErrBadCredentials, adminKey)
}

func TestAuthenticate_NoTokensAreAcceptedUnlessConfigured(t *testing.T) {
	t.Parallel()
	c := base()
	c.JWTSecret, c.Issuer, c.Audience, c.Cookie = "", "", "", ""
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims())
	_, err := newAuthenticator(t, c).Authenticate(bearer(token))
	wantError(t, err, ports.ErrBadCredentials, token)

	empty := sign(t, jwt.SigningMethodHS256, []byte(""), goodClaims())
	_, err = newAuthenticator(t, c).Authenticate(bearer(empty))
	wantError(t, err, ports.ErrBadCredentials, empty)
}

func TestAuthenticate_CookiesNeedTheSameOriginForMoreThanReading(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims())
	for name, c := range map[string]struct {
		method, site, origin string
		err                  error
	}{
		"reading":                               {http.MethodGet, "", "", nil},
		"reading from elsewhere":                {http.MethodGet, "cross-site", "https://evil.example.com", nil},
		"looking from elsewhere":                {http.MethodHead, "cross-site", "https://evil.example.com", nil},
		"buying from our page":                  {http.MethodPost, "same-origin", "https://api.example.com", nil},
		"buying by a link typed in":             {http.MethodPost, "none", "", nil},
		"buying from elsewhere":                 {http.MethodPost, "cross-site", "https://evil.example.com", ports.ErrCrossOrigin},
		"buying from a sibling":                 {http.MethodPost, "same-site", "https://evil.example.com", ports.ErrCrossOrigin},
		"buying from a page that we trust":      {http.MethodPost, "same-site", "https://shop.example.com", nil},
		"trusted, but not encrypted":            {http.MethodPost, "same-site", "http://shop.example.com", ports.ErrCrossOrigin},
		"trusted, at another port":              {http.MethodPost, "same-site", "https://shop.example.com:8443", ports.ErrCrossOrigin},
		"an old browser, our page":              {http.MethodPost, "", "https://api.example.com", nil},
		"an old browser, elsewhere":             {http.MethodPost, "", "https://evil.example.com", ports.ErrCrossOrigin},
		"an origin that is none":                {http.MethodPost, "cross-site", "https://evil.example.com/x", ports.ErrCrossOrigin},
		"an old browser, no origin to tell":     {http.MethodPost, "", "null", ports.ErrCrossOrigin},
		"no browser":                            {http.MethodPost, "", "", nil},
		"deleting from elsewhere":               {http.MethodDelete, "cross-site", "https://evil.example.com", ports.ErrCrossOrigin},
		"a method that is made up, elsewhere":   {"BUY", "cross-site", "https://evil.example.com", ports.ErrCrossOrigin},
		"a site that no browser says, trusting": {http.MethodPost, "other", "https://evil.example.com", ports.ErrCrossOrigin},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, "https://api.example.com/api/checkout/pro", nil)
			r.AddCookie(&http.Cookie{Name: "session", Value: token})
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			got, err := a.Authenticate(r)
			switch {
			case c.err != nil:
				wantError(t, err, c.err, token)
				if told := strings.Count(c.origin, "/") == 2; !strings.Contains(err.Error(), "ALLOWED_ORIGINS") || strings.Contains(err.Error(), "a page of "+c.origin+" asked") != told {
					t.Errorf("got %v, want the setting, and the page if it is told: %t", err, told)
				}
			case err != nil || got != ana:
				t.Errorf("got %+v, %v; want Ana", got, err)
			}

			// The same call with a header is nobody else's doing.
			r.Header.Set("Authorization", "Bearer "+token)
			if got, err := a.Authenticate(r); err != nil || got != ana {
				t.Errorf("by header: got %+v, %v; want Ana", got, err)
			}
		})
	}
}

func TestAuthenticate_TheHeaderWinsOverTheCookieEvenIfItIsBad(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	cookie := &http.Cookie{Name: "session", Value: sign(t, jwt.SigningMethodHS256, []byte(secret), claimsBut("sub", "user_bob"))}

	r := bearer(sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims()))
	r.AddCookie(cookie)
	if got, err := a.Authenticate(r); err != nil || got != ana {
		t.Errorf("got %+v, %v; want Ana, as the header says", got, err)
	}
	for _, header := range []string{"", "Bearer x.y.z", "Bearer wrong-key-0123456789", "Basic eDp5"} {
		r.Header["Authorization"] = []string{header}
		_, err := a.Authenticate(r)
		wantError(t, err, ports.ErrBadCredentials, cookie.Value)
	}
}

func TestAuthenticate_ACookieHoldsOneTokenAndNothingElse(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, base())
	good := sign(t, jwt.SigningMethodHS256, []byte(secret), goodClaims())
	for name, values := range map[string][]string{
		"a service key":            {adminKey},
		"nothing":                  {""},
		"an expired token":         {sign(t, jwt.SigningMethodHS256, []byte(secret), claimsBut("exp", noon.AddDate(0, 0, -1).Unix()))},
		"two tokens":               {good, good},
		"more than eight kilobyte": {good + strings.Repeat("x", 8<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for _, v := range values {
				r.AddCookie(&http.Cookie{Name: "session", Value: v})
			}
			_, err := a.Authenticate(r)
			wantError(t, err, ports.ErrBadCredentials, values[0])
		})
	}
	t.Run("no cookie is read unless one is configured", func(t *testing.T) {
		t.Parallel()
		c := base()
		c.Cookie = ""
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "session", Value: good})
		_, err := newAuthenticator(t, c).Authenticate(r)
		wantError(t, err, ports.ErrNoCredentials, good)
	})
}
