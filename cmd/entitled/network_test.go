package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// cable is the network between the program and its database, which a test may harm.
type cable struct {
	url string // of the database, through it

	silent atomic.Bool  // nothing arrives any more, and nobody is told
	delay  atomic.Int64 // of whatever the database says
	loses  atomic.Bool  // the answers to commits: the connection breaks instead
	lost   atomic.Int64 // so many

	mu    sync.Mutex
	conns map[net.Conn]net.Conn // the database's, by the program's
}

func newCable(t testing.TB, database string) *cable {
	t.Helper()
	c := &cable{conns: map[net.Conn]net.Conn{}}
	c.url = pgtest.Relay(t, database, func(client, server net.Conn) {
		c.mu.Lock()
		c.conns[client] = server
		c.mu.Unlock()
	}, func(client, server net.Conn) {
		c.carry(client, server, false)
		c.drop(client)
	}, func(client, server net.Conn) {
		c.carry(server, client, true)
		c.drop(client)
	})
	return c
}

func (c *cable) carry(from io.Reader, to io.Writer, answers bool) {
	// Once something was lost on the way the rest makes no sense to whoever reads it.
	broken := false
	for buffer := make([]byte, 1<<16); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if broken = broken || c.silent.Load(); broken {
			continue
		}
		if answers {
			time.Sleep(time.Duration(c.delay.Load()))
			if c.loses.Load() && bytes.Contains(buffer[:n], []byte("COMMIT\x00")) {
				c.lost.Add(1)
				return
			}
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// drop resets a connection: what is on its way to the program is gone.
func (c *cable) drop(client net.Conn) {
	c.mu.Lock()
	server := c.conns[client]
	delete(c.conns, client)
	c.mu.Unlock()
	if server == nil {
		return // the other direction was faster
	}
	_ = client.(*net.TCPConn).SetLinger(0)
	client.Close()
	server.Close()
}

func (c *cable) cut() {
	c.mu.Lock()
	var clients []net.Conn
	for client := range c.conns {
		clients = append(clients, client)
	}
	c.mu.Unlock()
	for _, client := range clients {
		c.drop(client)
	}
}

func TestNetwork_ACommitWhoseAnswerIsLostGrantsOnce(t *testing.T) {
	t.Parallel()
	const events = 20
	database := pgtest.URL(t)
	seedBuyers(t, database, events)
	cable := newCable(t, database)
	p := startProgram(t, programtest.Build(t), cable.url)
	for n := range int64(events) {
		body, before := completedEvent(n+1), cable.lost.Load()
		cable.loses.Store(true)
		status := p.Deliver(body)
		cable.loses.Store(false)
		if cable.lost.Load() == before {
			t.Errorf("no answer to a commit of event %d was lost", n+1)
		}
		if status != 200 && status != http.StatusServiceUnavailable {
			t.Errorf("event %d, of whose commit nothing was heard, was answered %d", n+1, status)
		}
		if status := p.Deliver(body); status != 200 {
			t.Errorf("event %d, once more, was answered %d", n+1, status)
		}
	}
	if got := counts(t, database); got != strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", "20") {
		t.Errorf("kept: %s", got)
	}
}

func TestNetwork_IsHarmedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*testing.T, *cable, *tireless){
		"cut again and again": func(t *testing.T, c *cable, s *tireless) {
			for n := range 10 {
				s.until(t, 20*n)
				c.cut()
			}
		},
		"slow": func(_ *testing.T, c *cable, _ *tireless) {
			c.delay.Store(int64(3 * time.Second))
			time.Sleep(4 * time.Second)
			c.delay.Store(0)
		},
		"silent": func(_ *testing.T, c *cable, _ *tireless) {
			c.silent.Store(true)
			time.Sleep(4 * time.Second)
			c.silent.Store(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const events = 300
			database := pgtest.URL(t)
			seedBuyers(t, database, events)
			cable := newCable(t, database)
			p := startProgram(t, programtest.Build(t), cable.url)
			db := sqlOf(t, database)
			// It would hold some of the buyers for as long as it waits for an answer.
			p.eventually(t, "the first start has derived", func() bool { return derivationOf(t, db).Done })
			before := p.metrics(t)["go_goroutines"]
			sender := &tireless{target: p}
			done := make(chan struct{})
			go func() { defer close(done); sender.send(t, events) }()
			sender.until(t, 10)
			harm(t, cable, sender)
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Fatalf("the network is whole again for half a minute, and %d of %d are acknowledged", sender.acknowledged(), events)
			}
			if got := counts(t, database); got != strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", "300") {
				t.Errorf("kept: %s", got)
			}
			for status, times := range sender.refused {
				if status != http.StatusServiceUnavailable {
					t.Errorf("%d events were answered %d", times, status)
				}
			}
			if sender.slowest > 15*time.Second {
				t.Errorf("an answer took %s", sender.slowest)
			}
			if sender.slowest < 3*time.Second && sender.refused[http.StatusServiceUnavailable] == 0 {
				t.Error("nobody noticed")
			}
			http.DefaultClient.CloseIdleConnections()
			// A connection that is given up is given 15 s to take leave.
			p.eventually(t, "there are as few goroutines as before", func() bool { return p.metrics(t)["go_goroutines"] <= before+5 })
		})
	}
}
