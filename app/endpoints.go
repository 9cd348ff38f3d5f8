package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Endpoints are where changes are delivered to: operators make them, change them and look at
// what came of deliveries. See [Deliver].
type Endpoints struct {
	store   ports.Store
	catalog domain.Catalog
	sender  ports.Sender
	deliver *Deliver
	clock   ports.Clock
	newID   ports.NewID
}

// NewEndpoints returns the use case.
func NewEndpoints(store ports.Store, catalog domain.Catalog, sender ports.Sender, deliver *Deliver, clock ports.Clock, newID ports.NewID) *Endpoints {
	return &Endpoints{store, catalog, sender, deliver, clock, newID}
}

const (
	// MostEndpoints is how many there may be.
	MostEndpoints = 1000
	// FormerSecretTime is for how long the secret before a new one signs, too.
	FormerSecretTime = 24 * time.Hour
	// ConfiguredEndpoint is the id of the endpoint that the configuration names.
	ConfiguredEndpoint ports.EndpointID = "ep_configured"
	// mostAddress bounds an address, in bytes.
	mostAddress = 2000
	// byHand is why an endpoint is disabled that an operator has disabled.
	byHand = "an operator has disabled it"
)

// DeliveryCauses are the causes by which an endpoint may choose.
var DeliveryCauses = []domain.Cause{
	ports.CauseEvent, domain.CauseAsked, domain.CauseCatalog, domain.CauseByHand, domain.CauseCheckout, domain.CauseTime,
}

// EndpointChange is what is to be said of an endpoint; nil leaves it as it is.
type EndpointChange struct {
	URL      *string
	Features *[]domain.FeatureKey // an empty list: all
	Causes   *[]domain.Cause
	// After moves the cursor: what follows this position is delivered, again if it was before,
	// and then as other messages. A new endpoint begins where the feed ends if nothing is said.
	After   *int64
	Enabled *bool
	Secret  *string // of a new one: else one is made
}

// About says what a change is for, without the secret, and without what of an address may be
// one: it is kept before the address is looked at.
func (c EndpointChange) About() string {
	var parts []string
	if c.URL != nil {
		parts = append(parts, "url="+plainAddress(*c.URL))
	}
	if c.Features != nil {
		parts = append(parts, fmt.Sprintf("features=%s", *c.Features))
	}
	if c.Causes != nil {
		parts = append(parts, fmt.Sprintf("causes=%s", *c.Causes))
	}
	if c.After != nil {
		parts = append(parts, fmt.Sprintf("after=%d", *c.After))
	}
	if c.Enabled != nil {
		parts = append(parts, fmt.Sprintf("enabled=%t", *c.Enabled))
	}
	return strings.Join(parts, " ")
}

// plainAddress is an address as far as its path.
func plainAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "(no address)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Add makes an endpoint. [ErrBadRequest] and [ErrUnknownFeature] say what cannot be.
func (s *Endpoints) Add(ctx context.Context, wish EndpointChange) (ports.Endpoint, error) {
	if wish.URL == nil {
		return ports.Endpoint{}, fmt.Errorf("%w: url is missing: say where changes are to be posted", ErrBadRequest)
	}
	all, err := s.store.Endpoints(ctx)
	if err != nil {
		return ports.Endpoint{}, err
	}
	if len(all) >= MostEndpoints {
		return ports.Endpoint{}, fmt.Errorf("%w: there are %d endpoints, and more there may not be: delete some", ErrBadRequest, len(all))
	}
	return s.add(ctx, ports.EndpointID("ep_"+s.newID()), wish)
}

func (s *Endpoints) add(ctx context.Context, id ports.EndpointID, wish EndpointChange) (ports.Endpoint, error) {
	end, err := s.check(ctx, wish)
	if err != nil {
		return ports.Endpoint{}, err
	}
	now := kept(s.clock())
	e := ports.Endpoint{ID: id, CreatedAt: now, NextAttempt: now, Cursor: end}
	if e.Secret, err = s.secretOf(wish.Secret); err != nil {
		return ports.Endpoint{}, err
	}
	wish.applyTo(&e, now)
	e.Replays, e.Turn = 0, 0
	if err := s.store.AddEndpoint(ctx, e); err != nil {
		return ports.Endpoint{}, err
	}
	s.deliver.Wake()
	return e, nil
}

