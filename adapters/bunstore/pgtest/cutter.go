package pgtest

import (
	"net"
	"sync"
	"testing"
)

// Cutter stands between clients and a server, without TLS, and ends a connection at one of
// the messages that clients send: at a statement, at a commit, at its answer.
type Cutter struct {
	url string

	mu       sync.Mutex
	at       int // the message, counted from 1 from when it was chosen; 0: none
	answered bool
	sent     int
	cuts     int
	lost     map[net.Conn]bool // clients that get no answer any more
}

// NewCutter starts a cutter before the server of a database, for as long as the test runs.
// It carries everything until [Cutter.Cut] says otherwise.
func NewCutter(t testing.TB, databaseURL string) *Cutter {
	t.Helper()
	c := &Cutter{lost: map[net.Conn]bool{}}
	c.url = Relay(t, databaseURL, nil, c.forward, c.answer)
	return c
}

// URL is that of the database, through the cutter.
func (c *Cutter) URL() string { return c.url }

// Cut has the connection of the nth message from now on end: before the server gets the
// message, or once the server answers it, and the client does not hear what. 0: none is ended.
func (c *Cutter) Cut(n int, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.answered, c.sent = n, answered, 0
}

// Cuts is how many connections were ended.
func (c *Cutter) Cuts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

func (c *Cutter) forward(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	for started := false; ; started = true {
		message, err := readMessage(client, started)
		if err != nil || c.ends(client) {
			return
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// ends counts a message, and tells whether its connection ends before it.
func (c *Cutter) ends(client net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	if c.sent != c.at {
		return false
	}
	c.cuts++
	if c.answered {
		c.lost[client] = true
	}
	return !c.answered
}

func (c *Cutter) answer(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil || c.losesAnswers(client) {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (c *Cutter) losesAnswers(client net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[client]
}
