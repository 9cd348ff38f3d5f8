package ports

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Feed is the part of a [Store] that tells what changed: of each user in order, each
// change once, and none that is seen before one of a lesser position.
type Feed interface {
	// Tell runs fn on users of whom something changed that the feed does not say yet, those
	// that changed first, and on users whose rights time may have changed by now; it keeps
	// what fn returns in one transaction with what it was run on. There is one such
	// transaction at a time: where another is under way, Busy says so, and fn is not run.
	//
	// Users whose time has come are passed over while more changes wait than the limit, or
	// while an update holds them: it waits for nobody. fn may run again, see [Store.Update].
	Tell(ctx context.Context, now time.Time, limit int, fn func([]Untold) []Telling) (TellResult, error)

	// Feed reads what was told, in order, at most limit of it, and where the feed begins and
	// ends.
	Feed(ctx context.Context, query FeedQuery) (FeedPage, error)

	// PruneFeed removes the first lines that were told before a moment, at most limit of them,
	// and returns how many it removed. The last line stays: positions count on from it.
	PruneFeed(ctx context.Context, before time.Time, limit int) (int, error)

	// LookAgain makes users due whose rights may end, at most limit of those after one, by id;
	// it returns the last of them, or that there is none. What Tell finds nothing to say of is
	// due as before.
	LookAgain(ctx context.Context, after domain.UserID, limit int) (last domain.UserID, err error)
}

// Untold is what the feed does not say yet of one user.
type Untold struct {
	User    domain.UserID
	Told    domain.Told     // what it says
	Changes []domain.Change // of entitlements, since then, in their order
	// Version is that of the user's rights, if what time has changed is to be told; else 0.
	Version int64
	Due     bool // time may have changed something
}

// Telling is what the feed says of a user from now on.
type Telling struct {
	User    domain.UserID
	Changes []domain.RightChange // Position is given by the store
	Told    domain.Told
	Version int64 // of the user's rights now, of one who was due; else 0
}

// Tell is what the feed says of the user from now on: what changed, and of a user who is due
// what time has changed up to now.
func (u Untold) Tell(now time.Time, c domain.Catalog) Telling {
	changes, told := u.Told.Tell(u.User, u.Changes, now, c)
	telling := Telling{User: u.User, Changes: changes, Told: told}
	if u.Due {
		var crossed []domain.RightChange
		crossed, telling.Told, telling.Version = told.Cross(u.User, u.Version, now, c)
		telling.Changes = append(telling.Changes, crossed...)
	}
	return telling
}

// TellResult is how far the feed has come.
type TellResult struct {
	Busy bool      // another is telling
	More bool      // there is more to tell
	End  int64     // the last position; 0 if Busy, or if nothing was ever told
	Next time.Time // UTC, when a user is due next; zero: none is, or Busy
}

// FeedQuery narrows a reading of the feed; zero fields do not.
type FeedQuery struct {
	After   int64 // a position
	User    domain.UserID
	Feature domain.FeatureKey
	Limit   int // 0: nothing is read but where the feed begins and ends
}

// FeedPage is a part of the feed, as of one moment.
type FeedPage struct {
	Changes []domain.RightChange
	First   int64 // the first position that is kept; 0: none is
	Last    int64 // the last one
}
