package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Message tells a product's endpoint what one transaction, or one moment, changed of what one
// user may do, and how all of the user stands.
type Message struct {
	ID       string // the same in each attempt
	Endpoint ports.EndpointID
	At       time.Time // UTC, of the attempt
	Test     bool      // it tells of nobody

	User    domain.UserID
	Changes []domain.RightChange // of one version, and of those that the endpoint wants
	// Rights are what holds at the time of the attempt: of the version of the changes or a
	// later one. Subscription is, of what the user subscribed to, what stands first; nil: the
	// user never did.
	Rights       UserRights
	Subscription *domain.Subscribed

	first, last int64 // positions of all changes of that version, wanted or not
}

// MessageWriter writes the body of a message.
type MessageWriter func(Message) ([]byte, error)

// feedSlice is a part of the feed as an endpoint gets it.
type feedSlice struct {
	messages []Message // that are still to be delivered, in the feed's order
	end      int64     // everything up to here is in it
	more     bool      // there is more beyond
}

// sliceLines is how many changes are read at a time.
const sliceLines = 200

// errCursorLost: nothing can be delivered from where the endpoint is. Its text says what to do.
type errCursorLost string

func (e errCursorLost) Error() string { return string(e) }

// sliceFor reads what follows an endpoint's cursor. How it is cut into messages depends on
// nothing but the feed: a message that was sent, and not kept as sent, has the same id again.
func (d *Deliver) sliceFor(ctx context.Context, e ports.Endpoint) (feedSlice, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	page, err := d.store.Feed(ctx, ports.FeedQuery{After: e.Cursor, Limit: sliceLines})
	switch {
	case err != nil:
		return feedSlice{}, fmt.Errorf("read what is to be delivered: %w", err)
	case e.Cursor > page.Last:
		return feedSlice{}, errCursorLost(fmt.Sprintf("its cursor is %d and the feed ends at %d: was a backup restored? Have the receiver begin anew from what users have, and set after to where the feed ends", e.Cursor, page.Last))
	case e.Cursor+1 < page.First:
		return feedSlice{}, errCursorLost(fmt.Sprintf("its cursor is %d and the feed begins at %d: have the receiver begin anew from what users have, and set after to where the feed ends", e.Cursor, page.First))
	}
	slice := feedSlice{end: page.Last, more: len(page.Changes) == sliceLines}
	steps := stepsOf(page.Changes)
	if slice.more && len(steps) > 1 {
		steps = steps[:len(steps)-1] // what follows may be of the last of them, too
	}
	if slice.more {
		last := steps[len(steps)-1]
		slice.end = last[len(last)-1].Position
	}
	for _, step := range steps {
		if m, wanted := messageOf(e, step); wanted {
			slice.messages = append(slice.messages, m)
		}
	}
	return slice, nil
}

// stepsOf puts together what one transaction changed of one user, or what one moment has
// announced.
func stepsOf(changes []domain.RightChange) [][]domain.RightChange {
	var steps [][]domain.RightChange
	for i, c := range changes {
		if i > 0 && sameStep(changes[i-1], c) {
			steps[len(steps)-1] = append(steps[len(steps)-1], c)
			continue
		}
		steps = append(steps, []domain.RightChange{c})
	}
	return steps
}

// sameStep tells whether two lines that follow each other were told together, whenever they are
// read. An announcement has the version of a change that may have been delivered long before it.
func sameStep(a, b domain.RightChange) bool {
	announces := a.Kind == domain.RightEnding
	if a.User != b.User || a.Version != b.Version || announces != (b.Kind == domain.RightEnding) {
		return false
	}
	return !announces || a.At.Equal(b.At)
}

// messageOf is what an endpoint is told of a step; not wanted: nothing, as it does not want to
// be, or was told.
func messageOf(e ports.Endpoint, step []domain.RightChange) (m Message, wanted bool) {
	m = Message{Endpoint: e.ID, User: step[0].User, first: step[0].Position, last: step[len(step)-1].Position}
	m.ID = messageID(e, step[0])
	for _, c := range step {
		if wants(e, c) {
			m.Changes = append(m.Changes, c)
		}
	}
	return m, len(m.Changes) > 0 && !slices.Contains(e.Delivered, m.first)
}

// messageID is the same whenever a step is sent, until it is replayed. A position alone is not
// enough: after a backup was restored other changes have it, and the endpoint of the
// configuration has its name again when it was deleted and made anew. The user is not in it,
// who may be forgotten between two attempts.
func messageID(e ports.Endpoint, first domain.RightChange) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %d %s", e.CreatedAt.UnixMicro(), first.At.UnixMicro(), first.Version, first.Feature))
	return fmt.Sprintf("msg_%s_%d_%d_%x", e.ID, e.Replays, first.Position, sum[:8])
}

// wants tells whether an endpoint hears of a line. Who hears of ends that come near, which is by
// time, hears too that one is not meant any more, whatever the cause of that.
func wants(e ports.Endpoint, c domain.RightChange) bool {
	if len(e.Features) > 0 && !slices.Contains(e.Features, c.Feature) {
		return false
	}
	withdrawn := c.Kind == domain.RightEndingWithdrawn && slices.Contains(e.Causes, domain.CauseTime)
	return len(e.Causes) == 0 || withdrawn || slices.Contains(e.Causes, cmp.Or(c.Cause, ports.CauseEvent))
}

// tellStates has messages say how their users stand.
func (d *Deliver) tellStates(ctx context.Context, messages []Message) error {
	if len(messages) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	users := make([]domain.UserID, len(messages))
	for i, m := range messages {
		users[i] = m.User
	}
	slices.Sort(users)
	states, err := d.store.States(ctx, slices.Compact(users))
	if err != nil {
		return fmt.Errorf("read whom it is delivered of: %w", err)
	}
	now := d.clock()
	for i := range messages {
		m, state := &messages[i], states[messages[i].User]
		m.Rights = UserRights{Rights: domain.Rights(state.Entitlements, d.catalog, now), AsOf: now, Version: state.Version}
		if all := domain.SubscribedAt(state.Account, d.catalog, now); len(all) > 0 {
			m.Subscription = &all[0]
		}
	}
	return nil
}
