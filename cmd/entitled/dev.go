//go:build !nodev

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/adapters/authn"
	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/adapters/pages"
	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/workbench"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// devCommand runs the real thing on a Stripe in a box: the same program as serve,
// the same signatures, the same HTTP calls. Only loopback sees it.
type devCommand struct {
	Port        int
	SandboxPort int
	Catalog     string
	Database    string
	AppURL      string
	State       string
	Verbose     bool
	weather     weather
}

func newDev(c console) *cobra.Command {
	var d devCommand
	cmd := leaf("dev", "Run on a local database with a Stripe in a box: no account, key or network needed.", c, &d)
	cmd.Flags().IntVar(&d.Port, "port", usualPort, "Where the pages and the API listen, on 127.0.0.1; 0: any free port. PORT does the same.")
	cmd.Flags().IntVar(&d.SandboxPort, "sandbox-port", 0, "Where the sandbox listens, on 127.0.0.1; 0: any free port.")
	cmd.Flags().StringVar(&d.Catalog, "catalog", "", "A catalog of your own, with sandbox prices; by default a demo.")
	cmd.Flags().StringVar(&d.Database, "database", "", "SQLite file or Postgres URL that is kept; by default data/dev.db (on another port than 8080: data/dev-PORT.db), made anew at each start as the sandbox is.")
	cmd.Flags().StringVar(&d.AppURL, "app-url", "", "Your own product on this machine, such as http://localhost:3000: buyers return to it, and its pages may use the API. By default buyers return to the demo's pages.")
	cmd.Flags().StringVar(&d.State, "state", "", "File that the sandbox is kept in, and goes on from at the next start, at the time that it had; by default FILE.sandbox.json beside a SQLite file that --database names, else none.")
	d.weather.flags(cmd)
	cmd.Flags().BoolVarP(&d.Verbose, "verbose", "v", false, "Log every request, and not only what goes wrong.")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		port := os.Getenv("PORT")
		if port == "" || cmd.Flags().Changed("port") {
			return nil
		}
		if err := cmd.Flags().Set("port", port); err != nil {
			return misusedf("PORT is %q: a number from 1 to 65535", port)
		}
		return nil
	}
	return cmd
}

// Keys of a service that only this machine can reach. The first is in README.md.
const (
	devAPIKey    = "entitled_dev_key"
	devStripeKey = "sk_test_sandbox"
	devCookie    = "entitled_demo"
)

// Run starts the sandbox and the service, and says where to look.
func (d devCommand) Run(ctx context.Context, c console) (err error) {
	if d.Port == 0 { // whoever comes next has another: nothing is left behind
		defer func() { err = errors.Join(err, d.forget()) }()
	}
	if d.Port, err = freePort(d.Port); err != nil {
		return err
	}
	file, err := d.catalog()
	if err != nil {
		return err
	}
	logger := newDevLogger(c.err, d.Verbose)
	kept, err := d.openState()
	if err != nil {
		return err
	}
	defer kept.close()
	box, err := d.startSandbox(c, file.Sandbox, kept.snapshot, logger, sandbox.WithLogger(logger))
	if err != nil {
		return err
	}
	p, err := d.parts(file, box, logger)
	if err != nil {
		return errors.Join(err, box.Close())
	}
	saving, stop := context.WithCancel(ctx)
	var saver sync.WaitGroup
	saver.Go(func() { kept.keep(saving, func() *sandbox.Sandbox { return box }, logger) })
	err = d.serve(ctx, c, p, file, box)
	stop()
	saver.Wait()
	return errors.Join(err, box.Close(), kept.save(box))
}

