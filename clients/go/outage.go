package entitled

import "context"

// Rule says whether to allow what nobody can say now.
type Rule func(context.Context, Unanswered) bool

// Unanswered is a question that an outage left open.
type Unanswered struct {
	User, Feature string
	Err           error
}

// Deny is the rule for what must not be had for nothing.
func Deny(context.Context, Unanswered) bool { return false }

// Allow is the rule for what an outage must not take from those who paid.
func Allow(context.Context, Unanswered) bool { return true }

// Allows tells whether to let a user have a feature now: what [Client.Has] says, and in an outage
// the rule of [WhenUnknown]. A question that is wrong in itself (see [IsOutage]) is no, whatever
// the rule: a misspelled feature must not be open to everybody.
func (c *Client) Allows(ctx context.Context, user, feature string) bool {
	allowed, _ := c.decide(ctx, user, feature)
	return allowed
}

// decide allows or not, and says what nobody could say.
func (c *Client) decide(ctx context.Context, user, feature string) (allowed bool, unknown error) {
	answer, err := c.Has(ctx, user, feature)
	if answer != Unknown {
		return answer == Yes, nil
	}
	allowed = IsOutage(err) && c.unknown(ctx, Unanswered{user, feature, err})
	c.log.WarnContext(ctx, "entitled: a right is not known", "user", user, "feature", feature, "allowed", allowed, "error", err)
	return allowed, err
}
