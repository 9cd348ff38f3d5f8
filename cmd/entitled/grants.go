package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type grantCommand struct {
	User, Feature   string
	Limit, Until    string
	Choice          string
	Reason, By, Key string
	JSON            bool
}

func newGrant(c console) *cobra.Command {
	var g grantCommand
	cmd := leaf("grant", "Give a user a feature by hand. It needs --reason and --by.", c, &g)
	takes(cmd,
		argument{&g.User, "USER", "The user, by the product's own id."},
		argument{&g.Feature, "FEATURE", "The feature's key in the catalog."})
	cmd.Flags().StringVar(&g.Limit, "limit", "", "Of a limit feature: how many, or unlimited.")
	cmd.Flags().StringVar(&g.Choice, "choice", "", "Of a choice feature: which of its values.")
	cmd.Flags().StringVar(&g.Until, "until", "", "When it ends: a date (its beginning, UTC), a time, or from now such as 30d (not with --key). By default never.")
	cmd.Flags().StringVar(&g.Reason, "reason", "", "Why, for whoever asks later.")
	cmd.Flags().StringVar(&g.By, "by", "", "Who decides it.")
	cmd.Flags().StringVar(&g.Key, "key", "", "Makes the command repeatable: with the same key it is the same grant. Then --until has to be a date or a time: 30d from now is another end each time.")
	cmd.Flags().BoolVar(&g.JSON, "json", false, "One JSON object.")
	return cmd
}

// needReason refuses what nobody could answer for later.
func needReason(reason, by string) error {
	switch {
	case reason == "":
		return misusedf("--reason is missing: say why, for whoever asks later")
	case by == "":
		return misusedf("--by is missing: say who decides it")
	default:
		return nil
	}
}

// Run gives.
func (g grantCommand) Run(ctx context.Context, c console) error {
	if err := needReason(g.Reason, g.By); err != nil {
		return err
	}
	limit, err := readLimit(g.Limit)
	if err != nil {
		return err
	}
	if _, relative := readDuration(g.Until); g.Key != "" && relative == nil {
		return misusedf("--until %s counts from now, so with --key each repetition would ask for another end: give a date such as 2027-01-31, or a time", g.Until)
	}
	until, err := readMoment("--until", g.Until, fromNow)
	if err != nil {
		return err
	}
	store, sold, err := openForWriting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActGrantsGive, By: g.By, User: domain.UserID(g.User), About: g.Feature}); err != nil {
		return err
	}
	given, err := app.NewManualGrants(store, sold, now, newID).Give(ctx, app.GrantRequest{
		User: domain.UserID(g.User), Feature: domain.FeatureKey(g.Feature), Limit: limit, Choice: g.Choice, Until: until,
		Reason: g.Reason, By: g.By, ClientKey: g.Key,
	})
	if err != nil {
		return err
	}
	return c.showGrants(g.JSON, domain.UserID(g.User), given)
}

func readLimit(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	limit := domain.Unlimited
	if text != "unlimited" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return nil, misusedf("--limit is %q: a whole number, or unlimited", text)
		}
		limit = int64(n)
	}
	return &limit, nil
}

type grantsCommand struct {
	User string
	JSON bool
}

func newGrants(c console) *cobra.Command {
	var g grantsCommand
	cmd := leaf("grants", "List what a user was given by hand.", c, &g)
	takes(cmd, argument{&g.User, "USER", "The user, by the product's own id."})
	cmd.Flags().BoolVar(&g.JSON, "json", false, "One JSON object a line.")
	return cmd
}

// Run lists.
func (g grantsCommand) Run(ctx context.Context, c console) error {
	if err := needUser(g.User); err != nil {
		return err
	}
	store, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActGrantsList, User: domain.UserID(g.User)}); err != nil {
		return err
	}
	grants, err := app.NewManualGrants(store, domain.Catalog{}, now, newID).List(ctx, domain.UserID(g.User))
	if err != nil {
		return err
	}
	if len(grants) == 0 {
		if err := needKnown(ctx, store, g.User); err != nil {
			return err
		}
	}
	if len(grants) == 0 && !g.JSON {
		_, err := fmt.Fprintf(c.err, "nothing was given to %s by hand\n", g.User)
		return err
	}
	return c.showGrants(g.JSON, domain.UserID(g.User), grants...)
}

