package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ManualGrants gives rights by hand, and takes them back. Nothing that Stripe says
// touches them.
type ManualGrants struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
	newID   ports.NewID
}

// NewManualGrants returns the use case.
func NewManualGrants(store ports.Store, catalog domain.Catalog, clock ports.Clock, newID ports.NewID) *ManualGrants {
	return &ManualGrants{store, catalog, clock, newID}
}

// GrantRequest is what a right given by hand is to be.
type GrantRequest struct {
	User    domain.UserID
	Feature domain.FeatureKey
	Limit   *int64    // of a limit feature: how many, or domain.Unlimited; else nil
	Choice  string    // of a choice feature: which of its values; else empty
	Since   time.Time // zero: now
	Until   time.Time // exclusive; zero: no end
	Reason  string
	By      string
	// ClientKey makes giving repeatable: with the same key it is the same grant.
	ClientKey string
}

// Give keeps a grant and derives what the user may do. Errors: [ErrUnknownFeature],
// [ErrBadRequest], [ErrKeyReused], and those of the store.
func (m *ManualGrants) Give(ctx context.Context, r GrantRequest) (domain.Grant, error) {
	draft, err := m.draft(r)
	if err != nil {
		return domain.Grant{}, err
	}
	var grant domain.Grant
	err = m.store.Update(ctx, ports.Touch{Users: []domain.UserID{r.User}}, func(found ports.Found) (ports.Kept, error) {
		account := found.States[r.User].Account
		if given, repeated := account.Grants[draft.ID]; repeated {
			grant = given
			return ports.Kept{}, r.sameAs(given, draft)
		}
		if grant = draft; !grant.Until.IsZero() && !grant.Until.After(grant.CreatedAt) {
			return ports.Kept{}, fmt.Errorf("%w: until %s is over already: give a time in the future, or none", ErrBadRequest, grant.Until.Format(time.RFC3339))
		}
		return m.settle(found, r.User, grant), nil
	})
	if err != nil {
		return domain.Grant{}, fmt.Errorf("give %s: %w", r.Feature, err)
	}
	return grant, nil
}

// Revoke takes a grant back and tells whose it was. One that was taken back before
// is returned as it is. [ports.ErrNotFound]: there is no such grant.
func (m *ManualGrants) Revoke(ctx context.Context, id domain.GrantID, reason, by string) (domain.Grant, domain.UserID, error) {
	if err := checkWords(reason, by); err != nil {
		return domain.Grant{}, "", err
	}
	var grant domain.Grant
	var user domain.UserID
	ref := domain.Ref{Kind: domain.RefGrant, ID: string(id)}
	err := m.store.Update(ctx, ports.Touch{Refs: []domain.Ref{ref}}, func(found ports.Found) (ports.Kept, error) {
		owner, known := found.Owners[ref]
		if !known {
			return ports.Kept{}, ports.ErrNotFound
		}
		user, grant = owner, found.States[owner].Account.Grants[id]
		if !grant.RevokedAt.IsZero() {
			return ports.Kept{}, nil
		}
		grant.RevokedAt, grant.RevokedReason, grant.RevokedBy = m.now(), reason, by
		return m.settle(found, user, grant), nil
	})
	if err != nil {
		return domain.Grant{}, "", fmt.Errorf("revoke grant %s: %w", id, err)
	}
	return grant, user, nil
}

// Owner tells whose a grant is. [ports.ErrNotFound]: there is no such grant.
func (m *ManualGrants) Owner(ctx context.Context, id domain.GrantID) (domain.UserID, error) {
	ref := domain.Ref{Kind: domain.RefGrant, ID: string(id)}
	var user domain.UserID
	err := m.store.Update(ctx, ports.Touch{Refs: []domain.Ref{ref}}, func(found ports.Found) (ports.Kept, error) {
		user = found.Owners[ref]
		return ports.Kept{}, nil
	})
	if err == nil && user == "" {
		err = ports.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find grant %s: %w", id, err)
	}
	return user, nil
}

// List returns the user's grants, revoked ones too, the oldest first.
func (m *ManualGrants) List(ctx context.Context, user domain.UserID) ([]domain.Grant, error) {
	state, err := m.store.State(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return slices.SortedFunc(maps.Values(state.Account.Grants), func(a, b domain.Grant) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}), nil
}

// settle keeps a grant and what follows from it.
func (m *ManualGrants) settle(found ports.Found, user domain.UserID, g domain.Grant) ports.Kept {
	work := newJoining(found, m.catalog, m.clock())
	work.settle(user, found.States[user].Account.WithGrant(g), "", domain.CauseByHand)
	return work.kept()
}

