package app

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// MostVerified is how many users are verified in a slice at most.
const MostVerified = 100

// verifySliceTime is after how long no further user of a slice is looked at.
const verifySliceTime = 5 * time.Second

// VerifySlice is what was found of a few users.
type VerifySlice struct {
	Looked int
	Found  []UserVerified // of them, those of whom there is something to say
	Next   domain.UserID  // go on after this one; empty: there is none left
}

// Slice verifies the one user of a query, or as many as it may of those after one, by id: for
// who asks again with the last one, until there is none left. Errors are those of Do.
func (v *Verify) Slice(ctx context.Context, q VerifyQuery, after domain.UserID, limit int) (VerifySlice, error) {
	var slice VerifySlice
	add := func(found UserVerified) error {
		slice.Looked++
		if len(found.Differences)+len(found.Unproven) > 0 {
			slice.Found = append(slice.Found, found)
		}
		return nil
	}
	if q.User != "" {
		err := v.Do(ctx, q, add) // before the slice is returned, which it fills
		return slice, err
	}
	if err := v.derived(ctx); err != nil {
		return slice, err
	}
	end := v.clock().Add(verifySliceTime)
	users, err := v.store.Users(ctx, after, limit)
	if err != nil {
		return slice, err
	}
	if len(users) == limit {
		slice.Next = users[len(users)-1]
	}
	for _, user := range users {
		found, err := v.verified(ctx, user, q.Bodies)
		if err != nil {
			return slice, err
		}
		_ = add(found) // it never fails
		if !v.clock().Before(end) && user != users[len(users)-1] {
			slice.Next = user
			break
		}
	}
	return slice, nil
}