// serve runs the service on the sandbox until ctx ends.
func (d devCommand) serve(ctx context.Context, c console, p parts, file catalog.File, box *sandbox.Sandbox) error {
	logger := p.logger
	demo := demoUsers{secret: []byte(p.authn.JWTSecret)}
	return runService(ctx, p,
		// What is sold lives on the sandbox's clock, so that moving it moves both; the
		// sessions of people stay on the wall's (authn).
		fx.Decorate(func(ports.Clock) ports.Clock { return box.Now }),
		fx.Decorate(func(config httpapi.Config, plans *app.ListPlans, check *app.CheckEntitlement) httpapi.Config {
			site := pages.New(pages.Config{
				Plans: plans, Features: file.Catalog.Features, SignIn: demo.signIn, Logger: logger,
				Workbench: workbench.Path,
			})
			config.ErrorPage = site.Error
			for _, path := range []string{"/", "/return", "/me", "/assets/*"} {
				config.Mounts = append(config.Mounts, httpapi.Mount{Path: path, Handler: site})
			}
			bench := workbench.New(workbench.Config{
				Box: box, User: demo.signIn, Held: held(check, file.Catalog), Home: "/me", Logger: logger,
			})
			for _, path := range []string{workbench.Path, workbench.Path + "/*"} {
				config.Mounts = append(config.Mounts, httpapi.Mount{Path: path, Handler: bench})
			}
			return config
		}),
		fx.Invoke(func(life fx.Lifecycle, _ *httpapi.Server) {
			life.Append(fx.StartHook(func() { d.welcome(c, box) }))
		}),
	)
}

// freePort finds one for 0, and of a port that is taken says what to do before anything
// else is started: what is printed, and where the sandbox sends to, names it.
func freePort(port int) (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
	if err != nil {
		return 0, misusedf("port %d cannot be listened on (%w): choose another with --port, or PORT=8081 make run", port, err)
	}
	defer listener.Close()
	if address, is := listener.Addr().(*net.TCPAddr); is {
		port = address.Port
	}
	return port, nil
}

func (d devCommand) url() string { return fmt.Sprintf("http://localhost:%d", d.Port) }

func (d devCommand) welcome(c console, box *sandbox.Sandbox) {
	fmt.Fprintf(c.out, `
  entitled is running, with a Stripe in a box: no account, no keys, no real money.

    Pricing page      %[1]s/
    My account        %[1]s/me
    Workbench         %[1]s/sandbox   (move the clock, let cards fail, refund, dispute, resend)
    API               %[1]s/docs   (Authorization: Bearer %[2]s)
    Sandbox Stripe    %[3]s

  The commands work with it too: %[7]s events list, explain USER, grant, ...

    export DATABASE_URL=%[4]s%[5]s STRIPE_SECRET_KEY=%[6]s STRIPE_API_BASE=%[3]s WEBHOOKS_ALLOW_PRIVATE=true

  Pay with 4242 4242 4242 4242; 4000 0000 0000 0002 is declined,
  4000 0027 6000 3184 asks for 3D Secure, 4000 0000 0000 0259 is disputed soon after.
  Stop with Ctrl-C.

`, d.url(), devAPIKey, box.URL(), fromAnywhere(d.database()), d.catalogSetting(), devStripeKey, invocation())
}

// invocation is how a command is run from here.
func invocation() string {
	if _, err := os.Stat(filepath.Join("cmd", "entitled", "main.go")); err == nil {
		return "go run ./cmd/entitled"
	}
	return "entitled"
}

// catalogSetting is what commands need to read the same catalog, with a space before;
// empty if there is no file of it.
func (d devCommand) catalogSetting() string {
	file := d.Catalog
	if file == "" {
		var err error
		if file, err = d.demoFile(); err != nil {
			return ""
		}
	}
	return " CATALOG=" + fromAnywhere(file)
}

// demoFile is a file with the demo catalog: that of the source, or where that is not here
// one beside the database, made for the commands.
func (d devCommand) demoFile() (string, error) {
	if found, err := os.ReadFile(demoCatalog); err == nil && bytes.Equal(found, catalog.Demo()) {
		return demoCatalog, nil
	}
	beside := strings.TrimPrefix(d.database(), "sqlite:")
	if databaseURL.MatchString(beside) {
		beside = d.freshDatabase()
	}
	file := catalogBeside(beside)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, catalog.Demo(), 0o600)
}

func catalogBeside(database string) string {
	return strings.TrimSuffix(database, ".db") + ".catalog.yaml"
}