func (s *Endpoints) secretOf(given *string) (string, error) {
	if given == nil {
		return s.sender.NewSecret(), nil
	}
	if err := s.sender.CheckSecret(*given); err != nil {
		return "", fmt.Errorf("%w: secret: %w", ErrBadRequest, err)
	}
	return *given, nil
}

// check says what of a change cannot be, and where the feed ends.
func (s *Endpoints) check(ctx context.Context, wish EndpointChange) (end int64, err error) {
	if wish.URL != nil {
		if len(*wish.URL) > mostAddress {
			return 0, fmt.Errorf("%w: url has at most %d bytes", ErrBadRequest, mostAddress)
		}
		if err := s.sender.Check(*wish.URL); err != nil {
			return 0, fmt.Errorf("%w: url: %w", ErrBadRequest, err)
		}
	}
	if wish.Features != nil {
		for _, feature := range *wish.Features {
			if _, known := s.catalog.Features[feature]; !known {
				return 0, unknownFeature(feature, s.catalog)
			}
		}
	}
	if wish.Causes != nil {
		for _, cause := range *wish.Causes {
			if !slices.Contains(DeliveryCauses, cause) {
				return 0, fmt.Errorf("%w: %.60q is no cause of a change: causes are %s", ErrBadRequest, cause, DeliveryCauses)
			}
		}
	}
	page, err := s.store.Feed(ctx, ports.FeedQuery{})
	switch {
	case err != nil:
		return 0, fmt.Errorf("read where the feed ends: %w", err)
	case wish.After == nil:
	case *wish.After < 0 || *wish.After > page.Last:
		return 0, fmt.Errorf("%w: after is %d: it is a position of the feed, from 0 to %d", ErrBadRequest, *wish.After, page.Last)
	case *wish.After+1 < page.First:
		return 0, fmt.Errorf("%w: after is %d, and the feed is kept from %d on: say %d or more", ErrBadRequest, *wish.After, page.First, page.First-1)
	}
	return page.Last, nil
}

// applyTo changes an endpoint. A turn that is under way with what was before counts no more,
// but keeps its lease until it has said what was delivered: nothing is sent twice.
func (c EndpointChange) applyTo(e *ports.Endpoint, now time.Time) {
	if c.URL != nil {
		e.URL = *c.URL
	}
	if c.Features != nil {
		e.Features = sortedOnce(*c.Features)
	}
	if c.Causes != nil {
		e.Causes = sortedOnce(*c.Causes)
	}
	if c.After != nil {
		e.Cursor, e.Delivered = *c.After, nil
		e.Replays++
	}
	switch {
	case c.Enabled != nil && !*c.Enabled && e.Disabled == "":
		off(e, byHand, now)
	case c.Enabled != nil && *c.Enabled:
		e.Disabled, e.DisabledAt = "", time.Time{}
	}
	e.Failures, e.FailingSince, e.LastError, e.NextAttempt = 0, time.Time{}, "", now
	e.Turn++
}

