package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/app"
)

// config is what `entitled serve` reads from the environment. README.md lists it.
type config struct {
	Host string `env:"HOST"`
	Port string `env:"PORT" envDefault:"8080"`
	// MaxConnections is read by maxConnections, whose error names the variable.
	MaxConnections string `env:"MAX_CONNECTIONS"`
	// DrainTime is read by drainTime, whose error names the variable.
	DrainTime string `env:"DRAIN_TIME" envDefault:"5s"`
	// Retention is read by retention, whose error names the variable.
	Retention string `env:"RETENTION" envDefault:"35d"`
	// FeedRetention is read by feedRetention, whose error names the variable.
	FeedRetention string `env:"FEED_RETENTION" envDefault:"90d"`
	// Reconcile is read by reconcileEvery, whose error names the variable.
	Reconcile string `env:"RECONCILE" envDefault:"1h"`
	// Verify is read by verifyEvery, whose error names the variable.
	Verify      string `env:"VERIFY" envDefault:"1d"`
	DatabaseURL string `env:"DATABASE_URL" envDefault:"sqlite:data/entitled.db"`
	Catalog     string `env:"CATALOG" envDefault:"catalog.yaml"`
	// AcceptLosses is read by acceptsLosses, whose error names the variable.
	AcceptLosses string `env:"ACCEPT_LOSSES"`

	// Deliveries are read by deliveries, whose errors name the variables.
	OutURL       string `env:"OUT_WEBHOOK_URL"`
	OutSecret    string `env:"OUT_WEBHOOK_SECRET"`
	AllowPrivate string `env:"WEBHOOKS_ALLOW_PRIVATE"`

	AppURL         string   `env:"APP_URL"`
	SuccessURL     string   `env:"SUCCESS_URL"`
	CancelURL      string   `env:"CANCEL_URL"`
	AllowedOrigins []string `env:"ALLOWED_ORIGINS"`
	TrustedProxies []string `env:"TRUSTED_PROXIES"`

	StripeKey      string   `env:"STRIPE_SECRET_KEY"`
	WebhookSecrets []string `env:"STRIPE_WEBHOOK_SECRET"`
	StripeAPIBase  string   `env:"STRIPE_API_BASE"`
	StripeAccount  string   `env:"STRIPE_ACCOUNT"`

	APIKeys    string `env:"API_KEYS"`
	JWTSecret  string `env:"AUTH_JWT_SECRET"`
	JWKSURL    string `env:"AUTH_JWKS_URL"`
	Issuer     string `env:"AUTH_ISSUER"`
	Audience   string `env:"AUTH_AUDIENCE"`
	UserClaim  string `env:"AUTH_USER_CLAIM" envDefault:"sub"`
	EmailClaim string `env:"AUTH_EMAIL_CLAIM"`
	NameClaim  string `env:"AUTH_NAME_CLAIM"`
	AuthCookie string `env:"AUTH_COOKIE"`

	LogLevel  string `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string `env:"LOG_FORMAT" envDefault:"json"`
}

// secrets may be given as a file by NAME_FILE, as container platforms do.
var secrets = []string{"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "API_KEYS", "AUTH_JWT_SECRET", "OUT_WEBHOOK_SECRET"}

// readConfig reads the environment, and the files that it names.
func readConfig(environ []string, readFile func(string) ([]byte, error)) (config, error) {
	vars := env.ToMap(environ)
	for _, name := range secrets {
		path := vars[name+"_FILE"]
		if path == "" {
			continue
		}
		if vars[name] != "" {
			return config{}, misusedf("%s and %s_FILE are both set: unset one", name, name)
		}
		content, err := readFile(path)
		if err != nil {
			return config{}, misusedf("%s_FILE: %w", name, err)
		}
		vars[name] = strings.TrimSpace(string(content))
	}
	cfg, err := env.ParseAsWithOptions[config](env.Options{Environment: vars})
	if err != nil {
		return config{}, misused(err)
	}
	for i, secret := range cfg.WebhookSecrets {
		cfg.WebhookSecrets[i] = strings.TrimSpace(secret)
	}
	cfg.StripeAccount = strings.TrimSpace(cfg.StripeAccount)
	return cfg, nil
}

// check names what is missing here and would not be missed anywhere else.
func (c config) check() error {
	var faults []error
	if c.AppURL == "" && (c.SuccessURL == "" || c.CancelURL == "") {
		faults = append(faults, errors.New("APP_URL is empty: set the address of your product, such as https://app.example.com, where buyers return to"))
	}
	if c.APIKeys == "" && c.JWTSecret == "" && c.JWKSURL == "" {
		faults = append(faults, errors.New("nobody could ask: set API_KEYS (name:role:key,...), AUTH_JWT_SECRET or AUTH_JWKS_URL"))
	}
	if err := bunstore.CheckURL(c.DatabaseURL); err != nil {
		faults = append(faults, fmt.Errorf("DATABASE_URL: %w", err))
	}
	if port, err := strconv.ParseUint(c.Port, 10, 16); err != nil || port == 0 {
		faults = append(faults, fmt.Errorf("PORT is %q: a number from 1 to 65535", c.Port))
	}
	if _, err := c.maxConnections(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.drainTime(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.retention(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.feedRetention(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.reconcileEvery(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.deliveries(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.verifyEvery(); err != nil {
		faults = append(faults, err)
	}
	if c.LogFormat != "json" && c.LogFormat != "text" {
		faults = append(faults, fmt.Errorf("LOG_FORMAT is %q: json or text", c.LogFormat))
	}
	if _, err := c.logLevel(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.acceptsLosses(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// maxConnections is how many clients may be connected at a time.
func (c config) maxConnections() (int, error) {
	if c.MaxConnections == "" {
		return httpapi.DefaultConnections, nil
	}
	most, err := strconv.Atoi(c.MaxConnections)
	if err != nil || most < 1 {
		return 0, fmt.Errorf("MAX_CONNECTIONS is %q: a number from 1, such as %d", c.MaxConnections, httpapi.DefaultConnections)
	}
	return most, nil
}

// mostDrainTime is more than any load balancer needs to notice.
const mostDrainTime = 5 * time.Minute

// drainTime is how long the service goes on after it was told to end.
func (c config) drainTime() (time.Duration, error) {
	drain, err := time.ParseDuration(c.DrainTime)
	if err != nil || drain < 0 || drain > mostDrainTime {
		return 0, fmt.Errorf("DRAIN_TIME is %q: a duration from 0s to 5m, such as 5s", c.DrainTime)
	}
	return drain, nil
}

// leastRetention is a little more than the three days for which Stripe sends an event again.
const leastRetention = 4 * 24 * time.Hour

// retention is for how long bodies of events are kept; zero: for ever.
func (c config) retention() (time.Duration, error) {
	keep, ok := keepsFor(c.Retention, leastRetention)
	if !ok {
		return 0, fmt.Errorf("RETENTION is %q: days, at least 4d, such as 35d; or 0 to keep the bodies of events for ever", c.Retention)
	}
	return keep, nil
}

// leastFeedRetention lets a reader of the feed be away over a long weekend.
const leastFeedRetention = 7 * 24 * time.Hour

// feedRetention is for how long the feed keeps what it told; zero: for ever.
func (c config) feedRetention() (time.Duration, error) {
	keep, ok := keepsFor(c.FeedRetention, leastFeedRetention)
	if !ok {
		return 0, fmt.Errorf("FEED_RETENTION is %q: days, at least 7d, such as 90d; or 0 to keep the feed of changes for ever", c.FeedRetention)
	}
	return keep, nil
}

// keepsFor reads a number of days, no less than the least; 0 is for ever.
func keepsFor(text string, least time.Duration) (keep time.Duration, ok bool) {
	if text == "0" {
		return 0, true
	}
	days, isDays := strings.CutSuffix(text, "d")
	n, err := strconv.ParseUint(days, 10, 16)
	keep = time.Duration(n) * 24 * time.Hour
	return keep, isDays && err == nil && keep >= least
}

// leastReconcile and mostReconcile bound how often events are listed: a run may take minutes,
// and objects are to be listed once a day.
const (
	leastReconcile = 5 * time.Minute
	mostReconcile  = 24 * time.Hour
)

// reconcileEvery is how often events are looked for that no webhook brought; zero: never.
func (c config) reconcileEvery() (time.Duration, error) {
	if c.Reconcile == "off" {
		return 0, nil
	}
	every, err := time.ParseDuration(c.Reconcile)
	if err != nil || every < leastReconcile || every > mostReconcile {
		return 0, fmt.Errorf("RECONCILE is %q: how often to look for what no webhook brought, from 5m to 24h, such as 1h; or off", c.Reconcile)
	}
	return every, nil
}

// leastVerify and mostVerify bound how often all users are read: a pass takes a million of
// them the better part of a day.
const (
	leastVerify = time.Hour
	mostVerify  = 90 * 24 * time.Hour
)

// verifyEvery is how often what is derived is verified; zero: never.
func (c config) verifyEvery() (time.Duration, error) {
	if c.Verify == "off" {
		return 0, nil
	}
	every, err := readDuration(c.Verify)
	if err != nil || every < leastVerify || every > mostVerify {
		return 0, fmt.Errorf("VERIFY is %q: how often to verify what users have, from 1h to 90d, such as 1d; or off", c.Verify)
	}
	return every, nil
}

// acceptsLosses tells whether a catalog is taken that takes rights from users.
func (c config) acceptsLosses() (bool, error) {
	if c.AcceptLosses == "" {
		return false, nil
	}
	accepts, err := strconv.ParseBool(c.AcceptLosses)
	if err != nil {
		return false, fmt.Errorf("ACCEPT_LOSSES is %q: true or false", c.AcceptLosses)
	}
	return accepts, nil
}

func (c config) logLevel() (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return level, fmt.Errorf("LOG_LEVEL is %q: debug, info, warn or error", c.LogLevel)
	}
	return level, nil
}

func (c config) successURL() string {
	return cmp.Or(c.SuccessURL, strings.TrimSuffix(c.AppURL, "/")+"/?order_id={ORDER_ID}")
}

func (c config) cancelURL() string {
	return cmp.Or(c.CancelURL, strings.TrimSuffix(c.AppURL, "/")+"/")
}

// returnURLs are checked where they come from, so that the fault is named there.
func (c config) returnURLs() (app.ReturnURLs, error) {
	var faults []error
	for _, setting := range []struct{ name, value string }{{"APP_URL", c.AppURL}, {"SUCCESS_URL", c.SuccessURL}, {"CANCEL_URL", c.CancelURL}} {
		if err := app.CheckReturnURL(setting.value); err != nil && setting.value != "" {
			faults = append(faults, fmt.Errorf("%s is %q: %w", setting.name, setting.value, err))
		}
	}
	if len(faults) > 0 || c.AppURL == "" && (c.SuccessURL == "" || c.CancelURL == "") { // check has said so
		return app.ReturnURLs{}, errors.Join(faults...)
	}
	urls, err := app.NewReturnURLs(c.successURL(), c.cancelURL(), c.AllowedOrigins)
	if err != nil {
		err = fmt.Errorf("APP_URL, SUCCESS_URL, CANCEL_URL or ALLOWED_ORIGINS: %w", err)
	}
	return urls, err
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
		if one, err := netip.ParseAddr(text); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(one, one.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES has %q, which is neither an address nor a network such as 10.0.0.0/8", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
