package stripe

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Config)
		names  string
	}{
		"no key":                   {func(c *Config) { c.SecretKey = "" }, "STRIPE_SECRET_KEY"},
		"white space as key":       {func(c *Config) { c.SecretKey = " \n" }, "STRIPE_SECRET_KEY"},
		"publishable key":          {func(c *Config) { c.SecretKey = "pk_test_4eC39HqLyj" }, "publishable"},
		"webhook secret as key":    {func(c *Config) { c.SecretKey = "whsec_4eC39HqLyj" }, "STRIPE_WEBHOOK_SECRET"},
		"key without a mode":       {func(c *Config) { c.SecretKey = "sk_4eC39HqLyj" }, "STRIPE_SECRET_KEY"},
		"key that is cut off":      {func(c *Config) { c.SecretKey = "sk_test_" }, "STRIPE_SECRET_KEY"},
		"key with a line break":    {func(c *Config) { c.SecretKey = "sk_test_4eC39\nHqLyj" }, "STRIPE_SECRET_KEY"},
		"no secret":                {func(c *Config) { c.WebhookSecrets = nil }, "STRIPE_WEBHOOK_SECRET"},
		"empty secret":             {func(c *Config) { c.WebhookSecrets = []string{""} }, "STRIPE_WEBHOOK_SECRET"},
		"white space as secret":    {func(c *Config) { c.WebhookSecrets = []string{" \t"} }, "STRIPE_WEBHOOK_SECRET"},
		"one empty secret":         {func(c *Config) { c.WebhookSecrets = []string{testSecret, ""} }, "number 2"},
		"endpoint's id as secret":  {func(c *Config) { c.WebhookSecrets = []string{"we_4eC39HqLyj"} }, "whsec_"},
		"key as secret":            {func(c *Config) { c.WebhookSecrets = []string{"sk_test_4eC39HqLyj"} }, "whsec_"},
		"prefix as secret":         {func(c *Config) { c.WebhookSecrets = []string{"whsec_"} }, "whsec_"},
		"two secrets in one":       {func(c *Config) { c.WebhookSecrets = []string{"whsec_4eC39HqLyj,whsec_b"} }, "entry of its own"},
		"base without a scheme":    {func(c *Config) { c.APIBase = "localhost:12111" }, "STRIPE_API_BASE"},
		"base of another scheme":   {func(c *Config) { c.APIBase = "ftp://localhost" }, "STRIPE_API_BASE"},
		"base with a user":         {func(c *Config) { c.APIBase = "https://u:4eC39HqLyj@example.com" }, "STRIPE_API_BASE"},
		"live key over plain http": {func(c *Config) { c.SecretKey, c.APIBase = "rk_live_4eC39HqLyj", "http://stripe.example" }, "https"},
		"account of a person":      {func(c *Config) { c.Account = "Ada" }, "STRIPE_ACCOUNT"},
		"account that is cut off":  {func(c *Config) { c.Account = "acct_" }, "STRIPE_ACCOUNT"},
		"account with a space":     {func(c *Config) { c.Account = "acct_1 acct_2" }, "STRIPE_ACCOUNT"},
		"account with a header":    {func(c *Config) { c.Account = "acct_1\nX: y" }, "STRIPE_ACCOUNT"},
		"customer as account":      {func(c *Config) { c.Account = "cus_1" }, "STRIPE_ACCOUNT"},
		"negative timeout":         {func(c *Config) { c.Timeout = -time.Second }, "timeout"},
		"everything wrong at once": {func(c *Config) { *c = Config{APIBase: "x"} }, "STRIPE_SECRET_KEY is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := Config{SecretKey: testKey, WebhookSecrets: []string{testSecret}}
			test.change(&config)
			_, err := New(config)
			if err == nil || !strings.Contains(err.Error(), test.names) {
				t.Fatalf("got %v, want an error with %q", err, test.names)
			}
			mustNotLeak(t, err.Error())
			if again := config.Check(); again == nil || again.Error() != err.Error() {
				t.Errorf("Check says %v, New %v", again, err)
			}
		})
	}
}

func TestNew_Accepts(t *testing.T) {
	t.Parallel()
	for key, live := range map[string]bool{
		testKey: false, "rk_test_1": false, "sk_live_1": true, "rk_live_1": true, "\tsk_live_1\n": true,
	} {
		config := Config{SecretKey: key, WebhookSecrets: []string{testSecret}}
		g, err := New(config)
		if err != nil {
			t.Errorf("%q: %v", key, err)
			continue
		}
		if g.Live() != live || config.Live() != live {
			t.Errorf("%q: live is %t, want %t", key, g.Live(), live)
		}
		if g.timeout != DefaultTimeout || g.client.Timeout != DefaultTimeout {
			t.Errorf("%q: timeouts %s and %s, want %s", key, g.timeout, g.client.Timeout, DefaultTimeout)
		}
	}
}

// The client may be shared with others, who have their own idea of a timeout.
func TestNew_LeavesTheClientAlone(t *testing.T) {
	t.Parallel()
	client := &http.Client{Timeout: time.Hour}
	g, err := New(Config{SecretKey: testKey, WebhookSecrets: []string{testSecret}, HTTPClient: client, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if client.Timeout != time.Hour || g.client.Timeout != time.Second {
		t.Errorf("timeouts are %s and %s, want 1h and 1s", client.Timeout, g.client.Timeout)
	}
}
