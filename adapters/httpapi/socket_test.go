package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// dial speaks HTTP by hand.
func (s *service) dial() net.Conn {
	s.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.Fatal(err)
	}
	return conn
}

func (s *service) say(conn net.Conn, format string, args ...any) {
	s.Helper()
	if _, err := fmt.Fprintf(conn, format, args...); err != nil {
		s.Fatal(err)
	}
}

// hear reads one answer.
func (s *service) hear(conn net.Conn) (status int, body string) {
	s.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestBody_SlowOnesAreCutOffAndHoldUpNobody(t *testing.T) {
	t.Parallel()
	s := start(t, setup{server: func(h *http.Server) { h.ReadTimeout = 300 * time.Millisecond }})
	for _, path := range []string{webhookPath, "/api/checkout/pro"} {
		conn := s.dial()
		s.say(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user:ada\r\nContent-Type: application/json\r\nStripe-Signature: %s\r\nContent-Length: 100\r\n\r\n{", path, forged)
		s.want(s.call("GET", "/healthz", ""), 200, "")
		status, body := s.hear(conn)
		if status != 408 || !strings.Contains(body, `"code":"slow_body"`) {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
}

func TestBody_CutOnesAreNotTaken(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, path := range []string{webhookPath, "/api/checkout/pro"} {
		conn := s.dial()
		s.say(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user:ada\r\nContent-Type: application/json\r\nStripe-Signature: %s\r\nContent-Length: 100\r\n\r\n{}", path, forged)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		status, body := s.hear(conn)
		if status != 400 || !strings.Contains(body, `"code":"bad_request"`) {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	conn := s.dial()
	s.say(conn, "POST /api/checkout/pro HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user:ada\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n")
	if status, body := s.hear(conn); status != 400 {
		t.Errorf("bad chunks: got %d %s", status, body)
	}
	if calls := s.gateway.Calls(); calls != 0 {
		t.Errorf("the payment provider was called %d times", calls)
	}
}

func TestBody_ChunkedAndEmptyIsNoBody(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	conn := s.dial()
	s.say(conn, "POST /api/checkout/pro HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user:ada\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if status, body := s.hear(conn); status != 201 {
		t.Errorf("got %d %s", status, body)
	}
}

func TestServer_AClientThatLeavesIsNoErrorOfOurs(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, _ := s.buy("ada", "basic")
	looked := make(chan struct{}, 100)
	notice := func(context.Context) { looked <- struct{}{} }
	s.store.notice.Store(&notice)
	conn := s.dial()
	s.say(conn, "GET /api/orders/%s?wait=20s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer user:ada\r\n\r\n", order)
	<-looked
	conn.Close()
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(s.log.String(), `"status":499`); {
		if time.Now().After(deadline) {
			t.Fatalf("not logged as a client that left: %s", s.log)
		}
		time.Sleep(time.Millisecond)
	}
	if logged := s.log.String(); strings.Contains(logged, "ERROR") || strings.Contains(logged, "WARN") {
		t.Errorf("logged as trouble: %s", logged)
	}
}

func TestServer_HeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	conn := s.dial()
	s.say(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 128<<10))
	if status, _ := s.hear(conn); status != 431 {
		t.Errorf("got %d", status)
	}
	slow := s.dial()
	if s.http.ReadHeaderTimeout > 5*time.Second || s.http.IdleTimeout == 0 || s.http.WriteTimeout < time.Minute {
		t.Errorf("timeouts: header %s, idle %s, write %s", s.http.ReadHeaderTimeout, s.http.IdleTimeout, s.http.WriteTimeout)
	}
	slow.Close()
}
