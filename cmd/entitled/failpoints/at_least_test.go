package failpoints

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

var replicaPurchases = flag.Int("purchases", 16, "how many purchases two replicas take, and are asked about")

// Each purchase is taken by one of two replicas, and its version is asked for at the other,
// whose tail is paused: it answers, for a while, by what it knew. No answer is older than it
// was asked to be, asked before the purchase or after it. Were at_least taken for less, this
// test would notice.
func TestAtLeast_NoReplicaAnswersOlder(t *testing.T) {
	t.Parallel()
	for what, r := range map[string]struct {
		purchases int
		asks      func(version int64) int64
		older     bool
	}{
		"as it is": {*replicaPurchases, func(version int64) int64 { return version }, false},
		"off by 1": {4, func(version int64) int64 { return version - 1 }, true},
		"ignored":  {4, func(int64) int64 { return 0 }, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := newReplicas(t)
			p.asks = r.asks
			for n := range r.purchases {
				p.buys(t, n)
			}
			p.close()
			t.Logf("%d purchases, %d asked for before they were taken, %d answers: %d older, %d \"not yet\"; %d reads by what was known before",
				r.purchases, p.early, p.answers, p.older, p.notYet, p.of[0].tail.olds+p.of[1].tail.olds)
			switch {
			case p.of[0].tail.olds+p.of[1].tail.olds == 0 || p.early == 0:
				t.Error("no tail was behind, or nobody asked early: nothing is tested")
			case r.older && p.older == 0:
				t.Error("no answer is older than it was asked to be: the test does not notice")
			case !r.older && (p.older > 0 || p.notYet > p.answers/2):
				t.Errorf("of %d answers %d are older than they were asked to be, and %d say that it is not reached", p.answers, p.older, p.notYet)
			}
		})
	}
}

// replicas are two processes over one Postgres.
type replicas struct {
	*frailShop
	of     [2]replica
	asks   func(version int64) (atLeast int64)
	bought map[domain.UserID]int // purchases so far

	answers, older, notYet, early int
}

type replica struct {
	process
	tail  *pausedTail
	check *app.CheckEntitlement
	show  *app.ShowOrder
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	url := pgtest.URL(t)
	p := &replicas{bought: map[domain.UserID]int{}}
	p.frailShop = newFrailShop(t, programtest.Catalog, frailStore{behind: opened(t, url)}, rand.New(rand.NewPCG(1, 3)))
	for n := range p.of {
		r := &p.of[n]
		r.tail = &pausedTail{Store: opened(t, url), knew: map[domain.UserID]ports.Rights{}}
		r.process = p.newProcess(t, r.tail, p.gateway)
		r.check = app.NewCheckEntitlement(r.tail, p.sold, p.box.Now, soon)
		r.show = app.NewShowOrder(r.tail, p.box.Now, soon)
		r.fulfill.OnKept(func(users []domain.UserID) { r.check.Wake(users); r.show.Wake(users); r.tell.Wake(users) })
	}
	return p
}

func (p *replicas) close() {
	for n := range p.of {
		p.of[n].fulfill.Close()
		p.of[n].check.Close()
	}
}

// buys has one of ten users buy something at one of the replicas, and asks the other.
func (p *replicas) buys(t *testing.T, n int) {
	t.Helper()
	user := domain.UserID(fmt.Sprint("user_", n%10))
	which := p.random.IntN(2)
	at, other := &p.of[which], &p.of[1-which]
	order, err := at.checkout.Do(t.Context(), app.CheckoutRequest{User: user, Plan: "basic", ClientKey: fmt.Sprint(n)})
	if err == nil {
		err = p.box.Pay(string(order.Session))
	}
	if err != nil {
		t.Fatal(err)
	}
	before, err := other.check.All(t.Context(), user, 0) // which it knows from now on
	if err != nil {
		t.Fatal(err)
	}
	other.tail.pause(1 + p.random.IntN(3))
	p.bought[user]++
	var early chan answered
	if p.random.IntN(4) == 0 { // a version that is not there yet
		p.early++
		early = make(chan answered, 1)
		go func() { early <- other.ask(t.Context(), user, p.asks(before.Version+1)) }()
	}
	events := p.box.EventsFrom(p.delivered)
	p.delivered += len(events)
	for _, e := range events {
		if err := at.receive(t, p.box.Now(), e); err != nil {
			t.Fatalf("%s: %v", e.Type, err)
		}
	}
	version, err := at.show.Fulfilled(t.Context(), domain.Order{ID: order.ID, Status: domain.OrderPaid, Mode: domain.ModePayment}, user)
	if err != nil || version == 0 {
		t.Fatalf("purchase %d of %s is of version %d: %v", n, user, version, err)
	}
	p.takes(t, other.ask(t.Context(), user, p.asks(version)), version, p.bought[user])
	if early != nil {
		p.takes(t, <-early, before.Version+1, p.bought[user])
	}
	other.tail.pause(0)
	for _, r := range p.of[:p.random.IntN(3)] { // the feed is told by either, and later
		if _, err := r.tell.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.passes(t, time.Minute)
}

// answered is an answer to whoever asked for a version.
type answered struct {
	rights app.UserRights
	err    error
}

func (r *replica) ask(ctx context.Context, user domain.UserID, atLeast int64) answered {
	all, err := r.check.All(ctx, user, atLeast)
	return answered{all, err}
}

// takes counts an answer, which says of which version it is and has what was bought by then.
func (p *replicas) takes(t *testing.T, a answered, version int64, bought int) {
	t.Helper()
	p.answers++
	if errors.Is(a.err, app.ErrVersionAhead) {
		p.notYet++
		return
	}
	if a.err != nil {
		t.Fatal(a.err)
	}
	sources := 0
	for _, right := range a.rights.Rights {
		if right.Feature == "projects" {
			sources = len(right.Sources)
		}
	}
	if a.rights.Version < version || sources < bought {
		p.older++
	}
	if int64(sources) > a.rights.Version {
		t.Errorf("an answer of version %d has %d purchases", a.rights.Version, sources)
	}
}

// pausedTail is a store whose reader falls behind: so many reads are answered by what it knew.
type pausedTail struct {
	ports.Store

	mu     sync.Mutex
	knew   map[domain.UserID]ports.Rights
	paused int
	olds   int
}

func (p *pausedTail) pause(reads int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = reads
}

func (p *pausedTail) Entitlements(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.Rights, error) {
	p.mu.Lock()
	if p.paused > 0 {
		defer p.mu.Unlock()
		p.paused--
		p.olds++
		old := map[domain.UserID]ports.Rights{}
		for _, user := range users {
			kept := p.knew[user]
			old[user] = ports.Rights{Entitlements: slices.Clone(kept.Entitlements), Version: kept.Version}
		}
		return old, nil
	}
	p.mu.Unlock()
	kept, err := p.Store.Entitlements(ctx, users)
	p.mu.Lock()
	defer p.mu.Unlock()
	for user, rights := range kept {
		if rights.Version >= p.knew[user].Version {
			p.knew[user] = rights
		}
	}
	return kept, err
}