// draft is the grant as it would be new.
func (m *ManualGrants) draft(r GrantRequest) (domain.Grant, error) {
	value, err := m.check(r)
	if err != nil {
		return domain.Grant{}, err
	}
	now := m.now()
	g := domain.Grant{
		ID: domain.GrantID("grant_" + m.newID()), Feature: r.Feature, Value: value,
		Since: kept(r.Since), Until: kept(r.Until), Reason: r.Reason, By: r.By, CreatedAt: now,
	}
	if r.Since.IsZero() {
		g.Since = now
	}
	if r.ClientKey != "" {
		g.ID = repeatable(r.User, r.ClientKey)
	}
	return g, nil
}

// repeatable is the same id for the same user and key.
func repeatable(user domain.UserID, key string) domain.GrantID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", user, key))
	return domain.GrantID("grant_" + hex.EncodeToString(sum[:])[:32])
}

// sameAs tells whether a grant is what the request asks for: a request that leaves
// the beginning out means the time at which it first came.
func (r GrantRequest) sameAs(given, draft domain.Grant) error {
	since := draft.Since
	if r.Since.IsZero() {
		since = given.CreatedAt
	}
	same := given.Feature == draft.Feature && given.Value == draft.Value && given.Since.Equal(since) &&
		given.Until.Equal(draft.Until) && given.Reason == draft.Reason && given.By == draft.By
	if !same {
		return fmt.Errorf("%w: with this key %s was given: take another key for another grant", ErrKeyReused, given.ID)
	}
	return nil
}

// Years that every database can keep and read back, and nobody means others.
const firstYear, lastYear = 2000, 2200

// check refuses what cannot be given, and reads how much of the feature it is.
func (m *ManualGrants) check(r GrantRequest) (domain.Value, error) {
	feature, known := m.catalog.Features[r.Feature]
	bad := func(format string, args ...any) (domain.Value, error) {
		return domain.Value{}, fmt.Errorf("%w: %s", ErrBadRequest, fmt.Sprintf(format, args...))
	}
	switch {
	case !known:
		return domain.Value{}, unknownFeature(r.Feature, m.catalog)
	case !storable(string(r.User)):
		return bad("a user id has 1 to %d characters and no control characters", maxID)
	case r.ClientKey != "" && !storable(r.ClientKey):
		return bad("an Idempotency-Key has 1 to %d characters and no control characters", maxID)
	case feature.Type == domain.FeatureFlag && r.Limit != nil:
		return bad("feature %s is a flag, which one has or not: leave the number out, its value is true", feature.Key)
	case feature.Type == domain.FeatureFlag && r.Choice != "":
		return bad("feature %s is a flag, which one has or not: leave the word out, its value is true", feature.Key)
	case feature.Type == domain.FeatureChoice && (r.Limit != nil || !slices.Contains(feature.Values, r.Choice)):
		return bad("feature %s is a choice: say which, %s", feature.Key, strings.Join(feature.Values, ", "))
	case feature.Type == domain.FeatureLimit && (r.Limit == nil || r.Choice != ""):
		return bad("feature %s is a limit: say how many, a whole number, or unlimited", feature.Key)
	case r.Limit != nil && *r.Limit < 0 && *r.Limit != domain.Unlimited:
		return bad("limit is %d: a number from 0, or unlimited", *r.Limit)
	case !keepable(r.Since) || !keepable(r.Until):
		return bad("since and until are between the years %d and %d", firstYear, lastYear)
	case !r.Until.IsZero() && !r.Until.After(r.Since):
		return bad("until %s is not after since %s", r.Until.UTC().Format(time.RFC3339), r.Since.UTC().Format(time.RFC3339))
	}
	if err := checkWords(r.Reason, r.By); err != nil {
		return domain.Value{}, err
	}
	switch feature.Type {
	case domain.FeatureLimit:
		return domain.Limit(*r.Limit), nil
	case domain.FeatureChoice:
		return domain.Choice(r.Choice), nil
	default:
		return domain.Flag(), nil
	}
}

const maxReason = 1000

// checkWords checks what is written down for whoever asks later.
func checkWords(reason, by string) error {
	switch {
	case strings.TrimSpace(reason) == "" || len(reason) > maxReason || !printable(reason):
		return fmt.Errorf("%w: reason is required, for whoever asks later: up to %d characters, no control characters", ErrBadRequest, maxReason)
	case strings.TrimSpace(by) == "" || !storable(by):
		return fmt.Errorf("%w: by is required, the name of who decides it: up to %d characters, no control characters", ErrBadRequest, maxID)
	default:
		return nil
	}
}

func printable(text string) bool {
	return strings.ToValidUTF8(text, "") == text && !strings.ContainsFunc(text, unicode.IsControl)
}

func keepable(t time.Time) bool {
	return t.IsZero() || t.UTC().Year() >= firstYear && t.UTC().Year() <= lastYear
}

func (m *ManualGrants) now() time.Time { return kept(m.clock()) }

// kept is a time as every database gives it back.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
