package memory

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Meter keeps counts for tests to read.
type Meter struct {
	mu     sync.Mutex
	events map[EventCount]int
	refuse int
	asked  map[AskedCount]int
	grants []GrantTime
	remade int
	differ int
	drift  map[ports.DriftKind]int
	twice  map[ports.TwiceOutcome]int
}

// EventCount, AskedCount and GrantTime are what is counted.
type (
	EventCount struct {
		Outcome domain.Outcome
		Cause   ports.Cause
	}
	AskedCount struct {
		About  domain.RefKind
		Answer ports.Answer
	}
	GrantTime struct{ SinceSent, SinceReceived time.Duration }
)

var _ ports.Meter = (*Meter)(nil)

// NewMeter returns a meter at zero.
func NewMeter() *Meter {
	return &Meter{
		events: map[EventCount]int{}, asked: map[AskedCount]int{},
		drift: map[ports.DriftKind]int{}, twice: map[ports.TwiceOutcome]int{},
	}
}

// Event implements [ports.Meter].
func (m *Meter) Event(outcome domain.Outcome, cause ports.Cause) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events[EventCount{outcome, cause}]++
}

// Refused implements [ports.Meter].
func (m *Meter) Refused() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse++
}

// RefusedEvents returns how many events could not be kept.
func (m *Meter) RefusedEvents() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.refuse
}

// Asked implements [ports.Meter].
func (m *Meter) Asked(about domain.RefKind, answer ports.Answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[AskedCount{about, answer}]++
}

// Granted implements [ports.Meter].
func (m *Meter) Granted(sinceSent, sinceReceived time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.grants = append(m.grants, GrantTime{sinceSent, sinceReceived})
}

// Grants returns how long each grant took.
func (m *Meter) Grants() []GrantTime {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.grants)
}

// Remade implements [ports.Meter].
func (m *Meter) Remade(orders int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remade += orders
}

// Drift implements [ports.Meter].
func (m *Meter) Drift(kind ports.DriftKind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drift[kind]++
}

// Drifted returns how much of each kind no webhook brought.
func (m *Meter) Drifted() map[ports.DriftKind]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.drift)
}

// Differences implements [ports.Meter].
func (m *Meter) Differences(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.differ += n
}

// Different returns how many differences verifying found.
func (m *Meter) Different() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.differ
}

// BoughtTwice implements [ports.Meter].
func (m *Meter) BoughtTwice(outcome ports.TwiceOutcome) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.twice[outcome]++
}

// Twice returns how many purchases were made twice, by what came of it.
func (m *Meter) Twice() map[ports.TwiceOutcome]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.twice)
}

// Delivered implements [ports.Meter].
func (m *Meter) Delivered(bool) {}

// Deriving implements [ports.Meter].
func (m *Meter) Deriving(bool, int) {}

// OrdersRemade returns how many orders were made again.
func (m *Meter) OrdersRemade() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.remade
}

// Events returns how many events had each outcome.
func (m *Meter) Events() map[EventCount]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.events)
}

// Questions returns how often Stripe was asked, by how that ended.
func (m *Meter) Questions() map[AskedCount]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.asked)
}
