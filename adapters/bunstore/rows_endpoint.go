package bunstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type endpointRow struct {
	bun.BaseModel `bun:"table:webhook_endpoints,alias:t"`

	ID           string    `bun:"id,pk"`
	URL          string    `bun:"url"`
	Features     string    `bun:"features"` // with spaces between, as causes are
	Causes       string    `bun:"causes"`
	CreatedAt    time.Time `bun:"created_at"`
	Secret       string    `bun:"secret"`
	FormerSecret string    `bun:"former_secret"`
	FormerUntil  time.Time `bun:"former_until,nullzero"`
	Disabled     string    `bun:"disabled"`
	DisabledAt   time.Time `bun:"disabled_at,nullzero"`
	FeedCursor   int64     `bun:"feed_cursor"`
	Delivered    string    `bun:"delivered"` // JSON of positions
	Replays      int64     `bun:"replays"`
	Failures     int64     `bun:"failures"`
	FailingSince time.Time `bun:"failing_since,nullzero"`
	LastError    string    `bun:"last_error"`
	NextAttempt  time.Time `bun:"next_attempt"`
	LeasedUntil  time.Time `bun:"leased_until,nullzero"`
	Turn         int64     `bun:"turn"`
}

func endpointRowOf(e ports.Endpoint) endpointRow {
	positions := e.Delivered
	if positions == nil {
		positions = []int64{}
	}
	return endpointRow{
		ID: string(e.ID), URL: clean(e.URL), Features: joinIDs(e.Features), Causes: joinIDs(e.Causes), CreatedAt: stamp(e.CreatedAt),
		Secret: clean(e.Secret), FormerSecret: clean(e.FormerSecret), FormerUntil: stamp(e.FormerUntil),
		Disabled: clean(e.Disabled), DisabledAt: stamp(e.DisabledAt),
		FeedCursor: e.Cursor, Delivered: jsonText(positions), Replays: e.Replays,
		Failures: int64(e.Failures), FailingSince: stamp(e.FailingSince), LastError: clean(e.LastError), NextAttempt: stamp(e.NextAttempt),
		LeasedUntil: stamp(e.LeasedUntil), Turn: e.Turn,
	}
}

func (r endpointRow) toPort() (ports.Endpoint, error) {
	e := ports.Endpoint{
		ID: ports.EndpointID(r.ID), URL: r.URL, Features: splitIDs[domain.FeatureKey](r.Features), Causes: splitIDs[domain.Cause](r.Causes), CreatedAt: stamp(r.CreatedAt),
		Secret: r.Secret, FormerSecret: r.FormerSecret, FormerUntil: stamp(r.FormerUntil),
		Disabled: r.Disabled, DisabledAt: stamp(r.DisabledAt),
		Cursor: r.FeedCursor, Replays: r.Replays,
		Failures: int(r.Failures), FailingSince: stamp(r.FailingSince), LastError: r.LastError, NextAttempt: stamp(r.NextAttempt),
		LeasedUntil: stamp(r.LeasedUntil), Turn: r.Turn,
	}
	if err := json.Unmarshal([]byte(r.Delivered), &e.Delivered); err != nil {
		return ports.Endpoint{}, fmt.Errorf("what was delivered to endpoint %s: %w", r.ID, err)
	}
	if len(e.Delivered) == 0 {
		e.Delivered = nil
	}
	return e, nil
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:webhook_deliveries,alias:t"`

	Seq        int64     `bun:"seq,pk,autoincrement"`
	EndpointID string    `bun:"endpoint_id"`
	MessageID  string    `bun:"message_id"`
	First      int64     `bun:"first_position"`
	Last       int64     `bun:"last_position"`
	Attempt    int64     `bun:"attempt"`
	At         time.Time `bun:"at"`
	DurationUS int64     `bun:"duration_us"`
	Status     int64     `bun:"status"`
	Answer     string    `bun:"answer"`
	Error      string    `bun:"error"`
}

func deliveryRowOf(endpoint ports.EndpointID, d ports.Delivery) deliveryRow {
	return deliveryRow{
		EndpointID: string(endpoint), MessageID: clean(d.Message), First: d.First, Last: d.Last, Attempt: int64(d.Attempt),
		At: stamp(d.At), DurationUS: d.Duration.Microseconds(), Status: int64(d.Status), Answer: clean(d.Answer), Error: clean(d.Error),
	}
}

func (r deliveryRow) toPort() ports.Delivery {
	return ports.Delivery{
		Seq: r.Seq, Message: r.MessageID, First: r.First, Last: r.Last, Attempt: int(r.Attempt),
		At: stamp(r.At), Duration: time.Duration(r.DurationUS) * time.Microsecond, Status: int(r.Status), Answer: r.Answer, Error: r.Error,
	}
}
