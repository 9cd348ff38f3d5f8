package bunstore

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

type receiptRow struct {
	bun.BaseModel `bun:"table:processed_events,alias:t"`

	ID           string    `bun:"id,pk"`
	Type         string    `bun:"type"`
	Object       string    `bun:"object"`
	UserID       string    `bun:"user_id"`
	CreatedAt    time.Time `bun:"created_at,nullzero"`
	ReceivedAt   time.Time `bun:"received_at"`
	ProcessedAt  time.Time `bun:"processed_at,nullzero"`
	APIVersion   string    `bun:"api_version"`
	Livemode     bool      `bun:"livemode"`
	Outcome      string    `bun:"outcome"`
	Reason       string    `bun:"reason"`
	Attempts     int64     `bun:"attempts"`
	Payload      []byte    `bun:"payload"`
	Redacted     bool      `bun:"redacted"`
	WaitsForKind string    `bun:"waits_for_kind"`
	WaitsForID   string    `bun:"waits_for_id"`
}

func receiptRowOf(p domain.ProcessedEvent) receiptRow {
	payload := p.Payload
	if payload == nil || p.Redacted {
		payload = []byte{} // nil would be NULL
	}
	return receiptRow{
		ID: string(p.ID), Type: clean(p.Type), Object: clean(p.Object), UserID: clean(p.User),
		CreatedAt: stamp(p.Created), ReceivedAt: stamp(p.ReceivedAt), ProcessedAt: stamp(p.ProcessedAt),
		APIVersion: clean(p.APIVersion), Livemode: p.Livemode,
		Outcome: clean(p.Outcome), Reason: clean(p.Reason), Attempts: int64(p.Attempts), Payload: payload, Redacted: p.Redacted,
		WaitsForKind: clean(p.WaitsFor.Kind), WaitsForID: clean(p.WaitsFor.ID),
	}
}

func (r receiptRow) toDomain() domain.ProcessedEvent {
	p := domain.ProcessedEvent{
		ID: domain.EventID(r.ID), Type: domain.EventType(r.Type), Object: r.Object, User: domain.UserID(r.UserID),
		Created: stamp(r.CreatedAt), ReceivedAt: stamp(r.ReceivedAt), ProcessedAt: stamp(r.ProcessedAt),
		APIVersion: r.APIVersion, Livemode: r.Livemode,
		Outcome: domain.Outcome(r.Outcome), Reason: r.Reason, Attempts: int(r.Attempts), Redacted: r.Redacted,
		WaitsFor: domain.Ref{Kind: domain.RefKind(r.WaitsForKind), ID: r.WaitsForID},
	}
	if len(r.Payload) > 0 {
		p.Payload = r.Payload
	}
	return p
}

type changeRow struct {
	bun.BaseModel `bun:"table:entitlement_changes,alias:t"`

	Seq        int64  `bun:"seq,pk,autoincrement"`
	UserID     string `bun:"user_id"`
	Kind       string `bun:"kind"`
	Feature    string `bun:"feature"`
	SourceKind string `bun:"source_kind"`
	SourceID   string `bun:"source_id"`
	Part       int64  `bun:"part"`
	Plan       string `bun:"plan"`
	valueRow
	Since time.Time `bun:"since,nullzero"`
	Until time.Time `bun:"until,nullzero"`
	endingRow
	EventID string    `bun:"event_id"`
	Cause   string    `bun:"cause"`
	At      time.Time `bun:"at"`
	Version int64     `bun:"version"`
}

// changeRowOf leaves Seq to the database.
func changeRowOf(c domain.Change, version int64) changeRow {
	e := c.Entitlement
	return changeRow{
		Version: version,
		UserID:  string(c.User), Kind: clean(c.Kind),
		Feature: clean(e.Feature), SourceKind: clean(e.Source.Kind), SourceID: clean(e.Source.ID), Part: int64(e.Part),
		Plan: clean(e.Plan), valueRow: valueRowOf(e.Value),
		Since: stamp(e.Since), Until: stamp(e.Until), endingRow: endingRowOf(e.Ending),
		EventID: clean(c.Event), Cause: clean(c.Cause), At: stamp(c.At),
	}
}

func (r changeRow) toDomain() domain.Change {
	e := entitlementRow{
		Feature: r.Feature, SourceKind: r.SourceKind, SourceID: r.SourceID,
		Plan: r.Plan, valueRow: r.valueRow, Since: r.Since, Until: r.Until, endingRow: r.endingRow,
	}.first()
	e.Part = int(r.Part)
	return domain.Change{
		Seq: r.Seq, Version: r.Version, User: domain.UserID(r.UserID), Kind: domain.ChangeKind(r.Kind), Entitlement: e,
		Event: domain.EventID(r.EventID), Cause: domain.Cause(r.Cause), At: stamp(r.At),
	}
}
