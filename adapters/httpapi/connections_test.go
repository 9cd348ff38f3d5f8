package httpapi

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// rests waits until the server has found a connection to be at rest, after all others: a
// client has its answer a little before.
func (s *service) rests(conn net.Conn) {
	s.Helper()
	s.eventually("the connection that rests", func() bool {
		s.connected.mu.Lock()
		defer s.connected.mu.Unlock()
		last := s.connected.resting.Back()
		return last != nil && last.Value.(*connection).RemoteAddr().String() == conn.LocalAddr().String()
	})
}

// closed waits until the other side has closed a connection.
func (s *service) closed(conn net.Conn) {
	s.Helper()
	if n, err := conn.Read(make([]byte, 1)); err != io.EOF && !isReset(err) {
		s.Errorf("read %d bytes, %v of a connection that should be closed", n, err)
	}
}

func isReset(err error) bool {
	timeout, is := err.(net.Error)
	return err != nil && (!is || !timeout.Timeout())
}

func TestConnections_TheOneThatRestedLongestMakesRoom(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{Connections: 3}})
	ask := func(conn net.Conn) {
		t.Helper()
		s.say(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, body := s.hear(conn); status != 200 {
			t.Errorf("got %d %s", status, body)
		}
		s.rests(conn)
	}
	first, second, third := s.dial(), s.dial(), s.dial()
	ask(first)
	ask(second)
	ask(third)
	ask(first)
	fourth := s.dial()
	ask(fourth)
	s.closed(second)
	fifth := s.dial()
	ask(fifth)
	s.closed(third)
	for _, conn := range []net.Conn{first, fourth, fifth} {
		ask(conn)
	}
	if open, most := s.Connections(); open != 3 || most != 3 {
		t.Errorf("%d of %d connections are shown", open, most)
	}
}

func TestConnections_NoneIsClosedOnWhichSomethingIsAsked(t *testing.T) {
	t.Parallel()
	var within, most atomic.Int64
	inside, finish := make(chan struct{}, 10), make(chan struct{})
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n := within.Add(1); n > most.Load() {
			most.Store(n)
		}
		inside <- struct{}{}
		<-finish
		within.Add(-1)
		_, _ = w.Write([]byte("done"))
	})
	s := start(t, setup{config: Config{Connections: 2, Mounts: []Mount{{"/slow", page}}}})
	asked := make([]net.Conn, 5)
	for i := range asked {
		asked[i] = s.dial()
		s.say(asked[i], "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	<-inside
	<-inside
	close(finish)
	for i, conn := range asked {
		if status, body := s.hear(conn); status != 200 || body != "done" {
			t.Errorf("%d got %d %s", i, status, body)
		}
	}
	if n := most.Load(); n > 2 {
		t.Errorf("%d were asked at a time", n)
	}
}

// A program that ends while all its connections are taken does end.
func TestConnections_TheOneThatWaitsIsGivenUpAtTheEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := limited{l, newConnections(0)}
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Close()
	accepted := make(chan error)
	go func() { _, err := bounded.Accept(); accepted <- err }()
	bounded.Close()
	if err := <-accepted; err == nil {
		t.Error("taken beyond the bound")
	}
}