func sortedOnce[T ~string](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// Change changes an endpoint, and has the next attempt made at once; or, while it is somebody's
// turn, when that ends: a minute later at most, if its process died. Errors are those of Add, and
// [ports.ErrNotFound].
func (s *Endpoints) Change(ctx context.Context, id ports.EndpointID, wish EndpointChange) (ports.Endpoint, error) {
	if wish.Secret != nil {
		return ports.Endpoint{}, fmt.Errorf("%w: a secret is not changed but rotated", ErrBadRequest)
	}
	if _, err := s.store.Endpoint(ctx, id); err != nil {
		return ports.Endpoint{}, err
	}
	if _, err := s.check(ctx, wish); err != nil {
		return ports.Endpoint{}, err
	}
	now := kept(s.clock())
	return s.change(ctx, id, func(e *ports.Endpoint) { wish.applyTo(e, now) })
}

func (s *Endpoints) change(ctx context.Context, id ports.EndpointID, with func(*ports.Endpoint)) (changed ports.Endpoint, err error) {
	err = s.store.ChangeEndpoint(ctx, id, func(e *ports.Endpoint) ([]ports.Delivery, error) {
		with(e)
		changed = *e
		return nil, nil
	})
	if err == nil {
		s.deliver.Wake()
	}
	return changed, err
}

// Rotate gives an endpoint another secret; nil: one that is made. Messages are signed by the one
// before as well, for [FormerSecretTime].
func (s *Endpoints) Rotate(ctx context.Context, id ports.EndpointID, given *string) (ports.Endpoint, error) {
	secret, err := s.secretOf(given)
	if err != nil {
		return ports.Endpoint{}, err
	}
	now := kept(s.clock())
	return s.change(ctx, id, func(e *ports.Endpoint) { rotate(e, secret, now) })
}

// rotate changes nothing where the secret is the same: who repeats it keeps the one before.
func rotate(e *ports.Endpoint, secret string, now time.Time) {
	if !sameSecret(e.Secret, secret) {
		e.FormerSecret, e.FormerUntil, e.Secret = e.Secret, now.Add(FormerSecretTime), secret
	}
}

// sameSecret takes as long wherever they differ: who may give a secret may not see the one that is kept.
func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// List returns all endpoints, the first made first.
func (s *Endpoints) List(ctx context.Context) ([]ports.Endpoint, error) {
	return s.store.Endpoints(ctx)
}

// Show returns one, or [ports.ErrNotFound].
func (s *Endpoints) Show(ctx context.Context, id ports.EndpointID) (ports.Endpoint, error) {
	return s.store.Endpoint(ctx, id)
}

// Delete forgets one, or returns [ports.ErrNotFound].
func (s *Endpoints) Delete(ctx context.Context, id ports.EndpointID) error {
	return s.store.DeleteEndpoint(ctx, id)
}

// Deliveries returns the last attempts, the last first. [ports.ErrNotFound]: there is no such
// endpoint.
func (s *Endpoints) Deliveries(ctx context.Context, id ports.EndpointID) ([]ports.Delivery, error) {
	if _, err := s.store.Endpoint(ctx, id); err != nil {
		return nil, err
	}
	return s.store.Deliveries(ctx, id, ports.DeliveriesKept)
}

// Test sends a message that tells of nobody, also to an endpoint that is disabled, and returns
// what came of it. Nothing follows from it. [ports.ErrNotFound]: there is no such endpoint.
func (s *Endpoints) Test(ctx context.Context, id ports.EndpointID) (ports.Delivery, error) {
	e, err := s.store.Endpoint(ctx, id)
	if err != nil {
		return ports.Delivery{}, err
	}
	e.Failures = 0 // of this message it is the first attempt
	delivery, _ := s.deliver.send(ctx, e, Message{ID: "msg_" + string(id) + "_test_" + s.newID(), Endpoint: id, Test: true})
	if ctx.Err() != nil {
		return delivery, ctx.Err()
	}
	err = s.store.ChangeEndpoint(ctx, id, func(*ports.Endpoint) ([]ports.Delivery, error) { return []ports.Delivery{delivery}, nil })
	return delivery, err
}

// Configure has the endpoint of the configuration be what that says, and disables it where that
// says nothing any more. What it has not got yet waits for it.
func (s *Endpoints) Configure(ctx context.Context, url, secret string) error {
	e, err := s.store.Endpoint(ctx, ConfiguredEndpoint)
	switch {
	case errors.Is(err, ports.ErrNotFound) && url == "":
		return nil
	case errors.Is(err, ports.ErrNotFound):
		_, err := s.add(ctx, ConfiguredEndpoint, EndpointChange{URL: &url, Secret: &secret})
		if errors.Is(err, ports.ErrConflict) { // another process has made it just now
			return nil
		}
		return err
	case err != nil:
		return err
	}
	now := kept(s.clock())
	const notNamed = "OUT_WEBHOOK_URL does not name it any more"
	switch {
	case url == "" && e.Disabled != "", url == e.URL && sameSecret(e.Secret, secret) && e.Disabled != notNamed:
		return nil
	case url == "":
		_, err = s.change(ctx, e.ID, func(e *ports.Endpoint) { off(e, notNamed, now); e.Turn++ })
		return err
	}
	if _, err := s.check(ctx, EndpointChange{URL: &url}); err != nil {
		return err
	}
	_, err = s.change(ctx, e.ID, func(e *ports.Endpoint) {
		wish := EndpointChange{}
		if e.URL != url {
			wish.URL = &url
		}
		if e.Disabled == notNamed {
			enabled := true
			wish.Enabled = &enabled
		}
		wish.applyTo(e, now)
		rotate(e, secret, now)
	})
	return err
}
