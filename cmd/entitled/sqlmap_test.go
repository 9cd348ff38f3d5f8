//go:build sqlmap

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

var (
	sqlmapLevel      = flag.Int("sqlmap", 3, "at which `level`, from 1 to 5, sqlmap looks for SQL injection")
	sqlmapOperations = flag.String("sqlmap.operations", "", "only in operations that a `pattern` matches, such as 'GET /api/orders'")
)

// sqlmap finds nothing in any field of any operation, sees no rows of strangers, and is never
// answered with an error of ours. It takes a quarter of an hour or more, and sqlmap, so it has a
// tag of its own.
func TestSQLMap_FindsNothing(t *testing.T) {
	if _, err := exec.LookPath("sqlmap"); err != nil {
		t.Fatalf("sqlmap is not installed (on Debian: apt-get install sqlmap): %v", err)
	}
	t.Run("what is injectable is found", func(t *testing.T) {
		if output := sqlmap(t, injectable(t), "SQLite", []byte("GET /?id=1* HTTP/1.1\r\nHost: x\r\n\r\n")); !found.MatchString(output) {
			t.Fatalf("sqlmap does not find what is there:\n%s", output)
		}
	})
	only := regexp.MustCompile(*sqlmapOperations)
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			environment, keys := manyKeys()
			s := openShop(t, open(t), environment, "WEBHOOKS_ALLOW_PRIVATE=127.0.0.1/32", "AUTH_JWT_SECRET="+jwtSecret)
			requests := slices.DeleteFunc(append(usualRequests(t, s), asUser()), func(r request) bool { return !only.MatchString(r.String()) })
			door := &sqlmapDoor{keys: keys, statuses: map[string]map[int]int{}}
			address := door.open(t, s)
			tasks := make(chan request)
			var workers sync.WaitGroup
			for range 3 * runtime.NumCPU() { // sqlmap waits for most of its time
				workers.Go(func() {
					for r := range tasks {
						start := time.Now()
						output := sqlmap(t, address, map[string]string{"Postgres": "PostgreSQL"}[name], r.raw("x", marked))
						switch {
						case found.MatchString(output):
							t.Errorf("%s: %s", r, output)
						case !strings.Contains(output, "all tested parameters do not appear to be injectable"):
							t.Errorf("%s was not tested to the end: %s", r, output)
						}
						t.Logf("%s: %s, %s", r, door.answers(r.String()), time.Since(start).Round(time.Second))
					}
				})
			}
			for _, r := range requests {
				if len(r.fields) > 0 {
					tasks <- r
				}
			}
			close(tasks)
			workers.Wait()
			door.check(t)
			if strings.Contains(s.Log.String(), `"level":"ERROR"`) {
				t.Errorf("the log has errors:\n%s", s.Log)
			}
			if held := s.Holds(t, stranger); held != "projects=100 sso=true" {
				t.Errorf("the stranger holds %s", held)
			}
		})
	}
}

// found is what sqlmap says of what it can inject into.
var found = regexp.MustCompile(`identified the following injection point|is vulnerable`)

// sqlmap has it test each marked place of a request, and returns what it says.
func sqlmap(t *testing.T, address, database string, raw []byte) (output string) {
	dir, err := os.MkdirTemp(t.TempDir(), "sqlmap")
	if err != nil {
		t.Error(err)
		return ""
	}
	file := filepath.Join(dir, "request")
	if err := os.WriteFile(file, bytes.Replace(raw, []byte("Host: x"), []byte("Host: "+address), 1), 0o600); err != nil {
		t.Error(err)
		return ""
	}
	args := []string{
		"-r", file, "--batch", "--flush-session", "--output-dir", dir, "--disable-coloring", "--dbms", database,
		"--level", strconv.Itoa(*sqlmapLevel), "--risk", "2", "--technique", "BEUSTQ", "--time-sec", "1",
		"--ignore-code", "*", "--skip-waf", "--ignore-stdin", "--timeout", "30", "--retries", "0",
	}
	if !bytes.Contains(raw, []byte(everyHeader)) {
		args = append(args, "--skip", "user-agent,referer,host")
	}
	command := exec.CommandContext(t.Context(), "sqlmap", args...)
	command.Env = append(os.Environ(), "HOME="+dir, "TERM=dumb") // it keeps what it was told there
	text, err := command.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v\n%s", err, text)
	}
	return string(text)
}

