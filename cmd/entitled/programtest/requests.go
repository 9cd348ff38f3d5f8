package programtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Call sends a request as the product's back end and decodes the answer.
func (p *Program) Call(t testing.TB, method, path, body string, want int, headers ...string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.Address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+APIKey)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != want {
		t.Fatalf("%s %s: got %d, want %d\n%s\nlog:\n%s", method, path, response.StatusCode, want, text, p.Log)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return answer
}

// Holds are a user's rights, as feature=value.
func (p *Program) Holds(t testing.TB, user string) string {
	t.Helper()
	answer := p.Call(t, "GET", "/api/entitlements?user_id="+user, "", 200)
	var held []string
	for _, e := range answer["entitlements"].([]any) {
		right := e.(map[string]any)
		held = append(held, fmt.Sprintf("%v=%v", right["feature"], right["value"]))
	}
	return strings.Join(held, " ")
}

// Deliver sends one event as Stripe does and returns the status; 0: no answer.
func (p *Program) Deliver(body []byte) int {
	return p.DeliverSigned(body, StripeSignature(body, WebhookSecret))
}

// DeliverSigned is [Program.Deliver] with a signature of its own.
func (p *Program) DeliverSigned(body []byte, signature string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "POST", "http://"+p.Address+"/api/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Stripe-Signature", signature)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// StripeSignature signs as Stripe does, at the time of sending.
func StripeSignature(body []byte, secret string) string {
	return StripeSignatureAt(body, secret, time.Now())
}

// StripeSignatureAt signs as Stripe does at a time.
func StripeSignatureAt(body []byte, secret string, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// StripeCall asks Stripe for something, as somebody at the dashboard does, and fails the test
// where that is refused. It returns the answer.
func StripeCall(t *testing.T, key, method, address string, form url.Values) string {
	t.Helper()
	text, err := TryStripe(t.Context(), http.DefaultClient, key, method, address, form)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TryStripe is [StripeCall] through a client; what is refused is an error.
func TryStripe(ctx context.Context, client *http.Client, key, method, address string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s, %s", method, address, response.Status, text)
	}
	return string(text), err
}

// Decode reads JSON.
func Decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// InProcess answers requests without a connection.
type InProcess struct{ http.Handler }

// RoundTrip implements [http.RoundTripper].
func (h InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	h.ServeHTTP(answer, asked)
	return answer.Result(), nil
}
