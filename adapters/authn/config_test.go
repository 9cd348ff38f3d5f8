package authn_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/authn"
)

func TestConfig_CheckNamesTheSettingAndTheMend(t *testing.T) {
	t.Parallel()
	const key = "verysecret-verysecret"
	keys := func(s string) func(*authn.Config) { return func(c *authn.Config) { c.APIKeys = s } }
	for name, c := range map[string]struct {
		edit func(*authn.Config)
		says []string
	}{
		"a bare key":                {keys(key), []string{"API_KEYS, entry 1: write it as name:role:key"}},
		"no name":                   {keys(":app:" + key), []string{"entry 1: write it as"}},
		"a name with a space":       {keys("my shop:app:" + key), []string{"entry 1: write it as"}},
		"no key":                    {keys("shop:app"), []string{"entry 1: write it as"}},
		"key in place of the role":  {keys("shop:" + key + ":app"), []string{"shop has no role that exists: it is app or admin"}},
		"the role of users":         {keys("shop:user:" + key), []string{"no role that exists"}},
		"a short key":               {keys("shop:app:verysecret"), []string{"the key of shop is shorter than 16 characters"}},
		"a key that looks like JWT": {keys("shop:app:verysecret.verysecret.x"), []string{"has two dots"}},
		"a key with a space":        {keys("shop:app:verysecret verysecret"), []string{"cannot be sent in a header"}},
		"a name twice":              {keys("shop:app:" + key + ",shop:admin:" + key + "2"), []string{"entry 2: the name shop is given twice"}},
		"a key twice":               {keys("shop:app:" + key + ", blog:admin:" + key), []string{"entry 2: blog has the same key as shop"}},
		"two faults":                {keys("shop:app:verysecret,blog:boss:" + key), []string{"entry 1: ", "entry 2: "}},
		"a short secret":            {func(c *authn.Config) { c.JWTSecret = "verysecret" }, []string{"AUTH_JWT_SECRET has 10 bytes: use at least 32"}},
		"secret and key set":        {func(c *authn.Config) { c.JWKSURL = "https://id.example.com/keys" }, []string{"both set: unset one"}},
		"a key set that is nowhere": {func(c *authn.Config) { c.JWTSecret, c.JWKSURL = "", "id.example.com" }, []string{"AUTH_JWKS_URL is not an address such as"}},
		"a key set in a file":       {func(c *authn.Config) { c.JWTSecret, c.JWKSURL = "", "file:///etc/keys" }, []string{"AUTH_JWKS_URL is not an address such as"}},
		"a key set not encrypted":   {func(c *authn.Config) { c.JWTSecret, c.JWKSURL = "", "http://id.example.com/keys" }, []string{"not encrypted: use https"}},
		"a key set for everybody": {
			func(c *authn.Config) {
				c.JWTSecret, c.JWKSURL, c.Issuer, c.Audience = "", "https://id.example.com/keys", "", " "
			},
			[]string{"AUTH_ISSUER is empty", "AUTH_ISSUER=any", "AUTH_AUDIENCE is empty", "AUTH_AUDIENCE=any", "other applications"},
		},
		"a key set without issuer": {
			func(c *authn.Config) { c.JWTSecret, c.JWKSURL, c.Issuer = "", "https://id.example.com/keys", "" },
			[]string{"AUTH_ISSUER is empty"},
		},
		"a key set without audience, and nowhere": {
			func(c *authn.Config) { c.JWTSecret, c.JWKSURL, c.Audience = "", "id.example.com", "" },
			[]string{"AUTH_JWKS_URL is not an address", "AUTH_AUDIENCE is empty"},
		},
		"a cookie but no tokens":     {func(c *authn.Config) { c.JWTSecret = "" }, []string{"no tokens are accepted: set AUTH_JWT_SECRET or AUTH_JWKS_URL"}},
		"a cookie that is no cookie": {func(c *authn.Config) { c.Cookie = "a b" }, []string{`AUTH_COOKIE "a b" is not a cookie's name`}},
		"an origin with a path":      {func(c *authn.Config) { c.TrustedOrigins = []string{"https://shop.example.com/x"} }, []string{`origin "https://shop.example.com/x": write it as`}},
		"everything at once": {
			func(c *authn.Config) { c.APIKeys, c.JWTSecret, c.TrustedOrigins = key, "verysecret", []string{"shop"} },
			[]string{"API_KEYS", "AUTH_JWT_SECRET", `origin "shop"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := base()
			c.edit(&config)
			err := config.Check()
			if err == nil {
				t.Fatal("got no error")
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("got %v, want %q in it", err, says)
				}
			}
			if strings.Contains(err.Error(), "verysecret") {
				t.Errorf("the error repeats a secret: %v", err)
			}
			if a, err := authn.New(config); err == nil {
				a.Close()
				t.Errorf("New starts with what Check refuses")
			}
		})
	}
}

func TestConfig_CheckAcceptsWhatIsFine(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]authn.Config{
		"nothing at all":           {},
		"everything":               base(),
		"a trailing comma":         {APIKeys: " shop:app:" + appKey + " ,\n"},
		"a key with colons":        {APIKeys: "shop:app:a:b:c:0123456789abcdef"},
		"a key set":                withKeySet("https://id.example.com/keys"),
		"a key set on this host":   withKeySet("http://localhost:8080/keys"),
		"a key set by its address": withKeySet("http://127.0.0.1:8080/keys"),
		"a key set for any, aloud": {JWKSURL: "https://id.example.com/keys", Issuer: "any", Audience: "any"},
		"a secret for any":         {JWTSecret: secret},
	} {
		if err := config.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever somebody prints while looking for a fault, it holds no secret.
func TestConfig_NoWayOfPrintingShowsASecret(t *testing.T) {
	t.Parallel()
	config := base()
	a := newAuthenticator(t, config)
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "config", config, "pointer", &config, "authenticator", a, "value", *a)
	}
	printed := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range []any{config, &config, a, *a} {
			printed += fmt.Sprintf(verb, value)
		}
	}
	for _, hidden := range []string{secret, appKey, adminKey, "48 49 50", "0x30"} {
		if strings.Contains(printed, hidden) {
			t.Errorf("printed %q in\n%s", hidden, printed)
		}
	}
	if !strings.Contains(printed, "https://id.example.com") {
		t.Errorf("nothing useful is printed: %s", printed)
	}
}
