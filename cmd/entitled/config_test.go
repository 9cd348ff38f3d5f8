package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"go.uber.org/fx"
)

// environment is one that can be served.
func environment(t *testing.T, change map[string]string) []string {
	t.Helper()
	catalog := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(catalog, []byte(programtest.Catalog), 0o600); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		"STRIPE_SECRET_KEY": programtest.StripeKey, "STRIPE_WEBHOOK_SECRET": programtest.WebhookSecret, "APP_URL": "https://app.example",
		"API_KEYS": "tests:admin:" + programtest.APIKey, "CATALOG": catalog, "DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
	}
	for name, value := range change {
		vars[name] = value
	}
	var environ []string
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	return environ
}

func TestConfig_GraphIsComplete(t *testing.T) {
	t.Parallel()
	cfg, err := readConfig(environment(t, nil), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := cfg.parts(console{&bytes.Buffer{}, &bytes.Buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := fx.ValidateApp(service(p)); err != nil {
		t.Error(err)
	}
}

func TestConfig_SellsForOneAccount(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{"": "", " acct_1ABC\n": "acct_1ABC"} {
		cfg, err := readConfig(environment(t, map[string]string{"STRIPE_ACCOUNT": set}), os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		p, err := cfg.parts(console{&bytes.Buffer{}, &bytes.Buffer{}})
		if err != nil {
			t.Fatal(err)
		}
		// Whose events are taken in and for whom Stripe is called have to be the same.
		if p.settings.Account != want || p.stripe.Account != want {
			t.Errorf("%q: events of %q, calls for %q, want %q", set, p.settings.Account, p.stripe.Account, want)
		}
	}
}

func TestConfig_RefusesWhatCannotBeServedAndNamesTheMend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no key":                     {map[string]string{"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY is empty"},
		"publishable key":            {map[string]string{"STRIPE_SECRET_KEY": "pk_test_1"}, "publishable"},
		"an account of a customer":   {map[string]string{"STRIPE_ACCOUNT": "cus_1"}, "STRIPE_ACCOUNT is not the id of a connected account"},
		"no webhook secret":          {map[string]string{"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET is empty"},
		"an empty webhook secret":    {map[string]string{"STRIPE_WEBHOOK_SECRET": "whsec_a, "}, "empty entry"},
		"no return address":          {map[string]string{"APP_URL": ""}, "APP_URL is empty"},
		"a return address of none":   {map[string]string{"APP_URL": "localhost:3000"}, `APP_URL is "localhost:3000": https:// or http:// is missing before it`},
		"success nowhere":            {map[string]string{"SUCCESS_URL": "ftp://a.example/{ORDER_ID}"}, `SUCCESS_URL is "ftp://a.example/{ORDER_ID}": it does not begin with https:// or http://`},
		"cancel with a placeholder":  {map[string]string{"CANCEL_URL": "https://a.example/{ID}", "APP_URL": ""}, `CANCEL_URL is "https://a.example/{ID}": it has a placeholder other than`},
		"nobody may ask":             {map[string]string{"API_KEYS": ""}, "API_KEYS"},
		"a key that is no key":       {map[string]string{"API_KEYS": "admin"}, "API_KEYS"},
		"a weak JWT secret":          {map[string]string{"AUTH_JWT_SECRET": "short"}, "AUTH_JWT_SECRET"},
		"a catalog that is missing":  {map[string]string{"CATALOG": "/nowhere.yaml"}, "/nowhere.yaml"},
		"a catalog that is no file":  {map[string]string{"CATALOG": os.TempDir()}, "is a directory"},
		"an origin with a path":      {map[string]string{"ALLOWED_ORIGINS": "https://a.example/b"}, "https://a.example/b"},
		"a proxy that is no net":     {map[string]string{"TRUSTED_PROXIES": "proxy"}, "TRUSTED_PROXIES"},
		"losses by a word":           {map[string]string{"ACCEPT_LOSSES": "maybe"}, `ACCEPT_LOSSES is "maybe": true or false`},
		"no connections":             {map[string]string{"MAX_CONNECTIONS": "0"}, `MAX_CONNECTIONS is "0": a number from 1, such as 2000`},
		"connections in words":       {map[string]string{"MAX_CONNECTIONS": "many"}, `MAX_CONNECTIONS is "many"`},
		"a retention without a unit": {map[string]string{"RETENTION": "35"}, `RETENTION is "35": days, at least 4d, such as 35d`},
		"verifying too often":        {map[string]string{"VERIFY": "1m"}, `VERIFY is "1m": how often to verify what users have, from 1h to 90d, such as 1d; or off`},
		"reconciling too often":      {map[string]string{"RECONCILE": "1m"}, `RECONCILE is "1m": how often to look for what no webhook brought, from 5m to 24h, such as 1h; or off`},
		"a feed kept too shortly":    {map[string]string{"FEED_RETENTION": "6d"}, `FEED_RETENTION is "6d": days, at least 7d, such as 90d; or 0`},
		"a feed kept for hours":      {map[string]string{"FEED_RETENTION": "200h"}, `FEED_RETENTION is "200h"`},
		"a retention too short":      {map[string]string{"RETENTION": "3d"}, `RETENTION is "3d"`},
		"a drain without a unit":     {map[string]string{"DRAIN_TIME": "5"}, `DRAIN_TIME is "5": a duration from 0s to 5m, such as 5s`},
		"a drain before its end":     {map[string]string{"DRAIN_TIME": "-1s"}, `DRAIN_TIME is "-1s"`},
		"an endless drain":           {map[string]string{"DRAIN_TIME": "1h"}, `DRAIN_TIME is "1h"`},
		"an endpoint without secret": {map[string]string{"OUT_WEBHOOK_URL": "https://a.example"}, "OUT_WEBHOOK_SECRET: it is whsec_ and"},
		"a secret without endpoint":  {map[string]string{"OUT_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "OUT_WEBHOOK_URL is not"},
		"an endpoint on this host":   {map[string]string{"OUT_WEBHOOK_URL": "https://127.0.0.1", "OUT_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "OUT_WEBHOOK_URL: address refused: 127.0.0.1 is no public address"},
		"networks that are none":     {map[string]string{"WEBHOOKS_ALLOW_PRIVATE": "10.0.0.0/8,home"}, `WEBHOOKS_ALLOW_PRIVATE has "home": true, false, or networks`},
		"a log format of none":       {map[string]string{"LOG_FORMAT": "xml"}, "LOG_FORMAT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := readConfig(environment(t, c.change), os.ReadFile)
			if err == nil {
				_, err = cfg.parts(console{&bytes.Buffer{}, &bytes.Buffer{}})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want one that says %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), programtest.APIKey) || strings.Contains(err.Error(), programtest.StripeKey)) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestConfig_SecretsFromFiles(t *testing.T) {
	t.Parallel()
	read := func(path string) ([]byte, error) {
		if path == "/run/secrets/stripe" {
			return []byte(programtest.StripeKey + "\n"), nil
		}
		return nil, errors.New("no such file")
	}
	cfg, err := readConfig([]string{"STRIPE_SECRET_KEY_FILE=/run/secrets/stripe"}, read)
	if err != nil || cfg.StripeKey != programtest.StripeKey {
		t.Errorf("got %q, %v", cfg.StripeKey, err)
	}
	if _, err := readConfig([]string{"API_KEYS_FILE=/elsewhere"}, read); err == nil || !strings.Contains(err.Error(), "API_KEYS_FILE") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := readConfig([]string{"API_KEYS=a", "API_KEYS_FILE=/run/secrets/stripe"}, read); err == nil || !strings.Contains(err.Error(), "both set") {
		t.Errorf("both: %v", err)
	}
}

func TestConfig_AKeySetForAnyApplicationIsSaidInTheLog(t *testing.T) {
	t.Parallel()
	p := startProgram(t, programtest.Build(t), programtest.Databases["SQLite"](t),
		"AUTH_JWKS_URL=http://127.0.0.1:1/keys", "AUTH_ISSUER=any", "AUTH_AUDIENCE=any")
	p.Stop(t)
	for _, setting := range []string{"AUTH_ISSUER=any", "AUTH_AUDIENCE=any"} {
		if !strings.Contains(p.Log.String(), setting) {
			t.Errorf("the log does not say %s:\n%s", setting, p.Log)
		}
	}
}

func TestConfig_NamesTheSettingOfADatabaseThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	const secret = "s3cret-4711"
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	t.Cleanup(func() {
		if _, err := os.Stat(nowhere); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what only looks has made the folder of a database: %v", err)
		}
	})
	for url, says := range map[string]string{
		"mysql://x":                   `DATABASE_URL: database URL: scheme "mysql"`,
		"postgres://localhost:1/":     "the database that DATABASE_URL names does not answer",
		"sqlite:" + nowhere + "/x.db": "set DATABASE_URL",
		// Taken for the path of a file, which was then printed.
		"user=u password=" + secret + " host":                      "DATABASE_URL",
		"user=u password='" + secret + "' host=127.0.0.1 port=1":   "the database that DATABASE_URL names does not answer",
		"postgres://u:" + secret + "@127.0.0.1:1/x?sslmode=nosuch": "DATABASE_URL",
	} {
		for _, args := range []string{"grants ana", "migrate status"} {
			t.Run(url+" "+args, func(t *testing.T) {
				t.Parallel()
				p := &program{&programtest.Program{Cmd: &exec.Cmd{Path: programtest.Build(t), Env: []string{programtest.RaceSettings, "DATABASE_URL=" + url}}}}
				if out, complaint, ok := p.command(t, words(args)); ok || !strings.Contains(complaint, says) || strings.Contains(out+complaint, secret) {
					t.Errorf("entitled %s: succeeded %t, want %q in %s%s", args, ok, says, out, complaint)
				}
			})
		}
	}
}
