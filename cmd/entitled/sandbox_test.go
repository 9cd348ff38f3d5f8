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
	cmd := exec.Command(buildProgram(t), "sandbox", "--port", "0", "--webhook", hook.URL, "--webhook-secret", "whsec_mine",
		"--webhook-version", "2026-08-26.dahlia", "--catalog", catalog)
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
	call := func(method, path, kind, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), method, address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sk_test_1")
		r.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, answer, err)
		}
		return string(answer)
	}
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
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not end well: %v", err)
	}
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
	if len(packages) < 100 || !slices.Contains(packages, module+"/adapters/httpapi") {
		t.Errorf("these are not its packages: %v", packages)
	}
}
