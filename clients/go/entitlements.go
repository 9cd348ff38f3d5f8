package entitled

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Answer says whether a user has a feature.
type Answer int

// The answers. What nobody has said yet is Unknown.
const (
	Unknown Answer = iota
	No
	Yes
)

// String is yes, no or unknown.
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	default:
		return "unknown"
	}
}

// Check asks for one feature of a user, with its value and until when it is held.
func (c *Client) Check(ctx context.Context, user, feature string, options ...ReadOption) (EntitlementCheck, error) {
	var check EntitlementCheck
	err := c.do(ctx, get(ofUser(user), "api", "entitlements", feature).as(options), &check)
	if err == nil && check.Feature == "" { // else it would be taken for a no
		err = errors.New("entitled: what was answered is about no feature: is the base URL right?")
	}
	return check, err
}

// Has tells whether a user has a feature now. With Unknown the error says why.
func (c *Client) Has(ctx context.Context, user, feature string, options ...ReadOption) (Answer, error) {
	check, err := c.Check(ctx, user, feature, options...)
	switch {
	case err != nil:
		return Unknown, err
	case check.Entitled:
		return Yes, nil
	default:
		return No, nil
	}
}

// Limit is how much of a feature a user has: none if it has not the feature, and without an end
// [math.MaxInt64]. Of a feature that is no limit it is an error.
func (c *Client) Limit(ctx context.Context, user, feature string, options ...ReadOption) (int64, error) {
	check, err := c.Check(ctx, user, feature, options...)
	if err != nil || !check.Entitled {
		return 0, err
	}
	limit, is := check.Value.Int()
	if !is {
		return 0, fmt.Errorf("entitled: %s is no limit, but %s: ask with Has or Check", feature, check.Value)
	}
	return limit, nil
}

// Unlimited is the limit of who may have any number.
const Unlimited = math.MaxInt64

// Entitlements are all that a user may do now, sorted by feature.
func (c *Client) Entitlements(ctx context.Context, user string, options ...ReadOption) (Entitlements, error) {
	var held Entitlements
	err := c.do(ctx, get(ofUser(user), "api", "entitlements").as(options), &held)
	return held, err
}
