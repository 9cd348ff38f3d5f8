package httpapi

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// DefaultConnections is how many connections there are at a time: some 17 KiB each while
// nothing is asked.
const DefaultConnections = 2000

// connections bounds how many there are at a time. For one more, that which has rested
// for longest since its last answer is closed, as a client of HTTP has to expect; while
// none rests, the next one waits to be taken. One on which nothing was asked yet does not
// rest: it has readHeaderTime to ask.
type connections struct {
	most int

	mu      sync.Mutex
	changed sync.Cond
	open    int
	resting list.List // of *connection, the one that rested longest first
	closed  bool
}

// connection is one of them. What it has beyond a [net.Conn] is what the server looks
// for: an end of writing before the end of it all, without which the answer to a body
// that was not read would get lost.
type connection struct {
	net.Conn
	of    *connections
	place *list.Element // among those at rest
	gone  bool
}

func newConnections(most int) *connections {
	cs := &connections{most: most}
	cs.changed.L = &cs.mu
	return cs
}

// limited is a listener whose connections are bounded.
type limited struct {
	net.Listener
	connections *connections
}

// Accept takes the next connection, once there is room for it.
func (l limited) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: accepted, of: l.connections}
	if !l.connections.enter(c) {
		accepted.Close()
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close takes no more connections.
func (l limited) Close() error {
	l.connections.mu.Lock()
	l.connections.closed = true
	l.connections.changed.Broadcast()
	l.connections.mu.Unlock()
	return l.Listener.Close()
}

func (cs *connections) enter(c *connection) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for cs.open >= cs.most && !cs.closed {
		if longest := cs.resting.Front(); longest != nil {
			victim := longest.Value.(*connection)
			cs.forget(victim)
			victim.Conn.Close()
			continue
		}
		cs.changed.Wait()
	}
	if cs.closed {
		return false
	}
	cs.open++
	return true
}

// follow learns from the server whether something is asked on a connection.
func (cs *connections) follow(conn net.Conn, state http.ConnState) {
	c, ours := conn.(*connection)
	if !ours {
		return
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case c.gone:
	case state == http.StateActive && c.place != nil:
		cs.resting.Remove(c.place)
		c.place = nil
	case state == http.StateIdle && c.place == nil:
		c.place = cs.resting.PushBack(c)
		cs.changed.Signal()
	}
}

// Close ends the connection and makes room for another.
func (c *connection) Close() error {
	c.of.mu.Lock()
	c.of.forget(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends what we say; what we hear may go on.
func (c *connection) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return c.Close()
}

func (cs *connections) forget(c *connection) {
	if c.gone {
		return
	}
	c.gone = true
	if c.place != nil {
		cs.resting.Remove(c.place)
		c.place = nil
	}
	cs.open--
	cs.changed.Signal()
}