func (d devCommand) catalog() (catalog.File, error) {
	if d.Catalog == "" {
		return catalog.Parse("the demo catalog", catalog.Demo(), os.Getenv)
	}
	file, err := loadCatalog(d.Catalog, "give --catalog a catalog's file, or leave it out for the demo")
	if err != nil {
		return file, err
	}
	inSandbox := map[string]bool{}
	for _, price := range file.Sandbox {
		inSandbox[string(price.Plan)+" "+string(price.Price)] = true
	}
	var faults []error
	for _, plan := range file.Catalog.ForSale() {
		for _, price := range plan.Prices {
			if !inSandbox[string(plan.Key)+" "+string(price.Key)] {
				faults = append(faults, fmt.Errorf("price %s of plan %s has no sandbox: {amount: ..., currency: ...}, so there is nothing to pay here", price.Key, plan.Key))
			}
		}
	}
	return file, misused(errors.Join(faults...))
}

// fromAnywhere is a path, or the URL of a database, for a shell in whichever
// directory.
func fromAnywhere(path string) string {
	path = strings.TrimPrefix(path, "sqlite:")
	if absolute, err := filepath.Abs(path); err == nil && !databaseURL.MatchString(path) {
		path = absolute
	}
	if plainWord.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

var (
	databaseURL = regexp.MustCompile(`^(\w+:)?//|^file:|^:memory:$`)
	plainWord   = regexp.MustCompile(`^[\w/.:@%+=,-]+$`) // which a shell takes as it is
)

// usualPort is where dev listens unless it is told otherwise.
const usualPort = 8080

// freshDatabase is where dev keeps what it will forget: one per port, so that a
// second dev does not take the first one's away.
func (d devCommand) freshDatabase() string {
	if d.Port == usualPort {
		return "data/dev.db"
	}
	return fmt.Sprintf("data/dev-%d.db", d.Port)
}

func (d devCommand) database() string { return cmp.Or(d.Database, d.freshDatabase()) }

// forget removes the database of the last start: its customers and sessions are
// those of a sandbox that is gone.
func (d devCommand) forget() error {
	if d.Database != "" {
		return nil
	}
	fresh := d.freshDatabase()
	for _, file := range []string{fresh, fresh + "-wal", fresh + "-shm", catalogBeside(fresh)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d devCommand) parts(file catalog.File, box *sandbox.Sandbox, logger *slog.Logger) (parts, error) {
	if err := d.forget(); err != nil {
		return parts{}, err
	}
	hook, err := box.KeepWebhookEndpoint("entitled dev", sandbox.APIVersion, d.url()+"/api/webhooks/stripe", "")
	if err != nil {
		return parts{}, err
	}
	urls, origins, err := d.returns()
	if err != nil {
		return parts{}, err
	}
	return parts{
		names:  names{database: "--database", port: "--port"},
		logger: logger, catalog: file.Catalog,
		settings: app.Settings{URLs: urls, AcceptLosses: true}, // whoever tries a catalog out means it
		database: bunstore.Config{URL: d.database(), Migrate: true},
		stripe: stripe.Config{
			SecretKey: devStripeKey, WebhookSecrets: hook.Secrets, APIBase: box.URL(), Clock: box.Now, Logger: logger,
		},
		authn: authn.Config{
			APIKeys: "dev:admin:" + devAPIKey, JWTSecret: sessionKey(hook.Secrets[0]), Cookie: devCookie,
			UserClaim: "sub", TrustedOrigins: append(origins, d.url()), Clock: now, Logger: logger,
		},
		webhooks: webhooks.Config{AllowPrivate: true}, // receivers of whoever tries it are on this machine
		http: httpapi.Config{
			Addr:           net.JoinHostPort("127.0.0.1", fmt.Sprint(d.Port)),
			AllowedOrigins: origins,
			// Everybody knows the key, so no site's page may reach us under its own name.
			Hosts: []string{"localhost", "127.0.0.1", "::1"},
		},
	}, nil
}

// returns are where buyers return to, and the origins of other pages that may use the API.
func (d devCommand) returns() (app.ReturnURLs, []string, error) {
	if d.AppURL == "" {
		urls, err := app.NewReturnURLs(d.url()+"/return?order_id={ORDER_ID}", d.url()+"/", nil)
		return urls, nil, err
	}
	if err := app.CheckReturnURL(d.AppURL); err != nil {
		return app.ReturnURLs{}, nil, misusedf("--app-url is %q: %w; give the address of your product, such as http://localhost:3000", d.AppURL, err)
	}
	product := config{AppURL: d.AppURL, AllowedOrigins: []string{d.url()}} // as serve takes it from APP_URL
	urls, err := product.returnURLs()
	return urls, product.origins(), misused(err)
}

// demoCode is a promotion code that the payment page takes.
const demoCode = "WELCOME20"

// startSandbox starts a Stripe that sells what the catalog names, and goes on from a snapshot
// unless that is nil.
func (d devCommand) startSandbox(c console, prices []catalog.SandboxPrice, snapshot []byte, logger *slog.Logger, options ...sandbox.Option) (*sandbox.Sandbox, error) {
	chaos, err := d.weather.chaos(c, snapshot != nil)
	if err != nil {
		return nil, err
	}
	box := sandbox.New(append(options, sandbox.WithSharedClock())...)
	if _, err := box.Listen(net.JoinHostPort("127.0.0.1", fmt.Sprint(d.SandboxPort))); err != nil {
		return nil, errors.Join(misusedf("the sandbox cannot be started: %w\nchoose another port with --sandbox-port, or leave it out for any that is free", err), box.Close())
	}
	if snapshot != nil {
		err = box.Restore(snapshot)
	}
	if err != nil {
		return nil, errors.Join(misusedf("the sandbox cannot go on: %w\ngive another file with --state, or remove %s to begin anew", err, d.stateFile()), box.Close())
	}
	if chaos != nil {
		box.SetChaos(*chaos)
	}
	err = sellInSandbox(box, prices, logger)
	if err == nil {
		_, err = box.AddPromotionCode(demoCode, 20)
	}
	if err != nil && !errors.Is(err, sandbox.ErrTaken) {
		return nil, errors.Join(err, box.Close())
	}
	return box, nil
}

// stateFile is where the sandbox is kept; empty for nowhere.
func (d devCommand) stateFile() string {
	beside := strings.TrimPrefix(d.Database, "sqlite:")
	if d.State != "" || beside == "" || databaseURL.MatchString(beside) {
		return d.State
	}
	return beside + ".sandbox.json"
}

// openState takes the file that the sandbox is kept in.
func (d devCommand) openState() (keptState, error) {
	if d.State != "" && d.Database == "" {
		return keptState{}, misusedf("--state keeps what Stripe knows, and the database is made anew at each start: give --database a file too")
	}
	if d.State == "" && d.stateFile() != "" { // as the database's own directory is
		if err := os.MkdirAll(filepath.Dir(d.stateFile()), 0o700); err != nil {
			return keptState{}, misused(err)
		}
	}
	return openState(d.stateFile())
}

// sessionKey signs the sessions of people. It follows from a secret that the sandbox has, so
// that it is kept as long as that.
func sessionKey(secret string) string {
	key := sha256.Sum256([]byte("sessions of " + secret))
	return hex.EncodeToString(key[:])
}

// demoUsers makes each browser a user of its own. The secret is the sandbox's (sessionKey):
// where that was forgotten, a user of yesterday has a customer that no longer exists.
type demoUsers struct{ secret []byte }

// signIn returns the browser's user, and makes one where there is none.
func (d demoUsers) signIn(w http.ResponseWriter, r *http.Request) string {
	if cookie, err := r.Cookie(devCookie); err == nil {
		claims := jwt.RegisteredClaims{}
		key := func(*jwt.Token) (any, error) { return d.secret, nil }
		if _, err := jwt.ParseWithClaims(cookie.Value, &claims, key, jwt.WithValidMethods([]string{"HS256"})); err == nil {
			return claims.Subject
		}
	}
	user := "demo_" + newID()[20:]
	ends := now().Add(30 * 24 * time.Hour)
	claims := jwt.RegisteredClaims{Subject: user, ExpiresAt: jwt.NewNumericDate(ends)}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(d.secret)
	if err != nil {
		return "" // a key of bytes always signs
	}
	http.SetCookie(w, &http.Cookie{
		Name: devCookie, Value: token, Path: "/", Expires: ends, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return user
}