type revokeCommand struct {
	Grant, Reason, By string
	JSON              bool
}

func newRevoke(c console) *cobra.Command {
	var r revokeCommand
	cmd := leaf("revoke", "Take back what was given by hand. It needs --reason and --by.", c, &r)
	takes(cmd, argument{&r.Grant, "GRANT", "The grant's id, grant_..."})
	cmd.Flags().StringVar(&r.Reason, "reason", "", "Why, for whoever asks later.")
	cmd.Flags().StringVar(&r.By, "by", "", "Who decides it.")
	cmd.Flags().BoolVar(&r.JSON, "json", false, "One JSON object.")
	return cmd
}

// Run takes back.
func (r revokeCommand) Run(ctx context.Context, c console) error {
	if err := needReason(r.Reason, r.By); err != nil {
		return err
	}
	store, sold, err := openForWriting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	grants := app.NewManualGrants(store, sold, now, newID)
	owner, err := grants.Owner(ctx, domain.GrantID(r.Grant))
	if errors.Is(err, ports.ErrNotFound) {
		return notFoundf("there is no grant %s: list a user's with entitled grants USER", r.Grant)
	}
	if err != nil {
		return err
	}
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActGrantsRevoke, By: r.By, User: owner, About: r.Grant}); err != nil {
		return err
	}
	begun := now().Truncate(time.Microsecond) // as exactly as databases keep times
	grant, user, err := grants.Revoke(ctx, domain.GrantID(r.Grant), r.Reason, r.By)
	if err != nil {
		return err
	}
	if grant.RevokedAt.Before(begun) {
		fmt.Fprintf(c.err, "%s was revoked before, %s: it stays so\n", grant.ID, revocation(grant))
	}
	return c.showGrants(r.JSON, user, grant)
}

// showGrants prints grants of one user.
func (c console) showGrants(asJSON bool, user domain.UserID, grants ...domain.Grant) error {
	if asJSON {
		encoder := json.NewEncoder(c.out)
		for _, g := range grants {
			if err := encoder.Encode(grantJSONOf(g, user)); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "GRANT\tUSER\tFEATURE\tVALUE\tSINCE\tUNTIL\tBY\tREASON\tREVOKED")
	for _, g := range grants {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			g.ID, user, g.Feature, valueJSON(g.Value), instant(g.Since), instant(g.Until), g.By, g.Reason, revocation(g))
	}
	return table.Flush()
}

// revocation tells when, by whom and why a grant was taken back: a dash if it was
// not.
func revocation(g domain.Grant) string {
	if g.RevokedAt.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s by %s: %s", instant(g.RevokedAt), g.RevokedBy, g.RevokedReason)
}

// grantJSON is a grant for people and scripts.
type grantJSON struct {
	ID            domain.GrantID    `json:"id"`
	User          domain.UserID     `json:"user_id"`
	Feature       domain.FeatureKey `json:"feature"`
	Value         valueJSON         `json:"value"`
	Since         time.Time         `json:"since"`
	Until         time.Time         `json:"until,omitzero"`
	Reason        string            `json:"reason"`
	By            string            `json:"by"`
	CreatedAt     time.Time         `json:"created_at"`
	RevokedAt     time.Time         `json:"revoked_at,omitzero"`
	RevokedBy     string            `json:"revoked_by,omitempty"`
	RevokedReason string            `json:"revoked_reason,omitempty"`
}

func grantJSONOf(g domain.Grant, user domain.UserID) grantJSON {
	return grantJSON{
		ID: g.ID, User: user, Feature: g.Feature, Value: valueJSON(g.Value), Since: g.Since, Until: g.Until,
		Reason: g.Reason, By: g.By, CreatedAt: g.CreatedAt,
		RevokedAt: g.RevokedAt, RevokedBy: g.RevokedBy, RevokedReason: g.RevokedReason,
	}
}
