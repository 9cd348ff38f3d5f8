package entitled

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

const (
	// changesWait is how long the service holds back a page if there is nothing new.
	changesWait = 20 * time.Second
	// maxChangesPause is between two tries to read on during an outage.
	maxChangesPause = 10 * time.Second
)

// Changes are the part of the feed that follows a position: what users may do, as it changed. The
// answer is empty if nothing follows. Its Next is the position to go on from.
func (c *Client) Changes(ctx context.Context, after int64) (Changes, error) {
	return c.changes(ctx, url.Values{"after": {strconv.FormatInt(after, 10)}}, 0)
}

// LastChange is the position at which the feed ends: who reads all that users have after it, and
// follows the feed from there, misses nothing.
func (c *Client) LastChange(ctx context.Context) (int64, error) {
	page, err := c.changes(ctx, url.Values{"limit": {"0"}}, 0)
	return page.Next, err
}

// FollowChanges hands over what follows a position, page by page, as soon as it is there. Keep the
// Next of a page together with what was made of it: a page that was not kept comes again. An outage
// is waited for. It returns what take returns, the error of ctx, or the problem that makes reading
// on useless: with the code cursor_pruned or cursor_ahead, begin anew with [Client.LastChange].
func (c *Client) FollowChanges(ctx context.Context, after int64, take func(context.Context, Changes) error) error {
	for outages := 0; ; {
		page, err := c.changes(ctx, url.Values{"after": {strconv.FormatInt(after, 10)}}, changesWait)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case IsOutage(err):
			c.log.WarnContext(ctx, "entitled: the feed of changes cannot be read now", "after", after, "error", err)
			if err := c.pause(ctx, min(time.Second<<min(outages, 4), maxChangesPause)); err != nil {
				return err
			}
			outages++
			continue
		case err != nil:
			return err
		}
		outages = 0
		if page.Next == after {
			continue
		}
		if err := take(ctx, page); err != nil {
			return err
		}
		after = page.Next
	}
}

func (c *Client) changes(ctx context.Context, query url.Values, wait time.Duration) (Changes, error) {
	if wait > 0 {
		query.Set("wait", wait.String())
	}
	r := get(query, "api", "changes")
	r.longer = wait
	var page Changes
	err := c.do(ctx, r, &page)
	return page, err
}
