package webhooks

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/entitled-dev/entitled/ports"
)

// Config says where messages may be sent.
type Config struct {
	AllowPrivate bool           // anywhere, and without TLS
	Allow        []netip.Prefix // to these networks as well, and there without TLS

	// Timeout bounds an attempt; zero: 15 seconds.
	Timeout time.Duration
	// TLS is for tests, whose certificates nobody else trusts; nil: the usual.
	TLS *tls.Config
}

const (
	usualTimeout = 15 * time.Second
	dialTime     = 5 * time.Second
	// mostAnswer is how much is read of an answer, and keptAnswer how much of it is shown.
	mostAnswer = 16 << 10
	keptAnswer = 500
	// mostHeader bounds the headers of an answer.
	mostHeader  = 32 << 10
	idlePerHost = 8
	idleTime    = 90 * time.Second
)

// Sender implements [ports.Sender].
type Sender struct {
	config    Config
	client    *http.Client
	transport *http.Transport
}

var _ ports.Sender = (*Sender)(nil)

// NewSender returns a sender. It asks no proxy, whatever the environment says: the proxy would
// look the names up, and what they lead to could not be seen.
func NewSender(c Config) *Sender {
	s := &Sender{config: c}
	if s.config.Timeout <= 0 {
		s.config.Timeout = usualTimeout
	}
	dialer := &net.Dialer{Timeout: dialTime, ControlContext: s.control}
	s.transport = &http.Transport{
		Proxy: nil, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: dialTime, TLSClientConfig: c.TLS,
		MaxResponseHeaderBytes: mostHeader, MaxIdleConns: 1000, MaxIdleConnsPerHost: idlePerHost, IdleConnTimeout: idleTime,
	}
	s.client = &http.Client{
		Transport: s.transport, Timeout: s.config.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

// Close ends the connections that are kept open.
func (s *Sender) Close() { s.transport.CloseIdleConnections() }

// Send implements [ports.Sender].
func (s *Sender) Send(ctx context.Context, l ports.Letter) (ports.LetterAnswer, error) {
	if err := s.Check(l.URL); err != nil { // the settings may be others than when it was taken
		return ports.LetterAnswer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL, bytes.NewReader(l.Body))
	if err != nil {
		return ports.LetterAnswer{}, refused(err.Error())
	}
	if request.URL.Scheme == "http" { // as parsed: an address may say HTTP
		request = request.WithContext(context.WithValue(ctx, plainKey{}, true))
	}
	now := time.Now() // the receiver's, and not that of a sandbox
	signature, err := signatures(l, now)
	if err != nil {
		return ports.LetterAnswer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "entitled")
	request.Header.Set(standardwebhooks.HeaderWebhookID, l.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	response, err := s.client.Do(request)
	if err != nil {
		return ports.LetterAnswer{}, s.said(err)
	}
	defer response.Body.Close()
	answer := ports.LetterAnswer{Status: response.StatusCode, RetryAfter: retryAfter(response.Header.Get("Retry-After"), now)}
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	answer.Body = strings.ToValidUTF8(string(body[:min(len(body), keptAnswer)]), "")
	if err != nil {
		return answer, s.said(err)
	}
	return answer, nil
}

// signatures are one by each secret, with a space between.
func signatures(l ports.Letter, now time.Time) (string, error) {
	all := make([]string, len(l.Secrets))
	for i, secret := range l.Secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return "", errors.New("the endpoint's secret is not as it was made: rotate it")
		}
		if all[i], err = signer.Sign(l.ID, now, l.Body); err != nil {
			return "", fmt.Errorf("sign: %w", err)
		}
	}
	return strings.Join(all, " "), nil
}

// said is an error of the way there, without the address, which whoever reads it knows.
func (s *Sender) said(err error) error {
	if of, is := errors.AsType[*url.Error](err); is {
		if of.Timeout() && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("there was no whole answer within %s", s.config.Timeout)
		}
		err = of.Err
	}
	return err
}

// retryAfter reads seconds, or a date; 0: neither.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
	// leastSecret and mostSecret bound a secret that somebody brings, in bytes, as the
	// specification does.
	leastSecret, mostSecret = 24, 64
)

// NewSecret implements [ports.Sender].
func (s *Sender) NewSecret() string {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// CheckSecret implements [ports.Sender].
func (s *Sender) CheckSecret(secret string) error { return CheckSecret(secret) }

// CheckSecret says what is wrong with a secret.
func CheckSecret(secret string) error {
	text, prefixed := strings.CutPrefix(secret, secretPrefix)
	raw, err := base64.StdEncoding.DecodeString(text)
	if !prefixed || err != nil || len(raw) < leastSecret || len(raw) > mostSecret {
		return fmt.Errorf("it is whsec_ and %d to %d random bytes in base64, as of: echo whsec_$(openssl rand -base64 32)", leastSecret, mostSecret)
	}
	return nil
}
