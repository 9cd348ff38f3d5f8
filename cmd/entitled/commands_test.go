package main

import (
	"bytes"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/domain"
)

// command runs a command in the program's own environment; more environment comes
// after, and wins. Both answers and complaints are returned. It does one thing at a time,
// so it is not built to look for races: to start would take it five times as long.
func (p *program) command(t *testing.T, args []string, more ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), programtest.Build(t), args...)
	cmd.Env = append(append([]string{}, p.Cmd.Env...), more...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatal(err)
	}
	return out.String(), complaint.String(), err == nil
}

// says runs a command that must succeed and say all of this.
func (p *program) says(t *testing.T, command string, wanted ...string) string {
	t.Helper()
	out, complaint, ok := p.command(t, words(command))
	if !ok {
		t.Fatalf("entitled %s failed:\n%s%s", command, out, complaint)
	}
	for _, want := range wanted {
		if !strings.Contains(out+complaint, want) {
			t.Fatalf("entitled %s: want %q in\n%s%s", command, want, out, complaint)
		}
	}
	return out
}

// words splits a command line; a tilde stands for a blank within a word.
func words(command string) []string {
	args := strings.Fields(command)
	for n, arg := range args {
		args[n] = strings.ReplaceAll(arg, "~", " ")
	}
	return args
}

