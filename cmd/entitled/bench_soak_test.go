package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// soakBuyers are how many users have something happen to them at a time.
const soakBuyers = 32

// BenchmarkSoak is how the built program, two processes of it, does for a long time (SOAK_TIME) at
// fifty events a second, while what is around it fails, one after the other. At rests each user
// holds what is true, each event that was acknowledged is kept, and no connection is in use.
func BenchmarkSoak(b *testing.B) {
	if os.Getenv("SOAK_TIME") == "" {
		b.Skip("set SOAK_TIME, as in SOAK_TIME=2h")
	}
	debug.SetGCPercent(100) // the box keeps all that ever happened
	d := setting("SOAK_TIME", 0, time.ParseDuration)
	for b.Loop() {
		newSoak(b).run(d)
	}
}

type soak struct {
	b       *testing.B
	began   time.Time
	service *soakService
	traffic *soakTraffic
	shop    *soakShop

	live [2]atomic.Pointer[program] // who is there
	gate sync.RWMutex               // held by whatever happens to a user

	mu       sync.Mutex
	users    int
	touched  map[string]*soakUser // since the last rest
	all      map[string]*soakUser
	deeds    map[string]int
	samples  [2][]soakSample // of the memory of each
	faults   map[string]int
	goBefore [2]float64
	took     time.Duration
	slowest  time.Duration // until all held what is true
	rests    int
	failures atomic.Int64
}

type soakSample struct {
	at  time.Duration
	mib float64
	pid int
}

func newSoak(b *testing.B) *soak {
	b.Helper()
	box := sandbox.NewTest(b)
	programtest.Stock(b, box)
	s := &soak{
		b: b, service: startSoakService(b, "STRIPE_API_BASE="+box.URL(), "LOG_LEVEL=warn"),
		touched: map[string]*soakUser{}, all: map[string]*soakUser{}, faults: map[string]int{}, deeds: map[string]int{},
	}
	for n, p := range s.service.processes {
		s.live[n].Store(p.program)
	}
	either := func(n int) *program { return s.live[n%2].Load() }
	s.traffic = &soakTraffic{box: box, to: either, random: rand.New(rand.NewPCG(50, 0)), lasting: either(0), acked: map[string]bool{}, refused: map[int]int{}}
	var asked atomic.Int64
	s.shop = &soakShop{box: box, client: &http.Client{Transport: programtest.InProcess{Handler: box}}, any: func() *program { return either(int(asked.Add(1))) }}
	return s
}

func (s *soak) run(d time.Duration) {
	size := s.databaseSize()
	for n := range s.live {
		s.goBefore[n] = s.live[n].Load().metrics(s.b)["go_goroutines"]
	}
	s.began = time.Now()
	closed, end := make(chan struct{}), make(chan struct{})
	var going sync.WaitGroup
	going.Go(func() { s.traffic.run(end) })
	going.Go(func() { s.looks(end) })
	for n := range soakBuyers {
		going.Go(func() { s.buys(closed, uint64(n)) })
	}
	rest := max(30*time.Second, min(d/20, 5*time.Minute))
	for rested, n := time.Now(), 0; time.Since(s.began) < d; n++ {
		time.Sleep(8 * time.Second)
		fault := soakFaults[n%len(soakFaults)]
		if !s.service.failover && time.Since(s.began) > d/2 {
			fault = soakFault{"the primary is gone, and its standby promoted", func(service *soakService, _ func(int, func())) { service.failsOver() }}
		}
		s.says("fault: %s", fault.name)
		fault.do(s.service, s.replaces)
		s.faults[fault.name]++
		if time.Since(rested) > rest && time.Since(s.began) < d {
			s.rest(s.touched)
			rested = time.Now()
		}
	}
	close(closed)
	s.rest(s.all)
	s.took = time.Since(s.began)
	s.leavesNothing()
	close(end)
	going.Wait()
	s.report(size)
}

// replaces ends a process and starts another in its place.
func (s *soak) replaces(n int, end func()) {
	end()
	time.Sleep(2 * time.Second)
	s.service.starts(n)
	s.live[n].Store(s.service.processes[n].program)
}

