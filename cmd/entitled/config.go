package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/caarlos0/env/v11"
)

// config is what `entitled serve` reads from the environment. README.md lists it.
type config struct {
	Host        string `env:"HOST"`
	Port        string `env:"PORT" envDefault:"8080"`
	DatabaseURL string `env:"DATABASE_URL" envDefault:"sqlite:data/entitled.db"`
	Catalog     string `env:"CATALOG" envDefault:"catalog.yaml"`

	AppURL         string   `env:"APP_URL"`
	SuccessURL     string   `env:"SUCCESS_URL"`
	CancelURL      string   `env:"CANCEL_URL"`
	AllowedOrigins []string `env:"ALLOWED_ORIGINS"`
	TrustedProxies []string `env:"TRUSTED_PROXIES"`

	StripeKey      string   `env:"STRIPE_SECRET_KEY"`
	WebhookSecrets []string `env:"STRIPE_WEBHOOK_SECRET"`
	StripeAPIBase  string   `env:"STRIPE_API_BASE"`

	APIKeys    string `env:"API_KEYS"`
	JWTSecret  string `env:"AUTH_JWT_SECRET"`
	JWKSURL    string `env:"AUTH_JWKS_URL"`
	Issuer     string `env:"AUTH_ISSUER"`
	Audience   string `env:"AUTH_AUDIENCE"`
	UserClaim  string `env:"AUTH_USER_CLAIM" envDefault:"sub"`
	AuthCookie string `env:"AUTH_COOKIE"`

	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"json"`
}

// secrets may be given as a file by NAME_FILE, as container platforms do.
var secrets = []string{"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "API_KEYS", "AUTH_JWT_SECRET"}

// readConfig reads the environment, and the files that it names.
func readConfig(environ []string, readFile func(string) ([]byte, error)) (config, error) {
	vars := env.ToMap(environ)
	for _, name := range secrets {
		path := vars[name+"_FILE"]
		if path == "" {
			continue
		}
		if vars[name] != "" {
			return config{}, fmt.Errorf("%s and %s_FILE are both set: unset one", name, name)
		}
		content, err := readFile(path)
		if err != nil {
			return config{}, fmt.Errorf("%s_FILE: %w", name, err)
		}
		vars[name] = strings.TrimSpace(string(content))
	}
	cfg, err := env.ParseAsWithOptions[config](env.Options{Environment: vars})
	if err != nil {
		return config{}, err
	}
	for i, secret := range cfg.WebhookSecrets {
		cfg.WebhookSecrets[i] = strings.TrimSpace(secret)
	}
	return cfg, nil
}

// check refuses what `entitled serve` must not start with. All faults are named at
// once, each with its mend.
func (c config) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	if _, err := keyIsLive(c.StripeKey); err != nil {
		faults = append(faults, err)
	}
	if len(c.WebhookSecrets) == 0 {
		fault("STRIPE_WEBHOOK_SECRET is empty: set the signing secret of your webhook endpoint (whsec_..., shown once when the endpoint is created)")
	}
	for _, secret := range c.WebhookSecrets {
		if secret == "" {
			fault("STRIPE_WEBHOOK_SECRET has an empty entry: an empty secret would verify forged events")
		}
	}
	if c.AppURL == "" {
		fault("APP_URL is empty: set the address of your product, such as https://app.example.com, where buyers return to")
	}
	if c.APIKeys == "" && c.JWTSecret == "" && c.JWKSURL == "" {
		fault("nobody could ask: set API_KEYS (name:role:key,...), AUTH_JWT_SECRET or AUTH_JWKS_URL")
	}
	if _, err := os.Stat(c.Catalog); err != nil {
		fault("CATALOG names %s, which cannot be read: write a catalog there, see README.md", c.Catalog)
	}
	if c.LogFormat != "json" && c.LogFormat != "text" {
		fault("LOG_FORMAT is %q: json or text", c.LogFormat)
	}
	if _, err := c.proxies(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// keyIsLive tells a live key from a test key by its prefix, which is all that
// Stripe promises about it.
func keyIsLive(key string) (bool, error) {
	for _, kind := range []string{"sk_", "rk_"} {
		if strings.HasPrefix(key, kind+"live_") {
			return true, nil
		}
		if strings.HasPrefix(key, kind+"test_") {
			return false, nil
		}
	}
	if key == "" {
		return false, errors.New("STRIPE_SECRET_KEY is empty: set a secret or restricted key (sk_..., rk_...)")
	}
	return false, errors.New("STRIPE_SECRET_KEY is not a key that begins with sk_test_, sk_live_, rk_test_ or rk_live_")
}

// returnURLs are where buyers go by default.
func (c config) returnURLs() (success, cancel string) {
	base := strings.TrimSuffix(c.AppURL, "/")
	success, cancel = c.SuccessURL, c.CancelURL
	if success == "" {
		success = base + "/?order_id={ORDER_ID}"
	}
	if cancel == "" {
		cancel = base + "/"
	}
	return success, cancel
}

// origins are those whose pages may use the API and name return URLs.
func (c config) origins() []string {
	origins := c.AllowedOrigins
	if u, err := url.Parse(c.AppURL); err == nil && u.Host != "" {
		origins = append(origins, u.Scheme+"://"+u.Host)
	}
	return origins
}

func (c config) address() string { return net.JoinHostPort(c.Host, c.Port) }

func (c config) proxies() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES has %q, which is not a network such as 10.0.0.0/8", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