// everyHeader is the operation of which sqlmap also tests the headers that nothing here reads.
const everyHeader = "X-Operation: GET /api/entitlements\r\n"

// injectable is a service as it must not be.
func injectable(t *testing.T) (address string) {
	db := sqlOf(t, "sqlite:"+filepath.Join(t.TempDir(), "injectable.db"))
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE users (id INTEGER, name TEXT); INSERT INTO users VALUES (1, 'ada'), (2, 'eve')"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var name string
		err := db.QueryRowContext(r.Context(), "SELECT name FROM users WHERE id = "+r.URL.Query().Get("id")).Scan(&name) //nolint:gosec // is meant to be injectable
		if err != nil {
			name = "nobody"
		}
		fmt.Fprint(w, name)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// marked marks a field for sqlmap, where a value of one kind is.
func marked(_ int, f field) string {
	value := asUsual(0, f)
	switch {
	case f.in == "path" || f.in == "query" || f.in == "header":
		return value + "*"
	case strings.HasSuffix(value, `"]`):
		return strings.TrimSuffix(value, `"]`) + `*"]`
	case strings.HasSuffix(value, `"`):
		return strings.TrimSuffix(value, `"`) + `*"`
	case f.in == "body":
		return value + "*"
	}
	return value
}

const jwtSecret = "fedcba9876543210fedcba9876543210"

var eventID = regexp.MustCompile(`("id": ?")evt_\w+`)

// userHeader is of whom the door makes a token.
const userHeader = "X-User"

// asUser is a request of a user, whose id is what the token says.
func asUser() request {
	return request{method: "GET", path: "/api/orders", fields: []field{{"header", userHeader, "ada"}}}
}

// sqlmapDoor stands before the program: it signs what sqlmap changed, with a key that no limit
// holds up, and counts the answers.
type sqlmapDoor struct {
	keys  []string
	count atomic.Int64

	mu       sync.Mutex
	statuses map[string]map[int]int // by operation
	faults   []string
	told     []string // of a stranger
}

func (d *sqlmapDoor) open(t *testing.T, s shop) (address string) {
	target := &url.URL{Scheme: "http", Host: s.Address}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.URL.RawQuery = r.In.URL.RawQuery // what cannot be read, too
			n := d.count.Add(1)
			r.Out.Header.Set("Authorization", "Bearer "+d.keys[n%int64(len(d.keys))])
			if user := r.In.Header.Get(userHeader); user != "" {
				claims := jwt.MapClaims{"sub": user, "exp": time.Now().Add(time.Hour).Unix()}
				token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(jwtSecret))
				if err != nil {
					t.Error(err)
				}
				r.Out.Header.Set("Authorization", "Bearer "+token)
			}
			if r.In.URL.Path == "/api/webhooks/stripe" {
				body, err := io.ReadAll(r.In.Body)
				if err != nil {
					t.Error(err)
				}
				body = eventID.ReplaceAll(body, fmt.Appendf(nil, `${1}evt_%d`, n)) // or it is one that was processed
				r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				r.Out.Header.Set("Stripe-Signature", programtest.StripeSignature(body, programtest.WebhookSecret))
			}
		},
		ModifyResponse: func(response *http.Response) error {
			body, err := io.ReadAll(response.Body)
			response.Body = io.NopCloser(bytes.NewReader(body))
			if err == nil {
				d.answered(response, body)
			}
			return err
		},
	})
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func (d *sqlmapDoor) answered(response *http.Response, body []byte) {
	operation := response.Request.Header.Get("X-Operation")
	asked := fmt.Sprintf("%s %s: %d %.500s", operation, response.Request.URL, response.StatusCode, body)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.statuses[operation] == nil {
		d.statuses[operation] = map[int]int{}
	}
	d.statuses[operation][response.StatusCode]++
	if response.StatusCode >= 500 {
		d.faults = append(d.faults, asked)
	}
	if bytes.Contains(body, []byte(stranger)) {
		d.told = append(d.told, asked)
	}
}

// answers are the statuses of an operation, and how often each was answered.
func (d *sqlmapDoor) answers(operation string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, _ := json.Marshal(d.statuses[operation])
	return string(text)
}

func (d *sqlmapDoor) check(t *testing.T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.Logf("%d requests, %d errors of ours, %d answers about a stranger", d.count.Load(), len(d.faults), len(d.told))
	for _, wrong := range append(d.faults[:min(len(d.faults), 10)], d.told[:min(len(d.told), 10)]...) {
		t.Error(wrong)
	}
}
