package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// soakService is two processes on one Postgres, which has a standby until it fails over to it.
// The first process is never ended: its memory tells of all the time.
type soakService struct {
	b                *testing.B
	binary           string
	primary, standby *pgtest.Server // standby: nil once it is the primary
	onPrimary        string         // the database
	cables           []*cable
	more             []string // environment

	processes [2]*soakProcess
	deadlocks int64 // of the statistics that a crash has taken
	failover  bool
}

// soakProcess is one that may be replaced.
type soakProcess struct {
	*program
	url   string // of the database, by its cables
	since time.Time
}

func startSoakService(b *testing.B, more ...string) *soakService {
	b.Helper()
	s := &soakService{b: b, binary: benchBinary(b), primary: pgtest.Start(b, pgtest.Durable()), more: more}
	s.onPrimary = s.primary.URL()
	s.standby = s.primary.Standby()
	for n := range s.processes {
		s.processes[n] = &soakProcess{url: s.cabled()}
		s.starts(n)
	}
	return s
}

// cabled is the URL of the database by cables of its own, to either server.
func (s *soakService) cabled() string {
	s.b.Helper()
	first, second := newCable(s.b, s.onPrimary), newCable(s.b, s.standby.URLOn(s.onPrimary))
	s.cables = append(s.cables, first, second)
	one, err := url.Parse(first.url)
	if err != nil {
		s.b.Fatal(err)
	}
	two, err := url.Parse(second.url)
	if err != nil {
		s.b.Fatal(err)
	}
	return strings.Replace(first.url, one.Host, one.Host+","+two.Host, 1)
}

func (s *soakService) starts(n int) {
	s.b.Helper()
	p := startProgram(s.b, s.binary, s.processes[n].url, s.more...)
	s.processes[n] = &soakProcess{program: p, url: s.processes[n].url, since: time.Now()}
}

// countDeadlocks adds up those of all servers so far.
func (s *soakService) countDeadlocks() (n int64) {
	s.b.Helper()
	queryRow(s.b, s.onPrimary, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", &n)
	return s.deadlocks + n
}

// soakFault goes wrong for a while: all is whole again when do returns. replace ends a process
// and starts another in its place.
type soakFault struct {
	name string
	do   func(s *soakService, replace func(n int, end func()))
}

var soakFaults = []soakFault{
	{"Postgres crashes", func(s *soakService, _ func(int, func())) { s.restarts(pgtest.Immediate) }},
	{"connections are cut", func(s *soakService, _ func(int, func())) {
		for range 8 {
			for _, c := range s.cables {
				c.cut()
			}
			time.Sleep(400 * time.Millisecond)
		}
	}},
	{"the network is silent", func(s *soakService, _ func(int, func())) {
		for _, c := range s.cables {
			c.silent.Store(true)
		}
		time.Sleep(6 * time.Second)
		for _, c := range s.cables {
			c.silent.Store(false)
		}
	}},
	{"a process is killed", func(s *soakService, replace func(int, func())) {
		replace(1, s.processes[1].Kill)
	}},
	{"the database is slow", func(s *soakService, _ func(int, func())) {
		for _, c := range s.cables {
			c.delay.Store(int64(3 * time.Second))
		}
		time.Sleep(8 * time.Second)
		for _, c := range s.cables {
			c.delay.Store(0)
		}
	}},
	{"answers to commits are lost", func(s *soakService, _ func(int, func())) {
		for _, c := range s.cables {
			c.loses.Store(true)
		}
		time.Sleep(4 * time.Second)
		for _, c := range s.cables {
			c.loses.Store(false)
		}
	}},
	{"Postgres is restarted", func(s *soakService, _ func(int, func())) { s.restarts(pgtest.Fast) }},
	{"a process is restarted", func(s *soakService, replace func(int, func())) {
		replace(1, func() { s.processes[1].Stop(s.b) })
	}},
}

func (s *soakService) restarts(mode pgtest.Mode) {
	// A crash takes the statistics.
	before := s.countDeadlocks()
	s.primary.Stop(mode)
	time.Sleep(3 * time.Second)
	s.primary.Start()
	var left int64
	queryRow(s.b, s.onPrimary, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", &left)
	s.deadlocks = before - left
}

// failsOver has the primary gone for good, and the standby, which has had what was
// acknowledged, in its place.
func (s *soakService) failsOver() {
	s.b.Helper()
	execSQL(s.b, s.onPrimary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	execSQL(s.b, s.onPrimary, "SELECT pg_reload_conf()")
	for queryInt(s.b, s.onPrimary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(3 * time.Second) // some events
	s.deadlocks = s.countDeadlocks()
	s.primary.Stop(pgtest.Immediate)
	s.standby.Promote()
	s.onPrimary, s.primary = s.standby.URLOn(s.onPrimary), s.standby
	execSQL(s.b, s.onPrimary, "ALTER SYSTEM SET synchronous_standby_names = ''") // it waits for no standby of its own
	execSQL(s.b, s.onPrimary, "SELECT pg_reload_conf()")
	s.failover = true
}
