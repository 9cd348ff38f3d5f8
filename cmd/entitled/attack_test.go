package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/adapters/httpapi"
)

// mostMiB is what strangers may make the program take of memory.
const mostMiB = 150

func (p *program) checkMemory(t *testing.T) {
	t.Helper()
	peak := p.peakMiB(t)
	t.Logf("%.0f MiB of memory at most", peak)
	if peak > mostMiB {
		t.Errorf("%.0f MiB of memory, want %d at most", peak, mostMiB)
	}
}

// filler is a body of which nothing matters but how much it is.
var filler = bytes.Repeat([]byte("x"), 1<<20)

// stall sends a webhook but for the last byte of its body, and returns the connection
// once all is sent or the program has answered.
func (p *program) stall(t *testing.T, signature string, length int) net.Conn {
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Error(err)
		return nil
	}
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	fmt.Fprintf(conn, "POST /api/webhooks/stripe HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n", signature, length)
	_, _ = conn.Write(filler[:length-1]) // cut off once it is answered
	return conn
}

func TestAttack_StalledBodiesTakeLittleMemoryAndHoldUpNobody(t *testing.T) {
	for name, signature := range map[string]string{
		"without a signature": "",
		"with one made up":    "Stripe-Signature: t=1,v1=" + strings.Repeat("0", 64) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, programtest.Build(t), sqlitetest.URL(t))
			var all sync.WaitGroup
			var mu sync.Mutex
			var stalled []net.Conn
			for range 800 {
				all.Go(func() {
					if conn := p.stall(t, signature, 1<<20); conn != nil {
						mu.Lock()
						defer mu.Unlock()
						stalled = append(stalled, conn)
					}
				})
			}
			all.Wait()
			if status := p.Deliver(completedEvent(1)); status != 200 {
				t.Errorf("a genuine event was answered %d", status)
			}
			p.checkMemory(t)
			for _, conn := range stalled {
				conn.Close()
			}
		})
	}
}

func TestAttack_IdleConnectionsTakeLittleMemoryAndHoldUpNobody(t *testing.T) {
	p := startProgram(t, programtest.Build(t), sqlitetest.URL(t))
	conns := make([]net.Conn, 2*httpapi.DefaultConnections)
	for i := range conns {
		conn, err := net.Dial("tcp", p.Address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("connection %d: %v", i, err)
		}
		response.Body.Close()
		conns[i] = conn
	}
	if status := p.Deliver(completedEvent(1)); status != 200 {
		t.Errorf("a genuine event was answered %d", status)
	}
	p.checkMemory(t)
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > httpapi.DefaultConnections+100 {
		t.Errorf("%d files are open", len(files))
	}
}
