package stripe

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// DefaultTimeout bounds a call to Stripe, with all its retries.
const DefaultTimeout = 10 * time.Second

// Config is what a gateway needs to know.
type Config struct {
	SecretKey      string   // sk_... or rk_..., test or live
	WebhookSecrets []string // whsec_...; several while one is being replaced
	Account        string   // acct_...: the connected account to sell for; empty: the key's own

	APIBase    string        // address of a Stripe-shaped server; empty: Stripe's own
	Timeout    time.Duration // of a call, retries included; 0: DefaultTimeout
	Clock      ports.Clock   // for signatures, and facts fetched from who does not tell the time; nil: the system's
	Logger     *slog.Logger  // nil: silent
	HTTPClient *http.Client  // its timeout is set to Timeout; nil: one of our own
}

var secretKey = regexp.MustCompile(`^(sk|rk)_(test|live)_[A-Za-z0-9_]+$`)

var accountID = regexp.MustCompile(`^acct_[A-Za-z0-9]{1,64}$`)

// settled checks the configuration and fills in what was left out. Its error
// names every setting that is wrong, and never shows a value that is secret.
func (c Config) settled() (Config, error) {
	c.SecretKey = strings.TrimSpace(c.SecretKey)
	c.APIBase = strings.TrimSpace(c.APIBase)
	c.Account = strings.TrimSpace(c.Account)
	secrets, err := settledSecrets(c.WebhookSecrets)
	c.WebhookSecrets = secrets
	if err := errors.Join(
		checkKey(c.SecretKey), err, checkAccount(c.Account), checkBase(c.APIBase, isLive(c.SecretKey)), checkTimeout(c.Timeout),
	); err != nil {
		return Config{}, err
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Clock == nil {
		c.Clock = func() time.Time { return time.Now().UTC() }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.HTTPClient = settledClient(c.HTTPClient, c.Timeout)
	return c, nil
}

// Check returns what [New] would refuse.
func (c Config) Check() error {
	_, err := c.settled()
	return err
}

// Live tells whether the key is one that moves real money.
func (c Config) Live() bool { return isLive(strings.TrimSpace(c.SecretKey)) }

func isLive(key string) bool {
	return strings.HasPrefix(key, "sk_live_") || strings.HasPrefix(key, "rk_live_")
}

func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("STRIPE_SECRET_KEY is empty: set it to the secret or restricted key from the API keys page of Stripe's dashboard")
	case strings.HasPrefix(key, "pk_"):
		return errors.New("STRIPE_SECRET_KEY is a publishable key (pk_...): set it to the secret key beside it (sk_... or rk_...)")
	case strings.HasPrefix(key, "whsec_"):
		return errors.New("STRIPE_SECRET_KEY is a webhook secret (whsec_...): that one belongs in STRIPE_WEBHOOK_SECRET")
	case !secretKey.MatchString(key):
		return errors.New("STRIPE_SECRET_KEY is not a key: it begins with sk_test_, sk_live_, rk_test_ or rk_live_ and goes on with letters and digits")
	}
	return nil
}

// settledSecrets refuses an empty secret: a message signed with an empty key,
// which anybody can do, would verify.
func settledSecrets(secrets []string) ([]string, error) {
	if len(secrets) == 0 {
		return nil, errors.New("STRIPE_WEBHOOK_SECRET is empty: set it to the signing secret of the webhook endpoint (whsec_...)")
	}
	settled := make([]string, len(secrets))
	for i, secret := range secrets {
		secret = strings.TrimSpace(secret)
		settled[i] = secret
		switch rest, ok := strings.CutPrefix(secret, "whsec_"); {
		case secret == "":
			return nil, fmt.Errorf("STRIPE_WEBHOOK_SECRET has an empty entry (number %d): remove it, or the stray comma", i+1)
		case !ok || rest == "":
			return nil, fmt.Errorf("STRIPE_WEBHOOK_SECRET, entry %d, is not a signing secret: it begins with whsec_ and is shown when the webhook endpoint is made (it is not the endpoint's id, we_...)", i+1)
		case strings.ContainsAny(secret, " \t\r\n,"):
			return nil, fmt.Errorf("STRIPE_WEBHOOK_SECRET, entry %d, has a space or a comma in it: give each secret as an entry of its own", i+1)
		}
	}
	return settled, nil
}

func checkAccount(account string) error {
	if account != "" && !accountID.MatchString(account) {
		return errors.New("STRIPE_ACCOUNT is not the id of a connected account: it begins with acct_ and goes on with letters and digits; leave it empty to sell for the account that the key is of")
	}
	return nil
}

func checkBase(base string, live bool) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("STRIPE_API_BASE is not an address: give it like https://api.stripe.com, or leave it empty")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("STRIPE_API_BASE has more than scheme, host and path: leave out user, password, query and fragment")
	}
	if live && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return errors.New("STRIPE_API_BASE is not https: a live key is not sent over the network in the clear")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkTimeout(timeout time.Duration) error {
	if timeout < 0 {
		return fmt.Errorf("timeout of calls to Stripe is negative (%s): leave it out for %s", timeout, DefaultTimeout)
	}
	return nil
}

// settledClient never changes the client it is given: that may be shared.
func settledClient(given *http.Client, timeout time.Duration) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	}
	if given == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 16
		client.Transport = transport
	}
	client.Timeout = timeout
	return client
}
