package webhooks_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/ports"
)

const secret, former = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func letter(url string) ports.Letter {
	return ports.Letter{URL: url, ID: "msg_1", Body: []byte(`{"type":"a"}`), Secrets: []string{secret, former}}
}

func TestSend_IsSignedByEachSecret(t *testing.T) {
	t.Parallel()
	var headers http.Header
	var body []byte
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "thanks")
	}))
	defer receiver.Close()
	sender := webhooks.NewSender(webhooks.Config{AllowPrivate: true})
	defer sender.Close()
	answer, err := sender.Send(t.Context(), letter(receiver.URL))
	if err != nil || answer.Status != http.StatusAccepted || answer.Body != "thanks" {
		t.Fatalf("Send: %+v, %v", answer, err)
	}
	for _, with := range []string{secret, former} {
		verifier, err := standardwebhooks.NewWebhook(with)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(body, headers); err != nil {
			t.Errorf("with %s: %v", with, err)
		}
		if verifier.Verify([]byte(`{"type":"b"}`), headers) == nil {
			t.Errorf("with %s another body verifies", with)
		}
	}
	if headers.Get("webhook-id") != "msg_1" || headers.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", headers)
	}
}

func TestSend_AnswersAreBoundedAndRedirectsNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices that its client is gone once it has read
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
		case "/there":
			followed.Store(true)
		case "/busy":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, strings.Repeat("é", 100_000))
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		}
	}))
	defer receiver.Close()
	sender := webhooks.NewSender(webhooks.Config{AllowPrivate: true, Timeout: 200 * time.Millisecond})
	defer sender.Close()
	if answer, err := sender.Send(t.Context(), letter(receiver.URL+"/moved")); err != nil || answer.Status != http.StatusTemporaryRedirect || followed.Load() {
		t.Errorf("a redirect: %+v, %v, followed: %t", answer, err, followed.Load())
	}
	answer, err := sender.Send(t.Context(), letter(receiver.URL+"/busy"))
	if err != nil || answer.Status != http.StatusServiceUnavailable || answer.RetryAfter != 2*time.Minute || len(answer.Body) > 500 || len(answer.Body) < 490 {
		t.Errorf("busy: %d bytes of %+v, %v", len(answer.Body), answer.Status, err)
	}
	if _, err := sender.Send(t.Context(), letter(receiver.URL+"/slow")); err == nil || !strings.Contains(err.Error(), "within 200ms") || strings.Contains(err.Error(), receiver.URL) {
		t.Errorf("slow: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sender.Send(ctx, letter(receiver.URL+"/slow")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// Ensure that what a name leads to is looked at when it is connected to, and not before.
func TestSend_ReachesOnlyWhatIsAllowed(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) })
	plain, secured := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	defer plain.Close()
	defer secured.Close()
	trusting := &tls.Config{RootCAs: secured.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"}
	byName := func(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}
	for what, c := range map[string]struct {
		config webhooks.Config
		url    string
		want   bool
	}{
		"loopback":                        {webhooks.Config{}, secured.URL, false},
		"loopback by its name":            {webhooks.Config{}, byName(secured.URL), false},
		"a name that leads to loopback":   {webhooks.Config{Allow: elsewhere}, byName(secured.URL), false},
		"the same without TLS":            {webhooks.Config{Allow: elsewhere}, byName(plain.URL), false},
		"a network that is allowed":       {webhooks.Config{Allow: loopback}, secured.URL, true},
		"the same by its name":            {webhooks.Config{Allow: loopback}, byName(secured.URL), true},
		"the same without TLS, by a name": {webhooks.Config{Allow: loopback}, byName(plain.URL), true},
		"anything":                        {webhooks.Config{AllowPrivate: true}, plain.URL, true},
	} {
		c.config.TLS = trusting.Clone()
		sender := webhooks.NewSender(c.config)
		before := reached.Load()
		_, err := sender.Send(t.Context(), letter(c.url))
		sender.Close()
		if got := reached.Load() > before; got != c.want || (err == nil) != c.want || !c.want && !errors.Is(err, ports.ErrAddressRefused) {
			t.Errorf("%s: reached: %t, %v", what, got, err)
		}
	}
}

func TestCheck_RefusesWhatIsNotPublic(t *testing.T) {
	t.Parallel()
	sender := webhooks.NewSender(webhooks.Config{})
	for _, address := range []string{
		"https://app.example.com/hooks", "https://app.example.com:8443/hooks?a=b", "https://93.184.216.34/", "https://[2606:4700::1111]/",
	} {
		if err := sender.Check(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{
		"", "app.example.com", "ftp://app.example.com", "https://", "https:///hooks", "http://app.example.com", "https://user:pass@app.example.com",
		"https://app.example.com/#a", "https://localhost", "https://LOCALHOST./", "https://a.localhost",
		"https://127.0.0.1", "https://127.1.2.3", "https://10.0.0.1", "https://172.16.0.1", "https://172.31.255.255", "https://192.168.1.1",
		"https://169.254.169.254/latest/meta-data", "https://100.64.0.1", "https://100.100.100.200", "https://0.0.0.0", "https://192.0.0.192",
		"https://224.0.0.1", "https://255.255.255.255", "https://198.18.0.1",
		"https://[::]", "https://[::1]", "https://[::ffff:10.0.0.1]", "https://[::ffff:127.0.0.1]", "https://[64:ff9b::a00:1]", "https://[64:ff9b:1::1]",
		"https://[fe80::1]", "https://[fe80::1%25eth0]", "https://[fc00::1]", "https://[fd00:ec2::254]", "https://[ff02::1]", "https://[2002:a00:1::]", "https://[2001::1]", "https://[2001:db8::1]",
	} {
		if err := sender.Check(address); !errors.Is(err, ports.ErrAddressRefused) {
			t.Errorf("%q: %v, want ErrAddressRefused", address, err)
		}
	}
	for _, address := range []string{"http://app.example.com", "http://localhost:3000", "https://localhost", "https://10.0.0.1"} {
		if err := sender.Check(address); err == nil || !strings.Contains(err.Error(), "WEBHOOKS_ALLOW_PRIVATE") {
			t.Errorf("%q: %v, want the setting that lets a network of one's own be posted to", address, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	sender := webhooks.NewSender(webhooks.Config{})
	made := sender.NewSecret()
	if err := sender.CheckSecret(made); err != nil || made == sender.NewSecret() {
		t.Errorf("made %s, %v", made, err)
	}
	for _, wrong := range []string{"", "whsec_", "whsec_c2hvcnQ=", strings.TrimPrefix(made, "whsec_"), made + "!", made + made} {
		if sender.CheckSecret(wrong) == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
