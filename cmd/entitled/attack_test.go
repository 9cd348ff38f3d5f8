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

// statusOn is the status that a connection is answered, as soon as it is; none if it ends without.
func statusOn(conn net.Conn) <-chan int {
	answered := make(chan int, 1)
	go func() {
		defer close(answered)
		if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			answered <- response.StatusCode
		}
	}()
	return answered
}

// flood sends a request with a body of a gibibyte until it is answered, and returns the status; 0: it
// was not.
func (p *program) flood(t *testing.T, header string) (status int) {
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	answered := statusOn(conn)
	_, err = io.WriteString(conn, header)
	for sent := 0; err == nil && sent < 1<<30 && len(answered) == 0; sent += len(filler) {
		// In pieces of a mebibyte, which say so if the body is one of chunks.
		if strings.Contains(header, "chunked") {
			_, err = fmt.Fprintf(conn, "%x\r\n%s\r\n", len(filler), filler)
		} else {
			_, err = conn.Write(filler)
		}
	}
	return <-answered
}

// bytesRead is how much the program has read so far, of files and connections.
func (p *program) bytesRead(t *testing.T) (n int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// forgetPeak has peakMiB begin anew.
func (p *program) forgetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

func TestAttack_BodiesOfAGibibyteAreHardlyRead(t *testing.T) {
	t.Parallel()
	p := startProgram(t, programtest.Build(t), sqlitetest.URL(t))
	document, err := programtest.Document()
	if err != nil {
		t.Fatal(err)
	}
	type body struct {
		header string
		want   int
	}
	var bodies []body
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil {
				continue
			}
			proven, webhook := "Authorization: Bearer "+programtest.APIKey+"\r\n", path == "/api/webhooks/stripe"
			if webhook {
				proven = "Stripe-Signature: t=1,v1=" + strings.Repeat("0", 64) + "\r\n"
			}
			for _, framing := range []string{"Content-Length: 1073741824\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"} {
				unproven := 401
				switch {
				case webhook && strings.Contains(framing, "chunked"):
					unproven = 400
				case webhook:
					unproven = 413
				}
				start := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s", method, strings.NewReplacer("{", "", "}", "").Replace(path), framing)
				bodies = append(bodies, body{start + proven + "\r\n", 413}, body{start + "\r\n", unproven})
			}
		}
	}
	p.forgetPeak(t)
	before, read := p.peakMiB(t), p.bytesRead(t)
	all := make(chan body)
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for b := range all {
				// Webhooks are held in memory until they are too long, and few at a time: another may be cut off for one, or wait in vain for room.
				if status := p.flood(t, b.header); status != b.want && (b.want != 413 || status != 408 && status != 503) {
					t.Errorf("answered %d, want %d:\n%s", status, b.want, b.header)
				}
			}
		})
	}
	for _, b := range bodies {
		all <- b
	}
	close(all)
	workers.Wait()
	each, grown := float64(p.bytesRead(t)-read)/float64(len(bodies))/(1<<20), p.peakMiB(t)-before
	t.Logf("%d bodies: %.2f MiB read of each, %.1f MiB more memory", len(bodies), each, grown)
	if each > 1.9 || grown > 19 {
		t.Errorf("%.2f MiB were read of each of %d bodies, and memory grew by %.1f MiB: want less than 1.9 and 19", each, len(bodies), grown)
	}
}

// They are read one at a time, and a room that held one holds the next.
func TestAttack_ForgedWebhooksOfAMebibyteTakeLittleMemory(t *testing.T) {
	t.Parallel()
	p := startProgram(t, programtest.Build(t), sqlitetest.URL(t))
	p.forgetPeak(t)
	before := p.peakMiB(t)
	var all sync.WaitGroup
	for n := range 64 {
		all.Go(func() {
			for range 3 {
				framing, want := fmt.Sprintf("Content-Length: %d\r\n", len(filler)), 400
				if n%4 == 0 {
					framing, want = "Transfer-Encoding: chunked\r\n", 413
				}
				head := "POST /api/webhooks/stripe HTTP/1.1\r\nHost: x\r\nStripe-Signature: t=1,v1=" + strings.Repeat("0", 64) + "\r\n" + framing + "\r\n"
				if status := p.flood(t, head); status != want && status != 408 && status != 503 {
					t.Errorf("answered %d, want %d:\n%s", status, want, head)
				}
			}
		})
	}
	all.Wait()
	if status := p.Deliver(completedEvent(1)); status != 200 {
		t.Errorf("a genuine event was answered %d", status)
	}
	grown := p.peakMiB(t) - before
	t.Logf("%.1f MiB more memory", grown)
	if grown > 28 {
		t.Errorf("memory grew by %.1f MiB, want 28 at most", grown)
	}
}