func TestCommands_ExplainGiveRevokeAndReplay(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	begin := time.Now().UTC()
	started := s.Call(t, "POST", "/api/checkout/pro", `{"user_id":"ana"}`, 201)
	s.says(t, "explain ana sso", "sso: no", "orders: open -> nothing")
	if err := s.box.Pay(started["session_id"].(string)); err != nil {
		t.Fatal(err)
	}
	s.Call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=20s", "", 200)
	s.idle(t)

	t.Run("why somebody has it", func(t *testing.T) {
		s.says(t, "explain ana sso", "sso: yes since", "access: active -> period", "granted on", "by event evt_", "paid, 29.00 usd")
		s.says(t, "explain ana --at "+begin.Add(-time.Hour).Format(time.RFC3339), "From the history", "Nothing had been given by then")
		s.says(t, "explain ana sso --at "+begin.AddDate(2, 0, 0).Format(time.DateOnly), "sso: no", "gave it and ended on")
		if out, complaint, ok := s.command(t, words("explain nobody sso")); ok || !strings.Contains(out, "plans that grant it: pro") || !strings.Contains(complaint, "nothing is kept of user nobody") {
			t.Errorf("of nobody: succeeded %t, said %s%s, want how to get it, and that nobody is known", ok, out, complaint)
		}
		told := s.explained(t, "ana", "sso")
		if !told.Held || len(told.Sources) != 1 || told.Sources[0].Kind != "subscription" {
			t.Errorf("as JSON: got %+v, want sso held by one subscription", told)
		}
	})

	t.Run("given and taken back by hand", func(t *testing.T) {
		give := "grant ana projects --limit unlimited --until 2100-01-31 --reason a~favor --by sam --key k1"
		given := s.says(t, give, "grant_", "unlimited", "a favor")
		if again := s.says(t, "grants ana", "grant_"); again != given {
			t.Errorf("listed as\n%s, want as given\n%s", again, given)
		}
		if held := s.Holds(t, "ana"); held != "projects=unlimited sso=true" {
			t.Errorf("with the grant: %s", held)
		}
		var g struct {
			ID        domain.GrantID `json:"id"`
			Value     string         `json:"value"`
			RevokedAt time.Time      `json:"revoked_at"`
		}
		programtest.Decode(t, s.says(t, "grants ana --json"), &g)
		programtest.Decode(t, s.says(t, "revoke "+string(g.ID)+" --reason a~mistake --by kim --json"), &g)
		if g.Value != "unlimited" || g.RevokedAt.IsZero() {
			t.Errorf("revoked: got %+v", g)
		}
		if held := s.Holds(t, "ana"); held != "projects=100 sso=true" {
			t.Errorf("without the grant: %s", held)
		}
		s.says(t, "explain ana projects", "given by sam", "by kim: a mistake", "manual grants: revoked -> nothing")
	})

	t.Run("taken back twice", func(t *testing.T) {
		var g struct {
			ID domain.GrantID `json:"id"`
		}
		programtest.Decode(t, s.says(t, "grants ana --json"), &g)
		out, complaint, ok := s.command(t, words("revoke "+string(g.ID)+" --reason another --by eve"))
		if before := "by kim: a mistake"; !ok || !strings.Contains(out, before) || !strings.Contains(complaint, "was revoked before") || !strings.Contains(complaint, before) {
			t.Errorf("succeeded %t, said %s%s, want what it was revoked for before", ok, out, complaint)
		}
		s.says(t, "grants ana", "sam", "a favor", "by kim: a mistake")
	})

	t.Run("a price that the catalog does not have, until it has", func(t *testing.T) {
		s.moveToPrice(t, "ana", "price_new")
		s.idle(t)
		s.says(t, "quarantine list", "customer.subscription.updated", "price_new", "in quarantine")
		s.says(t, "quarantine list --user nobody", "no events in quarantine")
		s.says(t, "explain ana sso", "sso: no", "The catalog does not say what these give", "price price_new is not in it", "taken on")
		s.says(t, "events replay --outcome quarantined --dry-run", "customer.subscription.updated", "would be processed again")
		s.says(t, "events replay --outcome quarantined", "quarantined -> quarantined", "processed again")

		mended := filepath.Join(t.TempDir(), "mended.yaml")
		text := strings.Replace(programtest.Catalog, "{lookup_key: pro_monthly}", "{lookup_key: pro_monthly}, now: {id: price_new}", 1)
		if err := os.WriteFile(mended, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range []string{"events replay --outcome quarantined", "grant ana sso --reason a~favor --by sam"} {
			_, complaint, ok := s.command(t, words(args), "CATALOG="+mended)
			if ok || !strings.Contains(complaint, "set CATALOG to the same file") {
				t.Errorf("%s, with a catalog that the service does not have: succeeded %t, %s", args, ok, complaint)
			}
		}
		s.Stop(t)
		p := startProgram(t, s.Cmd.Path, envOf(s.Cmd.Env, "DATABASE_URL"), "STRIPE_API_BASE="+s.box.URL(), "CATALOG="+mended)
		var out string
		for range 100 { // the service takes the catalog over in the background
			var ok bool
			if out, _, ok = p.command(t, words("events replay --outcome quarantined")); ok {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if !strings.Contains(out, "quarantined -> ") || strings.Contains(out, "-> quarantined") {
			t.Errorf("replayed with the mended catalog: %s", out)
		}
		p.says(t, "quarantine list", "no events in quarantine")
		p.says(t, "explain ana sso", "sso: yes since")
	})
}

// idle waits until everything that the box had to tell was told.
func (s shop) idle(t *testing.T) {
	t.Helper()
	if err := s.box.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// explained is what the command says of one feature, to a script.
type explained struct {
	Held    bool `json:"held"`
	Sources []struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
	} `json:"sources"`
}

func (s shop) explained(t *testing.T, user, feature string) explained {
	t.Helper()
	var told struct {
		Features []explained `json:"features"`
	}
	programtest.Decode(t, s.says(t, "explain "+user+" "+feature+" --json"), &told)
	if len(told.Features) != 1 {
		t.Fatalf("got %+v, want %s alone", told, feature)
	}
	return told.Features[0]
}

// moveToPrice changes the user's subscription at Stripe, as a shop does in the
// dashboard.
func (s shop) moveToPrice(t *testing.T, user, price string) {
	t.Helper()
	if _, err := s.box.AddPrice(sandbox.PriceSpec{ID: price, Product: "New", UnitAmount: 3900, Currency: "usd", Interval: "month"}); err != nil {
		t.Fatal(err)
	}
	subscription := s.explained(t, user, "sso").Sources[0]
	var object struct {
		Items struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
		} `json:"items"`
	}
	path := s.box.URL() + "/v1/subscriptions/" + subscription.ID
	programtest.Decode(t, stripeCall(t, "GET", path, nil), &object)
	stripeCall(t, "POST", path, url.Values{"items[0][id]": {object.Items.Data[0].ID}, "items[0][price]": {price}})
}

func stripeCall(t *testing.T, method, path string, form url.Values) string {
	t.Helper()
	return programtest.StripeCall(t, programtest.StripeKey, method, path, form)
}

func envOf(environ []string, name string) string {
	value := ""
	for _, pair := range environ {
		if v, is := strings.CutPrefix(pair, name+"="); is {
			value = v
		}
	}
	return value
}

func TestCommands_RefuseWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	database := programtest.Databases["SQLite"](t)
	sold := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(sold, []byte(programtest.Catalog), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ args, catalog, says string }{
		"a feature that is not":     {"explain ana ssso", sold, "which has projects, sso"},
		"a moment that is none":     {"explain ana --at yesterday", sold, "a date such as 2027-01-31"},
		"a moment without a zone":   {"explain ana --at 2027-01-31T12:00", sold, "add a Z for UTC, as in 2027-01-31T12:00:00Z"},
		"why nobody has it":         {"explain ~", sold, "USER is empty"},
		"what nobody was given":     {"grants ~", sold, "USER is empty"},
		"no catalog":                {"explain ana", "/nowhere.yaml", "set CATALOG to the service's catalog"},
		"a folder as the catalog":   {"explain ana", filepath.Dir(sold), "is a directory"},
		"no catalog to check":       {"catalog check /nowhere.yaml", sold, "there is no file /nowhere.yaml"},
		"no catalog to sell of":     {"dev --port 0 --catalog /nowhere.yaml", sold, "there is no file /nowhere.yaml"},
		"an age that is none":       {"events list --older week", sold, "7d or 12h"},
		"a flag with a limit":       {"grant ana sso --limit 3 --reason r --by b", sold, "leave the number out"},
		"a limit without one":       {"grant ana projects --reason r --by b", sold, "say how many"},
		"a limit that is none":      {"grant ana projects --limit some --reason r --by b", sold, "a whole number, or unlimited"},
		"an end that is over":       {"grant ana sso --until 2020-01-01 --reason r --by b", sold, "in the future"},
		"an end that is none":       {"grant ana sso --until 3w --reason r --by b", sold, "30d"},
		"another end each time":     {"grant ana sso --until 90d --key k1 --reason r --by b", sold, "give a date such as"},
		"no reason":                 {"grant ana sso --by b", sold, "--reason"},
		"nobody":                    {"revoke grant_1 --reason r", sold, "--by"},
		"a grant that is not":       {"revoke grant_1 --reason r --by b", sold, "entitled grants USER"},
		"all events by accident":    {"events replay", sold, "say which events"},
		"ids and a filter":          {"events replay evt_1 --outcome failed", sold, "not both"},
		"an event that never came":  {"events replay evt_1 --dry-run", sold, "event evt_1 was never received"},
		"an outcome that is none":   {"events replay --outcome paid", sold, "must be one of"},
		"no key to ask Stripe with": {"events replay --outcome failed", sold, "STRIPE_SECRET_KEY is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &program{&programtest.Program{Cmd: &exec.Cmd{Env: []string{"DATABASE_URL=" + database, "CATALOG=" + c.catalog}}}}
			if out, complaint, ok := p.command(t, words(c.args)); ok || !strings.Contains(complaint, c.says) {
				t.Errorf("entitled %s: succeeded %t, want %q in %s%s", c.args, ok, c.says, out, complaint)
			}
		})
	}
}
