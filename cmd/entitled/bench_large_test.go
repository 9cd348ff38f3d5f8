package main

import (
	"bufio"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
)

// largeEvents are so many of each size, told one after the other.
const largeEvents = 50

// BenchmarkLargeAccounts is what an event costs on an account with a long past, beside one
// with a short past: all on one database, one after the other in turns. And it is how long
// another user waits while 64 at once are told of such an account.
func BenchmarkLargeAccounts(b *testing.B) {
	server := pgtest.Start(b, pgtest.Durable())
	database := server.URL()
	p := startProgram(b, benchBinary(b), database)
	b.Run("purchases", func(b *testing.B) {
		var all []sized
		for _, size := range []int64{10, 1_000, 100_000} {
			users := seedUsers(b, database, fmt.Sprintf("buys%d", size), sizedUsers(size))
			users.bought(b, database, users.users*size)
			all = append(all, sized{size, users.users, users.users, users.opens(b, database, 2*largeEvents)})
		}
		vacuum(b, database)
		oneAfterTheOther(b, p, database, all)
	})
	b.Run("invoices", func(b *testing.B) {
		var all []sized
		for _, size := range []int64{10, 1_000, 10_000} {
			users := seedUsers(b, database, fmt.Sprintf("pays%d", size), sizedUsers(size))
			first := users.users * upToDate(size)
			all = append(all, sized{size, users.users, first, users.subscribed(b, database, size, first+2*largeEvents)})
		}
		vacuum(b, database)
		oneAfterTheOther(b, p, database, all)
	})
	others := sync.OnceValue(func() *events { return seedUsers(b, database, "other", 200_000).opens(b, database, 200_000) })
	b.Run("crowd=purchases", func(b *testing.B) {
		buyer := seedUsers(b, database, "crowdbuys", 1)
		buyer.bought(b, database, 100_000)
		crowd, other := buyer.opens(b, database, 100_000), others()
		vacuum(b, database)
		besideACrowd(b, p, other, crowd)
	})
	b.Run("crowd=invoices", func(b *testing.B) {
		crowd, other := seedUsers(b, database, "crowdpays", 1).subscribed(b, database, 10_000, 100_000), others()
		vacuum(b, database)
		for range upToDate(10_000) {
			crowd.load(b, p.Address, 1, time.Second)
		}
		vacuum(b, database)
		besideACrowd(b, p, other, crowd)
	})
	checkApplied(b, database)
}

// sized are events of accounts of one size, and how many of them are told before anything is
// measured.
type sized struct {
	size, users, first int64
	events             *events
}

// sizedUsers are as many users as there are events, so that their accounts stay as large as
// they are, unless that were too many to seed.
func sizedUsers(size int64) int64 { return min(largeEvents, max(1, 100_000/size)) }

// upToDate is how many events it takes until an account of a size is kept as this program
// keeps it: what of a subscription ended long ago is put aside so many invoices at a time.
func upToDate(size int64) int64 { return 1 + size/int64(domain.UsualClosing.Most) }

// oneAfterTheOther tells the events of all sizes in turns, on one connection, and reports
// medians for each size and their ratios to the first.
func oneAfterTheOther(b *testing.B, p *program, database string, all []sized) {
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	tell := func(e *events) float64 {
		request := webhookRequest(e.body(e.sent.Add(1)))
		sent := time.Now()
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		if status, err := readAnswer(answers); err != nil || status != 200 {
			b.Fatalf("answered %d after %s, %v\n%s", status, time.Since(sent), err, p.Log)
		}
		return milliseconds(time.Since(sent))
	}
	for b.Loop() {
		for _, s := range all {
			for range s.first {
				tell(s.events)
			}
		}
		vacuum(b, database)
		figures := map[string][]float64{}
		for range largeEvents {
			for _, s := range all {
				unit := fmt.Sprintf("ms-at-%d", s.size)
				figures[unit] = append(figures[unit], tell(s.events))
			}
		}
		first := median(figures[fmt.Sprintf("ms-at-%d", all[0].size)])
		for _, s := range all[1:] {
			b.ReportMetric(median(figures[fmt.Sprintf("ms-at-%d", s.size)])/first, fmt.Sprintf("ratio-at-%d", s.size))
		}
		reportMedians(b, figures)
	}
}

// besideACrowd tells of other users on one connection: alone, while 64 tell of one large
// account, and while 64 tell of users of their own, as any 64 take their share of the machine.
func besideACrowd(b *testing.B, p *program, other, crowd *events) {
	for b.Loop() {
		figures := map[string][]float64{}
		add := func(unit string, value float64) { figures[unit] = append(figures[unit], value) }
		for range benchRounds {
			alone := other.load(b, p.Address, 1, benchTime)
			add("alone-p50-ms", milliseconds(alone.p50))
			add("alone-p99-ms", milliseconds(alone.p99))
			for name, of := range map[string]*events{"crowd": crowd, "spread": other} {
				var all measured
				var crowding sync.WaitGroup
				crowding.Go(func() { all = of.load(b, p.Address, 64, benchTime) })
				beside := other.load(b, p.Address, 1, benchTime)
				crowding.Wait()
				add("beside-"+name+"-p50-ms", milliseconds(beside.p50))
				add("beside-"+name+"-p99-ms", milliseconds(beside.p99))
				add(name+"/s", all.rate)
				add(name+"-p99-ms", milliseconds(all.p99))
			}
		}
		reportMedians(b, figures)
	}
}

// checkApplied makes sure that what was measured was the work, and not its refusal.
func checkApplied(tb testing.TB, database string) {
	tb.Helper()
	var other int64
	queryRow(tb, database, "SELECT count(*) FROM processed_events WHERE outcome <> 'applied'", &other)
	if other > 0 {
		var outcome, reason string
		queryRow(tb, database, "SELECT outcome, reason FROM processed_events WHERE outcome <> 'applied' LIMIT 1", &outcome, &reason)
		tb.Errorf("%d events were not applied, one of them is %s: %s", other, outcome, reason)
	}
}
