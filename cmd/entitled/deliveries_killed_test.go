package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

var deliveryKills = flag.Int("deliveries.kills", 3, "how often the program is killed while it delivers; more than 3: on Postgres, too")

// The program is killed again and again while it delivers: by the receiver before it answers,
// by the receiver when it has answered, and at any moment. The receiver has every change, those
// of a user in their order, and what it has twice has the same id.
func TestDeliveries_WhoeverKillsTheProgramHasEverything(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		if name == "Postgres" && *deliveryKills <= 3 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := open(t)
			r := newKiller(t)
			gives := giverOn(t, database, r.URL)
			db := sqlOf(t, database)
			random := rand.New(rand.NewPCG(1, 4))
			binary, given := programtest.Build(t), 0
			start := func() *program { return startProgram(t, binary, database, "WEBHOOKS_ALLOW_PRIVATE=true") }
			for n := range *deliveryKills {
				given += gives(t)
				how := killed(n % 3)
				r.arm(how, 1+random.IntN(30))
				p := start()
				r.aimAt(p)
				if how == atAnyMoment {
					select {
					case <-r.took:
					case <-time.After(time.Minute):
						t.Fatalf("nothing is delivered\n%s", p.Log)
					}
					time.Sleep(time.Duration(random.IntN(int(60 * time.Millisecond))))
					p.Kill()
				}
				select {
				case <-p.Ended:
				case <-time.After(time.Minute):
					t.Fatalf("the receiver has not killed the program\n%s", p.Log)
				}
				p.Ended <- nil
				// A minute later nobody holds the endpoint.
				if _, err := db.ExecContext(t.Context(), "UPDATE webhook_endpoints SET leased_until = NULL, next_attempt = created_at"); err != nil {
					t.Fatal(err)
				}
			}
			r.arm(bySomebodyElse, 0)
			p := start()
			p.eventually(t, "everything is delivered", func() bool { return r.versions() == given })
			p.Stop(t)
			t.Logf("%d kills, %d messages in %d attempts", *deliveryKills, given, r.attempts)
		})
	}
}

// killed is how the program is.
type killed int

const (
	beforeTheAnswer killed = iota
	afterTheAnswer
	atAnyMoment
	bySomebodyElse
)

// killer is a receiver that kills who delivers to it.
type killer struct {
	*httptest.Server
	t    *testing.T
	took chan struct{} // one is answered

	mu       sync.Mutex
	armed    *sync.Cond // there is a program to kill
	how      killed
	in       int // so many messages from now
	program  *program
	attempts int
	said     map[string]string          // what a message says, by its id
	answered map[domain.UserID][]string // ids that were answered, of each user, the first time
	latest   map[domain.UserID]int64    // version of those
}

func newKiller(t *testing.T) *killer {
	t.Helper()
	k := &killer{
		t: t, took: make(chan struct{}, 1),
		said: map[string]string{}, answered: map[domain.UserID][]string{}, latest: map[domain.UserID]int64{},
	}
	k.armed = sync.NewCond(&k.mu)
	k.Server = httptest.NewServer(k)
	t.Cleanup(k.Close)
	return k
}

// arm has the program killed by one of the next messages.
func (k *killer) arm(how killed, in int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.how, k.in, k.program = how, in, nil
	select {
	case <-k.took:
	default:
	}
}

// aimAt says which program it is.
func (k *killer) aimAt(p *program) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.program = p
	k.armed.Broadcast()
}

// versions is how many changes were taken.
func (k *killer) versions() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, ids := range k.answered {
		n += len(ids)
	}
	return n
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct {
		Data struct {
			User    domain.UserID `json:"user_id"`
			Changes []struct{ Version int64 }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		return // it was killed in the middle of it
	}
	id := r.Header.Get("Webhook-Id")
	k.mu.Lock()
	defer k.mu.Unlock()
	k.attempts++
	user, says := message.Data.User, fmt.Sprint(message.Data)
	if before, known := k.said[id]; known && before != says {
		k.t.Errorf("message %s says %s, and has said %s", id, says, before)
	}
	k.said[id] = says
	k.in--
	kills := k.in == 0 && (k.how == beforeTheAnswer || k.how == afterTheAnswer)
	for kills && k.program == nil {
		k.armed.Wait()
	}
	if kills && k.how == beforeTheAnswer {
		k.program.Kill()
		return
	}
	if !slices.Contains(k.answered[user], id) {
		if version := message.Data.Changes[0].Version; version != k.latest[user]+1 {
			k.t.Errorf("%s is told of version %d after %d", user, version, k.latest[user])
		}
		k.latest[user]++
		k.answered[user] = append(k.answered[user], id)
	}
	w.WriteHeader(http.StatusOK)
	select {
	case k.took <- struct{}{}:
	default:
	}
	if kills {
		_ = http.NewResponseController(w).Flush()
		k.program.Kill()
	}
}

// giverOn makes an endpoint in a database, and gives eight users something more whenever it is
// called.
func giverOn(t *testing.T, database, url string) func(t *testing.T) (given int) {
	t.Helper()
	store, err := bunstore.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	sold := programtest.ParseCatalog(t, programtest.Catalog)
	sender := webhooks.NewSender(webhooks.Config{AllowPrivate: true})
	t.Cleanup(sender.Close)
	beginning := int64(0)
	endpoints := app.NewEndpoints(store, sold, sender, app.NewDeliver(store, sold, sender, nil, now, time.After, uncounted{}), now, newID)
	if _, err := endpoints.Add(t.Context(), app.EndpointChange{URL: &url, After: &beginning}); err != nil {
		t.Fatal(err)
	}
	grants := app.NewManualGrants(store, sold, now, newID)
	limit := int64(0)
	return func(t *testing.T) (given int) {
		t.Helper()
		for range 5 {
			limit++
			for n := range 8 {
				request := app.GrantRequest{User: domain.UserID(fmt.Sprint("user_", n)), Feature: "projects", Limit: &limit, Reason: "a test", By: "eve"}
				if _, err := grants.Give(context.Background(), request); err != nil {
					t.Fatal(err)
				}
				given++
			}
		}
		return given
	}
}
