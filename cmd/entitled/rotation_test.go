package main

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// replica is one of several programs, of which another takes the place while requests come.
type replica struct {
	mu    sync.Mutex
	now   *program
	asked *sync.WaitGroup // of it
}

func (r *replica) use() (p *program, done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked.Add(1)
	return r.now, r.asked.Done
}

// replace has another asked from now on, and ends the one before once it has answered.
func (r *replica) replace(t *testing.T, by *program) {
	r.mu.Lock()
	before, asked := r.now, r.asked
	r.now, r.asked = by, &sync.WaitGroup{}
	r.mu.Unlock()
	if before != nil {
		asked.Wait()
		before.Stop(t)
	}
}

// Stripe signs with both secrets for a while after one was rolled. No restart is at that very
// moment, so it does so before the service knows the new one, and ends it before the service
// has forgotten the old one.
func TestRotation_OfTheWebhookSecretRefusesNothingThatIsValid(t *testing.T) {
	t.Parallel()
	const before, after = "whsec_before0123456789", "whsec_after0123456789"
	const buyers = 200 // whose events come again and again
	database := pgtest.URL(t)
	seedBuyers(t, database, buyers)
	replicas := []*replica{{}, {}}
	roll := func(secrets string) {
		for _, r := range replicas {
			r.replace(t, startProgram(t, programtest.Build(t), database, "STRIPE_WEBHOOK_SECRET="+secrets))
		}
	}
	deliver := func(p *program, n int64, secrets ...string) int {
		body := completedEvent(n%buyers + 1)
		at := time.Now()
		signature := programtest.StripeSignatureAt(body, secrets[0], at)
		for _, secret := range secrets[1:] {
			_, mac, _ := strings.Cut(programtest.StripeSignatureAt(body, secret, at), ",")
			signature += "," + mac
		}
		return p.DeliverSigned(body, signature)
	}
	var secrets atomic.Pointer[[]string]
	signs := func(with ...string) { secrets.Store(&with) }

	signs(before)
	roll(before)
	var sent, over atomic.Int64
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for over.Load() == 0 {
				n := sent.Add(1)
				p, done := replicas[n%2].use()
				with := *secrets.Load()
				if status := deliver(p, n, with...); status != 200 {
					t.Errorf("event %d, signed with %v, was answered %d", n, with, status)
				}
				done()
				time.Sleep(4 * time.Millisecond) // more would be of no use
			}
		})
	}
	end := func() { over.Store(1); senders.Wait() }
	defer end() // of a test that fails, too
	someCome := func() {
		begun := sent.Load()
		replicas[0].now.eventually(t, "events come", func() bool { return sent.Load() > begun+20 })
	}
	for _, step := range []func(){
		func() { signs(before, after) },
		func() { roll(before + "," + after) },
		func() { signs(after) },
		func() { roll(after) },
	} {
		someCome()
		step()
	}
	for _, r := range replicas {
		if status := deliver(r.now, 1, before); status != 400 {
			t.Errorf("an event that is signed with the secret that was taken away was answered %d, want 400", status)
		}
	}
	someCome()
	end()
	t.Logf("%d events", sent.Load())
}