// buys has one user after the other buy, and have things happen.
func (s *soak) buys(closed <-chan struct{}, worker uint64) {
	random := rand.New(rand.NewPCG(50, worker+1))
	for {
		s.mu.Lock()
		s.users++
		user := &soakUser{id: fmt.Sprint("user_", s.users), random: random}
		s.all[user.id] = user
		s.mu.Unlock()
		for range 2 + random.IntN(9) {
			for wait := time.Duration(random.IntN(1000)) * time.Millisecond; wait > 0 || !s.traffic.room(); wait = 0 {
				select {
				case <-closed:
					return
				case <-time.After(max(wait, 50*time.Millisecond)):
				}
			}
			s.acts(user, closed)
		}
	}
}

// acts has something happen to a user, unless that is over.
func (s *soak) acts(user *soakUser, closed <-chan struct{}) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	select {
	case <-closed:
		return
	default:
	}
	s.mu.Lock()
	s.touched[user.id] = user
	s.mu.Unlock()
	deed, err := user.acts(s.shop)
	if err != nil {
		s.fails("%v", err)
	}
	s.traffic.takes()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deeds[deed]++
}

// rest has nothing happen and nothing fail until all is delivered, and holds what is kept
// against what is true of some users.
func (s *soak) rest(users map[string]*soakUser) {
	began := time.Now()
	s.gate.Lock()
	defer s.gate.Unlock()
	s.traffic.is(true)
	defer s.traffic.is(false)
	if !s.within(5*time.Minute, s.traffic.idle) {
		s.fails("not every event is acknowledged five minutes after the last fault")
	}
	delivered := time.Now()
	asked := s.converge(users)
	s.slowest = max(s.slowest, time.Since(delivered))
	s.nothingLost()
	var goroutines [2]float64
	for n := range s.live {
		p := s.live[n].Load()
		idle := s.within(time.Minute, func() bool {
			return p.metrics(s.b)["entitled_store_connections_used"] == 0
		})
		if !idle {
			s.fails("process %d has connections to the database in use, and nothing to do, for a minute", n+1)
		}
		goroutines[n] = p.metrics(s.b)["go_goroutines"]
	}
	s.rests++
	s.says("rest of %s: %d users were asked for; %d faults found so far; goroutines %v, before %v; deadlocks %d", time.Since(began).Round(time.Second), asked, s.failures.Load(), goroutines, s.goBefore, s.service.countDeadlocks())
	s.mu.Lock()
	clear(s.touched)
	s.mu.Unlock()
}

// leavesNothing waits for as few goroutines as there were before. A connection to Stripe is
// kept for a minute and a half, with two of them.
func (s *soak) leavesNothing() {
	for n := range s.live {
		p := s.live[n].Load()
		var goroutines float64
		few := s.within(3*time.Minute, func() bool {
			http.DefaultClient.CloseIdleConnections()
			goroutines = p.metrics(s.b)["go_goroutines"]
			return goroutines <= s.goBefore[n]+5
		})
		s.says("process %d has %v goroutines, and had %v before", n+1, goroutines, s.goBefore[n])
		if !few {
			s.fails("process %d has %v goroutines three minutes after its work, and had %v before", n+1, goroutines, s.goBefore[n])
		}
	}
}

// converge waits a minute for users to hold what is true, as of what is in doubt Stripe is asked,
// and returns of how many that was seen to.
func (s *soak) converge(users map[string]*soakUser) (compared int) {
	s.mu.Lock()
	left := slices.Collect(maps.Values(users))
	s.mu.Unlock()
	compared = len(left)
	held := map[string]string{}
	asked := 0
	s.within(time.Minute, func() bool {
		left = slices.DeleteFunc(left, func(u *soakUser) bool {
			asked++
			rights, ok := s.live[asked%2].Load().rights(u.id)
			held[u.id] = rights
			return ok && rights == u.holds()
		})
		return len(left) == 0
	})
	for _, u := range left {
		s.fails("%s holds %q, want %q", u, held[u.id], u.holds())
	}
	return compared
}

// nothingLost holds what was acknowledged against the receipts.
func (s *soak) nothingLost() {
	conn, err := pgx.Connect(s.b.Context(), s.service.onPrimary)
	if err != nil {
		s.b.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(s.b.Context(), "SELECT id FROM processed_events")
	if err != nil {
		s.b.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.b.Fatal(err)
	}
	kept := make(map[string]bool, len(ids))
	for _, id := range ids {
		kept[id] = true
	}
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	lost := 0
	for id := range s.traffic.acked {
		if !kept[id] {
			lost++
		}
	}
	if lost > 0 || len(kept) != len(s.traffic.acked) || len(kept) != s.traffic.taken {
		s.fails("of %d events %d were acknowledged, of which %d are lost; %d are kept", s.traffic.taken, len(s.traffic.acked), lost, len(kept))
	}
}

func (s *soak) within(d time.Duration, holds func() bool) bool {
	for began := time.Now(); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > d {
			return false
		}
	}
	return true
}

