package pgtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between a client and a server, without TLS, and notes what the client
// sends: it counts round trips where a clock would have to guess.
type Proxy struct {
	url string

	mu         sync.Mutex
	trips      int
	statements []string
}

// NewProxy starts a proxy to the server of a database, for as long as the test runs.
func NewProxy(t testing.TB, databaseURL string) *Proxy {
	t.Helper()
	p := &Proxy{}
	p.url = Relay(t, databaseURL, nil, p.forward, p.answer)
	return p
}

// Relay stands between clients and the server of a database for as long as the test runs,
// and returns the database's URL through it. Of each connection it says that it is open, if
// anybody wants to know, and has its two directions carried, side by side.
func Relay(t testing.TB, databaseURL string, opened func(client, server net.Conn), directions ...func(client, server net.Conn)) string {
	t.Helper()
	target, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	through := *target
	through.Host = listener.Addr().String()

	var serving sync.WaitGroup
	var open sync.Map
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed at the end of the test
			}
			server, err := net.Dial("tcp", target.Host)
			if err != nil {
				_ = client.Close()
				continue
			}
			open.Store(client, server)
			if opened != nil {
				opened(client, server)
			}
			for _, carry := range directions {
				serving.Go(func() { carry(client, server) })
			}
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Range(func(client, server any) bool {
			_, _ = client.(net.Conn).Close(), server.(net.Conn).Close()
			return true
		})
		serving.Wait()
	})
	return through.String()
}

// URL is that of the database, through the proxy.
func (p *Proxy) URL() string { return p.url }

// Trips is how often clients have waited for the server so far: to connect and to
// authenticate, and for each message that the server answers with "ready".
func (p *Proxy) Trips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trips
}

// Statements are those that the server was told to parse so far, in their order.
func (p *Proxy) Statements() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.statements...)
}

func (p *Proxy) answer(client, server net.Conn) {
	_, _ = io.Copy(client, server) // ends with either
	_, _ = client.Close(), server.Close()
}

func (p *Proxy) forward(client, server net.Conn) {
	defer server.Close()
	started := false
	for {
		message, err := readMessage(client, started)
		if err != nil {
			return // the client has gone
		}
		p.note(message, started)
		started = true
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

func (p *Proxy) note(message []byte, started bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !started {
		p.trips++
		return
	}
	body := message[5:]
	switch message[0] {
	case 'S', 'p': // Sync, a password
		p.trips++
	case 'Q': // Query
		p.trips++
		p.statements = append(p.statements, text(body))
	case 'P': // Parse: the statement's name, then its text
		_, rest, _ := bytes.Cut(body, []byte{0})
		p.statements = append(p.statements, text(rest))
	}
}

// readMessage reads one message of Postgres' protocol; the first has no type.
func readMessage(from io.Reader, started bool) ([]byte, error) {
	head := make([]byte, 4, 5)
	if started {
		head = head[:5]
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
	if length < 0 {
		return nil, errors.New("no message of Postgres' protocol")
	}
	message := make([]byte, len(head)+length)
	copy(message, head)
	_, err := io.ReadFull(from, message[len(head):])
	return message, err
}

func text(field []byte) string {
	before, _, _ := bytes.Cut(field, []byte{0})
	return string(before)
}
