package failpoints

import (
	"flag"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/ports"
)

var failpointRestarts = flag.Duration("failpoints.restarts", 0, "how often Postgres crashes and starts again while calls fail; 0: never")

// frailStore is where the processes of a run keep what they keep.
type frailStore struct {
	open   func(t *testing.T) (store ports.Store, closes func()) // of a process
	behind ports.Store                                           // what is kept, seen by nobody's process
	cutter *pgtest.Cutter                                        // of connections; nil: there are none
}

// frailStores opens the stores of one run, by their names.
var frailStores = []struct {
	name string
	open func(t *testing.T, server *restarting) frailStore
}{
	{"memory", func(*testing.T, *restarting) frailStore {
		store := memory.NewStore()
		return frailStore{open: func(*testing.T) (ports.Store, func()) { return store, func() {} }, behind: store}
	}},
	{"SQLite", func(t *testing.T, _ *restarting) frailStore {
		url := sqlitetest.URL(t)
		return frailStore{open: opensAt(url), behind: opened(t, url)}
	}},
	{"Postgres", func(t *testing.T, server *restarting) frailStore {
		url := server.url(t)
		cutter := pgtest.NewCutter(t, url)
		return frailStore{open: opensAt(cutter.URL()), behind: opened(t, url), cutter: cutter}
	}},
}

func opensAt(url string) func(t *testing.T) (ports.Store, func()) {
	return func(t *testing.T) (ports.Store, func()) {
		t.Helper()
		store, err := bunstore.Open(t.Context(), url, bunstore.WithMaxConns(3))
		if err != nil {
			t.Fatal(err)
		}
		return store, func() { _ = store.Close() }
	}
}

func opened(t *testing.T, url string) ports.Store {
	t.Helper()
	store, closes := opensAt(url)(t)
	t.Cleanup(closes)
	return store
}

// restarting is a Postgres that crashes now and then, but not while a database is made.
type restarting struct {
	server  *pgtest.Server // nil: the one of all tests, which does not
	making  sync.RWMutex
	crashes int
}

func startRestarting(t *testing.T) *restarting {
	t.Helper()
	r := &restarting{}
	if *failpointRestarts == 0 {
		return r
	}
	r.server = pgtest.Start(t, pgtest.Durable())
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-ended:
				return
			case <-time.After(*failpointRestarts):
			}
			r.making.Lock()
			r.server.Stop(pgtest.Immediate)
			r.server.Start()
			r.making.Unlock()
			r.crashes++
		}
	}()
	t.Cleanup(func() {
		close(ended)
		<-over
		t.Logf("Postgres crashed %d times", r.crashes)
	})
	return r
}

func (r *restarting) url(t *testing.T) string {
	t.Helper()
	if r.server == nil {
		return pgtest.URL(t)
	}
	r.making.RLock()
	defer r.making.RUnlock()
	return r.server.URLFor(t)
}