// looks samples memory, and says how it goes.
func (s *soak) looks(end <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-end:
			return
		case <-time.After(2 * time.Second):
		}
		for process := range s.live {
			pid := s.live[process].Load().PID()
			if mib, err := residentMiB(pid); err == nil { // it may have been killed
				s.samples[process] = append(s.samples[process], soakSample{time.Since(s.began), mib, pid})
			}
		}
		if n%15 != 14 {
			continue
		}
		var mib [2]float64
		for process, samples := range s.samples {
			mib[process] = samples[len(samples)-1].mib
		}
		s.mu.Lock()
		users := s.users
		s.mu.Unlock()
		s.says("%d users, %s; MiB %.0f and %.0f", users, s.traffic, mib[0], mib[1])
	}
}

// fails says so at once, too.
func (s *soak) fails(format string, args ...any) {
	s.failures.Add(1)
	s.says("FAILS: "+format, args...)
	s.b.Errorf(format, args...)
}

// says how it goes to who waits: what a benchmark logs is shown in the end.
func (s *soak) says(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "soak %s: %s\n", time.Since(s.began).Round(time.Second), fmt.Sprintf(format, args...))
}

func (s *soak) databaseSize() (bytes int64) {
	queryRow(s.b, s.service.onPrimary, "SELECT pg_database_size(current_database())", &bytes)
	return bytes
}

func (s *soak) report(size int64) {
	b, t := s.b, s.traffic
	took := s.took
	s.says("faults: %v; what happened: %v", s.faults, s.deeds)
	deadlocks := s.service.countDeadlocks()
	if deadlocks != 0 {
		b.Errorf("%d deadlocks", deadlocks)
	}
	for status, times := range t.refused {
		if status < 500 && status != 0 {
			b.Errorf("%d deliveries were answered %d", times, status)
		}
	}
	if t.ignored > 0 {
		b.Errorf("%d deliveries to the process that is never ended had no answer within a minute", t.ignored)
	}
	slices.Sort(t.times)
	figures := map[string]float64{
		"events": float64(len(t.acked)), "events/s": float64(t.sent) / (took.Seconds() - float64(t.rests)/soakRate), "deliveries": float64(t.attempts), "twice": float64(t.twice),
		"refused-503": float64(t.refused[http.StatusServiceUnavailable]), "unanswered": float64(t.refused[0]), "slowest-s": t.slowest.Seconds(),
		"p50-ms": milliseconds(t.times[len(t.times)/2]), "p99-ms": milliseconds(t.times[len(t.times)*99/100]),
		"users": float64(s.users), "deadlocks": float64(deadlocks), "rests": float64(s.rests), "slowest-to-converge-s": s.slowest.Seconds(),
		"disk-KiB/event": float64(s.databaseSize()-size) / 1024 / float64(len(t.acked)), "turns-dry": float64(t.dry), "turns-full": float64(t.full),
	}
	for n, samples := range s.samples {
		last := samples[len(samples)-1]
		second := slices.DeleteFunc(slices.Clone(samples), func(x soakSample) bool { return x.at < took/2 || x.pid != last.pid })
		if len(second) > 1 {
			figures[fmt.Sprintf("MiB-%d", n+1)] = last.mib
			figures[fmt.Sprintf("MiB/h-%d", n+1)] = slope(second)
		}
	}
	for unit, value := range figures {
		b.ReportMetric(value, unit)
	}
	b.ReportMetric(0, "ns/op")
	s.says("%v", figures)
}

// slope is how memory grows, in MiB an hour, by least squares.
func slope(samples []soakSample) float64 {
	var x, y, xx, xy float64
	n := float64(len(samples))
	for _, s := range samples {
		h := s.at.Hours()
		x, y, xx, xy = x+h, y+s.mib, xx+h*h, xy+h*s.mib
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// residentMiB is the resident memory of a process.
func residentMiB(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: %q", pid, text)
	}
	pages, err := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20), err
}
