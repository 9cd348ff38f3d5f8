//go:build !nodev

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/stripe/stripe-go/v76/webhook"
)

// Ensure that a script can start the sandbox, wait for one line, sell what a catalog
// names, get signed webhooks, and stop it.
func TestSandbox_IsAProcessForScripts(t *testing.T) {
	t.Parallel()
	events := make(chan string, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), "whsec_mine"); err != nil {
			t.Errorf("webhook: %v", err)
		}
		var e struct {
			Type    string `json:"type"`
			Version string `json:"api_version"`
		}
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		events <- e.Type + " " + e.Version
	}))
	defer hook.Close()
	catalog := filepath.Join(t.TempDir(), "catalog.yaml")
	demo, err := os.ReadFile(filepath.Join("..", "..", "adapters", "catalog", "demo.yaml"))
	if err == nil {
		err = os.WriteFile(catalog, demo, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	box := startSandboxProcess(t, "--webhook", hook.URL, "--webhook-secret", "whsec_mine",
		"--webhook-version", "2026-08-26.dahlia", "--catalog", catalog)
	call := box.call
	if prices := call("GET", "/v1/prices?lookup_keys[]=pro_monthly", "", ""); !strings.Contains(prices, `"unit_amount": 2900`) {
		t.Errorf("the catalog is not for sale: %s", prices)
	}
	call("POST", "/v1/customers", "application/x-www-form-urlencoded", "name=Ada")
	call("POST", "/_sandbox/wait", "application/json", `{"accepted": true}`)
	if got := <-events; got != "customer.created 2026-08-26.dahlia" {
		t.Errorf("got %s", got)
	}
	call("POST", "/_sandbox/reset", "", "")
	if prices := call("GET", "/v1/prices", "", ""); !strings.Contains(prices, "pro_monthly") {
		t.Errorf("after a reset nothing is for sale: %s", prices)
	}
	box.ends()
}

// sandboxProcess is the program as a script has it.
type sandboxProcess struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
}

func startSandboxProcess(t *testing.T, flags ...string) sandboxProcess {
	t.Helper()
	cmd := exec.Command(programtest.Build(t), slices.Concat([]string{"sandbox", "--port", "0"}, flags)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ready := strings.CutPrefix(strings.TrimSpace(line), "sandbox ready at ")
	if err != nil || !ready || !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Fatalf("got %q, %v", line, err)
	}
	return sandboxProcess{t, cmd, address}
}

func (p sandboxProcess) call(method, path, kind, body string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, p.address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_1")
	r.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, answer, err)
	}
	return string(answer)
}

func (p sandboxProcess) ends() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("it did not end well: %v", err)
	}
}

// Ensure that a sandbox with a state file goes on after a restart with all that it had, the
// delivery included that nobody has taken yet, and that no second process spoils the file.
func TestSandbox_GoesOnFromItsStateFile(t *testing.T) {
	t.Parallel()
	taken := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), "whsec_new"); err == nil {
			taken <- string(body)
		}
	}))
	defer hook.Close()
	state := filepath.Join(t.TempDir(), "state.json")
	flags := []string{"--calm", "--state", state, "--webhook"}
	first := startSandboxProcess(t, append(flags, "http://127.0.0.1:1/", "--webhook-secret", "whsec_old")...)
	first.call("POST", "/v1/customers", "application/x-www-form-urlencoded", "name=Ada")
	first.call("POST", "/_sandbox/clock/advance", "application/json", `{"days": 0, "seconds": 1}`)

	var said strings.Builder
	second := exec.Command(programtest.Build(t), "sandbox", "--port", "0", "--state", state)
	second.Stderr = &said
	if err := second.Run(); second.ProcessState.ExitCode() != exitMisused || !strings.Contains(said.String(), "another process keeps its sandbox there") {
		t.Errorf("got %v: %s", err, said.String())
	}

	first.ends()
	again := startSandboxProcess(t, append(flags, hook.URL, "--webhook-secret", "whsec_new")...)
	if customers := again.call("GET", "/v1/customers", "", ""); !strings.Contains(customers, `"name": "Ada"`) {
		t.Errorf("the customer is gone: %s", customers)
	}
	again.call("POST", "/_sandbox/clock/advance", "application/json", `{"days": 1}`)
	if got := <-taken; !strings.Contains(got, "customer.created") {
		t.Errorf("got %s", got)
	}
	again.ends()
}

// Ensure that the program for production has no sandbox in it, nor what comes with it.
func TestProduction_HasNoSandbox(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-tags", "nodev", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, of := range []string{"adapters/sandbox", "adapters/sandbox/control", "adapters/pages"} {
		if slices.Contains(packages, module+"/"+of) {
			t.Errorf("%s is in the program that is built for production", of)
		}
	}
	// Reading the document took half of the start, and 6 MB.
	for _, of := range packages {
		if strings.HasPrefix(of, "github.com/getkin/kin-openapi") {
			t.Errorf("%s is in the program that is built for production", of)
		}
	}
	if len(packages) < 100 || !slices.Contains(packages, module+"/adapters/httpapi") {
		t.Errorf("these are not its packages: %v", packages)
	}
}

func TestSandbox_RestrictedKeysAreReadOrRefused(t *testing.T) {
	t.Parallel()
	got, err := restrictedKeys([]string{"rk_test_a=customers:write,checkout/sessions:read", "rk_test_b=prices:read"})
	if err != nil || len(got) != 2 {
		t.Errorf("got %d, %v", len(got), err)
	}
	for _, wrong := range []string{"rk_test_a", "rk_test_a=", "sk_test_a=prices:read", "rk_test_a=price:read", "rk_test_a=prices", "rk_test_a=prices:all"} {
		if _, err := restrictedKeys([]string{wrong}); err == nil {
			t.Errorf("%s passes", wrong)
		}
	}
}
