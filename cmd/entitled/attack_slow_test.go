package main

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

var slowBodies = flag.Bool("slow-bodies", false, "wait until bodies that come byte by byte are cut off, which takes half a minute")

// trickle sends a text byte by byte, for ever again, until the program ends the connection or over
// is closed. It returns the status that the program answered; 0: none.
func (p *program) trickle(t *testing.T, head, text string, over chan struct{}) (status int) {
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	ended := statusOn(conn)
	if _, err := conn.Write([]byte(head)); err != nil {
		t.Error(err)
	}
	for n := 0; ; n++ {
		select {
		case status := <-ended:
			return status
		case <-over:
			return 0
		case <-time.After(250 * time.Millisecond):
			_, _ = conn.Write([]byte{text[n%len(text)]}) // that it fails is an end, too
		}
	}
}

// cutOff sends half of a body, and ends the connection: politely, or as a crash does.
func (p *program) cutOff(t *testing.T, head string, abrupt bool) {
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte(head + `{"id":`)); err != nil {
		t.Error(err)
	}
	tcp := conn.(*net.TCPConn)
	if abrupt {
		_ = tcp.SetLinger(0)
		return
	}
	_ = tcp.CloseWrite()
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != 400 {
		t.Errorf("half a body was answered %v, %v, want 400", answer, err)
	}
}

func TestAttack_SlowSendersAreCutOffAndLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	database := sqlitetest.URL(t)
	p := startProgram(t, programtest.Build(t), database)
	db := sqlOf(t, database)
	p.eventually(t, "the first start has derived", func() bool { return derivationOf(t, db).Done })
	if status := p.Deliver(completedEvent(1)); status != 200 {
		t.Fatalf("an event was answered %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
	before := p.metrics(t)["go_goroutines"]

	webhook := "POST /api/webhooks/stripe HTTP/1.1\r\nHost: x\r\nStripe-Signature: t=1,v1=" + strings.Repeat("0", 64) + "\r\n"
	checkout := "POST /api/checkout/pro HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " + programtest.APIKey + "\r\n"
	over := make(chan struct{})
	var headers, bodies, cut sync.WaitGroup
	for range 40 {
		headers.Go(func() {
			// Between two lines net/http ends the connection without a word, and else with this one.
			if status := p.trickle(t, "GET /healthz HTTP/1.1\r\nHost: x\r\n", "X-A: b\r\n", nil); status != 0 && status != 400 {
				t.Errorf("headers that do not end were answered %d", status)
			}
		})
	}
	for n := range 40 {
		head, length := []string{webhook, checkout}[n%2], []int{1 << 20, 60_000}[n%2]
		bodies.Go(func() {
			status := p.trickle(t, head+fmt.Sprintf("Content-Length: %d\r\n\r\n", length), "x", over)
			if *slowBodies && status != 408 {
				t.Errorf("a body that does not end was answered %d", status)
			}
		})
		cut.Go(func() { p.cutOff(t, head+"Content-Length: 1000\r\n\r\n", n%4 < 2) })
	}
	var served, slowest atomic.Int64
	var others sync.WaitGroup
	done := make(chan struct{})
	others.Go(func() {
		for n := int64(2); ; n++ {
			select {
			case <-done:
				return
			case <-time.After(100 * time.Millisecond):
			}
			began := time.Now()
			if status := p.Deliver(completedEvent(n)); status != 200 {
				t.Errorf("event %d was answered %d", n, status)
			}
			if held := p.Holds(t, "nobody"); held != "" {
				t.Errorf("nobody holds %s", held)
			}
			served.Add(1)
			slowest.Store(max(slowest.Load(), int64(time.Since(began))))
		}
	})
	cut.Wait()
	headers.Wait()
	if !*slowBodies {
		close(over)
	}
	bodies.Wait()
	close(done)
	others.Wait()
	t.Logf("meanwhile %d events and reads, the slowest took %s", served.Load(), time.Duration(slowest.Load()))
	http.DefaultClient.CloseIdleConnections()
	p.eventually(t, "nothing is left of them", func() bool {
		now := p.metrics(t)
		return now["go_goroutines"] <= before+5 && now["entitled_http_body_bytes"] == 0
	})
}
