package app

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Deliver sends what changes of what users may do to the endpoints that want to know. Each
// endpoint is a reader of the feed with a cursor, so there is no queue: what was not delivered
// is delivered from the cursor on, however long that takes.
//
// Every process delivers, and to one endpoint one at a time, by a lease. Messages of one user
// go one after the other; those of several go side by side. The cursor moves over what was
// delivered without a gap, and what was delivered beyond it is kept beside it.
type Deliver struct {
	store   ports.Store
	catalog domain.Catalog
	sender  ports.Sender
	write   MessageWriter
	clock   ports.Clock
	timer   ports.Timer
	meter   ports.Meter
	woken   chan struct{} // holds a token if there may be something to do

	mu      sync.Mutex
	under   map[bool]int                   // turns that are under way, by whether the endpoint fails
	due     map[ports.EndpointID]time.Time // when what this process has failed at is to be tried again
	running sync.WaitGroup
	counts  atomic.Pointer[EndpointCounts]
}

// NewDeliver returns the use case.
func NewDeliver(store ports.Store, catalog domain.Catalog, sender ports.Sender, write MessageWriter, clock ports.Clock, timer ports.Timer, meter ports.Meter) *Deliver {
	d := &Deliver{
		store: store, catalog: catalog, sender: sender, write: write, clock: clock, timer: timer, meter: meter,
		woken: make(chan struct{}, 1), under: map[bool]int{}, due: map[ports.EndpointID]time.Time{},
	}
	d.counts.Store(&EndpointCounts{})
	return d
}

const (
	// mostTurns is how many endpoints are delivered to at a time, and mostFailing how many of
	// them may be such as failed before, so that the others have room.
	mostTurns   = 64
	mostFailing = 32
	// deliverLook is between two looks where nothing woke us: for what another process has
	// left, or a command has changed. What this one knows of does not wait for it.
	deliverLook = 5 * time.Second
	// deliverPause is between two looks.
	deliverPause = 5 * time.Millisecond
	// deliverRest is after a failure of the store.
	deliverRest = 2 * time.Second
	// countEvery is how often endpoints are counted.
	countEvery = 10 * time.Second
)

// Wake has endpoints looked at: the feed has grown, or one of them was changed.
func (d *Deliver) Wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends. What fails here, and not at an endpoint, is passed on, and tried
// again. What is under way when ctx ends is given up, and what was delivered until then kept.
func (d *Deliver) Run(ctx context.Context, failed func(error)) {
	defer d.running.Wait()
	var counted time.Time
	for ctx.Err() == nil {
		err := d.look(ctx, failed)
		if now := d.clock(); err == nil && now.Sub(counted) >= countEvery {
			counted, err = now, d.count(ctx)
		}
		pause := deliverPause
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failed(err)
			pause = deliverRest
		default:
			select {
			case <-d.woken:
			case <-d.timer(d.untilDue()):
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-d.timer(pause):
		case <-ctx.Done():
			return
		}
	}
}

// Once begins what there is to do and waits until it is done, with nobody else at it.
func (d *Deliver) Once(ctx context.Context, failed func(error)) error {
	err := d.look(ctx, failed)
	d.running.Wait()
	return err
}

// look begins a turn with each endpoint that is due, as far as there is room: with those that
// do not fail first.
func (d *Deliver) look(ctx context.Context, failed func(error)) error {
	now := d.clock()
	for _, failing := range []bool{false, true} {
		leased, err := d.store.LeaseEndpoints(ctx, ports.EndpointLease{
			Now: now, Until: kept(now.Add(leaseTime)), Failing: failing, Limit: d.room(failing),
		})
		if err != nil {
			return fmt.Errorf("look for endpoints to deliver to: %w", err)
		}
		for _, e := range leased {
			d.begin(ctx, e, failed)
		}
	}
	d.looked(now)
	return nil
}

// dueAt has an endpoint looked at again at a time.
func (d *Deliver) dueAt(id ports.EndpointID, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.due[id] = at
}

// untilDue is how long nothing is to be done, as far as this process knows.
func (d *Deliver) untilDue() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, wait := d.clock(), deliverLook
	for _, at := range d.due {
		wait = min(wait, max(at.Sub(now), 0))
	}
	return wait
}

// looked forgets what was due at a time at which all were looked at.
func (d *Deliver) looked(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.due, func(_ ports.EndpointID, at time.Time) bool { return !at.After(now) })
}

func (d *Deliver) room(failing bool) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	room := mostTurns - d.under[false] - d.under[true]
	if failing {
		room = min(room, mostFailing-d.under[true])
	}
	return room
}

func (d *Deliver) begin(ctx context.Context, e ports.Endpoint, failed func(error)) {
	failing := e.Failures > 0
	d.mu.Lock()
	d.under[failing]++
	d.mu.Unlock()
	d.running.Go(func() {
		err := d.turn(ctx, e)
		d.mu.Lock()
		d.under[failing]--
		d.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			failed(fmt.Errorf("endpoint %s: %w", e.ID, err))
			return // it is looked at again when its lease is over
		}
		d.Wake()
	})
}

// EndpointCounts are how endpoints stand.
type EndpointCounts struct {
	Failing  int   // enabled, and the last attempt failed
	Disabled int   // nothing is delivered to
	Behind   int64 // by how many changes the last of those that are enabled is behind the feed
}

// Counts is how endpoints stood some seconds ago.
func (d *Deliver) Counts() EndpointCounts { return *d.counts.Load() }

func (d *Deliver) count(ctx context.Context) error {
	all, err := d.store.Endpoints(ctx)
	if err != nil {
		return fmt.Errorf("count endpoints: %w", err)
	}
	var counts EndpointCounts
	if len(all) > 0 {
		page, err := d.store.Feed(ctx, ports.FeedQuery{})
		if err != nil {
			return fmt.Errorf("count endpoints: %w", err)
		}
		for _, e := range all {
			switch {
			case e.Disabled != "":
				counts.Disabled++
				continue
			case e.Failures > 0:
				counts.Failing++
			}
			counts.Behind = max(counts.Behind, page.Last-e.Cursor)
		}
	}
	d.counts.Store(&counts)
	return nil
}
