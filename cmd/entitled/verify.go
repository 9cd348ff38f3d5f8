package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type verifyCommand struct {
	User                string
	WithoutBodies, JSON bool
}

func newVerify(c console) *cobra.Command {
	var v verifyCommand
	cmd := leaf("verify", "Hold what users have against what it follows from, row by row; it changes nothing.", c, &v)
	cmd.Flags().StringVar(&v.User, "user", "", "Only this `USER`.")
	cmd.Flags().BoolVar(&v.WithoutBodies, "without-bodies", false, "Only what is derived, and not the facts against the bodies of events: much quicker.")
	cmd.Flags().BoolVar(&v.JSON, "json", false, "One JSON object a line, of users of whom there is something to say.")
	return cmd
}

// Run verifies and prints what was found.
func (v verifyCommand) Run(ctx context.Context, c console) error {
	store, sold, err := openForReading(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	user := domain.UserID(v.User)
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActVerify, User: user}); err != nil {
		return err
	}
	reader, err := bodyReader(c)
	if err != nil {
		return err
	}
	defer reader.Close()
	verify := app.NewVerify(store, reader, sold, app.Settings{}, now, time.After, uncounted{})
	var sum verifySum
	err = verify.Do(ctx, app.VerifyQuery{User: user, Bodies: !v.WithoutBodies}, func(found app.UserVerified) error {
		sum.add(found)
		return v.tell(c.out, found)
	})
	if errors.Is(err, ports.ErrNotFound) {
		return nobody(v.User)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.err, sum)
	if sum.differences > 0 {
		return fmt.Errorf("%s: each line above says how to mend it", counted(sum.differences, "difference"))
	}
	return nil
}

// bodyReader reads bodies that were verified when they came: it needs no key, and asks nobody.
func bodyReader(c console) (*stripe.Gateway, error) {
	return stripe.New(stripe.Config{
		SecretKey: "sk_test_unused", WebhookSecrets: []string{"whsec_unused"}, Clock: now, Logger: slog.New(slog.NewTextHandler(c.err, nil)),
	})
}

// verifySum is what is said at the end.
type verifySum struct {
	users, bodies, differences, unproven, ofUsers int
}

func (s *verifySum) add(found app.UserVerified) {
	s.users++
	s.bodies += found.Bodies
	s.differences += len(found.Differences)
	s.unproven += len(found.Unproven)
	if len(found.Unproven) > 0 {
		s.ofUsers++
	}
}

// String says it in a line.
func (s verifySum) String() string {
	said := fmt.Sprintf("%s and %s: %s", counted(s.users, "user"), counted(s.bodies, "event"), counted(s.differences, "difference"))
	if s.unproven > 0 {
		said += fmt.Sprintf("; of %s, %s cannot be checked, since no body that is kept tells of them", counted(s.ofUsers, "user"), counted(s.unproven, "fact"))
	}
	return said
}

// tell prints what was found about one user, if there is anything.
func (v verifyCommand) tell(out io.Writer, found app.UserVerified) error {
	if len(found.Differences)+len(found.Unproven) == 0 {
		return nil
	}
	if v.JSON {
		return json.NewEncoder(out).Encode(verifiedJSON{
			User: found.User, Differences: differencesJSON(found.Differences, app.Mend), Unproven: differencesJSON(found.Unproven, nil), Why: found.Why,
		})
	}
	var text strings.Builder
	for _, d := range found.Differences {
		fmt.Fprintf(&text, "user %s: %s\n\tto mend it: %s\n", found.User, d, strings.ReplaceAll(app.Mend(d), "USER", string(found.User)))
	}
	for _, d := range found.Unproven {
		fmt.Fprintf(&text, "user %s cannot be checked: %s\n", found.User, d)
	}
	for _, why := range found.Why {
		fmt.Fprintf(&text, "\tsince %s\n", why)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

type verifiedJSON struct {
	User        domain.UserID    `json:"user_id"`
	Differences []differenceJSON `json:"differences"`
	Unproven    []differenceJSON `json:"unproven"`
	Why         []string         `json:"unproven_since,omitempty"`
}

type differenceJSON struct {
	Table string `json:"table"`
	ID    string `json:"id"`
	Field string `json:"field,omitempty"`
	Got   string `json:"got"`
	Want  string `json:"want"`
	Mend  string `json:"mend,omitempty"`
}

func differencesJSON(all []domain.Difference, mend func(domain.Difference) string) []differenceJSON {
	shown := make([]differenceJSON, len(all))
	for n, d := range all {
		shown[n] = differenceJSON{Table: d.Table, ID: d.ID, Field: d.Field, Got: d.Got, Want: d.Want}
		if mend != nil {
			shown[n].Mend = mend(d)
		}
	}
	return shown
}
